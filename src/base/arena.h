// An arena: many small allocations with one lifetime, freed at once.
//
// One arena a request, layer or feed. Running out of memory ends the process with a message: what foreign bytes can
// make us allocate is bounded by named limits (limits.h), so it means that the machine itself has none left, and there
// is no sensible way on. Not thread-safe: an arena belongs to one thread at a time.
#pragma once

#include "base/slice.h"

#include <stdarg.h>

struct arena_block;

// All zero is an empty arena, ready for use.
struct arena {
    struct arena_block *head;
    size_t used; // bytes handed out so far
};

// `size` bytes, zeroed, aligned for any type. Never NULL.
void *arena_alloc(struct arena *a, size_t size);

// Room for `n` of `type`, zeroed; the product is checked.
#define ARENA_NEW(a, type, n) ((type *)arena_alloc_array((a), sizeof(type), (n)))
void *arena_alloc_array(struct arena *a, size_t size, size_t n);

// A copy of `s`, followed by a NUL that its length does not count.
struct slice arena_dup(struct arena *a, struct slice s);

// The same, with ASCII letters in lower case.
struct slice arena_dup_lower(struct arena *a, struct slice s);

// As printf; the answer is terminated, its length does not count the NUL.
struct slice arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Frees everything; the arena is then empty and may be used again.
void arena_free(struct arena *a);

// `struct arena a ARENA_AUTO = {0};` frees itself at the end of its scope.
#define ARENA_AUTO __attribute__((cleanup(arena_free)))

// A growing array whose elements live in an arena: struct { T *v; size_t n, cap; }.
// VEC_PUSH gives a pointer to a new, zeroed element; pointers to earlier elements may move.
#define VEC(type)                                                                                                      \
    struct {                                                                                                           \
        type *v;                                                                                                       \
        size_t n, cap;                                                                                                 \
    }
#define VEC_PUSH(a, vec)                                                                                               \
    (*(((vec)->n == (vec)->cap)                                                                                        \
           ? ((vec)->v = arena_grow((a), (vec)->v, sizeof *(vec)->v, (vec)->n, &(vec)->cap), &(vec)->v[(vec)->n++])    \
           : &(vec)->v[(vec)->n++]))

// Helper of VEC_PUSH: doubles an array of `n` elements and sets its new capacity.
void *arena_grow(struct arena *a, void *old, size_t size, size_t n, size_t *cap);

// malloc and realloc that end the process with a message instead of answering NULL.
void *must_alloc(size_t size);
void *must_realloc(void *old, size_t size);
