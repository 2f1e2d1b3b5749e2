#include "layer/tar.h"

#include "base/arena.h"
#include "base/buf.h"
#include "layer/path.h"
#include "layer/tar_header.h"
#include "layer/tar_pax.h"
#include "layer/tar_sparse.h"

#include <stdlib.h>

struct tar {
    struct reader *source;
    const struct limits *limits;
    struct slice chunk; // what is left of the source's chunk
    uint64_t position;  // of chunk in the archive
    bool source_ended, ended, after_zero_block;
    uint64_t entries;
    char block[TAR_BLOCK]; // one that lies across two chunks
    uint64_t block_at;     // where the last block began
    // What stands before a member's header and concerns it.
    struct buf extension; // contents of the extended header at hand
    struct tar_pax global, own;
    struct buf long_name, long_link;
    bool has_long_name, has_long_link;
    // The member.
    struct buf name, path, link;
    uint64_t left, padding; // stored bytes that were not read yet, and what fills the block behind them
    bool sparse, map_unread;
    struct tar_sparse map;
    size_t extent;     // of the map, the next one
    uint64_t at, size; // of a sparse file: where reading stands, in the file with its holes
};

static const char zeros[64 * 1024];

// ---- Bytes ----------------------------------------------------------------------------------------------------------

static bool fault(const struct tar *t, struct error *err, const char *what)
{
    return error_set(err, ERR_FORMAT, "byte %llu: %s", (unsigned long long)t->block_at, what);
}

static bool cut_short(const struct tar *t, struct error *err, const char *where)
{
    return error_set(err, ERR_FORMAT, "the archive is cut short at byte %llu, in the middle of %s",
                     (unsigned long long)t->position, where);
}

// Makes `chunk` the next bytes; it stays empty at the end of the source.
static bool fill(struct tar *t, struct error *err)
{
    if (t->chunk.n != 0 || t->source_ended)
        return true;
    if (!reader_next(t->source, &t->chunk, err))
        return false;
    t->source_ended = t->chunk.n == 0;
    return true;
}

static void advance(struct tar *t, size_t n)
{
    t->chunk = slice_from(t->chunk, n);
    t->position += n;
}

static bool skip(struct tar *t, uint64_t n, const char *where, struct error *err)
{
    while (n > 0) {
        if (!fill(t, err))
            return false;
        if (t->chunk.n == 0)
            return cut_short(t, err, where);
        size_t step = t->chunk.n < n ? t->chunk.n : (size_t)n;
        advance(t, step);
        n -= step;
    }
    return true;
}

// The next block, in place where it lies in one chunk: valid until more is read. NULL at the end of the source.
static bool next_block(struct tar *t, const char **block, struct error *err)
{
    *block = NULL;
    t->block_at = t->position;
    if (!fill(t, err))
        return false;
    if (t->chunk.n == 0)
        return true;
    if (t->chunk.n >= TAR_BLOCK) {
        *block = t->chunk.p;
        advance(t, TAR_BLOCK);
        return true;
    }
    for (size_t n = 0; n < TAR_BLOCK;) {
        if (!fill(t, err))
            return false;
        if (t->chunk.n == 0)
            return cut_short(t, err, "a header");
        size_t step = t->chunk.n < TAR_BLOCK - n ? t->chunk.n : TAR_BLOCK - n;
        memcpy(t->block + n, t->chunk.p, step);
        advance(t, step);
        n += step;
    }
    *block = t->block;
    return true;
}

