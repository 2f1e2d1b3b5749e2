#include "image/blobs.h"

#include "base/buf.h"

#include <unistd.h>

bool blobs_find(struct blobs *blobs, struct slice name, struct blob *blob, struct error *err)
{
    struct slice path;
    if (memchr(name.p != NULL ? name.p : "", '\0', name.n) != NULL)
        return error_set(err, ERR_FORMAT, "the name \"%.*s\" has a NUL in it", SLICE_ARG(name));
    if (!path_resolve(&blobs->arena, SLICE(""), name, &path))
        return error_set(err, ERR_FORMAT, "the name \"%.*s\" leads out of the image", SLICE_ARG(name));
    if (path.n == 0)
        return error_set(err, ERR_FORMAT, "the name \"%.*s\" names no file", SLICE_ARG(name));
    return blobs->ops->find(blobs, path, blob, err);
}

struct reader *blobs_open(struct blobs *blobs, uint64_t where, struct error *err)
{
    return blobs->ops->open(blobs, where, err);
}

bool blobs_read(struct blobs *blobs, const struct blob *blob, struct slice *content, struct error *err)
{
    uint64_t limit = blobs->limits.manifest_bytes;
    bool known = blob->size != UINT64_MAX;
    if (known && blob->size > limit)
        return error_set(err, ERR_LIMIT, "its %llu bytes are more than the %llu that limit manifest_bytes allows",
                         (unsigned long long)blob->size, (unsigned long long)limit);
    // A member of a packed archive that was not kept would be inflated to anew each time that something names it.
    if (blob->no_document)
        return error_set(err, ERR_FORMAT, "it is no JSON document");
    if (known && !blobs_charge(blobs, blob->size, err))
        return false;
    struct reader *r READER_AUTO = blobs_open(blobs, blob->where, err);
    struct buf text BUF_AUTO = {0};
    // Its size was known a moment ago; a file that grows meanwhile still stops at the limit.
    if (r == NULL || !reader_read_all(r, &text, limit, "the file", err))
        return false;
    if (!known && !blobs_charge(blobs, text.n, err))
        return false;
    *content = arena_dup(&blobs->arena, buf_slice(&text));
    return true;
}

void blobs_close(struct blobs **blobs)
{
    if (*blobs == NULL)
        return;
    struct arena arena = (*blobs)->arena;
    (*blobs)->ops->close(*blobs);
    arena_free(&arena);
    *blobs = NULL;
}

bool blobs_charge(struct blobs *blobs, uint64_t bytes, struct error *err)
{
    if (__builtin_add_overflow(blobs->indexed, bytes, &blobs->indexed) ||
        blobs->indexed > blobs->limits.image_index_bytes)
        return error_set(err, ERR_LIMIT,
                         "its manifests, configurations and names take more than the %llu bytes that limit "
                         "image_index_bytes allows",
                         (unsigned long long)blobs->limits.image_index_bytes);
    return true;
}

// RFC 1952, section 2.3.1; RFC 8878, section 3.1.1.
enum compression compression_of(struct slice head)
{
    if (slice_starts(head, SLICE("\x1f\x8b")))
        return COMPRESSION_GZIP;
    if (slice_starts(head, SLICE("\x28\xb5\x2f\xfd")))
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

bool compression_at(int fd, uint64_t offset, enum compression *compression, struct error *err)
{
    char head[4];
    ssize_t n = pread(fd, head, sizeof head, (off_t)offset);
    if (n < 0)
        return error_errno(err, "cannot read");
    *compression = compression_of(slice_of(head, (size_t)n));
    return true;
}

// Appends the parts of `path` to the `n` bytes at `out`; false when ".." has nothing left to leave.
static bool append_parts(char *out, size_t *n, struct slice path)
{
    struct slice part;
    while (path.n != 0) {
        slice_cut(path, '/', &part, &path);
        if (part.n == 0 || slice_eq(part, SLICE(".")))
            continue;
        if (slice_eq(part, SLICE(".."))) {
            if (*n == 0)
                return false;
            *n = slice_dirname(slice_of(out, *n)).n;
            continue;
        }
        if (*n != 0)
            out[(*n)++] = '/';
        memcpy(out + *n, part.p, part.n);
        *n += part.n;
    }
    return true;
}

bool path_resolve(struct arena *a, struct slice folder, struct slice path, struct slice *out)
{
    char *joined = arena_alloc(a, folder.n + path.n + 2);
    size_t n = 0;
    if (!slice_starts(path, SLICE("/")) && !append_parts(joined, &n, folder))
        return false;
    if (!append_parts(joined, &n, path))
        return false;
    joined[n] = '\0';
    *out = slice_of(joined, n);
    return true;
}
