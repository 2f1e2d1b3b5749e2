// The members of a tar archive, by name.
//
// A plain archive is listed once, without reading what members hold, and then read at random. A compressed one is
// inflated once for the list; documents are kept from that pass, since manifest.json may stand last and name members
// that came before it. Layers are inflated again when they are opened: a cursor stays where the last reader left it, so
// that opening them in the order in which they stand costs one more pass, and no temporary file.
#include "image/blobs.h"

#include "base/buf.h"
#include "base/file.h"
#include "layer/tar.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct member {
    struct slice path;
    struct slice link; // of a link: the path that it leads to; p is NULL when that is out of the archive
    enum tar_type type;
    bool sparse;
    bool kept; // its contents are in `content`
    enum compression compression;
    uint64_t offset, size;
    struct slice content;
};

// A place in the inflated archive. The members before `next` are behind it.
struct cursor {
    struct reader *stream;
    struct tar *tar;
    uint64_t next;
};

struct archive {
    struct blobs base;
    int fd;
    uint64_t size; // of the file
    enum compression compression;
    VEC(struct member) members; // in order; blob.where is an index
    size_t *slots;              // open addressing by path: index + 1, 0 is free
    size_t slots_n;             // a power of two
    pthread_mutex_t lock;       // of `idle`
    struct cursor *idle;
};

// ---- Listing --------------------------------------------------------------------------------------------------------

// Reads a file for the list: the bytes up to `hole_end` are members' contents that nobody looks at, so zeros are given
// for them without reading.
struct list_reader {
    struct reader base;
    int fd;
    uint64_t at, hole_end, size;
    char chunk[16 * 1024];
};

static const char zeros[256 * 1024];

static bool list_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct list_reader *r = (struct list_reader *)base;
    if (r->at < r->hole_end) {
        uint64_t left = r->hole_end - r->at;
        *chunk = slice_of(zeros, left < sizeof zeros ? (size_t)left : sizeof zeros);
        r->at += chunk->n;
        return true;
    }
    uint64_t left = r->size - r->at;
    ssize_t n;
    do {
        n = pread(r->fd, r->chunk, left < sizeof r->chunk ? (size_t)left : sizeof r->chunk, (off_t)r->at);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "cannot read");
    *chunk = slice_of(r->chunk, (size_t)n);
    r->at += (uint64_t)n;
    return true;
}

static void list_close(struct reader *base)
{
    free(base);
}

static struct list_reader *list_reader_new(int fd, uint64_t size)
{
    struct list_reader *r = must_alloc(sizeof *r);
    *r = (struct list_reader){.base = {list_next, list_close}, .fd = fd, .size = size};
    return r;
}

// Notes that a plain archive's member is not read, and how it is compressed.
static bool pass_over(struct archive *ar, struct list_reader *r, const struct tar_entry *entry, struct member *m,
                      struct error *err)
{
    uint64_t end;
    if (__builtin_add_overflow(entry->offset, entry->stored, &end) || end > ar->size)
        return error_set(err, ERR_FORMAT,
                         "the archive is cut short: the file has %llu bytes, %.*s would end after %llu",
                         (unsigned long long)ar->size, SLICE_ARG(entry->path), (unsigned long long)end);
    r->hole_end = end;
    return entry->type != TAR_FILE || compression_at(ar->fd, entry->offset, &m->compression, err);
}

// An object or an array, perhaps after blanks: what manifests, indexes and configurations begin with, and no archive.
static bool looks_like_json(struct slice head)
{
    if (slice_starts(head, SLICE("\xef\xbb\xbf")))
        head = slice_from(head, 3);
    head = slice_trim(head);
    return head.n != 0 && (head.p[0] == '{' || head.p[0] == '[');
}

// Looks at the beginning of a compressed archive's member, and keeps it if it may be a document.
static bool look_into(struct archive *ar, struct tar *tar, struct member *m, struct error *err)
{
    struct slice chunk;
    if (!tar_read(tar, &chunk, err))
        return false;
    char head[4];
    size_t n = 0;
    struct buf content BUF_AUTO = {0};
    bool keep = m->size <= ar->base.limits.manifest_bytes && looks_like_json(chunk);
    if (keep && !blobs_charge(&ar->base, m->size, err))
        return false;
    while (chunk.n != 0 && (keep || n < sizeof head)) {
        for (size_t i = 0; i < chunk.n && n < sizeof head; i++)
            head[n++] = chunk.p[i];
        if (keep)
            buf_add(&content, chunk);
        if (!tar_read(tar, &chunk, err))
            return false;
    }
    m->compression = compression_of(slice_of(head, n));
    m->kept = keep;
    m->content = arena_dup(&ar->base.arena, buf_slice(&content));
    return true;
}

