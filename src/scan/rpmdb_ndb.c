// rpm's database in its own container NDB, Packages.db: slots that tell where each header stands.
//
// Format: rpm, lib/backend/ndb/rpmpkg.c (4.20); all numbers little-endian. The file counts in blocks of 16 bytes: first
// pages of slots, the first two of which are the file's head, then the headers, each between a head and a tail.
#include "scan/rpmdb.h"

#include "base/bytes.h"

#include <isa-l/igzip_lib.h>

#define BLOCK     ((size_t)16)
#define PAGE      ((size_t)4096)
#define FILE_HEAD ((size_t)32)
#define BLOB_HEAD ((size_t)16)
#define BLOB_TAIL ((size_t)12)

struct slot {
    uint32_t package, block, blocks;
};

bool rpmdb_ndb_opens(struct slice file, struct error *err)
{
    if (file.n < FILE_HEAD || !slice_starts(file, SLICE("RpmP")))
        return error_set(err, ERR_FORMAT, "is no NDB database");
    uint32_t version = get_le32(file.p + 4);
    if (version != 0)
        return error_set(err, ERR_UNSUPPORTED, "is an NDB database of version %u; only version 0 is known", version);
    return true;
}

// The header that a slot leads to, or why there is none.
static bool find_blob(const struct rpmdb *db, const struct slot *slot, struct slice *header, struct error *err)
{
    uint64_t start = (uint64_t)slot->block * BLOCK, size = (uint64_t)slot->blocks * BLOCK;
    if (start > db->file.n || size > db->file.n - start)
        return error_set(err, ERR_FORMAT, "stands behind the file's end");
    struct slice blob = slice_of(db->file.p + start, size);
    if (blob.n < BLOB_HEAD + BLOB_TAIL || !slice_starts(blob, SLICE("BlbS")) || get_le32(blob.p + 4) != slot->package)
        return error_set(err, ERR_FORMAT, "is not where its slot says");
    uint64_t length = get_le32(blob.p + 12);
    if (BLOB_HEAD + length + BLOB_TAIL > blob.n || blob.n - (BLOB_HEAD + length + BLOB_TAIL) >= BLOCK)
        return error_set(err, ERR_FORMAT, "is of another size than its slot says");
    // The tail ends the last block. The checksum is over all that stands before it, with the zeros that fill up.
    const char *tail = blob.p + blob.n - BLOB_TAIL;
    uint32_t sum = isal_adler32(1, (const unsigned char *)blob.p, blob.n - BLOB_TAIL);
    if (get_le32(tail) != sum || get_le32(tail + 4) != length || get_le32(tail + 8) != get_le32("BlbE"))
        return error_set(err, ERR_FORMAT, "has another checksum than it was written with");
    *header = slice_of(blob.p + BLOB_HEAD, length);
    return true;
}

// False when there is no slot.
static bool read_slot(struct rpmdb *db, const char *p)
{
    struct slot slot = {get_le32(p + 4), get_le32(p + 8), get_le32(p + 12)};
    struct slice header;
    struct error why;
    if (!slice_eq(slice_of(p, 4), SLICE("Slot")))
        return false;
    // Block 0 is where slots stand: one that leads there is free.
    if (slot.block == 0 || !rpmdb_may_hold(db, slot.package, (uint64_t)slot.blocks * BLOCK))
        return true;
    if (find_blob(db, &slot, &header, &why))
        rpmdb_take(db, slot.package, header);
    else
        scan_skip(db->out, db->path, true, "header %u %s", slot.package, why.text);
    return true;
}

void rpmdb_ndb_read(struct rpmdb *db)
{
    uint64_t slots = (uint64_t)get_le32(db->file.p + 12) * PAGE;
    if (slots > db->file.n) {
        scan_skip(db->out, db->path, true, "has %zu bytes, fewer than the %llu of its slots", db->file.n,
                  (unsigned long long)slots);
        slots = db->file.n;
    } else if (slots == 0 || slice_starts(slice_from(db->file, slots), SLICE("Slot"))) {
        scan_skip(db->out, db->path, true, "has slots beyond the %llu bytes that its head has for them",
                  (unsigned long long)slots);
    }
    size_t damaged = 0, first = 0;
    for (size_t at = FILE_HEAD; at + BLOCK <= slots; at += BLOCK) {
        if (read_slot(db, db->file.p + at))
            continue;
        first = damaged == 0 ? at : first;
        damaged++;
    }
    if (damaged != 0)
        scan_skip(db->out, db->path, true, "%zu of its slots are damaged, the first at byte %zu", damaged, first);
}
