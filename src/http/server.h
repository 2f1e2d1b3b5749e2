// The HTTP server: requests in, answers out, by a table of routes. libmicrohttpd speaks HTTP/1.1; what a client may
// cost (connections, sizes, time) is bounded here, so that a handler gets whole requests of known size only.
//
// A few threads wait for all connections together (epoll). Handlers that only read run there; one that changes the
// store runs on a thread of its own kind while its connection is suspended, and what takes longer is answered later, by
// whoever does it.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "http/token.h"
#include "telemetry/span.h"

struct web_request {
    const char *id;         // in each message of the log; the client's X-Request-Id when that is fit for it
    const char *client;     // its address, "192.0.2.7"; "-": not known
    struct slice method;    //
    struct slice path;      // decoded
    struct slice raw_path;  // as it came: where a slash is one between two steps
    struct slice rest;      // of the path, behind a route's path that ends with a slash
    struct slice query;     // as it came
    struct slice body;      // whole
    struct arena *arena;    // lives until the answer is sent
    struct span *span;      // of this request; it ends with it. NULL: none
    const void *connection; // the server's own
};

// The n-th header of that name, from 0 on; p == NULL when there is none.
struct slice web_header(const struct web_request *request, const char *name, size_t n);

// The first parameter of that name in the query, decoded; p == NULL when there is none.
struct slice web_parameter(const struct web_request *request, const char *name);

// A body that is made while it is sent, so that memory holds one part of it however long it is.
struct web_stream {
    // Appends the next part, some ten KiB; nothing at the end. Called by a thread that waits for connections, so it
    // must not take long. False: the connection is cut off, so that nobody takes what has come for the whole.
    bool (*next)(void *context, struct buf *out, struct error *err);
    void (*end)(void *context); // frees it; called by any thread
    void *context;
    struct encoder *encoder; // the server's own
};

struct web_response {
    unsigned status;
    const char *type; // Content-Type; NULL: none
    struct buf body;
    struct web_stream stream; // in the place of the body where `next` is not NULL
    VEC(struct web_field {
        const char *name;
        struct slice value;
    })
    fields;
};

// Ends a stream that nobody will send; harmless for none.
void web_stream_end(struct web_stream *stream);

// Adds a header; the value must live as long as the request.
void web_add(const struct web_request *request, struct web_response *response, const char *name, struct slice value);

// An error as Clair writes them: {"code":"bad-request","message":"…"}; the code follows from the status.
void web_error(const struct web_request *request, struct web_response *response, unsigned status, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

typedef void web_handler(void *context, const struct web_request *request, struct web_response *response);

// The methods of RFC 9110 that clients send, and PATCH, for those that count and trace requests. Any other is the last
// one, which is called as OpenTelemetry's semantic conventions have it.
#define WEB_METHODS 8
extern const char *const web_methods[WEB_METHODS];
size_t web_method_of(struct slice method);

enum web_pace {
    WEB_FAST,  // runs where connections are waited for
    WEB_SLOW,  // waits for one of the threads that change the store (limit request_queue)
    WEB_LATER, // runs there too, with the connection suspended, and need not have answered when it returns
};

struct web_method {
    const char *name; // "GET"; "*" for any
    web_handler *handle;
    enum web_pace pace;
};

// Sends the answer to a request whose method is WEB_LATER: to be called once for each, from any thread. Afterwards the
// request and its response are gone.
void web_answer(const struct web_request *request);

// Who may ask, where a route judges that itself.
enum web_admission {
    WEB_ADMIT,     // this one
    WEB_REFUSE,    // not this one; the response has the answer
    WEB_BY_TOKENS, // whoever `key` of the options lets in
};
typedef enum web_admission web_admit(void *context, const struct web_request *request, struct web_response *response);

struct web_route {
    const char *path; // "/a/b", or "/a/b/" for all below
    struct web_method methods[3];
    const char *disallowed; // what other methods are told, with at most one %s for theirs; NULL: nothing but the status
    web_admit *admit;       // asked before the body is there; NULL: by tokens
    bool open;              // needs no token
    bool no_redirect;       // with a path that ends with a slash: the one without is not sent there
};

struct web_tls {
    struct slice cert, key; // PEM
    struct slice client_ca; // PEM; not empty: clients must show a certificate of it
};

struct web_options {
    const char *name;               // "api", for messages
    int socket;                     // listening; the server's own from now on
    const struct web_route *routes; // ends with a path that is NULL
    void *context;                  // for handlers and `observe`
    const struct token_key *key;    // NULL: no authentication
    const struct web_tls *tls;      // NULL: none
    const struct limits *limits;    // connections, client_connections, request_…, shutdown_seconds
    unsigned threads;               // that wait for connections
    // Told of each answer when it is sent, or cut off; `route` is NULL for a path that there is not.
    void (*observe)(void *context, const struct web_route *route, struct slice method, unsigned status, double seconds);
    struct tracer *tracer; // NULL: requests have no spans
    // Called when the server is to stop and requests still run after shutdown_seconds: when it returns, all that were
    // to be answered later must have been. NULL: there are none such.
    void (*give_up)(void *context);
};

struct web_server;

// Starts serving. `options` and what it leads to must live as long. NULL with an error: the socket is closed then.
struct web_server *web_server_start(const struct web_options *options, struct error *err);

// Takes no more connections, lets the requests that run come to an end (up to shutdown_seconds), and stops. Harmless
// for NULL.
void web_server_stop(struct web_server **server);

// What goes on now, for metrics.
struct web_load {
    size_t connections, running, queued;
    uint64_t dropped; // connections closed since the start because no whole request came, or no stream went, in time
};
struct web_load web_server_load(struct web_server *server);

// A listening socket for HOST:PORT (an empty host: all addresses, IPv6 and IPv4). -1 with an error.
int web_listen(struct slice host, uint16_t port, struct error *err);
