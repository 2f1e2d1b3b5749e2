// Registries: the OCI distribution API, pulling only.
//
// Sources: OCI distribution-spec; the distribution project's "Token Authentication Specification" and "OAuth2 Token
// Authentication"; RFC 7617 (Basic). docs/registry.md says who is sent which credentials, and why.
#pragma once

#include "http/stream.h"
#include "image/credentials.h"
#include "image/reference.h"

// Where the images of one registry are looked for first.
struct registry_mirror {
    struct slice domain; // "docker.io"
    struct slice host;   // "mirror.example:5000"
};

// How a registry is spoken to where its address does not say it by itself.
enum registry_scheme {
    REGISTRY_LEARN, // https; plain http where that is allowed and no TLS is answered
    REGISTRY_HTTPS,
    REGISTRY_HTTP,
};

// How registries are spoken to; shared by all images.
struct registry_settings {
    struct http_client *http;
    const struct address_rules *allow; // addresses beside the public internet's; NULL: none
    bool named;                        // the user named registry and mirrors: they may be at private addresses
    bool insecure;                     // they may speak plain http, or prove nothing under TLS
    enum registry_scheme scheme;
    bool given; // no mirror is asked, and only these credentials count, none that the user keeps:
    const struct secret *authorization; // "Basic …" or "Bearer …", for the registry; NULL: none
    const struct login *login;          // else these, not those that the user keeps; NULL: none are given
    struct slice login_file;            // else those in this file, of the kind of Docker's config.json; may be empty
    struct slice address;               // where the registry is to be reached, HOST[:PORT]; empty: at its domain
    struct slice token_host;            // of a token service that may see a registry's credentials; may be empty
    const struct registry_mirror *mirrors;
    size_t mirrors_n;
};

struct registry;

// The registry of a reference, and its mirrors; with an empty path, for what is of no repository. the settings must
// outlive it, the reference need not. ERR_FORMAT for a host that is none.
struct registry *registry_new(const struct registry_settings *settings, const struct reference *reference,
                              struct error *err);
void registry_free(struct registry **r); // NULL is fine

// One thing in it.
struct registry_item {
    struct registry *registry;
    struct slice path;        // "manifests/latest", "blobs/sha256:…"
    const struct slice *urls; // where it is said to be if the registry has it not (foreign layers)
    size_t urls_n;
    bool head; // only what is said of it is wanted (HEAD), and not if that takes several tries
};

// Asks for an item, from a byte on: a `struct stream_source`'s open, whose context is a `struct registry_item`. Safe
// from several threads. Mirrors are asked first, and whoever fails is passed over for the next. Errors, each naming the
// host and what it answered: ERR_NOT_FOUND, ERR_NETWORK, ERR_REFUSED, and those of http_send.
bool registry_ask(void *item, uint64_t from, struct slice if_range, struct arena *a, struct http_answer *answer,
                  struct error *err);

// A small item, whole.
struct registry_text {
    struct slice text;
    struct slice digest; // what the registry says of it; may be empty
    struct slice
        next;       // of a page of a list, how the registry names the next one: a URL, or a part of one; may be empty
    struct url url; // where it came from
};

// Reads one of at most `limits.manifest_bytes`.
bool registry_read(struct registry_item *item, struct arena *a, struct registry_text *out, struct error *err);
