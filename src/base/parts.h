// Several texts as one, each with its length in front: for keys and values within one process.
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <string.h>

static inline void parts_add(struct buf *out, struct slice part)
{
    const uint32_t n = (uint32_t)part.n;
    buf_add(out, slice_of((const char *)&n, sizeof n));
    buf_add(out, part);
}

// Takes the next text off. Only of what parts_add has made.
static inline struct slice parts_take(struct slice *parts)
{
    uint32_t n = 0;
    if (parts->n >= sizeof n)
        memcpy(&n, parts->p, sizeof n);
    *parts = slice_from(*parts, sizeof n);
    struct slice part = slice_of(parts->p, n);
    *parts = slice_from(*parts, n);
    return part;
}
