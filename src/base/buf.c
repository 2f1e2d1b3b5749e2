#include "base/buf.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_reserve(struct buf *b, size_t more)
{
    buf_reserve_upto(b, more, 0);
}

void buf_reserve_upto(struct buf *b, size_t more, size_t most)
{
    if (b->cap - b->n > more)
        return;
    size_t wanted = b->cap != 0 ? b->cap : 256;
    while (wanted - b->n <= more)
        wanted *= 2;
    if (wanted > most && most >= b->n + more)
        wanted = most + 1;
    b->p = must_realloc(b->p, wanted);
    b->cap = wanted;
}

void buf_add(struct buf *b, struct slice s)
{
    buf_reserve(b, s.n);
    if (s.n != 0)
        memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    b->p[b->n] = '\0';
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, slice_of(&c, 1));
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, slice_str(s));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}
