#include "base/reader.h"

#include "base/arena.h"
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK ((size_t)256 * 1024)

void reader_close(struct reader **r)
{
    if (*r != NULL)
        (*r)->close(*r);
    *r = NULL;
}

struct fd_reader {
    struct reader base;
    int fd;
    bool owned, ranged;
    uint64_t offset, left;
    char chunk[];
};

static bool fd_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct fd_reader *r = (struct fd_reader *)base;
    size_t wanted = r->ranged && r->left < CHUNK ? (size_t)r->left : CHUNK;
    *chunk = slice_of(r->chunk, 0);
    if (wanted == 0)
        return true;
    ssize_t n;
    do {
        n = r->ranged ? pread(r->fd, r->chunk, wanted, (off_t)r->offset) : read(r->fd, r->chunk, wanted);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "cannot read");
    if (n == 0 && r->ranged)
        return error_set(err, ERR_FORMAT, "the file ends %llu bytes early", (unsigned long long)r->left);
    chunk->n = (size_t)n;
    r->offset += (uint64_t)n;
    r->left -= r->ranged ? (uint64_t)n : 0;
    return true;
}

static void fd_close(struct reader *base)
{
    struct fd_reader *r = (struct fd_reader *)base;
    if (r->owned)
        close(r->fd);
    free(r);
}

static struct fd_reader *fd_reader_new(int fd)
{
    struct fd_reader *r = must_alloc(sizeof *r + CHUNK);
    *r = (struct fd_reader){.base = {fd_next, fd_close}, .fd = fd};
    return r;
}

struct reader *reader_of_fd(int fd, bool owned)
{
    struct fd_reader *r = fd_reader_new(fd);
    r->owned = owned;
    return &r->base;
}

struct reader *reader_of_range(int fd, uint64_t offset, uint64_t length)
{
    struct fd_reader *r = fd_reader_new(fd);
    r->ranged = true;
    r->offset = offset;
    r->left = length;
    return &r->base;
}

struct slice_reader {
    struct reader base;
    struct slice left;
};

static bool memory_next(struct reader *base, struct slice *chunk, struct error *err)
{
    (void)err;
    struct slice_reader *r = (struct slice_reader *)base;
    *chunk = r->left;
    r->left = slice_from(r->left, r->left.n);
    return true;
}

static void memory_close(struct reader *base)
{
    free(base);
}

struct reader *reader_of_slice(struct slice bytes)
{
    struct slice_reader *r = must_alloc(sizeof *r);
    *r = (struct slice_reader){.base = {memory_next, memory_close}, .left = bytes};
    return &r->base;
}

bool reader_read_all(struct reader *r, struct buf *out, uint64_t limit, const char *what, struct error *err)
{
    uint64_t total = 0;
    for (;;) {
        struct slice chunk;
        if (!reader_next(r, &chunk, err))
            return false;
        if (chunk.n == 0)
            return true;
        total += chunk.n;
        if (total > limit)
            return error_set(err, ERR_LIMIT, "%s is larger than %llu bytes", what, (unsigned long long)limit);
        buf_add(out, chunk);
    }
}
