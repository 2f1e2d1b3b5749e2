// One request and its answer, as the server keeps them.
#pragma once

#include "http/server.h"

#include <microhttpd.h>
#include <pthread.h>

enum exchange_state {
    EXCHANGE_HEAD,     // the head is still to be looked at
    EXCHANGE_BODY,     // the body is coming
    EXCHANGE_WORKING,  // a handler runs, or waits for its turn
    EXCHANGE_ANSWERED, // `response` is complete
};

struct exchange {
    struct web_server *server;
    struct MHD_Connection *connection;
    enum exchange_state state;
    double start;
    struct slice target; // as it came: path and query
    struct arena arena;
    struct web_request request;
    struct buf body;
    uint64_t discarded; // bytes of the body that nobody wants
    const struct web_route *route;
    const struct web_method *method;
    struct web_response response;
    bool close;            // no further request on this connection
    struct exchange *next; // in the queue
    char id[65];
    char client[64];
};

// From the first line of a request on.
struct exchange *exchange_new(struct web_server *server, struct MHD_Connection *connection, struct slice target);
void exchange_free(struct exchange *exchange);

// Takes in the head: splits the target, names the request, judges size and token, finds the route. What it refuses has
// an answer then (response.status != 0).
void exchange_begin(struct exchange *exchange, const struct web_options *options, struct slice method);

// Calls the handler, and shapes the answer.
void exchange_work(struct exchange *exchange, const struct web_options *options);

// Shapes an answer that is there: 405 and its like need no handler.
void exchange_finish(struct exchange *exchange);

// What this thread logs from now on is about this exchange; NULL: about none any more.
void exchange_log(const struct exchange *exchange);

// Ends its span, with how the request went; `whole`: all of the answer was sent. Harmless without a span.
void exchange_end_span(struct exchange *exchange, bool whole);

// Percent-decoding, of a query with '+' for a blank. p == NULL for a malformed one, and for one with a NUL or another
// control character.
struct slice web_decode(struct arena *a, struct slice s, bool query);
