#include "feed/unpack.h"

#include "base/arena.h"
#include "base/buf.h"
#include "layer/inflate.h"

#include <stdlib.h>

static const char bzip2_magic[] = {'B', 'Z', 'h'};
static const char xz_magic[] = {'\xfd', '7', 'z', 'X', 'Z', '\0'};

// A reader whose first bytes were looked at already.
struct peeked {
    struct reader base;
    struct reader *source;
    struct buf head;
    bool head_given;
};

static bool next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct peeked *p = (struct peeked *)base;
    if (p->head_given || p->head.n == 0)
        return reader_next(p->source, chunk, err);
    *chunk = buf_slice(&p->head);
    p->head_given = true;
    return true;
}

static void close_peeked(struct reader *base)
{
    struct peeked *p = (struct peeked *)base;
    reader_close(&p->source);
    buf_free(&p->head);
    free(p);
}

// Reads until there are enough bytes to tell by, or no more.
static bool read_head(struct peeked *p, struct error *err)
{
    struct slice chunk;
    do {
        if (!reader_next(p->source, &chunk, err))
            return false;
        buf_add(&p->head, chunk);
    } while (chunk.n != 0 && p->head.n < sizeof xz_magic);
    return true;
}

bool unpack(struct reader *packed, const struct limits *limits, struct reader **body, struct error *err)
{
    struct peeked *p = must_alloc(sizeof *p);
    *p = (struct peeked){.base = {next, close_peeked}, .source = packed};
    struct reader *reader = &p->base;
    if (!read_head(p, err)) {
        reader_close(&reader);
        return false;
    }
    // A feed may well shrink a thousandfold: the ratio says nothing about it.
    struct inflate_bounds bounds = {limits->feed_unpacked_bytes, "feed_unpacked_bytes", UINT64_MAX,
                                    limits->zstd_window_bytes};
    struct slice head = buf_slice(&p->head);
    if (slice_starts(head, slice_of(bzip2_magic, sizeof bzip2_magic)))
        *body = unpack_bzip2(reader, limits);
    else if (slice_starts(head, slice_of(xz_magic, sizeof xz_magic)))
        *body = unpack_xz(reader, limits);
    else
        *body = inflate_reader(reader, bounds, NULL);
    return true;
}
