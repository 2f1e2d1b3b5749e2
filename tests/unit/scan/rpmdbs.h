// Makes headers of rpm, and databases of them in each container.
#pragma once

#include "base/buf.h"

#include <sqlite3.h>
#include <stdlib.h>

enum { INT16 = 3, INT32 = 4, STRING = 6, BIN = 7, STRING_ARRAY = 8, I18NSTRING = 9 };

#define HEADERS_MOST 64

// A header in the making, and some of them.
struct made_header {
    struct buf index, data;
    uint32_t n;
};

struct made_headers {
    struct buf bytes[HEADERS_MOST];
    size_t n;
};

#define HEADERS_AUTO __attribute__((cleanup(headers_free)))

static inline void headers_free(struct made_headers *h)
{
    for (size_t i = 0; i < h->n; i++)
        buf_free(&h->bytes[i]);
}

static inline void put_number(struct buf *b, uint32_t value, size_t size, bool big_endian)
{
    for (size_t i = 0; i < size; i++)
        buf_addc(b, (char)(value >> 8 * (big_endian ? size - 1 - i : i)));
}

static inline void put_zeros(struct buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addc(b, '\0');
}

static inline void put_at(struct buf *b, size_t at, uint32_t value, size_t size, bool big_endian)
{
    struct buf number BUF_AUTO = {0};
    put_number(&number, value, size, big_endian);
    memcpy(b->p + at, number.p, size);
}

static inline void add_entry(struct made_header *h, uint32_t tag, uint32_t type, uint32_t offset, uint32_t count)
{
    put_number(&h->index, tag, 4, true);
    put_number(&h->index, type, 4, true);
    put_number(&h->index, offset, 4, true);
    put_number(&h->index, count, 4, true);
    h->n++;
}

// One string for each line of the text.
static inline void add_strings(struct made_header *h, uint32_t tag, uint32_t type, const char *text)
{
    uint32_t count = 1;
    size_t offset = h->data.n;
    for (const char *p = text; *p != '\0'; p++) {
        count += *p == '\n';
        buf_addc(&h->data, *p == '\n' ? '\0' : *p);
    }
    buf_addc(&h->data, '\0');
    add_entry(h, tag, type, (uint32_t)offset, count);
}

static inline void add_numbers(struct made_header *h, uint32_t tag, const uint32_t *values, size_t n)
{
    put_zeros(&h->data, (4 - h->data.n % 4) % 4);
    add_entry(h, tag, INT32, (uint32_t)h->data.n, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put_number(&h->data, values[i], 4, true);
}

static inline struct buf *end_header(struct made_headers *all, struct made_header *h)
{
    struct buf *b = &all->bytes[all->n++];
    *b = (struct buf){0};
    put_number(b, h->n, 4, true);
    put_number(b, (uint32_t)h->data.n, 4, true);
    buf_add(b, buf_slice(&h->index));
    buf_add(b, buf_slice(&h->data));
    buf_free(&h->index);
    buf_free(&h->data);
    return b;
}

// ---- SQLite, by SQLite itself ---------------------------------------------------------------------------------------

static inline void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        abort();
}

// rpm, lib/backend/sqlite.cc: the tables and indexes of a fresh database are some forty; a few will do.
static inline void fill_sqlite(sqlite3 *db, const struct made_headers *headers)
{
    sql(db, "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)");
    sql(db, "CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, "
            "FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))");
    sql(db, "CREATE INDEX 'Name_key_idx' ON 'Name'(key ASC)");
    sqlite3_stmt *insert;
    if (sqlite3_prepare_v2(db, "INSERT INTO Packages VALUES (NULL, ?)", -1, &insert, NULL) != SQLITE_OK)
        abort();
    for (size_t i = 0; i < headers->n; i++) {
        sqlite3_bind_blob(insert, 1, headers->bytes[i].p, (int)headers->bytes[i].n, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE || sqlite3_reset(insert) != SQLITE_OK)
            abort();
    }
    sqlite3_finalize(insert);
}

static inline void make_sqlite(const struct made_headers *headers, unsigned page_size, bool big_endian, struct buf *out)
{
    (void)big_endian; // the format knows one order only
    sqlite3 *db;
    char pragma[64];
    sqlite3_int64 size;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        abort();
    snprintf(pragma, sizeof pragma, "PRAGMA page_size = %u", page_size);
    sql(db, pragma);
    fill_sqlite(db, headers);
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    buf_add(out, slice_of((const char *)bytes, (size_t)size));
    sqlite3_free(bytes);
    sqlite3_close(db);
}

// ---- NDB ------------------------------------------------------------------------------------------------------------

