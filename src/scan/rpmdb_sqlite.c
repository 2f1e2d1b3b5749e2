// rpm's database in SQLite, rpmdb.sqlite: the table Packages (hnum INTEGER PRIMARY KEY, blob BLOB), read straight from
// its b-tree; docs/decisions.md says why not with the library.
//
// Format: "Database File Format" of sqlite.org (fileformat2.html), sections in parentheses below.
#include "scan/rpmdb.h"

#include "base/bytes.h"

#define HEAD_SIZE ((size_t)100) // of the file, in front of what page 1 holds (1.3)

// SQLite's own trees are not deeper (BTCURSOR_MAX_DEPTH).
#define DEPTH_MOST 20U

// Pages of a table's b-tree (1.6).
#define INTERIOR 5
#define LEAF     13

#define LEAF_HEAD     ((size_t)8)
#define INTERIOR_HEAD ((size_t)12)

// Columns of the record formats (2.1).
enum { SCHEMA_TYPE, SCHEMA_NAME, SCHEMA_TABLE, SCHEMA_ROOT };
enum { PACKAGES_NUMBER, PACKAGES_BLOB };

// One walk over a table.
struct walk {
    struct rpmdb *db;
    size_t usable; // bytes of a page without those reserved at its end
    void (*row)(struct walk *w, uint64_t id, struct slice record);
    uint64_t root; // of Packages, as far as the schema has told
};

bool rpmdb_sqlite_opens(struct slice file, struct error *err)
{
    const struct slice magic = slice_of("SQLite format 3", 16);
    if (file.n < HEAD_SIZE || !slice_starts(file, magic))
        return error_set(err, ERR_FORMAT, "is no SQLite database");
    size_t page_size = get_be16(file.p + 16);
    size_t reserved = (unsigned char)file.p[20];
    bool power_of_2 = page_size == 1 || (page_size >= 512 && (page_size & (page_size - 1)) == 0);
    if (!power_of_2 || (page_size != 1 && page_size - reserved < 480))
        return error_set(err, ERR_FORMAT, "has pages of %zu bytes, which SQLite does not know", page_size);
    return true;
}

// A number of one to nine bytes, seven bits each but for the ninth (1.6, "varint").
static bool take_varint(struct slice *rest, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 9 && i < rest->n; i++) {
        unsigned char byte = (unsigned char)rest->p[i];
        *value = i == 8 ? *value << 8 | byte : *value << 7 | (byte & 0x7fU);
        if (i == 8 || byte < 0x80) {
            *rest = slice_from(*rest, i + 1);
            return true;
        }
    }
    return false;
}

// ---- Records (2.1) --------------------------------------------------------------------------------------------------

