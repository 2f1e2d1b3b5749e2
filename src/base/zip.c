#include "base/zip.h"

#include "base/arena.h"
#include "base/file.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <unistd.h>

// APPNOTE 4.3.7, 4.3.12, 4.3.16, 4.3.14, 4.3.15: sizes without the parts of variable length.
#define LOCAL_SIZE     ((size_t)30)
#define ENTRY_SIZE     ((size_t)46)
#define END_SIZE       ((size_t)22)
#define END64_SIZE     ((size_t)56)
#define LOCATOR64_SIZE ((size_t)20)

#define LOCAL_MARK     0x04034b50u
#define ENTRY_MARK     0x02014b50u
#define END_MARK       0x06054b50u
#define END64_MARK     0x06064b50u
#define LOCATOR64_MARK 0x07064b50u

#define COMMENT_MOST ((size_t)0xffff)
#define IN_ZIP64_16  0xffffu // the value stands in the zip64 record
#define IN_ZIP64_32  0xffffffffu
#define ZIP64_EXTRA  1

#define STORED   0
#define DEFLATED 8

// What deflate can make of one byte at most (zlib, "Technical Details").
#define DEFLATE_RATIO ((size_t)1032)

// A little-endian number of `n` bytes at `at`, which the caller knows to be there.
static uint64_t number(struct slice bytes, size_t at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = n; i > 0; i--)
        value = value << 8 | (unsigned char)bytes.p[at + i - 1];
    return value;
}

// ---- Where the bytes come from --------------------------------------------------------------------------------------

// An entry of the directory with name, extra field and comment of full length fits, and so does the longest end of an
// archive.
#define WINDOW ((size_t)256 * 1024)

// A part of the file.
struct window {
    uint64_t at;
    size_t n;
    char bytes[WINDOW];
};

struct zip_file {
    int fd;
    struct window directory; // the end of the archive, then entry after entry
    struct window data;      // all else
    struct error fault;      // why the file could not be read
};

