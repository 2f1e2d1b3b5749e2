// Logging in to one host of a registry: which credentials it gets, and which token service gets them.
//
// A registry names its token service itself ("realm"), so a hostile one could name any host to collect credentials, or
// name an honest one to have a token made that it may then use. Hence: credentials are looked up for the registry's
// domain alone; they go to the registry itself, or to a token service on the same host, one that is known to be the
// registry's (the table in registry_login.c), or the one that the user named; to any other, the request goes without
// them. A token is asked for pulling from the one repository at hand, whatever the registry proposes, and is sent to
// nobody but the registry.
#pragma once

#include "image/registry.h"

#include <pthread.h>

// One host that speaks the registry's protocol. What stands behind the lock changes while threads use it.
struct registry_host {
    struct slice domain; // whose credentials it gets: "docker.io"
    struct slice host;   // with its port, if one is named: "registry-1.docker.io"
    struct slice name;   // without it, as a struct url has it
    bool insecure;       // it may speak plain http, or prove nothing under TLS
    struct address_rules allow;
    pthread_mutex_t lock;
    struct arena arena;
    bool scheme_known, plain;
    struct secret *authorization; // to be sent with each request; NULL: none
    unsigned generation;          // of that
    struct slice note;            // what was sent or not sent to whom, for the message of a refusal; may be empty
};

// The authorization at hand, to be freed, or NULL; and its generation.
struct secret *registry_authorization(struct registry_host *host, unsigned *generation);

// The host answered 401 to a request with the authorization of that generation: gets another one, for pulling from
// `repository` (empty: for its catalog), as the answer's challenges ask for; nothing is done when another thread has
// got one already. False with one clear error that names the host, its token service and the status.
bool registry_log_in(const struct registry_settings *settings, struct registry_host *host, struct slice repository,
                     const struct http_answer *answer, unsigned generation, struct error *err);
