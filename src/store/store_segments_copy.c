// The segments' way from one store to another: files of the data folders, named by their digests, and what a server has
// of them.
#include "store/store_copy.h"

#include "advisory/segment_format.h"
#include "base/file.h"
#include "base/reader.h"
#include "store/segments.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct segment_list {
    struct arena arena;
    VEC(struct digest) list;
};

static void list_free(struct segment_list *list)
{
    arena_free(&list->arena);
}
#define LIST_AUTO __attribute__((cleanup(list_free)))

static bool segment_row(void *context, struct db_row *row, struct error *err)
{
    struct segment_list *list = context;
    return digest_parse(db_column(row, 0), &VEC_PUSH(&list->arena, &list->list), err);
}

// Reads a file to its end into another one, and holds it against its digest.
static bool copy_bytes(int in, int out, const struct digest *digest, struct error *err)
{
    struct reader *r READER_AUTO = reader_of_fd(in, false);
    struct hasher *hash HASHER_AUTO = hasher_new(digest);
    struct slice chunk;
    do {
        if (!reader_next(r, &chunk, err) || !fd_write_all(out, chunk, err))
            return false;
        hasher_add(hash, chunk);
    } while (chunk.n != 0);
    struct digest found = hasher_end(hash);
    hash = NULL;
    return digest_eq(&found, digest) || error_set(err, ERR_DIGEST, "it is damaged: it has the digest %s", found.text);
}

static bool write_file(void *context, int out, struct error *err)
{
    const struct digest *digest = ((const void **)context)[0];
    const char *path = ((const void **)context)[1];
    int in FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    return in >= 0 ? copy_bytes(in, out, digest, err) : error_errno(err, "cannot open %s", path);
}

// A file that has its name is whole. What is on a server goes by way of its folder here.
static bool copy_one(struct store *from, struct store *to, const struct digest *digest, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    const char *name = digest_hex(digest);
    const char *source = arena_printf(&a, "%s/%s" SEGMENT_SUFFIX, from->segments, name).p;
    const char *target = arena_printf(&a, "%s/%s" SEGMENT_SUFFIX, to->segments, name).p;
    const void *context[] = {digest, source};
    return store_segment_fetch(from, digest, err) &&
           (access(target, F_OK) == 0 || file_replace(target, write_file, context, err)) &&
           store_segment_give(to, digest, err);
}

bool store_segments_copy(struct store *from, struct store *to, const struct store_copying *how, uint64_t *n,
                         struct error *err)
{
    struct segment_list segments LIST_AUTO = {0};
    int from_lock FD_AUTO = -1, to_lock FD_AUTO = -1;
    *n = 0;
    if (!store_hold_segments(from, &from_lock, err) || !store_hold_segments(to, &to_lock, err) ||
        !db_query(
            from->db,
            "SELECT segment FROM update_operation UNION SELECT segment FROM notified WHERE segment <> '' UNION SELECT segment FROM summarised WHERE feed <> ''",
            NULL, 0, segment_row, &segments, err))
        return false;
    for (; *n < segments.list.n; ++*n) {
        const struct digest *digest = &segments.list.v[*n];
        if (how->progress != NULL)
            how->progress(how->context, SLICE("copying"), SLICE("segments"), *n, segments.list.n);
        if (!copy_one(from, to, digest, err))
            return error_wrap(err, "segment %s", digest->text);
    }
    return true;
}