static uint64_t padding_of(uint64_t size)
{
    return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

// The contents of an extended header of `size` bytes.
static bool read_extension(struct tar *t, uint64_t size, struct error *err)
{
    if (size > t->limits->pax_bytes)
        return error_set(err, ERR_LIMIT,
                         "byte %llu: an extended header of %llu bytes, more than the %llu that limit pax_bytes allows",
                         (unsigned long long)t->block_at, (unsigned long long)size,
                         (unsigned long long)t->limits->pax_bytes);
    t->extension.n = 0;
    while (t->extension.n < size) {
        if (!fill(t, err))
            return false;
        if (t->chunk.n == 0)
            return cut_short(t, err, "an extended header");
        size_t wanted = (size_t)size - t->extension.n, step = t->chunk.n < wanted ? t->chunk.n : wanted;
        buf_add(&t->extension, slice_of(t->chunk.p, step));
        advance(t, step);
    }
    return skip(t, padding_of(size), "an extended header", err);
}

// ---- Sparse files ---------------------------------------------------------------------------------------------------

static bool map_is_wrong(const struct tar *t, struct error *err)
{
    return fault(t, err, "a sparse file whose map is malformed, or does not fit its size");
}

static bool map_fits(const struct tar *t)
{
    return t->map.end <= t->size && t->map.stored <= t->left;
}

// The old GNU format: four pairs and the real size in the header, twenty-one pairs in each block that extends it.
static bool read_old_map(struct tar *t, const char *block, struct error *err)
{
    const uint64_t most = t->limits->sparse_extents;
    uint64_t member_at = t->block_at;
    bool more = block[482] != '\0';
    t->sparse = true;
    bool ok = tar_number(slice_of(block + 483, 12), &t->size) && tar_sparse_add_fields(&t->map, block + 386, 4, most);
    while (ok && more) {
        if (!next_block(t, &block, err))
            return false;
        if (block == NULL)
            return cut_short(t, err, "a sparse file's map");
        ok = tar_sparse_add_fields(&t->map, block, 21, most);
        more = block[504] != '\0';
    }
    t->block_at = member_at;
    return (ok && map_fits(t)) || map_is_wrong(t, err);
}

// The pax formats, told apart as Go's reader does it: 0.0 and 0.1 have the map in records; 1.0 has it before the data.
static bool read_pax_map(struct tar *t, struct error *err)
{
    const uint64_t *major = pax_number_of(&t->own.sparse_major, &t->global.sparse_major);
    const uint64_t *minor = pax_number_of(&t->own.sparse_minor, &t->global.sparse_minor);
    const struct buf *list = pax_text_of(&t->own.sparse_map, &t->global.sparse_map);
    bool version_1 = major != NULL && minor != NULL && *major == 1 && *minor == 0;
    bool version_0 =
        major != NULL || minor != NULL ? major != NULL && minor != NULL && *major == 0 && *minor <= 1 : list != NULL;
    if (!version_0 && !version_1)
        return true;
    const uint64_t *real = pax_number_of(&t->own.sparse_realsize, &t->global.sparse_realsize);
    if (real == NULL)
        real = pax_number_of(&t->own.sparse_size, &t->global.sparse_size);
    t->sparse = true;
    t->map_unread = version_1;
    t->size = real != NULL ? *real : t->left;
    if (version_1)
        return true;
    struct slice text = list != NULL ? buf_slice(list) : SLICE("");
    return (tar_sparse_add_list(&t->map, text, t->limits->sparse_extents) && map_fits(t)) || map_is_wrong(t, err);
}

// A decimal number on a line of its own, from the member's stored bytes.
static bool read_map_line(struct tar *t, uint64_t *value, uint64_t *used, struct error *err)
{
    char digits[20];
    size_t n = 0;
    for (;;) {
        if (!fill(t, err))
            return false;
        if (t->left != 0 && t->chunk.n == 0)
            return cut_short(t, err, "a sparse file's map");
        char c = t->left != 0 ? t->chunk.p[0] : '\0';
        if (c == '\n' ? n == 0 : c < '0' || c > '9' || n == sizeof digits)
            return map_is_wrong(t, err);
        advance(t, 1);
        t->left--;
        ++*used;
        if (c == '\n')
            return slice_to_u64(slice_of(digits, n), value) || map_is_wrong(t, err);
        digits[n++] = c;
    }
}

// Format 1.0: how many pairs, then the pairs, one number a line; the data begin at the next block.
static bool read_inner_map(struct tar *t, struct error *err)
{
    uint64_t n, offset, length, used = 0;
    t->map_unread = false;
    if (!read_map_line(t, &n, &used, err))
        return false;
    for (; n > 0; n--) {
        if (!read_map_line(t, &offset, &used, err) || !read_map_line(t, &length, &used, err))
            return false;
        if (!tar_sparse_add(&t->map, offset, length, t->limits->sparse_extents))
            return map_is_wrong(t, err);
    }
    uint64_t padding = padding_of(used);
    if (padding > t->left)
        return map_is_wrong(t, err);
    t->left -= padding;
    return skip(t, padding, "a sparse file's map", err) && (map_fits(t) || map_is_wrong(t, err));
}

// ---- Members --------------------------------------------------------------------------------------------------------

static struct slice name_of(struct tar *t, const struct tar_header *h)
{
    // GNU tar gives a sparse file a made-up name, and the real one in a record of its own.
    const struct buf *name = t->sparse ? pax_text_of(&t->own.sparse_name, &t->global.sparse_name) : NULL;
    if (t->has_long_name)
        name = &t->long_name;
    else if (name == NULL)
        name = pax_text_of(&t->own.path, &t->global.path);
    if (name != NULL)
        return buf_slice(name);
    if (h->prefix.n == 0)
        return h->name;
    t->name.n = 0;
    buf_add(&t->name, h->prefix);
    buf_addc(&t->name, '/');
    buf_add(&t->name, h->name);
    return buf_slice(&t->name);
}

static struct slice link_of(const struct tar *t, const struct tar_header *h)
{
    const struct buf *link = t->has_long_link ? &t->long_link : pax_text_of(&t->own.linkpath, &t->global.linkpath);
    return link != NULL ? buf_slice(link) : h->link;
}

static void set_path(struct tar *t, struct slice name, struct tar_entry *e)
{
    t->path.n = 0;
    e->too_long = name.n > t->limits->path_bytes;
    if (e->too_long)
        buf_add(&t->path, slice_of(name.p, (size_t)t->limits->path_bytes));
    else if (!path_clean(name, &t->path)) {
        e->escapes = true;
        t->path.n = 0;
        buf_add(&t->path, name);
    }
    e->path = buf_slice(&t->path);
}

static enum tar_type type_of(char type, struct slice name)
{
    switch (type) {
    case '\0': // v7, which had no folders but names with a slash at the end
        return slice_ends(name, SLICE("/")) ? TAR_DIR : TAR_FILE;
    case '0':
    case '7': // contiguous
    case 'S': // GNU sparse
        return TAR_FILE;
    case '1':
        return TAR_HARDLINK;
    case '2':
        return TAR_SYMLINK;
    case '5':
    case 'D': // GNU: a folder with a list of its contents
        return TAR_DIR;
    default:
        return TAR_OTHER;
    }
}

// Links, folders and devices have no contents, whatever their size says: POSIX lets a hard link of a pax archive have
// some, but neither do GNU tar and Go's reader take it so, nor do writers of layers use it.
static bool has_contents(char type, enum tar_type meaning)
{
    return (type < '1' || type > '6') && (meaning != TAR_DIR || type == 'D');
}

static bool begin_member(struct tar *t, const struct tar_header *h, const char *block, struct tar_entry *e,
                         struct error *err)
{
    const uint64_t *size = pax_number_of(&t->own.size, &t->global.size);
    uint64_t stored = size != NULL ? *size : h->size;
    *e = (struct tar_entry){.mode = h->mode};
    tar_sparse_clear(&t->map);
    t->sparse = t->map_unread = false;
    t->extent = 0;
    t->at = 0;
    t->left = t->size = stored;
    if (h->type != 'S' && !read_pax_map(t, err))
        return false;
    // The names are copied before more is read: the header may stand in the source's chunk.
    struct slice name = name_of(t, h);
    e->type = type_of(h->type, name);
    if (!has_contents(h->type, e->type)) {
        t->left = t->size = 0;
        t->sparse = t->map_unread = false;
    }
    set_path(t, name, e);
    if (e->type == TAR_HARDLINK || e->type == TAR_SYMLINK) {
        t->link.n = 0;
        buf_add(&t->link, link_of(t, h));
        e->link = buf_slice(&t->link);
    }
    if (h->type == 'S' && !read_old_map(t, block, err))
        return false;
    t->padding = padding_of(t->left);
    e->size = t->size;
    e->offset = t->position;
    e->stored = t->left;
    e->sparse = t->sparse;
    return true;
}

static bool read_long(struct tar *t, const struct tar_header *h, struct buf *text, bool *has, struct error *err)
{
    if (!read_extension(t, h->size, err))
        return false;
    // GNU tar counts the terminating NUL in.
    ptrdiff_t end = slice_find(buf_slice(&t->extension), '\0');
    text->n = 0;
    buf_add(text, slice_of(t->extension.p, end >= 0 ? (size_t)end : t->extension.n));
    *has = true;
    return true;
}

static bool read_pax(struct tar *t, const struct tar_header *h, struct tar_pax *pax, struct error *err)
{
    return read_extension(t, h->size, err) && (tar_pax_take(pax, buf_slice(&t->extension), err) ||
                                               error_wrap(err, "byte %llu", (unsigned long long)t->block_at));
}

// Takes a header that extends the next one. `*taken` is false when it is a member's.
static bool take_extension(struct tar *t, const struct tar_header *h, bool *taken, struct error *err)
{
    *taken = true;
    switch (h->type) {
    case 'x':
    case 'X': // Solaris, before POSIX had its own
        tar_pax_clear(&t->own);
        return read_pax(t, h, &t->own, err);
    case 'g':
        return read_pax(t, h, &t->global, err);
    case 'L':
        return read_long(t, h, &t->long_name, &t->has_long_name, err);
    case 'K':
        return read_long(t, h, &t->long_link, &t->has_long_link, err);
    default:
        *taken = false;
        return true;
    }
}

// Reads and ignores what follows the end marker: padding to a record, or another program's index.
static bool read_to_end(struct tar *t, struct error *err)
{
    while (!t->source_ended) {
        advance(t, t->chunk.n);
        if (!fill(t, err))
            return false;
    }
    t->ended = true;
    return true;
}

static bool leave_member(struct tar *t, struct error *err)
{
    uint64_t rest = t->left + t->padding; // within 63 bits and a block
    t->left = t->padding = 0;
    tar_pax_clear(&t->own);
    t->has_long_name = t->has_long_link = false;
    if (t->chunk.n > rest) { // the common case, worth no loop
        advance(t, (size_t)rest);
        return true;
    }
    return skip(t, rest, "its contents", err) || error_wrap(err, "%.*s", SLICE_ARG(buf_slice(&t->path)));
}

bool tar_next(struct tar *t, struct tar_entry *entry, bool *more, struct error *err)
{
    *more = false;
    if (t->ended)
        return true;
    if (!leave_member(t, err))
        return false;
    for (bool extended = false;;) {
        const char *block, *problem;
        struct tar_header h;
        bool taken;
        if (!next_block(t, &block, err))
            return false;
        bool zero = block != NULL && tar_block_is_zero(block);
        if (block == NULL || (zero && (t->after_zero_block || extended)))
            return extended ? fault(t, err, "an extended header that no member follows") : read_to_end(t, err);
        // A single block of zeros ends nothing: GNU tar warns of it and goes on.
        t->after_zero_block = zero;
        if (zero)
            continue;
        if (!tar_header_decode(block, &h, &problem))
            return fault(t, err, problem);
        if (!take_extension(t, &h, &taken, err))
            return false;
        extended = extended || (taken && h.type != 'g');
        if (taken)
            continue;
        if (++t->entries > t->limits->layer_entries)
            return error_set(err, ERR_LIMIT, "more than the %llu members that limit layer_entries allows",
                             (unsigned long long)t->limits->layer_entries);
        *more = begin_member(t, &h, block, entry, err);
        return *more;
    }
}

// ---- Contents -------------------------------------------------------------------------------------------------------

// Up to `most` stored bytes, in place.
static bool read_stored(struct tar *t, uint64_t most, struct slice *chunk, struct error *err)
{
    if (!fill(t, err))
        return false;
    if (t->chunk.n == 0)
        return cut_short(t, err, "its contents");
    *chunk = slice_of(t->chunk.p, t->chunk.n < most ? t->chunk.n : (size_t)most);
    advance(t, chunk->n);
    t->left -= chunk->n;
    return true;
}

static uint64_t end_of(const struct tar_extent *e)
{
    return e->offset + e->length;
}

static bool read_sparse(struct tar *t, struct slice *chunk, struct error *err)
{
    if (t->map_unread && !read_inner_map(t, err))
        return false;
    if (t->map.too_many)
        return error_set(err, ERR_UNSUPPORTED,
                         "a sparse file of more than the %llu extents that limit sparse_extents allows",
                         (unsigned long long)t->limits->sparse_extents);
    while (t->extent < t->map.n && end_of(&t->map.extents[t->extent]) <= t->at)
        t->extent++;
    const struct tar_extent *e = t->extent < t->map.n ? &t->map.extents[t->extent] : NULL;
    uint64_t data_at = e != NULL ? e->offset : t->size;
    if (t->at < data_at) {
        uint64_t hole = data_at - t->at;
        *chunk = slice_of(zeros, hole < sizeof zeros ? (size_t)hole : sizeof zeros);
    } else if (e != NULL && !read_stored(t, end_of(e) - t->at, chunk, err)) {
        return false;
    }
    t->at += chunk->n;
    return true;
}

bool tar_read(struct tar *t, struct slice *chunk, struct error *err)
{
    *chunk = slice_of(zeros, 0);
    if (t->sparse)
        return read_sparse(t, chunk, err);
    return t->left == 0 || read_stored(t, t->left, chunk, err);
}

uint64_t tar_position(const struct tar *t)
{
    return t->position;
}

struct tar *tar_open(struct reader *source, const struct limits *limits)
{
    struct tar *t = must_alloc(sizeof *t);
    *t = (struct tar){.source = source, .limits = limits};
    return t;
}

void tar_close(struct tar **tar)
{
    struct tar *t = *tar;
    if (t == NULL)
        return;
    tar_pax_free(&t->global);
    tar_pax_free(&t->own);
    tar_sparse_free(&t->map);
    struct buf *bufs[] = {&t->extension, &t->long_name, &t->long_link, &t->name, &t->path, &t->link};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_free(bufs[i]);
    free(t);
    *tar = NULL;
}