static bool add_member(struct archive *ar, const struct tar_entry *entry, struct member **added, struct error *err)
{
    if (ar->members.n >= ar->base.limits.archive_entries)
        return error_set(err, ERR_LIMIT, "it has more than the %llu members that limit archive_entries allows",
                         (unsigned long long)ar->base.limits.archive_entries);
    bool is_link = entry->type == TAR_HARDLINK || entry->type == TAR_SYMLINK;
    if (!blobs_charge(&ar->base, entry->path.n + (is_link ? entry->link.n : 0), err))
        return false;
    struct arena *a = &ar->base.arena;
    struct member *m = &VEC_PUSH(a, &ar->members);
    *m = (struct member){.type = entry->type, .sparse = entry->sparse, .offset = entry->offset, .size = entry->size};
    // A name that climbs out, or is cut off, cannot be asked for; the member only keeps its place in the order.
    m->path = entry->escapes || entry->too_long ? SLICE("") : arena_dup(a, entry->path);
    struct slice folder = entry->type == TAR_SYMLINK ? slice_dirname(m->path) : SLICE("");
    if (is_link && !path_resolve(a, folder, entry->link, &m->link))
        m->link = (struct slice){NULL, 0};
    *added = m;
    return true;
}

static bool list_members(struct archive *ar, struct reader *stream, struct list_reader *plain, struct error *err)
{
    struct tar *tar TAR_AUTO = tar_open(stream, &ar->base.limits);
    for (;;) {
        struct tar_entry entry;
        struct member *m = NULL;
        bool more;
        if (!tar_next(tar, &entry, &more, err))
            return false;
        if (!more)
            return true;
        if (!add_member(ar, &entry, &m, err))
            return false;
        if (plain != NULL ? !pass_over(ar, plain, &entry, m, err)
                          : entry.type == TAR_FILE && !look_into(ar, tar, m, err))
            return false;
    }
}

// ---- Names ----------------------------------------------------------------------------------------------------------

static size_t *slot_of(struct archive *ar, struct slice path)
{
    size_t i = (size_t)slice_hash(path) & (ar->slots_n - 1);
    while (ar->slots[i] != 0 && !slice_eq(ar->members.v[ar->slots[i] - 1].path, path))
        i = (i + 1) & (ar->slots_n - 1);
    return &ar->slots[i];
}

static void index_names(struct archive *ar)
{
    ar->slots_n = 16;
    while (ar->slots_n < 2 * ar->members.n)
        ar->slots_n *= 2;
    ar->slots = ARENA_NEW(&ar->base.arena, size_t, ar->slots_n);
    for (size_t i = 0; i < ar->members.n; i++)
        if (ar->members.v[i].path.n != 0)
            *slot_of(ar, ar->members.v[i].path) = i + 1;
}

static bool archive_find(struct blobs *base, struct slice name, struct blob *blob, struct error *err)
{
    struct archive *ar = (struct archive *)base;
    struct slice path = name;
    for (uint64_t hops = 0;; hops++) {
        size_t slot = *slot_of(ar, path);
        if (slot == 0 && hops == 0)
            return error_set(err, ERR_NOT_FOUND, "%.*s is not in the archive", SLICE_ARG(name));
        if (slot == 0)
            return error_set(err, ERR_NOT_FOUND, "%.*s is a link to %.*s, which is not in the archive", SLICE_ARG(name),
                             SLICE_ARG(path));
        const struct member *m = &ar->members.v[slot - 1];
        if (m->type == TAR_FILE && m->sparse)
            return error_set(err, ERR_UNSUPPORTED, "%.*s is stored as a sparse file", SLICE_ARG(name));
        if (m->type == TAR_FILE) {
            *blob = (struct blob){
                .where = slot - 1,
                .size = m->size,
                .compression = m->compression,
                .no_document = ar->compression != COMPRESSION_NONE && !m->kept,
            };
            return true;
        }
        if (m->type != TAR_HARDLINK && m->type != TAR_SYMLINK)
            return error_set(err, ERR_FORMAT, "%.*s is no regular file", SLICE_ARG(name));
        if (m->link.p == NULL)
            return error_set(err, ERR_FORMAT, "%.*s is a link that leads out of the archive", SLICE_ARG(name));
        if (hops >= base->limits.symlink_hops)
            return error_set(err, ERR_LIMIT,
                             "%.*s leads through more links than the %llu that limit symlink_hops allows",
                             SLICE_ARG(name), (unsigned long long)base->limits.symlink_hops);
        path = m->link;
    }
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static void cursor_free(struct cursor *c)
{
    if (c == NULL)
        return;
    tar_close(&c->tar);
    reader_close(&c->stream);
    free(c);
}

// Takes the idle cursor if `where` is still ahead of it, else starts another from the beginning.
static struct cursor *cursor_take(struct archive *ar, uint64_t where)
{
    pthread_mutex_lock(&ar->lock);
    struct cursor *c = ar->idle;
    if (c != NULL && c->next <= where)
        ar->idle = NULL;
    else
        c = NULL;
    pthread_mutex_unlock(&ar->lock);
    if (c != NULL)
        return c;
    c = must_alloc(sizeof *c);
    c->stream = inflate_reader(reader_of_range(ar->fd, 0, ar->size), inflate_bounds_of_layer(&ar->base.limits), NULL);
    c->tar = tar_open(c->stream, &ar->base.limits);
    c->next = 0;
    return c;
}

static void cursor_give_back(struct archive *ar, struct cursor *c)
{
    pthread_mutex_lock(&ar->lock);
    struct cursor *other = ar->idle;
    ar->idle = c;
    pthread_mutex_unlock(&ar->lock);
    cursor_free(other);
}

struct member_reader {
    struct reader base;
    struct archive *archive;
    struct cursor *cursor;
    bool failed;
};

static bool member_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct member_reader *r = (struct member_reader *)base;
    r->failed = !tar_read(r->cursor->tar, chunk, err);
    return !r->failed || error_wrap(err, "the image's archive");
}

