#include "http/secret.h"

#include "base/arena.h"

#include <stdlib.h>

struct secret {
    size_t n;
    char bytes[];
};

static char *append(char *at, struct slice s)
{
    if (s.n != 0)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

struct secret *secret_join(struct slice a, struct slice b, struct slice c)
{
    size_t n = a.n + b.n + c.n;
    struct secret *s = must_alloc(sizeof *s + n + 1);
    s->n = n;
    *append(append(append(s->bytes, a), b), c) = '\0';
    return s;
}

struct secret *secret_new(struct slice bytes)
{
    return secret_join(bytes, SLICE(""), SLICE(""));
}

struct slice secret_reveal(const struct secret *s)
{
    return slice_of(s->bytes, s->n);
}

struct secret *secret_copy(const struct secret *s)
{
    return s != NULL ? secret_new(secret_reveal(s)) : NULL;
}

void secret_free(struct secret **s)
{
    if (*s == NULL)
        return;
    explicit_bzero((*s)->bytes, (*s)->n);
    free(*s);
    *s = NULL;
}
