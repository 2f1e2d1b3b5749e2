#include "feed/unpack.h"

#include "base/arena.h"
#include "layer/inflate.h"

#include <stdlib.h>

static const char bzip2_magic[] = {'B', 'Z', 'h'};
static const char xz_magic[] = {'\xfd', '7', 'z', 'X', 'Z', '\0'};

// A reader whose first chunk was looked at already.
struct peeked {
    struct reader base;
    struct reader *source;
    struct slice first;
};

static bool next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct peeked *p = (struct peeked *)base;
    if (p->first.n == 0)
        return reader_next(p->source, chunk, err);
    *chunk = p->first;
    p->first.n = 0;
    return true;
}

static void close_peeked(struct reader *base)
{
    struct peeked *p = (struct peeked *)base;
    reader_close(&p->source);
    free(p);
}

static const char *unsupported(struct slice head)
{
    if (slice_starts(head, slice_of(bzip2_magic, sizeof bzip2_magic)))
        return "bzip2";
    return slice_starts(head, slice_of(xz_magic, sizeof xz_magic)) ? "xz" : NULL;
}

bool unpack(struct reader *packed, const struct limits *limits, struct reader **body, struct error *err)
{
    struct peeked *p = must_alloc(sizeof *p);
    *p = (struct peeked){.base = {next, close_peeked}, .source = packed};
    struct reader *reader = &p->base;
    bool ok = reader_next(packed, &p->first, err);
    const char *format = ok ? unsupported(p->first) : NULL;
    if (format != NULL)
        ok = error_set(err, ERR_UNSUPPORTED, "is packed with %s; gzip and zstd can be read", format);
    if (!ok) {
        reader_close(&reader);
        return false;
    }
    // A feed may well shrink a thousandfold: the ratio says nothing about it.
    struct inflate_bounds bounds = {limits->feed_unpacked_bytes, "feed_unpacked_bytes", UINT64_MAX,
                                    limits->zstd_window_bytes};
    *body = inflate_reader(reader, bounds, NULL);
    return true;
}
