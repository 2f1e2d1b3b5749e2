// xz, by liblzma: any number of streams one after the other, with padding between them.
#include "base/arena.h"
#include "feed/unpack.h"

#include <lzma.h>
#include <stdlib.h>

#define OUT_SIZE ((size_t)256 * 1024)

struct xz_reader {
    struct reader base;
    struct reader *source;
    const struct limits *limits;
    lzma_stream stream;
    bool ended;
    uint64_t bytes_in, bytes_out;
    uint8_t out[OUT_SIZE];
};

static bool failed(const struct xz_reader *r, lzma_ret code, struct error *err)
{
    unsigned long long most = r->limits->zstd_window_bytes;
    unsigned long long at = r->bytes_in - r->stream.avail_in;
    switch (code) {
    case LZMA_MEMLIMIT_ERROR:
        return error_set(err, ERR_LIMIT, "the xz stream wants more than %llu bytes of memory (limit zstd_window_bytes)",
                         most);
    case LZMA_MEM_ERROR:
        return error_set(err, ERR_IO, "no memory to unpack xz");
    case LZMA_OPTIONS_ERROR:
        return error_set(err, ERR_UNSUPPORTED, "the xz stream is packed in a way that liblzma does not know");
    case LZMA_BUF_ERROR:
        return error_set(err, ERR_FORMAT, "the xz stream is cut short after %llu bytes", at);
    default:
        return error_set(err, ERR_FORMAT, "the xz stream has a fault near byte %llu", at);
    }
}

static bool next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct xz_reader *r = (struct xz_reader *)base;
    r->stream.next_out = r->out;
    r->stream.avail_out = OUT_SIZE;
    while (r->stream.avail_out == OUT_SIZE && !r->ended) {
        if (r->stream.avail_in == 0) {
            struct slice in;
            if (!reader_next(r->source, &in, err))
                return false;
            r->stream.next_in = (const uint8_t *)in.p;
            r->stream.avail_in = in.n;
            r->bytes_in += in.n;
        }
        // With no more bytes to come the decoder says whether it was cut short.
        lzma_ret code = lzma_code(&r->stream, r->stream.avail_in == 0 ? LZMA_FINISH : LZMA_RUN);
        r->ended = code == LZMA_STREAM_END;
        if (code != LZMA_OK && code != LZMA_STREAM_END)
            return failed(r, code, err);
    }
    *chunk = slice_of((const char *)r->out, OUT_SIZE - r->stream.avail_out);
    r->bytes_out += chunk->n;
    return r->bytes_out <= r->limits->feed_unpacked_bytes ||
           error_set(err, ERR_LIMIT, "unpacks to more than %llu bytes (limit feed_unpacked_bytes)",
                     (unsigned long long)r->limits->feed_unpacked_bytes);
}

static void close_xz(struct reader *base)
{
    struct xz_reader *r = (struct xz_reader *)base;
    lzma_end(&r->stream);
    reader_close(&r->source);
    free(r);
}

// What the first call of lzma_code answers when the decoder could not be made.
static bool next_failed(struct reader *base, struct slice *chunk, struct error *err)
{
    (void)chunk;
    return failed((struct xz_reader *)base, LZMA_MEM_ERROR, err);
}

struct reader *unpack_xz(struct reader *packed, const struct limits *limits)
{
    struct xz_reader *r = must_alloc(sizeof *r);
    *r = (struct xz_reader){
        .base = {next, close_xz}, .source = packed, .limits = limits, .stream = (lzma_stream)LZMA_STREAM_INIT};
    // Room for the dictionary and for what the decoder needs beside it.
    if (lzma_stream_decoder(&r->stream, limits->zstd_window_bytes, LZMA_CONCATENATED) != LZMA_OK)
        r->base.next = next_failed;
    return &r->base;
}
