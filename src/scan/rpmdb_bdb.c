// rpm's database in a hash of Berkeley DB, Packages: header number -> header. Old images have it, up to those of
// RHEL 8.
//
// Format: rpm, lib/backend/bdb_ro.cc (4.20), which agrees with Berkeley DB's dbinc/db_page.h. Numbers are in the byte
// order of the machine that made the file. The pages of the hash are read one after the other, in whatever bucket they
// are: which header stands in which bucket does not matter here.
#include "scan/pages.h"
#include "scan/rpmdb.h"

#include "base/buf.h"
#include "base/bytes.h"

#define META_SIZE   ((size_t)512)
#define PAGE_HEAD   ((size_t)26)
#define HASH_MAGIC  0x00061561U
#define BTREE_MAGIC 0x00053162U

enum page_type {
    PAGE_FREE = 0,
    PAGE_HASH_UNSORTED = 2,
    PAGE_OVERFLOW = 7,
    PAGE_HASH_META = 8,
    PAGE_HASH = 13,
};

// What the first byte of an item tells.
enum item_type {
    ITEM_INLINE = 1,
    ITEM_OVERFLOW = 3, // three bytes of nothing, the first page's number, the size
};

#define OVERFLOW_ITEM ((size_t)12)

struct bdb {
    struct rpmdb *db;
    bool big_endian;
    struct pages pages;
    struct buf header; // of a header that stands there in pieces
};

static uint32_t number_at(const struct bdb *b, const char *p)
{
    return b->big_endian ? get_be32(p) : get_le32(p);
}

static size_t short_at(const struct bdb *b, const char *p)
{
    return b->big_endian ? get_be16(p) : get_le16(p);
}

static unsigned type_of(struct slice page)
{
    return (unsigned char)page.p[25];
}

static bool is_big_endian(struct slice file)
{
    return get_be32(file.p + 12) == HASH_MAGIC;
}

bool rpmdb_bdb_opens(struct slice file, struct error *err)
{
    if (file.n >= META_SIZE && (get_le32(file.p + 12) == BTREE_MAGIC || get_be32(file.p + 12) == BTREE_MAGIC))
        return error_set(err, ERR_UNSUPPORTED, "is a b-tree of Berkeley DB; rpm keeps packages in a hash");
    if (file.n < META_SIZE || (get_le32(file.p + 12) != HASH_MAGIC && !is_big_endian(file)))
        return error_set(err, ERR_FORMAT, "is no hash of Berkeley DB");
    const struct bdb b = {.big_endian = is_big_endian(file)};
    uint32_t version = number_at(&b, file.p + 16), page_size = number_at(&b, file.p + 20);
    if (version < 8 || version > 10)
        return error_set(err, ERR_UNSUPPORTED, "is a hash of version %u of Berkeley DB; 8 to 10 are known", version);
    if (page_size < 512 || page_size > 65536 || (page_size & (page_size - 1)) != 0)
        return error_set(err, ERR_FORMAT, "has pages of %u bytes, which Berkeley DB does not know", page_size);
    return true;
}

// Puts a header together from its overflow pages. Each of them is taken once.
static bool collect(struct bdb *b, uint64_t next, size_t size, struct slice *header)
{
    struct buf *whole = &b->header;
    whole->n = 0;
    while (whole->n < size) {
        struct slice page;
        if (!pages_take(&b->pages, next, &page))
            return false;
        size_t n = short_at(b, page.p + 22);
        if (type_of(page) != PAGE_OVERFLOW || number_at(b, page.p + 8) != next || n > page.n - PAGE_HEAD ||
            n > size - whole->n) {
            scan_skip(b->db->out, b->db->path, true, "page %llu is not the overflow page that it should be",
                      (unsigned long long)next);
            return false;
        }
        buf_add(whole, slice_of(page.p + PAGE_HEAD, n));
        next = number_at(b, page.p + 16);
    }
    *header = buf_slice(whole);
    return true;
}

static void read_overflow(struct bdb *b, uint32_t number, struct slice item)
{
    struct slice header;
    size_t size = number_at(b, item.p + 8);
    if (!rpmdb_may_hold(b->db, number, size))
        return;
    if (collect(b, number_at(b, item.p + 4), size, &header))
        rpmdb_take(b->db, number, header);
    else
        scan_skip(b->db->out, b->db->path, true, "header %u breaks off", number);
}

// Item `i` of a page. Items stand one before the other, from the page's end on.
static bool find_item(const struct bdb *b, struct slice page, size_t i, struct slice *item)
{
    const char *offsets = page.p + PAGE_HEAD;
    size_t start = short_at(b, offsets + 2 * i), end = i == 0 ? page.n : short_at(b, offsets + 2 * (i - 1));
    if (start >= end || end > page.n)
        return false;
    *item = slice_of(page.p + start, end - start);
    return true;
}

static bool read_pair(struct bdb *b, struct slice key, struct slice value)
{
    if (key.n != 5 || key.p[0] != ITEM_INLINE)
        return false;
    uint32_t number = number_at(b, key.p + 1);
    if (number == 0) // not a package, but the highest number that was given to one
        return true;
    if (value.p[0] == ITEM_INLINE)
        rpmdb_take(b->db, number, slice_from(value, 1));
    else if (value.p[0] == ITEM_OVERFLOW && value.n == OVERFLOW_ITEM)
        read_overflow(b, number, value);
    else
        return false;
    return true;
}

static void read_hash_page(struct bdb *b, uint64_t number, struct slice page)
{
    size_t items = short_at(b, page.p + 20);
    bool good = number_at(b, page.p + 8) == number && items % 2 == 0 && items <= (page.n - PAGE_HEAD) / 2;
    struct slice key, value;
    for (size_t i = 0; good && i < items; i += 2)
        good = find_item(b, page, i, &key) && find_item(b, page, i + 1, &value) && read_pair(b, key, value);
    if (!good)
        scan_skip(b->db->out, b->db->path, true, "page %llu is damaged", (unsigned long long)number);
}

void rpmdb_bdb_read(struct rpmdb *db)
{
    struct arena scratch ARENA_AUTO = {0};
    struct bdb b = {.db = db,
                    .big_endian = is_big_endian(db->file),
                    .pages = {.out = db->out, .path = db->path, .file = db->file, .lost = true}};
    pages_set(&b.pages, &scratch, number_at(&b, db->file.p + 20), 0);
    uint64_t last = number_at(&b, db->file.p + 32);
    if (last >= b.pages.n)
        scan_skip(db->out, db->path, true, "has %llu pages of the %llu that it was written with",
                  (unsigned long long)b.pages.n, (unsigned long long)last + 1);
    for (uint64_t i = 1; i < b.pages.n; i++) {
        struct slice page = slice_of(db->file.p + i * b.pages.size, b.pages.size);
        switch (type_of(page)) {
        case PAGE_FREE:
        case PAGE_OVERFLOW:
        case PAGE_HASH_META:
            break;
        case PAGE_HASH_UNSORTED:
        case PAGE_HASH:
            read_hash_page(&b, i, page);
            break;
        default:
            scan_skip(db->out, db->path, true, "page %llu is of type %u, which a hash does not have",
                      (unsigned long long)i, type_of(page));
        }
    }
    buf_free(&b.header);
}
