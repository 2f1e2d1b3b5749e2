#include "scan/zip.h"

#include "base/arena.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

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

static bool has_mark(struct slice bytes, uint64_t at, size_t size, uint32_t mark)
{
    return bytes.n >= size && at <= bytes.n - size && number(bytes, (size_t)at, 4) == mark;
}

// ---- The end record, and the central directory before it ------------------------------------------------------------

// The zip64 end record, by its locator, which stands right before the end record. Its offset does not count what was
// put in front of the archive, so the record is looked for right before the locator too.
static bool find_end64(struct slice bytes, size_t end, uint64_t *at)
{
    if (end < LOCATOR64_SIZE || !has_mark(bytes, end - LOCATOR64_SIZE, LOCATOR64_SIZE, LOCATOR64_MARK))
        return false;
    *at = number(bytes, end - LOCATOR64_SIZE + 8, 8);
    if (has_mark(bytes, *at, END64_SIZE, END64_MARK) && *at <= end - LOCATOR64_SIZE)
        return true;
    if (end < LOCATOR64_SIZE + END64_SIZE)
        return false;
    *at = end - LOCATOR64_SIZE - END64_SIZE;
    return has_mark(bytes, *at, END64_SIZE, END64_MARK);
}

// True when an end record stands at `end`, and a central directory right before it.
static bool open_at(struct slice bytes, size_t end, struct zip *zip)
{
    if (!has_mark(bytes, end, END_SIZE, END_MARK))
        return false;
    uint64_t count = number(bytes, end + 10, 2), size = number(bytes, end + 12, 4), offset = number(bytes, end + 16, 4);
    uint64_t directory_end = end;
    bool is64 = count == IN_ZIP64_16 || size == IN_ZIP64_32 || offset == IN_ZIP64_32;
    if (is64 && find_end64(bytes, end, &directory_end)) {
        size = number(bytes, (size_t)directory_end + 40, 8);
        offset = number(bytes, (size_t)directory_end + 48, 8);
    }
    if (size > directory_end || offset > directory_end - size)
        return false;
    uint64_t directory = directory_end - size;
    *zip = (struct zip){.bytes = bytes,
                        .start = directory - offset,
                        .rest = slice_of(bytes.p + directory, (size_t)size),
                        .directory = directory};
    return size == 0 || has_mark(zip->rest, 0, ENTRY_SIZE, ENTRY_MARK);
}

bool zip_open(struct slice bytes, struct zip *zip, struct error *err)
{
    for (size_t back = END_SIZE; back <= bytes.n && back <= END_SIZE + COMMENT_MOST; back++)
        if (open_at(bytes, bytes.n - back, zip))
            return true;
    return error_set(err, ERR_FORMAT, "has no central directory");
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
    struct slice at = zip->rest;
    unsigned long long position = zip->bytes.n != 0 ? (unsigned long long)(at.p - zip->bytes.p) : 0;
    *more = at.n != 0;
    if (!*more)
        return true;
    if (!has_mark(at, 0, ENTRY_SIZE, ENTRY_MARK))
        return error_set(err, ERR_FORMAT, "the central directory has no entry at byte %llu", position);
    size_t name = (size_t)number(at, 28, 2), extra = (size_t)number(at, 30, 2), comment = (size_t)number(at, 32, 2);
    if (name + extra + comment > at.n - ENTRY_SIZE)
        return error_set(err, ERR_FORMAT, "the central directory is cut short at byte %llu", position);
    *entry = (struct zip_entry){
        .name = slice_of(at.p + ENTRY_SIZE, name),
        .packed = number(at, 20, 4),
        .size = number(at, 24, 4),
        .offset = number(at, 42, 4),
        .method = (unsigned)number(at, 10, 2),
        .encrypted = (number(at, 8, 2) & 1) != 0,
    };
    zip->rest = slice_from(at, ENTRY_SIZE + name + extra + comment);
    if (!read_extra(slice_of(at.p + ENTRY_SIZE + name, extra), entry))
        return error_set(err, ERR_FORMAT, "the entry at byte %llu lacks its zip64 sizes", position);
    return true;
}

