// Makes zip archives, right ones and wrong ones.
#pragma once

#include "base/buf.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

// Archives without their end; zip_end adds that.
struct zip_maker {
    struct buf out, directory;
    unsigned count;
};

static inline void zip_number(struct buf *out, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++, value >>= 8)
        buf_addc(out, (char)(value & 0xff));
}

// How one member stands in the archive.
struct zip_how {
    unsigned method, flags;
    uint64_t packed, size, offset; // told in the directory
    uint32_t sum;                  // likewise
    struct slice data;             // what stands in the archive
    struct slice extra;            // of the directory's entry
};

// An entry of the directory alone.
static inline void zip_entry_as(struct zip_maker *z, struct slice name, struct zip_how how)
{
    struct buf *directory = &z->directory;
    zip_number(directory, 0x02014b50, 4);
    zip_number(directory, 20, 2 + 2);
    zip_number(directory, how.flags, 2);
    zip_number(directory, how.method, 2);
    zip_number(directory, 0, 4);
    zip_number(directory, how.sum, 4);
    zip_number(directory, how.packed, 4);
    zip_number(directory, how.size, 4);
    zip_number(directory, name.n, 2);
    zip_number(directory, how.extra.n, 2);
    zip_number(directory, 0, 2 + 2 + 2 + 4);
    zip_number(directory, how.offset, 4);
    buf_add(directory, name);
    buf_add(directory, how.extra);
    z->count++;
}

static inline void zip_add_as(struct zip_maker *z, struct slice name, struct zip_how how)
{
    struct buf *out = &z->out;
    zip_number(out, 0x04034b50, 4);
    zip_number(out, 20, 2);
    zip_number(out, how.flags, 2);
    zip_number(out, how.method, 2);
    zip_number(out, 0, 4 + 4 + 4 + 4); // time, check sum and sizes: those behind the data count here
    zip_number(out, name.n, 2);
    zip_number(out, 3, 2);
    buf_add(out, name);
    buf_adds(out, "ext");
    buf_add(out, how.data);
    zip_entry_as(z, name, how);
}

static inline uint32_t zip_sum(struct slice data)
{
    return crc32_gzip_refl(0, (const unsigned char *)data.p, data.n);
}

// A stored member.
static inline void zip_add(struct zip_maker *z, const char *name, struct slice data)
{
    zip_add_as(
        z, slice_str(name),
        (struct zip_how){.packed = data.n, .size = data.n, .offset = z->out.n, .sum = zip_sum(data), .data = data});
}

// A deflated member.
static inline void zip_pack(struct zip_maker *z, const char *name, struct slice data)
{
    struct buf packed BUF_AUTO = {0};
    struct isal_zstream s;
    isal_deflate_stateless_init(&s);
    buf_reserve(&packed, data.n + data.n / 8 + 512);
    s.next_in = (uint8_t *)(uintptr_t)data.p;
    s.avail_in = (uint32_t)data.n;
    s.next_out = (uint8_t *)packed.p;
    s.avail_out = (uint32_t)packed.cap;
    s.end_of_stream = 1;
    s.flush = NO_FLUSH;
    if (isal_deflate_stateless(&s) != COMP_OK)
        abort();
    packed.n = s.total_out;
    zip_add_as(z, slice_str(name),
               (struct zip_how){.method = 8,
                                .packed = packed.n,
                                .size = data.n,
                                .offset = z->out.n,
                                .sum = zip_sum(data),
                                .data = buf_slice(&packed)});
}

static inline void zip_end_as(struct zip_maker *z, uint64_t count, uint64_t size, uint64_t offset, const char *comment)
{
    zip_number(&z->out, 0x06054b50, 4);
    zip_number(&z->out, 0, 2 + 2);
    zip_number(&z->out, count, 2);
    zip_number(&z->out, count, 2);
    zip_number(&z->out, size, 4);
    zip_number(&z->out, offset, 4);
    zip_number(&z->out, strlen(comment), 2);
    buf_adds(&z->out, comment);
}

static inline struct slice zip_end(struct zip_maker *z)
{
    uint64_t offset = z->out.n;
    buf_add(&z->out, buf_slice(&z->directory));
    zip_end_as(z, z->count, z->directory.n, offset, "");
    return buf_slice(&z->out);
}

static inline void zip_maker_free(struct zip_maker *z)
{
    buf_free(&z->out);
    buf_free(&z->directory);
}
#define ZIP_MAKER_AUTO __attribute__((cleanup(zip_maker_free)))
