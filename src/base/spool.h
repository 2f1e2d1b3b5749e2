// Bytes that are collected first and read later, more of them than memory is given for: what does not fit goes to an
// unnamed temporary file.
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct spool {
    const char *folder; // where the file is made when there is need of one; NULL: everything stays in memory
    size_t memory;      // bytes that are held before they are written
    struct buf tail;    // what is not in the file
    uint64_t in_file;
    int fd; // valid once in_file is not 0
};

// `folder` must outlive the spool.
struct spool spool_new(const char *folder, size_t memory);
void spool_free(struct spool *s);

bool spool_add(struct spool *s, struct slice bytes, struct error *err);

static inline uint64_t spool_size(const struct spool *s)
{
    return s->in_file + s->tail.n;
}

// Forgets what lies behind the first `size` bytes.
void spool_cut(struct spool *s, uint64_t size);

// Reads `n` bytes from `offset` on, all of which must be there. `*out` is valid until the next call on this spool;
// `room` serves for bytes that have to be read from the file.
bool spool_read(const struct spool *s, uint64_t offset, size_t n, struct buf *room, struct slice *out,
                struct error *err);
