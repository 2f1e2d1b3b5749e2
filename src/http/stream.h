// A large body as a stream that goes on when its connection breaks.
#pragma once

#include "http/client.h"

// How a stream asks for its bytes, from one on: by http_send with that request's `from` and `if_range`, and whatever
// else it takes (a token). An answer with another status than 200 or 206 is this function's failure to tell.
struct stream_source {
    bool (*open)(void *context, uint64_t from, struct slice if_range, struct arena *a, struct http_answer *answer,
                 struct error *err);
    void *context; // must outlive the stream
    uint64_t size; // that the body must have; UINT64_MAX: nobody knows
};

// The bytes must be named by a digest that the reader of the stream checks. For a body that breaks off is carried on by
// a range request where the server does that, under a strong validator where it gives one; where it sends the whole
// again, what has been read is passed over.
//
// NULL when it cannot be opened. Errors: those of `open`; ERR_DIGEST for a body of another size; ERR_LIMIT
// (fetch_layer_bytes).
struct reader *stream_open(struct http_client *client, const struct stream_source *source, struct error *err);
