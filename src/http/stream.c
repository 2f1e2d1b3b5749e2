#include "http/stream.h"

#include "base/log.h"
#include "http/retry.h"

#include <stdlib.h>

// A try that brings less than this and an eighth of what is there is one in vain: so that a server cannot keep a stream
// busy for ever, a few bytes at a time.
#define LEAST_PROGRESS (64 * KIB)

struct stream {
    struct reader base;
    struct http_client *client;
    struct stream_source source;
    struct arena arena; // of the answer at hand
    struct http_answer answer;
    struct buf if_range; // of the first answer; kept over all
    uint64_t at;         // bytes handed out
    uint64_t skip;       // bytes of this answer that have been
    uint64_t begun;      // `at` when this answer began
    unsigned in_vain;    // tries in a row that brought next to nothing
};

static void forget_answer(struct stream *s)
{
    reader_close(&s->answer.body);
    arena_free(&s->arena);
}

// Does this answer go on where the stream stands?
static bool fits(struct stream *s, struct error *err)
{
    const struct http_answer *answer = &s->answer;
    s->skip = 0;
    if (answer->status == 206) {
        if (!answer->has_range || answer->range.first != s->at)
            return error_set(err, ERR_NETWORK, "the server sent another part than the one asked for");
        return true;
    }
    s->skip = s->at;
    if (answer->length != UINT64_MAX && s->source.size != UINT64_MAX && answer->length != s->source.size)
        return error_set(err, ERR_DIGEST, "the server has %llu bytes of it instead of %llu",
                         (unsigned long long)answer->length, (unsigned long long)s->source.size);
    return true;
}

static bool ask(struct stream *s, struct error *err)
{
    forget_answer(s);
    s->begun = s->at;
    return s->source.open(s->source.context, s->at, buf_slice(&s->if_range), &s->arena, &s->answer, err) &&
           fits(s, err);
}

// The connection broke: asks for the rest, unless the last tries brought next to nothing.
static bool go_on(struct stream *s, struct error *err)
{
    bool got_on = s->at >= s->begun + LEAST_PROGRESS + s->begun / 8;
    s->in_vain = got_on ? 1 : s->in_vain + 1;
    if (s->in_vain >= http_client_limits(s->client)->fetch_tries)
        return error_wrap(err, "broke off after %llu bytes, and again and again", (unsigned long long)s->at);
    log_info("broke off after %llu bytes: %s", (unsigned long long)s->at, err->text);
    http_client_sleep(s->client, retry_seconds(http_client_first_wait(s->client), s->in_vain, 0));
    return ask(s, err) || error_wrap(err, "broke off after %llu bytes", (unsigned long long)s->at);
}

static bool count(struct stream *s, size_t n, struct error *err)
{
    uint64_t limit = http_client_limits(s->client)->fetch_layer_bytes;
    s->at += n;
    if (s->source.size != UINT64_MAX && s->at > s->source.size)
        return error_set(err, ERR_DIGEST, "the server sends more than its %llu bytes",
                         (unsigned long long)s->source.size);
    return s->at <= limit ||
           error_set(err, ERR_LIMIT, "has more than the %llu bytes that limit fetch_layer_bytes allows",
                     (unsigned long long)limit);
}

static bool stream_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct stream *s = (struct stream *)base;
    for (;;) {
        if (!reader_next(s->answer.body, chunk, err)) {
            if (err->code != ERR_NETWORK || !go_on(s, err))
                return false;
            continue;
        }
        if (chunk->n == 0)
            break;
        size_t passed = chunk->n < s->skip ? chunk->n : (size_t)s->skip;
        s->skip -= passed;
        *chunk = slice_from(*chunk, passed);
        if (chunk->n != 0)
            return count(s, chunk->n, err);
    }
    if (s->source.size == UINT64_MAX || s->at == s->source.size)
        return true;
    return error_set(err, ERR_DIGEST, "the server sent %llu bytes of it instead of %llu", (unsigned long long)s->at,
                     (unsigned long long)s->source.size);
}

static void stream_close(struct reader *base)
{
    struct stream *s = (struct stream *)base;
    forget_answer(s);
    buf_free(&s->if_range);
    free(s);
}

struct reader *stream_open(struct http_client *client, const struct stream_source *source, struct error *err)
{
    struct stream *s = must_alloc(sizeof *s);
    *s = (struct stream){.base = {stream_next, stream_close}, .client = client, .source = *source};
    uint64_t limit = http_client_limits(client)->fetch_layer_bytes;
    bool fine = source->size == UINT64_MAX || source->size <= limit ||
                error_set(err, ERR_LIMIT, "its %llu bytes are more than the %llu that limit fetch_layer_bytes allows",
                          (unsigned long long)source->size, (unsigned long long)limit);
    if (!fine || !ask(s, err)) {
        stream_close(&s->base);
        return NULL;
    }
    buf_add(&s->if_range, validators_strong(&s->answer.validators));
    return &s->base;
}