static inline uint32_t adler32(struct slice bytes)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        a = (a + (unsigned char)bytes.p[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static inline void make_ndb(const struct made_headers *headers, unsigned page_size, bool big_endian, struct buf *out)
{
    (void)page_size;
    (void)big_endian;
    buf_adds(out, "RpmP");
    put_zeros(out, 4);
    put_number(out, 7, 4, false); // generation
    put_number(out, 1, 4, false); // pages of slots
    put_number(out, (uint32_t)headers->n + 1, 4, false);
    put_zeros(out, 12);
    while (out->n < 4096) {
        buf_adds(out, "Slot");
        put_zeros(out, 12);
    }
    for (size_t i = 0; i < headers->n; i++) {
        size_t start = out->n, length = headers->bytes[i].n, slot = 32 + 32 * i; // every other slot is free
        buf_adds(out, "BlbS");
        put_number(out, (uint32_t)i + 1, 4, false);
        put_number(out, 7, 4, false);
        put_number(out, (uint32_t)length, 4, false);
        buf_add(out, buf_slice(&headers->bytes[i]));
        put_zeros(out, (16 - (length + 12) % 16) % 16);
        put_number(out, adler32(slice_from(buf_slice(out), start)), 4, false);
        put_number(out, (uint32_t)length, 4, false);
        buf_adds(out, "BlbE");
        put_at(out, slot + 4, (uint32_t)i + 1, 4, false);
        put_at(out, slot + 8, (uint32_t)(start / 16), 4, false);
        put_at(out, slot + 12, (uint32_t)((out->n - start) / 16), 4, false);
    }
}

// ---- Berkeley DB ----------------------------------------------------------------------------------------------------

static inline size_t new_page(struct buf *out, size_t page_size, unsigned type, bool big_endian)
{
    size_t page = out->n;
    put_zeros(out, page_size);
    put_at(out, page + 8, (uint32_t)(page / page_size), 4, big_endian);
    put_at(out, page + 22, (uint32_t)(page_size % 65536), 2, big_endian);
    out->p[page + 25] = (char)type;
    return page;
}

// An item at the lower end of those that the page has.
static inline void add_item(struct buf *out, size_t page, size_t page_size, struct slice item, bool big_endian)
{
    const unsigned char *p = (const unsigned char *)out->p + page;
    size_t n = big_endian ? (size_t)(p[20] << 8 | p[21]) : (size_t)(p[21] << 8 | p[20]);
    size_t end = page_size;
    if (n != 0)
        end = big_endian ? (size_t)(p[24 + 2 * n] << 8 | p[25 + 2 * n]) : (size_t)(p[25 + 2 * n] << 8 | p[24 + 2 * n]);
    if (end < 28 + 2 * n + item.n)
        abort();
    memcpy(out->p + page + end - item.n, item.p, item.n);
    put_at(out, page + 26 + 2 * n, (uint32_t)(end - item.n), 2, big_endian);
    put_at(out, page + 20, (uint32_t)n + 1, 2, big_endian);
}

// The pages of a value that is too large for a hash page; the number of the first one.
static inline uint32_t add_overflow(struct buf *out, size_t page_size, struct slice value, bool big_endian)
{
    uint32_t first = (uint32_t)(out->n / page_size);
    while (value.n != 0) {
        size_t n = value.n < page_size - 26 ? value.n : page_size - 26;
        size_t page = new_page(out, page_size, 7, big_endian);
        memcpy(out->p + page + 26, value.p, n);
        put_at(out, page + 22, (uint32_t)n, 2, big_endian);
        value = slice_from(value, n);
        if (value.n != 0)
            put_at(out, page + 16, (uint32_t)(page / page_size) + 1, 4, big_endian);
    }
    return first;
}

// A hash page for each header; the first of them has the highest number too.
static inline void make_bdb(const struct made_headers *headers, unsigned page_size, bool big_endian, struct buf *out)
{
    put_zeros(out, page_size);
    put_at(out, 12, 0x00061561, 4, big_endian);
    put_at(out, 16, 9, 4, big_endian);
    put_at(out, 20, page_size, 4, big_endian);
    out->p[25] = 8;
    for (size_t i = 0; i < headers->n; i++) {
        struct buf key BUF_AUTO = {0}, value BUF_AUTO = {0};
        struct slice header = buf_slice(&headers->bytes[i]);
        size_t page = new_page(out, page_size, i % 2 == 0 ? 13 : 2, big_endian);
        if (i == 0) {
            add_item(out, page, page_size, slice_of("\1\0\0\0\0", 5), big_endian);
            add_item(out, page, page_size, slice_of("\1\0\0\0\7", 5), big_endian);
        }
        buf_addc(&key, 1);
        put_number(&key, (uint32_t)i + 1, 4, big_endian);
        if (header.n + 1 <= page_size / 2) {
            buf_addc(&value, 1);
            buf_add(&value, header);
        } else {
            buf_add(&value, slice_of("\3\0\0\0", 4));
            put_number(&value, add_overflow(out, page_size, header, big_endian), 4, big_endian);
            put_number(&value, (uint32_t)header.n, 4, big_endian);
        }
        add_item(out, page, page_size, buf_slice(&key), big_endian);
        add_item(out, page, page_size, buf_slice(&value), big_endian);
    }
    new_page(out, page_size, 0, big_endian);
    put_at(out, 32, (uint32_t)(out->n / page_size) - 1, 4, big_endian);
}