static void member_close(struct reader *base)
{
    struct member_reader *r = (struct member_reader *)base;
    if (r->failed)
        cursor_free(r->cursor);
    else
        cursor_give_back(r->archive, r->cursor);
    free(r);
}

static struct reader *inflated_member(struct archive *ar, uint64_t where, struct error *err)
{
    struct cursor *c = cursor_take(ar, where);
    struct tar_entry entry;
    bool more = true;
    while (c->next <= where && more) {
        if (!tar_next(c->tar, &entry, &more, err)) {
            cursor_free(c);
            error_wrap(err, "the image's archive");
            return NULL;
        }
        c->next++;
    }
    if (!more || entry.size != ar->members.v[where].size) {
        cursor_free(c);
        error_set(err, ERR_IO, "the image's archive changed while it was read");
        return NULL;
    }
    struct member_reader *r = must_alloc(sizeof *r);
    *r = (struct member_reader){.base = {member_next, member_close}, .archive = ar, .cursor = c};
    return &r->base;
}

static struct reader *archive_open(struct blobs *base, uint64_t where, struct error *err)
{
    struct archive *ar = (struct archive *)base;
    const struct member *m = &ar->members.v[where];
    if (m->kept)
        return reader_of_slice(m->content);
    if (ar->compression == COMPRESSION_NONE)
        return reader_of_range(ar->fd, m->offset, m->size);
    return inflated_member(ar, where, err);
}

// ---- Opening --------------------------------------------------------------------------------------------------------

static void archive_close(struct blobs *base)
{
    struct archive *ar = (struct archive *)base;
    cursor_free(ar->idle);
    pthread_mutex_destroy(&ar->lock);
    fd_close(&ar->fd);
    free(ar);
}

static bool list_archive(struct archive *ar, struct error *err)
{
    if (!fd_size(ar->fd, &ar->size, err))
        return false;
    if (ar->size == 0)
        return error_set(err, ERR_FORMAT, "the file is empty");
    if (!compression_at(ar->fd, 0, &ar->compression, err))
        return false;
    ar->base.sequential = ar->compression != COMPRESSION_NONE;
    struct list_reader *plain = NULL;
    if (ar->compression == COMPRESSION_NONE)
        plain = list_reader_new(ar->fd, ar->size);
    struct reader *stream READER_AUTO = plain != NULL ? &plain->base
                                                      : inflate_reader(reader_of_range(ar->fd, 0, ar->size),
                                                                       inflate_bounds_of_layer(&ar->base.limits), NULL);
    if (!list_members(ar, stream, plain, err)) {
        if (err->code != ERR_FORMAT || ar->members.n != 0)
            return error_wrap(err, "after %zu members", ar->members.n);
        return error_wrap(err, "no tar archive, neither plain nor compressed by gzip or zstd");
    }
    index_names(ar);
    return true;
}

struct blobs *blobs_of_archive(int fd, const struct limits *limits, struct error *err)
{
    static const struct blobs_ops ops = {archive_find, archive_open, archive_close};
    struct archive *ar = must_alloc(sizeof *ar);
    *ar = (struct archive){.base = {.ops = &ops, .limits = *limits}, .fd = fd};
    pthread_mutex_init(&ar->lock, NULL);
    struct blobs *blobs = &ar->base;
    if (!list_archive(ar, err))
        blobs_close(&blobs);
    return blobs;
}
