// The files, and their pieces on the server.
#include "store/segments.h"

#include "advisory/segment_format.h"
#include "base/file.h"
#include "base/log.h"
#include "store/update_rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#define CHUNK_BYTES (1 << 20)
#define LEVEL       3    // zstd
#define SETTLING    3600 // seconds in which one that was given is recorded

static struct slice path_of(const struct store *s, const struct digest *digest, struct arena *a)
{
    return arena_printf(a, "%s/%s" SEGMENT_SUFFIX, s->segments, digest_hex(digest));
}

// ---- giving ---------------------------------------------------------------------------------------------------------

// Is it there? Then it is to be there for longer.
static bool is_given(struct store *s, const struct digest *digest, bool *given, struct error *err)
{
    const struct db_value values[] = {db_text(digest_slice(digest))};
    uint64_t changed;
    bool ok = db_change(s->db, "UPDATE shared_segment SET given = unixepoch() WHERE digest = ?1 AND bytes >= 0", values,
                        1, &changed, err);
    *given = changed != 0;
    return ok;
}

static bool give_chunk(struct store *s, const struct digest *digest, int64_t number, struct slice bytes,
                       struct error *err)
{
    size_t bound = ZSTD_compressBound(CHUNK_BYTES);
    char *packed = must_alloc(bound);
    size_t n = ZSTD_compress(packed, bound, bytes.p, bytes.n, LEVEL);
    bool ok =
        !ZSTD_isError(n)
            ? db_run(s->db, err,
                     "INSERT INTO shared_segment_chunk (segment, number, packed) VALUES (?1, ?2, ?3) ON CONFLICT DO "
                     "NOTHING",
                     db_text(digest_slice(digest)), db_int(number), db_blob(slice_of(packed, n)))
            : error_set(err, ERR_STORE, "cannot compress a segment: %s", ZSTD_getErrorName(n));
    free(packed);
    return ok;
}

static ssize_t read_chunk(int fd, char *chunk, struct error *err)
{
    size_t n = 0;
    ssize_t got = 1;
    while (n < CHUNK_BYTES && (got = read(fd, chunk + n, CHUNK_BYTES - n)) > 0)
        n += (size_t)got;
    if (got < 0)
        error_errno(err, "cannot read a segment");
    return got < 0 ? got : (ssize_t)n;
}

static bool give_chunks(struct store *s, const struct digest *digest, int fd, uint64_t *bytes, struct error *err)
{
    char *chunk = must_alloc(CHUNK_BYTES);
    ssize_t n = 0;
    bool ok = true;
    *bytes = 0;
    for (int64_t number = 0; ok && (n = read_chunk(fd, chunk, err)) > 0; number++) {
        ok = give_chunk(s, digest, number, slice_of(chunk, (size_t)n), err);
        *bytes += (uint64_t)n;
    }
    free(chunk);
    return ok && n == 0;
}

bool store_segment_give(struct store *s, const struct digest *digest, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path = path_of(s, digest, &scratch).p;
    uint64_t bytes;
    bool given;
    if (!db_source_shared(s->home->database))
        return true;
    if (!is_given(s, digest, &given, err))
        return false;
    if (given)
        return true;
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "cannot open %s", path);
    return db_run(s->db, err,
                  "INSERT INTO shared_segment (digest, bytes, given) VALUES (?1, -1, unixepoch()) ON CONFLICT (digest) "
                  "DO UPDATE SET given = unixepoch()",
                  db_text(digest_slice(digest))) &&
           give_chunks(s, digest, fd, &bytes, err) &&
           db_run(s->db, err, "UPDATE shared_segment SET bytes = ?2, given = unixepoch() WHERE digest = ?1",
                  db_text(digest_slice(digest)), db_int((int64_t)bytes));
}

bool store_segments_forget(struct store *s, struct error *err)
{
    if (!db_source_shared(s->home->database))
        return true;
    struct db_work work = {.turn = DB_TURN_UPDATES};
    while (db_works(s->db, &work, err))
        work.ok = db_run(
            s->db, err,
            "DELETE FROM shared_segment WHERE given < unixepoch() - ?1 AND digest NOT IN (SELECT segment "
            "FROM update_operation) AND digest NOT IN (SELECT segment FROM notified) AND digest NOT IN (SELECT segment FROM summarised)",
            db_int(SETTLING));
    return work.ok;
}

