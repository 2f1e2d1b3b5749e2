// Taking a version text apart from its beginning, by classes of ASCII characters.
#pragma once

#include "base/slice.h"

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Takes all leading bytes of a class off what is left; empty when there are none.
static inline struct slice take_run(struct slice *left, bool (*in)(char))
{
    size_t n = 0;
    while (n < left->n && in(left->p[n]))
        n++;
    struct slice run = slice_of(left->p, n);
    *left = slice_from(*left, n);
    return run;
}

// Takes one of these bytes off what is left, if one is next.
static inline bool take_one_of(struct slice *left, struct slice bytes)
{
    if (left->n == 0 || slice_find(bytes, left->p[0]) < 0)
        return false;
    *left = slice_from(*left, 1);
    return true;
}

// Takes that byte off what is left, if it is next.
static inline bool take_byte(struct slice *left, char c)
{
    if (left->n == 0 || left->p[0] != c)
        return false;
    *left = slice_from(*left, 1);
    return true;
}

// What was taken off `before` to leave `left`.
static inline struct slice taken(struct slice before, struct slice left)
{
    return slice_of(before.p, before.n - left.n);
}
