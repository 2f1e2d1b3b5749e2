// The packed records of one package in one scope.
//
// Numbers are LEB128: seven bits a byte, the lowest first, the top bit set on all but the last. A block is the number
// of its records, then for each, in the order of the vulnerabilities' names:
//
//   vulnerability   how many bytes it shares with the start of the name before, how many follow, those
//   status          trait id × 16 + 8 with an introduced version + status
//   introduced      only when there is one: as the vulnerability, against the introduced version before
//   bound           only where the status has one: as the vulnerability, against the bound before
//   note            its id minus the one before, zigzag: 0, -1, 1, -2, … as 0, 1, 2, 3, …
//
// A list of ids is their number, then the first, then each one's distance from the one before.
#pragma once

#include "advisory/advisory.h"
#include "base/buf.h"

// What one block may unpack to, so that a look-up has a bound, whoever made the segment: the bytes of its names and
// versions, and this much for each record. The largest of Debian comes to half a MiB.
#define BLOCK_MOST_BYTES   (64 * MIB)
#define BLOCK_RECORD_BYTES 64

struct packed_record {
    struct slice vulnerability, introduced, bound; // valid until the next record is read
    enum advisory_status status;
    uint32_t trait, note; // ids
};

// Packing: the texts of one record must live until the next has been added.
struct block_writer {
    struct buf body;
    size_t n;
    uint64_t unpacked; // bytes, of BLOCK_MOST_BYTES
    struct packed_record last;
};

// False, with nothing added, when the block would unpack to more than BLOCK_MOST_BYTES.
bool block_add(struct block_writer *w, const struct packed_record *record);

// Appends the whole block to `out` and makes ready for the next one.
void block_end(struct block_writer *w, struct buf *out);

void block_writer_free(struct block_writer *w);

// Unpacking foreign bytes. All zero but for `rest`; buffers are inside.
struct block_reader {
    struct slice rest;
    uint64_t left;     // records
    uint64_t unpacked; // bytes, of BLOCK_MOST_BYTES
    uint64_t note;
    struct block_text {
        size_t n;
        char text[ADVISORY_FIELD_BYTES];
    } name, introduced, bound; // the last ones read
};

// False for a block that cannot hold as many records as it says.
bool block_start(struct block_reader *r, struct slice block);

// False when the block is damaged; only to be called while `left` is not 0.
bool block_next(struct block_reader *r, struct packed_record *record);

// A list of ascending ids. Reading: `id` is 0 before the first, and then the one before.
void ids_write(struct buf *out, const uint32_t *ids, size_t n);
bool ids_start(struct slice *list, uint64_t *n);
bool ids_next(struct slice *list, uint32_t *id);