// ---- taking ---------------------------------------------------------------------------------------------------------

struct taking {
    int fd;
    char *chunk;
    uint64_t bytes; // so far
    struct hasher *hash;
};

static bool chunk_row(void *context, struct db_row *row, struct error *err)
{
    struct taking *t = context;
    struct slice packed = db_column(row, 0);
    size_t n = ZSTD_decompress(t->chunk, CHUNK_BYTES, packed.p, packed.n);
    if (ZSTD_isError(n))
        return error_set(err, ERR_STORE, "a piece of it is damaged: %s", ZSTD_getErrorName(n));
    t->bytes += n;
    hasher_add(t->hash, slice_of(t->chunk, n));
    return fd_write_all(t->fd, slice_of(t->chunk, n), err);
}

static bool take_chunks(const struct store *s, const struct digest *digest, uint64_t bytes, struct taking *t,
                        struct error *err)
{
    for (int64_t number = 0; t->bytes < bytes; number++) {
        const struct db_value values[] = {db_text(digest_slice(digest)), db_int(number)};
        uint64_t before = t->bytes;
        if (!db_query(s->db, "SELECT packed FROM shared_segment_chunk WHERE segment = ?1 AND number = ?2", values, 2,
                      chunk_row, t, err))
            return false;
        if (t->bytes == before)
            return error_set(err, ERR_NOT_FOUND, "it was removed meanwhile");
    }
    return true;
}

struct fetching {
    const struct store *store;
    struct digest digest;
    uint64_t bytes;
};

static bool write_segment(const struct fetching *f, int fd, struct error *err)
{
    struct taking t = {.fd = fd, .chunk = must_alloc(CHUNK_BYTES), .hash = hasher_new(&f->digest)};
    bool ok = take_chunks(f->store, &f->digest, f->bytes, &t, err);
    struct digest found = hasher_end(t.hash);
    free(t.chunk);
    return ok && (digest_eq(&found, &f->digest) ||
                  error_set(err, ERR_DIGEST, "what the database server has of it has the digest %s", found.text));
}

// Under a name of this thread alone, so that two may take the same one.
static bool take_segment(const struct fetching *f, const char *path, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *building = arena_printf(&scratch, "%s/" SEGMENT_BUILDING "%ld-%ld-taken", f->store->segments,
                                        (long)getpid(), (long)gettid())
                               .p;
    int fd FD_AUTO = open(building, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, "cannot create %s", building);
    bool ok = write_segment(f, fd, err) && (fsync(fd) == 0 || error_errno(err, "cannot sync %s", building)) &&
              (rename(building, path) == 0 || error_errno(err, "cannot rename %s", building));
    if (!ok)
        unlink(building);
    return ok && dir_sync(f->store->segments, err);
}

bool store_segment_fetch(const struct store *s, const struct digest *digest, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path = path_of(s, digest, &scratch).p;
    struct fetching f = {s, *digest, 0};
    const struct db_value values[] = {db_text(digest_slice(digest))};
    int64_t bytes = -1;
    if (!db_source_shared(s->home->database) || access(path, F_OK) == 0)
        return true;
    if (!db_query(s->db, "SELECT bytes FROM shared_segment WHERE digest = ?1 AND bytes >= 0", values, 1, number_row,
                  &bytes, err))
        return false;
    if (bytes < 0)
        return error_set(err, ERR_NOT_FOUND, "segment %s is not on the database server any more", digest->text);
    f.bytes = (uint64_t)bytes;
    log_debug("store: taking segment %s from the database server", digest->text);
    return take_segment(&f, path, err) || error_wrap(err, "segment %s", digest->text);
}

struct segment *store_segment_open(const struct store *s, const struct digest *digest, struct error *err)
{
    return store_segment_fetch(s, digest, err) ? segment_open(s->segments, digest, err) : NULL;
}
