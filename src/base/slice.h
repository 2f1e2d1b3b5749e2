// Bytes that are not ours: a pointer and a length, never a terminator.
//
// Everything that comes from an image, a feed, a registry or a client travels as a slice. A slice does not own its
// bytes; whoever made it says how long they live (mostly: as long as the arena they were copied into).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *p;
    size_t n;
};

// Several of them.
struct slices {
    struct slice *v;
    size_t n;
};

// A slice of a string literal, without its terminator.
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

// The two arguments of a "%.*s" for a slice; at most 512 bytes are printed, since a message is for people.
#define SLICE_ARG(s) (int)((s).n < 512 ? (s).n : 512), ((s).n != 0 ? (s).p : "")

static inline struct slice slice_of(const char *p, size_t n)
{
    return (struct slice){p, n};
}

// A slice of a terminated string of our own (an argument, a constant); NULL gives an empty slice.
static inline struct slice slice_str(const char *s)
{
    return (struct slice){s, s != NULL ? strlen(s) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

// Bytewise order: negative, zero or positive, like memcmp; a prefix sorts before what it begins.
int slice_cmp(struct slice a, struct slice b);

// The same of `n` slices each, the first ones first.
int slices_cmp(const struct slice *a, const struct slice *b, size_t n);

bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

// Equal but for the case of ASCII letters.
bool slice_eq_nocase(struct slice a, struct slice b);

// The part of `s` from byte `from` on; empty when `from` is at or past its end.
struct slice slice_from(struct slice s, size_t from);

// `s` without ASCII blanks (space, tab, CR, LF, VT, FF) at both ends.
struct slice slice_trim(struct slice s);

// Position of the first (last) `c`, or -1.
ptrdiff_t slice_find(struct slice s, char c);
ptrdiff_t slice_rfind(struct slice s, char c);

// Position of the first occurrence of `what`, or -1.
ptrdiff_t slice_find_slice(struct slice s, struct slice what);

// Splits at the first `sep`; without one, `before` is all of it, `after` is empty and the answer is false.
bool slice_cut(struct slice s, char sep, struct slice *before, struct slice *after);

// Takes the next line off `rest`, without its newline; a CR is kept. False at the end. A last line needs no newline.
bool slice_next_line(struct slice *rest, struct slice *line);

// Decimal digits only, all of them, within 64 bits.
bool slice_to_u64(struct slice s, uint64_t *value);

// What follows the last '/' of a path, and what precedes it ("" for a path without one).
struct slice slice_basename(struct slice path);
struct slice slice_dirname(struct slice path);

// A hash for tables in memory; seeded per process, so that foreign keys cannot be chosen to collide.
uint64_t slice_hash(struct slice s);
