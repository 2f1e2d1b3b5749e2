// A growing byte buffer. All zero is empty; buf_free frees it. Out of memory ends the process (arena.h says why).
#pragma once

#include "base/slice.h"

struct buf {
    char *p;
    size_t n, cap;
};

#define BUF_AUTO __attribute__((cleanup(buf_free)))

void buf_free(struct buf *b);

// Makes room for `more` bytes after the contents, and one for a terminator.
void buf_reserve(struct buf *b, size_t more);

// The same for contents that are expected to end at `most` bytes: as long as they do, no more room is made than that.
void buf_reserve_upto(struct buf *b, size_t more, size_t most);

void buf_add(struct buf *b, struct slice s);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s); // a terminated string of our own
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The contents; valid until the next call that adds.
static inline struct slice buf_slice(const struct buf *b)
{
    return slice_of(b->p, b->n);
}
