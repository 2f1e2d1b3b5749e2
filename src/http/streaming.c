#include "http/streaming.h"

#include "base/log.h"
#include "http/encoder.h"

#include <stdlib.h>

#define BLOCK ((size_t)32 * 1024) // that the library asks for at a time

// The exchange is gone before the response is: it may be looked at while the library asks for more, and not when it
// says that it needs no more.
struct sending {
    const struct exchange *exchange;
    struct web_stream stream;
    struct buf made, part; // as it came; as it is sent
    size_t at;             // of `part`: what has been sent
    bool ended;
};

void web_stream_end(struct web_stream *stream)
{
    if (stream->next == NULL)
        return;
    stream->end(stream->context);
    encoder_free(&stream->encoder);
    *stream = (struct web_stream){0};
}

// The next part is all that an encoder was given: as each is short, no thread is kept for long.
static bool make_part(struct sending *s, struct error *err)
{
    s->at = s->part.n = s->made.n = 0;
    if (!s->stream.next(s->stream.context, &s->made, err))
        return false;
    s->ended = s->made.n == 0;
    if (s->stream.encoder != NULL)
        return encoder_add(s->stream.encoder, buf_slice(&s->made), s->ended, &s->part) ||
               error_set(err, ERR_IO, "the answer cannot be compressed");
    struct buf made = s->made;
    s->made = s->part;
    s->part = made;
    return true;
}

static ssize_t pull(void *context, uint64_t position, char *out, size_t most)
{
    struct sending *s = context;
    struct error err;
    (void)position;
    while (s->at == s->part.n && !s->ended) {
        exchange_log(s->exchange);
        bool made = make_part(s, &err);
        if (!made)
            log_error("the answer breaks off: %s", err.text);
        exchange_log(NULL);
        if (!made)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = s->part.n - s->at;
    if (n == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    n = n < most ? n : most;
    memcpy(out, s->part.p + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static void end(void *context)
{
    struct sending *s = context;
    web_stream_end(&s->stream);
    buf_free(&s->made);
    buf_free(&s->part);
    free(s);
}

struct MHD_Response *streaming_response(struct exchange *exchange)
{
    struct sending *s = must_alloc(sizeof *s);
    *s = (struct sending){.exchange = exchange, .stream = exchange->response.stream};
    exchange->response.stream = (struct web_stream){0};
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, pull, s, end);
    if (response == NULL)
        end(s);
    return response;
}
