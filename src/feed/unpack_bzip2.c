// bzip2, by libbz2: any number of streams one after the other, as its parallel packers write them.
#include "base/arena.h"
#include "feed/unpack.h"

#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>

#define OUT_SIZE (256 * 1024)

struct bzip2_reader {
    struct reader base;
    struct reader *source;
    const struct limits *limits;
    bz_stream stream;
    bool in_stream; // between BZ2_bzDecompressInit and -End
    struct slice in;
    uint64_t bytes_in, bytes_out;
    char out[OUT_SIZE];
};

static bool failed(const struct bzip2_reader *r, int code, struct error *err)
{
    if (code == BZ_MEM_ERROR)
        return error_set(err, ERR_IO, "no memory to unpack bzip2");
    return error_set(err, ERR_FORMAT, "the bzip2 stream has a fault near byte %llu: %s",
                     (unsigned long long)(r->bytes_in - r->in.n),
                     code == BZ_DATA_ERROR_MAGIC ? "no bzip2 begins there" : "bad data or check sum");
}

// Makes `in` the next bytes; it stays empty at the end of the source.
static bool fill(struct bzip2_reader *r, struct error *err)
{
    if (r->in.n != 0)
        return true;
    if (!reader_next(r->source, &r->in, err))
        return false;
    r->bytes_in += r->in.n;
    return true;
}

// Between streams: another one or the end.
static bool start(struct bzip2_reader *r, bool *ended, struct error *err)
{
    if (!fill(r, err))
        return false;
    *ended = r->in.n == 0;
    if (*ended)
        return true;
    r->stream = (bz_stream){0};
    int code = BZ2_bzDecompressInit(&r->stream, 0, 0);
    r->in_stream = code == BZ_OK;
    return r->in_stream || failed(r, code, err);
}

static void finish(struct bzip2_reader *r)
{
    if (r->in_stream)
        BZ2_bzDecompressEnd(&r->stream);
    r->in_stream = false;
}

static bool step(struct bzip2_reader *r, size_t *produced, struct error *err)
{
    unsigned given = r->in.n < UINT_MAX ? (unsigned)r->in.n : UINT_MAX;
    r->stream.next_in = (char *)(uintptr_t)r->in.p; // which it only reads
    r->stream.avail_in = given;
    r->stream.next_out = r->out;
    r->stream.avail_out = OUT_SIZE;
    int code = BZ2_bzDecompress(&r->stream);
    r->in = slice_from(r->in, given - r->stream.avail_in);
    *produced = OUT_SIZE - r->stream.avail_out;
    if (code == BZ_STREAM_END)
        finish(r);
    else if (code != BZ_OK)
        return failed(r, code, err);
    return true;
}

static bool next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct bzip2_reader *r = (struct bzip2_reader *)base;
    size_t produced = 0;
    while (produced == 0) {
        bool ended = false;
        if (!r->in_stream && !start(r, &ended, err))
            return false;
        if (ended)
            break;
        if (!fill(r, err))
            return false;
        bool drained = r->in.n == 0;
        if (!step(r, &produced, err))
            return false;
        if (drained && produced == 0 && r->in_stream)
            return error_set(err, ERR_FORMAT, "the bzip2 stream is cut short after %llu bytes",
                             (unsigned long long)r->bytes_in);
    }
    r->bytes_out += produced;
    if (r->bytes_out > r->limits->feed_unpacked_bytes)
        return error_set(err, ERR_LIMIT, "unpacks to more than %llu bytes (limit feed_unpacked_bytes)",
                         (unsigned long long)r->limits->feed_unpacked_bytes);
    *chunk = slice_of(r->out, produced);
    return true;
}

static void close_bzip2(struct reader *base)
{
    struct bzip2_reader *r = (struct bzip2_reader *)base;
    finish(r);
    reader_close(&r->source);
    free(r);
}

struct reader *unpack_bzip2(struct reader *packed, const struct limits *limits)
{
    struct bzip2_reader *r = must_alloc(sizeof *r);
    *r = (struct bzip2_reader){.base = {next, close_bzip2}, .source = packed, .limits = limits};
    return &r->base;
}