// Bytes of a value of a serial type.
static uint64_t size_of(uint64_t type)
{
    static const unsigned char fixed[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizeof fixed ? fixed[type] : (type - 12) / 2;
}

static bool is_text(uint64_t type)
{
    return type >= 13 && type % 2 == 1;
}

static bool is_blob(uint64_t type)
{
    return type >= 12 && type % 2 == 0;
}

// The value of a column: its serial type and its bytes. False when the record does not have it.
static bool column(struct slice record, unsigned which, uint64_t *type, struct slice *value)
{
    struct slice types = record;
    uint64_t head;
    if (!take_varint(&types, &head) || head > record.n || head < record.n - types.n)
        return false;
    struct slice body = slice_from(record, head);
    types.n -= body.n;
    for (unsigned i = 0;; i++) {
        if (!take_varint(&types, type) || size_of(*type) > body.n)
            return false;
        *value = slice_of(body.p, size_of(*type));
        if (i == which)
            return true;
        body = slice_from(body, value->n);
    }
}

// Page numbers are small: a positive integer of at most four bytes, or 0.
static uint64_t page_number(uint64_t type, struct slice value)
{
    uint64_t number = type == 9; // the constant 1
    for (size_t i = 0; type >= 1 && type <= 4 && i < value.n; i++)
        number = number << 8 | (unsigned char)value.p[i];
    return number;
}

// ---- B-trees (1.6) --------------------------------------------------------------------------------------------------

static void damaged(struct walk *w, uint64_t page, const char *what)
{
    scan_skip(w->db->out, w->db->path, true, "page %llu %s", (unsigned long long)page, what);
}

// Bytes of a record that stand in its cell; the rest is on overflow pages.
static size_t local_size(size_t usable, uint64_t size)
{
    size_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    if (size <= most)
        return (size_t)size;
    size_t local = least + (size_t)((size - least) % (usable - 4));
    return local <= most ? local : least;
}

// Puts a record together from its cell and its overflow pages. Each of these is taken once.
static bool collect(struct walk *w, struct slice local, uint64_t size, uint32_t next, struct slice *record)
{
    struct buf *whole = &w->db->header;
    whole->n = 0;
    buf_add(whole, local);
    while (whole->n < size) {
        struct slice page;
        if (!rpmdb_take_page(w->db, next, &page))
            return false;
        uint64_t left = size - whole->n;
        next = get_be32(page.p);
        buf_add(whole, slice_of(page.p + 4, left < w->usable - 4 ? (size_t)left : w->usable - 4));
    }
    *record = buf_slice(whole);
    return true;
}

static void read_cell(struct walk *w, uint64_t number, struct slice cell)
{
    uint64_t size, id;
    struct slice record;
    if (!take_varint(&cell, &size) || !take_varint(&cell, &id)) {
        damaged(w, number, "has a row that breaks off");
        return;
    }
    if (!rpmdb_may_hold(w->db, id, size))
        return;
    size_t local = local_size(w->usable, size);
    if (cell.n < local || (local < size && cell.n < local + 4)) {
        damaged(w, number, "has a row that breaks off");
        return;
    }
    record = slice_of(cell.p, local);
    if (local < size && !collect(w, record, size, get_be32(cell.p + local), &record)) {
        scan_skip(w->db->out, w->db->path, true, "row %llu breaks off", (unsigned long long)id);
        return;
    }
    w->row(w, id, record);
}

// The walk takes every page once, and goes no deeper than SQLite.
static void walk_page(struct walk *w, uint64_t number, unsigned depth)
{
    struct slice page;
    if (depth > DEPTH_MOST) {
        damaged(w, number, "is deeper in a tree than SQLite goes");
        return;
    }
    if (!rpmdb_take_page(w->db, number, &page))
        return;
    page.n = w->usable;
    struct slice head = slice_from(page, number == 1 ? HEAD_SIZE : 0);
    unsigned type = (unsigned char)head.p[0];
    size_t head_size = type == INTERIOR ? INTERIOR_HEAD : LEAF_HEAD;
    size_t cells = get_be16(head.p + 3);
    if ((type != INTERIOR && type != LEAF) || cells > (head.n - head_size) / 2) {
        damaged(w, number, "is no page of a table");
        return;
    }
    for (size_t i = 0; i < cells; i++) {
        struct slice cell = slice_from(page, get_be16(head.p + head_size + 2 * i));
        if (type == LEAF)
            read_cell(w, number, cell);
        else if (cell.n >= 4)
            walk_page(w, get_be32(cell.p), depth + 1);
        else
            damaged(w, number, "leads out of itself");
    }
    if (type == INTERIOR)
        walk_page(w, get_be32(head.p + 8), depth + 1);
}

// ---- The database ---------------------------------------------------------------------------------------------------

static void take_schema_row(struct walk *w, uint64_t id, struct slice record)
{
    (void)id;
    uint64_t type;
    struct slice value;
    if (!column(record, SCHEMA_TYPE, &type, &value) || !is_text(type) || !slice_eq(value, SLICE("table")) ||
        !column(record, SCHEMA_NAME, &type, &value) || !is_text(type) || !slice_eq(value, SLICE("Packages")) ||
        !column(record, SCHEMA_ROOT, &type, &value))
        return;
    w->root = page_number(type, value);
}

static void take_package_row(struct walk *w, uint64_t id, struct slice record)
{
    uint64_t type;
    struct slice value;
    if (column(record, PACKAGES_BLOB, &type, &value) && is_blob(type))
        rpmdb_take(w->db, id, value);
    else
        scan_skip(w->db->out, w->db->path, true, "row %llu holds no header", (unsigned long long)id);
}

void rpmdb_sqlite_read(struct rpmdb *db)
{
    struct arena scratch ARENA_AUTO = {0};
    size_t page_size = get_be16(db->file.p + 16);
    page_size = page_size == 1 ? 65536 : page_size;
    struct walk w = {.db = db, .usable = page_size - (unsigned char)db->file.p[20], .row = take_schema_row};
    rpmdb_set_pages(db, &scratch, page_size, 1);
    if (get_be32(db->file.p + 28) > db->pages)
        scan_skip(db->out, db->path, true, "has %llu pages of the %u that it was written with",
                  (unsigned long long)db->pages, get_be32(db->file.p + 28));
    walk_page(&w, 1, 1);
    if (w.root == 0) {
        scan_skip(db->out, db->path, true, "has no table Packages");
        return;
    }
    w.row = take_package_row;
    walk_page(&w, w.root, 1);
}

// ---- The write-ahead log (4) ----------------------------------------------------------------------------------------

#define LOG_HEAD   ((size_t)32)
#define FRAME_HEAD ((size_t)24)

struct checksum {
    uint32_t a, b;
};

// Over pairs of numbers; the log's magic tells their byte order.
static void add_to_checksum(struct checksum *sum, struct slice bytes, bool big_endian)
{
    for (size_t i = 0; i + 8 <= bytes.n; i += 8) {
        const char *p = bytes.p + i;
        sum->a += (big_endian ? get_be32(p) : get_le32(p)) + sum->b;
        sum->b += (big_endian ? get_be32(p + 4) : get_le32(p + 4)) + sum->a;
    }
}

static bool is_checksum(const struct checksum *sum, const char *p)
{
    return sum->a == get_be32(p) && sum->b == get_be32(p + 4);
}

uint64_t rpmdb_sqlite_log_pages(struct slice log)
{
    if (log.n < LOG_HEAD || (get_be32(log.p) & ~1U) != 0x377f0682)
        return 0;
    bool big_endian = (get_be32(log.p) & 1) != 0;
    size_t page_size = get_be32(log.p + 8);
    struct slice salts = slice_of(log.p + 16, 8);
    struct checksum sum = {0};
    add_to_checksum(&sum, slice_of(log.p, 24), big_endian);
    if (page_size < 512 || page_size > 65536 || !is_checksum(&sum, log.p + 24))
        return 0;
    // Frames count as long as salts and checksums are right, up to the last one that ends a transaction.
    uint64_t frames = 0, committed = 0;
    for (log = slice_from(log, LOG_HEAD); log.n >= FRAME_HEAD + page_size; frames++) {
        if (!slice_eq(slice_of(log.p + 8, 8), salts))
            break;
        add_to_checksum(&sum, slice_of(log.p, 8), big_endian);
        add_to_checksum(&sum, slice_of(log.p + FRAME_HEAD, page_size), big_endian);
        if (!is_checksum(&sum, log.p + 16))
            break;
        if (get_be32(log.p + 4) != 0)
            committed = frames + 1;
        log = slice_from(log, FRAME_HEAD + page_size);
    }
    return committed;
}