// The bytes of a member as they stand in the archive. Name and extra field of the local header may be of other length
// than those of the directory's entry; its sizes are not used, since they may be told only behind the data.
static bool find_data(const struct zip *zip, const struct zip_entry *entry, struct slice *data, struct error *err)
{
    uint64_t at;
    if (__builtin_add_overflow(zip->start, entry->offset, &at) || !has_mark(zip->bytes, at, LOCAL_SIZE, LOCAL_MARK))
        return error_set(err, ERR_FORMAT, "has no local header where the central directory says");
    uint64_t begin = at + LOCAL_SIZE + number(zip->bytes, (size_t)at + 26, 2) + number(zip->bytes, (size_t)at + 28, 2);
    if (begin > zip->bytes.n || entry->packed > zip->bytes.n - begin)
        return error_set(err, ERR_FORMAT, "is said to have %llu bytes, more than the archive has behind its header",
                         (unsigned long long)entry->packed);
    *data = slice_of(zip->bytes.p + begin, (size_t)entry->packed);
    return true;
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
static bool inflate(struct slice data, uint64_t claimed, size_t most, struct buf *room, bool *whole, struct error *err)
{
    struct inflate_state *s __attribute__((cleanup(free_state))) = must_alloc(sizeof *s);
    isal_inflate_init(s); // leaves it at bare deflate, RFC 1951
    // A false claim costs no more than the data could really need.
    size_t possible = data.n < most / DEFLATE_RATIO ? data.n * DEFLATE_RATIO : most;
    size_t first = claimed < possible ? (size_t)claimed : possible;
    room->n = 0;
    if (room->cap <= first)
        grow(room, first + 1);
    while (s->block_state != ISAL_BLOCK_FINISH && room->n < most) {
        if (room->n == room->cap)
            grow(room, room->cap < most / 2 ? room->cap * 2 : most);
        size_t offered = data.n < UINT32_MAX ? data.n : UINT32_MAX;
        size_t free_space = (room->cap < most ? room->cap : most) - room->n;
        size_t space = free_space < UINT32_MAX ? free_space : UINT32_MAX;
        s->next_in = (uint8_t *)(uintptr_t)data.p; // only read
        s->avail_in = (uint32_t)offered;
        s->next_out = (uint8_t *)room->p + room->n;
        s->avail_out = (uint32_t)space;
        int code = isal_inflate(s);
        size_t taken = offered - s->avail_in, given = space - s->avail_out;
        if (code < 0)
            return error_set(err, ERR_FORMAT, "has a fault in its packed data after %zu bytes", room->n + given);
        data = slice_from(data, taken);
        room->n += given;
        if (taken == 0 && given == 0 && s->block_state != ISAL_BLOCK_FINISH)
            return error_set(err, ERR_FORMAT, "is cut short after %zu bytes", room->n);
    }
    *whole = s->block_state == ISAL_BLOCK_FINISH;
    return true;
}

bool zip_read(const struct zip *zip, const struct zip_entry *entry, size_t most, struct buf *room,
              struct slice *content, bool *whole, struct error *err)
{
    struct slice data;
    if (entry->encrypted)
        return error_set(err, ERR_UNSUPPORTED, "is encrypted");
    if (entry->method != STORED && entry->method != DEFLATED)
        return error_set(err, ERR_UNSUPPORTED, "is packed by method %u, which Java does not know either",
                         entry->method);
    if (!find_data(zip, entry, &data, err))
        return false;
    if (entry->method == DEFLATED) {
        bool read = inflate(data, entry->size, most, room, whole, err);
        *content = buf_slice(room);
        return read;
    }
    *whole = data.n <= most;
    *content = slice_of(data.p, *whole ? data.n : most);
    return true;
}
