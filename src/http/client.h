// Fetching over HTTP what strangers name: images, and what leads to them.
//
// One client serves many threads. It follows redirects itself: headers that were given, credentials first of all, go to
// the origin that they were given for and to no other; no redirect leads from https to http, and each address is judged
// anew (address.h). It tries again what may go well another time: a connection that fails, 408, 429 and 5xx, with
// growing pauses and as the server asks for in Retry-After. A proxy is taken from the environment (proxy.h).
#pragma once

#include "base/reader.h"
#include "http/engine.h"
#include "http/headers.h"

struct http_options {
    const struct limits *limits; // copied
    const char *ca_file;         // certificates to trust instead of the system's; NULL: the system's
    const char *cert_file;       // our own certificate, and its key, for servers that want to see one; NULL: none
    const char *key_file;
    double first_wait; // seconds before the second try; 0: one
};

struct http_client;

// Never NULL; costs nothing until something is fetched.
struct http_client *http_client_new(const struct http_options *options);

// All bodies must have been closed. NULL is fine.
void http_client_free(struct http_client **client);
// From now on nothing is fetched: what is under way, and what is asked for, fails with ERR_REFUSED. Safe from any
// thread.
void http_client_break_off(struct http_client *client);

#define HTTP_CLIENT_AUTO __attribute__((cleanup(http_client_free)))

struct http_request {
    struct slice url;
    struct slice accept;               // media types; sent to whoever answers; may be empty
    const struct http_header *headers; // for the URL's own origin
    size_t headers_n;
    const struct address_rules *allow; // must outlive the body
    const struct secret *form;         // a POST of this, which no redirect carries on; NULL: a GET
    struct slice form_type;            // its media type; empty: application/x-www-form-urlencoded
    bool head;                         // a HEAD: the answer has no body, whatever length it tells
    double seconds;                    // that one try may take, with its body; 0: as long as it goes on
    bool unverified;                   // the URL's origin need not prove who it is under TLS
    bool once;                         // no second try, whatever the status
    uint64_t from;                     // not 0: only the bytes from there on, if the state is still that of:
    struct slice if_range;             // a strong validator; empty: whatever its state
};

struct http_answer {
    long status;
    struct url url;               // that it came from in the end
    struct slice content_digest;  // Docker-Content-Digest
    struct slice next;            // of a Link, the target with the relation "next"
    struct slice authenticate[8]; // WWW-Authenticate, as many as there are
    size_t authenticate_n;
    struct validators validators;
    uint64_t length;    // of the body; UINT64_MAX when it is not said
    double retry_after; // seconds that Retry-After asks for; 0: nothing
    bool has_range;
    struct content_range range;
    struct reader *body; // to be closed before the client; its errors are not tried again
};

// Sends a request and waits for the header of its answer, whatever its status but those that are tried again in vain.
// Everything in `answer` lives in the arena, which must outlive the body. Errors: ERR_NETWORK, ERR_REFUSED, ERR_LIMIT
// (fetch_redirects, fetch_header_bytes), ERR_FORMAT and ERR_UNSUPPORTED for a URL or a header that cannot be sent; they
// name the URL without its query.
bool http_send(struct http_client *client, const struct http_request *request, struct arena *a,
               struct http_answer *answer, struct error *err);

// The same for who wants the body only: with any other status than 200 or 206 it is closed, and there is an error
// (ERR_NOT_FOUND, ERR_NETWORK).
bool http_fetch(struct http_client *client, const struct http_request *request, struct arena *a,
                struct http_answer *answer, struct error *err);

// Closes the body of an answer, after reading the little that may be left of it for the sake of the connection.
void http_answer_drop(struct http_answer *answer);

// The limits of a client, and how long it waits before the second try.
const struct limits *http_client_limits(const struct http_client *client);
double http_client_first_wait(const struct http_client *client);

// Sleeps between two tries, or until http_client_break_off.
void http_client_sleep(struct http_client *client, double seconds);
