// A reader that tells how far another one has been read.
#include "base/arena.h"
#include "base/reader.h"

#include <stdlib.h>

struct watched_reader {
    struct reader base;
    struct reader *inner;
    reader_watch_fn *watch;
    void *context;
    uint64_t done;
};

static bool watched_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct watched_reader *r = (struct watched_reader *)base;
    if (!reader_next(r->inner, chunk, err))
        return false;
    r->done += chunk->n;
    r->watch(r->context, r->done);
    return true;
}

static void watched_close(struct reader *base)
{
    struct watched_reader *r = (struct watched_reader *)base;
    reader_close(&r->inner);
    free(r);
}

struct reader *reader_watched(struct reader *inner, reader_watch_fn *watch, void *context)
{
    struct watched_reader *r = must_alloc(sizeof *r);
    *r = (struct watched_reader){{watched_next, watched_close}, inner, watch, context, 0};
    return &r->base;
}
