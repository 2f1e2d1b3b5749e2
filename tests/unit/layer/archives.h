// What the tests of this folder make archives with, and read them through.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/reader.h"

#include <stdio.h>
#include <stdlib.h>

// ---- A reader that gives pieces of a size, each in memory of its own that is gone with the next ---------------------

struct piece_reader {
    struct reader base;
    struct slice left;
    size_t size;
    char *piece;
    bool *closed; // may be NULL
};

static inline bool piece_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct piece_reader *r = (struct piece_reader *)base;
    (void)err;
    size_t n = r->left.n < r->size ? r->left.n : r->size;
    free(r->piece);
    r->piece = must_alloc(n);
    if (n != 0)
        memcpy(r->piece, r->left.p, n);
    r->left = slice_from(r->left, n);
    *chunk = slice_of(r->piece, n);
    return true;
}

static inline void piece_close(struct reader *base)
{
    struct piece_reader *r = (struct piece_reader *)base;
    if (r->closed != NULL)
        *r->closed = true;
    free(r->piece);
    free(r);
}

static inline struct reader *reader_in_pieces(struct slice bytes, size_t size)
{
    struct piece_reader *r = must_alloc(sizeof *r);
    *r = (struct piece_reader){.base = {piece_next, piece_close}, .left = bytes, .size = size};
    return &r->base;
}

static const size_t piece_sizes[] = {1, 7, 511, 512, 513, 1500, 1 << 20};
#define PIECE_SIZES (sizeof piece_sizes / sizeof piece_sizes[0])

// ---- A writer of tar blocks that writes what it is told, also what is wrong -----------------------------------------

// `digits` octal digits; what does not fit is cut off.
static inline void octal(char *field, size_t digits, uint64_t value)
{
    for (; digits-- > 0; value >>= 3)
        field[digits] = (char)('0' + (value & 7));
}

// Puts the right check sum into the header at `block`.
static inline void seal(char *block)
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)block[i];
    octal(block + 148, 6, sum);
    block[154] = '\0';
}

static inline void add_padding(struct buf *tar)
{
    static const char zeros[512];
    buf_add(tar, slice_of(zeros, (512 - tar->n % 512) % 512));
}

static inline void put(char *field, size_t room, const char *text)
{
    size_t n = strlen(text);
    memcpy(field, text, n < room ? n : room);
}

// A ustar header; gives its offset, for changes that seal() must follow.
static inline size_t add_header(struct buf *tar, char type, const char *name, const char *link, uint64_t size)
{
    char h[512] = {0};
    size_t at = tar->n;
    put(h, 100, name);
    memcpy(h + 100, "0000644", 8);
    memcpy(h + 108, "0000000", 8);
    memcpy(h + 116, "0000000", 8);
    octal(h + 124, 11, size);
    memcpy(h + 136, "00000000000", 12);
    h[156] = type;
    put(h + 157, 100, link);
    memcpy(h + 257, "ustar\00000", 8);
    seal(h);
    buf_add(tar, slice_of(h, sizeof h));
    return at;
}

static inline void add_bytes(struct buf *tar, char type, const char *name, struct slice content)
{
    add_header(tar, type, name, "", content.n);
    buf_add(tar, content);
    add_padding(tar);
}

static inline void add_file(struct buf *tar, const char *name, const char *content)
{
    add_bytes(tar, '0', name, slice_str(content));
}

static inline void add_record(struct buf *records, const char *key, struct slice value)
{
    size_t n = strlen(key) + value.n + 3, digits = 1;
    for (size_t limit = 10; n + digits >= limit; limit *= 10)
        digits++;
    buf_addf(records, "%zu %s=", n + digits, key);
    buf_add(records, value);
    buf_addc(records, '\n');
}

// An extended header of pairs of keys and values, ended by NULL.
static inline void add_pax(struct buf *tar, char type, const char *const *pairs)
{
    struct buf records BUF_AUTO = {0};
    for (; pairs[0] != NULL; pairs += 2)
        add_record(&records, pairs[0], slice_str(pairs[1]));
    add_bytes(tar, type, "PaxHeaders/x", buf_slice(&records));
}
#define PAX(tar, type, ...) add_pax((tar), (type), (const char *const[]){__VA_ARGS__, NULL})

static inline void add_end(struct buf *tar)
{
    static const char zeros[1024];
    buf_add(tar, slice_of(zeros, sizeof zeros));
}
