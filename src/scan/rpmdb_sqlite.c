// rpm's database in SQLite, rpmdb.sqlite: the table Packages (hnum INTEGER PRIMARY KEY, blob BLOB); and the write-ahead
// log beside it.
//
// Format: rpm, lib/backend/sqlite.cc; for the log "Database File Format" of sqlite.org (fileformat2.html), section 4.
#include "scan/rpmdb.h"
#include "scan/sqlite_file.h"

#include "base/bytes.h"

enum { PACKAGES_NUMBER, PACKAGES_BLOB };

bool rpmdb_sqlite_opens(struct slice file, struct error *err)
{
    return sqlite_file_opens(file, err);
}

static bool may_hold(void *context, uint64_t id, uint64_t size)
{
    return rpmdb_may_hold(context, id, size);
}

static void take_row(void *context, uint64_t id, struct slice record)
{
    struct rpmdb *db = context;
    struct slice header;
    if (sqlite_blob(record, PACKAGES_BLOB, &header))
        rpmdb_take(db, id, header);
    else
        scan_skip(db->out, db->path, true, "row %llu holds no header", (unsigned long long)id);
}

void rpmdb_sqlite_read(struct rpmdb *db)
{
    struct arena scratch ARENA_AUTO = {0};
    struct scan_file whole = {.path = db->path, .content = db->file};
    struct sqlite_table packages = {.name = "Packages"};
    struct sqlite_file file SQLITE_FILE_AUTO;
    sqlite_file_open(&file, &whole, db->out, true, &scratch);
    file.admits = may_hold;
    file.context = db;
    sqlite_find_tables(&file, &scratch, &packages, 1);
    if (packages.root != 0)
        sqlite_walk(&file, packages.root, take_row, db);
    else
        scan_skip(db->out, db->path, true, "has no table Packages");
}

// ---- The write-ahead log --------------------------------------------------------------------------------------------

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
