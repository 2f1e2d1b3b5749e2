#include "base/spool.h"

#include "base/file.h"

#include <errno.h>
#include <unistd.h>

struct spool spool_new(const char *folder, size_t memory)
{
    return (struct spool){.folder = folder, .memory = memory, .fd = -1};
}

void spool_free(struct spool *s)
{
    buf_free(&s->tail);
    if (s->in_file != 0)
        fd_close(&s->fd);
    *s = spool_new(s->folder, s->memory);
}

static bool write_tail(struct spool *s, struct error *err)
{
    if (s->in_file == 0)
        s->fd = fd_temporary(s->folder, err);
    if (s->fd < 0 || !fd_write_all(s->fd, buf_slice(&s->tail), err))
        return false;
    s->in_file += s->tail.n;
    s->tail.n = 0;
    return true;
}

bool spool_add(struct spool *s, struct slice bytes, struct error *err)
{
    if (s->folder != NULL && s->tail.n != 0 && s->tail.n + bytes.n > s->memory && !write_tail(s, err))
        return false;
    buf_reserve_upto(&s->tail, bytes.n, s->memory);
    buf_add(&s->tail, bytes);
    return true;
}

void spool_cut(struct spool *s, uint64_t size)
{
    if (size >= s->in_file) {
        s->tail.n = (size_t)(size - s->in_file);
        return;
    }
    s->tail.n = 0;
    s->in_file = size;
    // What is behind the place is written over, so that a file that cannot be cut does no harm.
    lseek(s->fd, (off_t)size, SEEK_SET);
    if (size == 0)
        fd_close(&s->fd);
}

static bool read_file(const struct spool *s, uint64_t offset, char *to, size_t n, struct error *err)
{
    while (n != 0) {
        ssize_t got = pread(s->fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, "cannot read a temporary file");
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

bool spool_read(const struct spool *s, uint64_t offset, size_t n, struct buf *room, struct slice *out,
                struct error *err)
{
    if (offset >= s->in_file) {
        *out = slice_of(s->tail.p + (offset - s->in_file), n);
        return true;
    }
    size_t filed = s->in_file - offset < n ? (size_t)(s->in_file - offset) : n;
    room->n = 0;
    buf_reserve(room, n);
    if (!read_file(s, offset, room->p, filed, err))
        return false;
    room->n = filed;
    buf_add(room, slice_of(s->tail.p, n - filed));
    *out = buf_slice(room);
    return true;
}