// Puts `n` bytes of the file into a window, which the caller knows to be there and to fit.
static bool fill(const struct zip *zip, struct window *w, uint64_t at, size_t n)
{
    w->at = at;
    w->n = 0;
    while (w->n < n) {
        ssize_t got = pread(zip->file->fd, w->bytes + w->n, n - w->n, (off_t)(at + w->n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(&zip->file->fault, "cannot read");
        if (got == 0)
            return error_set(&zip->file->fault, ERR_FORMAT, "has become shorter while it is read");
        w->n += (size_t)got;
    }
    return true;
}

static bool is_inside(const struct zip *zip, uint64_t at, size_t n)
{
    return n <= zip->size && at <= zip->size - n;
}

// The bytes there, at most WINDOW and inside: those of a file until others are asked for.
static bool view(const struct zip *zip, uint64_t at, size_t n, struct slice *out)
{
    if (zip->file == NULL) {
        *out = slice_of(slice_from(zip->bytes, (size_t)at).p, n);
        return true;
    }
    *out = slice_of(zip->file->data.bytes, n);
    return fill(zip, &zip->file->data, at, n);
}

// The same for the directory, which is asked for from its beginning to its end: what follows is read along.
static bool view_directory(const struct zip *zip, uint64_t at, size_t n, struct slice *out)
{
    if (zip->file == NULL)
        return view(zip, at, n, out);
    struct window *w = &zip->file->directory;
    uint64_t left = zip->size - at;
    bool there = at >= w->at && at - w->at <= w->n && n <= w->n - (size_t)(at - w->at);
    if (!there && !fill(zip, w, at, left < WINDOW ? (size_t)left : WINDOW))
        return false;
    *out = slice_of(w->bytes + (at - w->at), n);
    return true;
}

static bool unreadable(const struct zip *zip, struct error *err)
{
    *err = zip->file->fault;
    return false;
}

// True when a part of `size` bytes that begins with `mark` stands there.
static bool find_part(const struct zip *zip, uint64_t at, size_t size, uint32_t mark, struct slice *part)
{
    return is_inside(zip, at, size) && view(zip, at, size, part) && number(*part, 0, 4) == mark;
}

// ---- The end record, and the central directory before it ------------------------------------------------------------

// The zip64 end record, by its locator, which stands right before the end record. Its offset does not count what was
// put in front of the archive, so the record is looked for right before the locator too.
static bool find_end64(const struct zip *zip, uint64_t end, uint64_t *at, struct slice *record)
{
    struct slice locator;
    if (end < LOCATOR64_SIZE || !find_part(zip, end - LOCATOR64_SIZE, LOCATOR64_SIZE, LOCATOR64_MARK, &locator))
        return false;
    *at = number(locator, 8, 8);
    if (*at <= end - LOCATOR64_SIZE && find_part(zip, *at, END64_SIZE, END64_MARK, record))
        return true;
    if (end < LOCATOR64_SIZE + END64_SIZE)
        return false;
    *at = end - LOCATOR64_SIZE - END64_SIZE;
    return find_part(zip, *at, END64_SIZE, END64_MARK, record);
}

// True when an end record is what `record` begins with, and a central directory stands right before it, at `end`.
static bool open_at(struct zip *zip, struct slice record, uint64_t end)
{
    struct slice record64, entry;
    if (number(record, 0, 4) != END_MARK)
        return false;
    uint64_t count = number(record, 10, 2), size = number(record, 12, 4), offset = number(record, 16, 4);
    uint64_t directory_end = end;
    bool is64 = count == IN_ZIP64_16 || size == IN_ZIP64_32 || offset == IN_ZIP64_32;
    if (is64 && find_end64(zip, end, &directory_end, &record64)) {
        size = number(record64, 40, 8);
        offset = number(record64, 48, 8);
    }
    if (size > directory_end || offset > directory_end - size)
        return false;
    zip->directory = zip->next = directory_end - size;
    zip->end = directory_end;
    zip->start = zip->directory - offset;
    return size == 0 || (size >= ENTRY_SIZE && find_part(zip, zip->directory, ENTRY_SIZE, ENTRY_MARK, &entry));
}

static bool find_directory(struct zip *zip, struct error *err)
{
    size_t most = END_SIZE + COMMENT_MOST, n = zip->size < most ? (size_t)zip->size : most;
    struct slice tail;
    uint64_t tail_at = zip->size - n;
    if (!view_directory(zip, tail_at, n, &tail))
        return unreadable(zip, err);
    for (size_t back = END_SIZE; back <= n; back++)
        if (open_at(zip, slice_from(tail, n - back), tail_at + (n - back)))
            return true;
    if (zip->file != NULL && zip->file->fault.code != ERR_NONE)
        return unreadable(zip, err);
    return error_set(err, ERR_FORMAT, "has no central directory");
}

bool zip_open(struct slice bytes, struct zip *zip, struct error *err)
{
    *zip = (struct zip){.bytes = bytes, .size = bytes.n};
    return find_directory(zip, err);
}

bool zip_open_file(int fd, struct zip *zip, struct error *err)
{
    *zip = (struct zip){0};
    if (!fd_size(fd, &zip->size, err))
        return false;
    zip->file = must_alloc(sizeof *zip->file);
    zip->file->fd = fd;
    zip->file->directory.n = zip->file->directory.at = 0;
    zip->file->fault = (struct error){0};
    return find_directory(zip, err);
}

void zip_close(struct zip *zip)
{
    free(zip->file);
    zip->file = NULL;
}

// ---- Members --------------------------------------------------------------------------------------------------------

// The next number of a zip64 extra field, for a value that does not fit where it should stand.
static bool take_zip64(struct slice *field, uint64_t *value)
{
    if (*value != IN_ZIP64_32)
        return true;
    if (field->n < 8)
        return false;
    *value = number(*field, 0, 8);
    *field = slice_from(*field, 8);
    return true;
}

// APPNOTE 4.5.3: the size, the packed size and the offset stand there in this order, each only if it is needed.
static bool read_extra(struct slice extra, struct zip_entry *entry)
{
    while (extra.n >= 4) {
        uint64_t id = number(extra, 0, 2), n = number(extra, 2, 2);
        if (n > extra.n - 4)
            return true; // padding, as some tools leave it
        struct slice field = slice_of(extra.p + 4, (size_t)n);
        if (id == ZIP64_EXTRA)
            return take_zip64(&field, &entry->size) && take_zip64(&field, &entry->packed) &&
                   take_zip64(&field, &entry->offset);
        extra = slice_from(extra, 4 + (size_t)n);
    }
    return true;
}

bool zip_next(struct zip *zip, struct zip_entry *entry, bool *more, struct error *err)
{
    struct slice at;
    uint64_t left = zip->end - zip->next;
    unsigned long long position = (unsigned long long)zip->next;
    *more = left != 0;
    if (!*more)
        return true;
    if (left >= ENTRY_SIZE && !view_directory(zip, zip->next, ENTRY_SIZE, &at))
        return unreadable(zip, err);
    if (left < ENTRY_SIZE || number(at, 0, 4) != ENTRY_MARK)
        return error_set(err, ERR_FORMAT, "the central directory has no entry at byte %llu", position);
    size_t name = (size_t)number(at, 28, 2), extra = (size_t)number(at, 30, 2), comment = (size_t)number(at, 32, 2);
    if (name + extra + comment > left - ENTRY_SIZE)
        return error_set(err, ERR_FORMAT, "the central directory is cut short at byte %llu", position);
    if (!view_directory(zip, zip->next, ENTRY_SIZE + name + extra, &at))
        return unreadable(zip, err);
    *entry = (struct zip_entry){
        .name = slice_of(at.p + ENTRY_SIZE, name),
        .packed = number(at, 20, 4),
        .size = number(at, 24, 4),
        .offset = number(at, 42, 4),
        .sum = (uint32_t)number(at, 16, 4),
        .method = (unsigned)number(at, 10, 2),
        .encrypted = (number(at, 8, 2) & 1) != 0,
    };
    zip->next += ENTRY_SIZE + name + extra + comment;
    if (!read_extra(slice_of(at.p + ENTRY_SIZE + name, extra), entry))
        return error_set(err, ERR_FORMAT, "the entry at byte %llu lacks its zip64 sizes", position);
    return true;
}

// Where a member's bytes begin. Name and extra field of the local header may be of other length than those of the
// directory's entry; its sizes are not used, since they may be told only behind the data.
static bool find_data(const struct zip *zip, const struct zip_entry *entry, uint64_t *begin, struct error *err)
{
    uint64_t at;
    struct slice header;
    if (__builtin_add_overflow(zip->start, entry->offset, &at) ||
        !find_part(zip, at, LOCAL_SIZE, LOCAL_MARK, &header)) {
        if (zip->file != NULL && zip->file->fault.code != ERR_NONE)
            return unreadable(zip, err);
        return error_set(err, ERR_FORMAT, "has no local header where the central directory says");
    }
    *begin = at + LOCAL_SIZE + number(header, 26, 2) + number(header, 28, 2);
    if (*begin > zip->size || entry->packed > zip->size - *begin)
        return error_set(err, ERR_FORMAT, "is said to have %llu bytes, more than the archive has behind its header",
                         (unsigned long long)entry->packed);
    return true;
}

// Of what begins at `at` and has `left` bytes, as much as can be seen at a time.
static bool view_some(const struct zip *zip, uint64_t at, uint64_t left, struct slice *some, struct error *err)
{
    uint64_t most = zip->file != NULL ? WINDOW : UINT32_MAX;
    return view(zip, at, left < most ? (size_t)left : (size_t)most, some) || unreadable(zip, err);
}

static void grow(struct buf *room, size_t capacity)
{
    room->p = must_realloc(room->p, capacity);
    room->cap = capacity;
}

static void free_state(struct inflate_state **state)
{
    free(*state);
}

// Unpacks until the data end or `most` bytes are there.
static bool inflate(const struct zip *zip, uint64_t at, const struct zip_entry *entry, size_t most, struct buf *room,
                    bool *whole, struct error *err)
{
    struct inflate_state *s __attribute__((cleanup(free_state))) = must_alloc(sizeof *s);
    uint64_t left = entry->packed; // of the data, that the inflater has not been given
    isal_inflate_init(s);          // leaves it at bare deflate, RFC 1951
    // A false claim costs no more than the data could really need.
    size_t possible = left < most / DEFLATE_RATIO ? (size_t)left * DEFLATE_RATIO : most;
    size_t first = entry->size < possible ? (size_t)entry->size : possible;
    room->n = 0;
    if (room->cap <= first)
        grow(room, first + 1);
    while (s->block_state != ISAL_BLOCK_FINISH && room->n < most) {
        struct slice data;
        if (s->avail_in == 0 && left != 0) {
            if (!view_some(zip, at, left, &data, err))
                return false;
            s->next_in = (uint8_t *)(uintptr_t)data.p; // only read
            s->avail_in = (uint32_t)data.n;
            at += data.n;
            left -= data.n;
        }
        if (room->n == room->cap)
            grow(room, room->cap < most / 2 ? room->cap * 2 : most);
        size_t free_space = (room->cap < most ? room->cap : most) - room->n;
        uint32_t offered = s->avail_in, space = free_space < UINT32_MAX ? (uint32_t)free_space : UINT32_MAX;
        s->next_out = (uint8_t *)room->p + room->n;
        s->avail_out = space;
        int code = isal_inflate(s);
        room->n += space - s->avail_out;
        if (code < 0)
            return error_set(err, ERR_FORMAT, "has a fault in its packed data after %zu bytes", room->n);
        if (offered == s->avail_in && space == s->avail_out && left == 0 && s->block_state != ISAL_BLOCK_FINISH)
            return error_set(err, ERR_FORMAT, "is cut short after %zu bytes", room->n);
    }
    *whole = s->block_state == ISAL_BLOCK_FINISH;
    return true;
}

// What is stored in a file, up to `most` bytes of it.
static bool copy(const struct zip *zip, uint64_t at, uint64_t n, struct buf *room, struct error *err)
{
    room->n = 0;
    while (n != 0) {
        struct slice some;
        if (!view_some(zip, at, n, &some, err))
            return false;
        buf_reserve_upto(room, some.n, room->n + (size_t)n);
        buf_add(room, some);
        at += some.n;
        n -= some.n;
    }
    return true;
}

bool zip_read(const struct zip *zip, const struct zip_entry *entry, size_t most, struct buf *room,
              struct slice *content, bool *whole, struct error *err)
{
    uint64_t at;
    bool read = true;
    if (entry->encrypted)
        return error_set(err, ERR_UNSUPPORTED, "is encrypted");
    if (entry->method != STORED && entry->method != DEFLATED)
        return error_set(err, ERR_UNSUPPORTED, "is packed by method %u, of which only 0 and 8 are read", entry->method);
    if (!find_data(zip, entry, &at, err))
        return false;
    if (entry->method == DEFLATED) {
        read = inflate(zip, at, entry, most, room, whole, err);
        *content = buf_slice(room);
        return read;
    }
    *whole = entry->packed <= most;
    size_t n = *whole ? (size_t)entry->packed : most;
    if (zip->file != NULL)
        read = copy(zip, at, n, room, err);
    *content = zip->file != NULL ? buf_slice(room) : slice_of(slice_from(zip->bytes, (size_t)at).p, n);
    return read;
}

bool zip_check(const struct zip_entry *entry, struct slice content, struct error *err)
{
    if (content.n != entry->size)
        return error_set(err, ERR_FORMAT, "has %zu bytes, where the central directory says %llu", content.n,
                         (unsigned long long)entry->size);
    uint32_t sum = crc32_gzip_refl(0, (const unsigned char *)content.p, content.n);
    if (sum != entry->sum)
        return error_set(err, ERR_FORMAT, "has the check sum %08x, where the central directory says %08x", sum,
                         entry->sum);
    return true;
}
