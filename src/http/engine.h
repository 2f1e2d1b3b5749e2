// Requests and their answers, for many threads: one thread drives libcurl's multi handle for all of them.
//
// An exchange is one request and one answer: no redirect is followed, nothing is tried twice (client.h does that). Its
// body goes through a small buffer: when nobody takes it, the server is not read from any more. The limits
// fetch_connections and fetch_host_connections are kept by letting exchanges wait for their turn.
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "http/address.h"
#include "http/secret.h"
#include "http/url.h"

struct engine;

// Files in PEM, copied by name; each may be NULL.
struct engine_files {
    const char *ca;         // certificates to trust instead of the system's
    const char *cert, *key; // our own, for servers that want to see them
};

// Never NULL. The thread starts with the first exchange.
struct engine *engine_new(const struct limits *limits, const struct engine_files *files);

// All exchanges must have been ended. NULL is fine.
void engine_free(struct engine **e);

// From now on nothing is fetched: what is under way breaks off, and what is asked for fails (ERR_REFUSED). Safe from
// any thread.
void engine_break_off(struct engine *e);

// Sleeps for so many seconds, or until engine_break_off.
void engine_sleep(struct engine *e, double seconds);

// What is sent with a request; secret since such headers often carry a token.
struct http_header {
    struct slice name;
    const struct secret *value;
};

struct http_headers {
    struct http_header *v;
    size_t n;
};

// What is asked for. The URL and the rules must outlive the exchange, all else is copied.
struct exchange_request {
    const struct url *url;
    const struct address_rules *allow; // addresses beside the public internet's; NULL: none
    const struct http_header *headers;
    size_t headers_n;
    const struct secret
        *form;       // not NULL: it is a POST of this (application/x-www-form-urlencoded, if no header says otherwise)
    double seconds;  // that all of it may take; 0: as long as it goes on
    bool unverified; // whoever answers under TLS is believed
    bool head;       // only what stands before the body is asked for: a HEAD
};

struct exchange;

// Asks. NULL with ERR_IO when the system refuses, ERR_FORMAT for a header's value that cannot be sent.
struct exchange *exchange_start(struct engine *engine, const struct exchange_request *request, struct error *err);

// Waits until the header of the answer is complete: its status and its lines, each with its line's end, valid as long
// as the exchange. Errors: ERR_NETWORK; ERR_REFUSED for an address that the rules do not allow, naming the line to add;
// ERR_LIMIT (fetch_header_bytes). `*again`: it may go well another time.
bool exchange_answer(struct exchange *x, long *status, struct slice *lines, bool *again, struct error *err);

// The next bytes of the body, valid until the next call; none is its end. Errors and `*again` likewise.
bool exchange_next(struct exchange *x, struct slice *chunk, bool *again, struct error *err);

// What the answer's Retry-After asks for, in seconds; 0 for nothing. To be called once the header is there.
double exchange_retry_after(const struct exchange *x);

// Ends it, also in the middle of its body. NULL is fine; sets it to NULL.
void exchange_end(struct exchange **x);
#define EXCHANGE_AUTO __attribute__((cleanup(exchange_end)))
