// The records of pax extended headers that say something of a member's name and contents.
//
// Formats: POSIX.1-2017, pax, "pax Extended Header"; GNU tar manual, "Storing Sparse Files".
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

// A record with an empty value takes away what the header block, or a global record, says.
enum pax_state { PAX_ABSENT, PAX_VALUE, PAX_REMOVED };

struct pax_text {
    enum pax_state state;
    struct buf text;
};

struct pax_number {
    enum pax_state state;
    uint64_t value;
};

// All zero is empty. The texts are its own.
struct tar_pax {
    struct pax_text path, linkpath;
    struct pax_number size;
    struct pax_text sparse_name;                    // GNU.sparse.name
    struct pax_number sparse_size, sparse_realsize; // of the file with its holes: formats 0.x and 1.0
    struct pax_number sparse_major, sparse_minor;   //
    struct pax_text
        sparse_map; // "offset,length,offset,length,…": format 0.1, or 0.0's pairs of records brought together
};

// Takes the records of one extended header. ERR_FORMAT: false lengths, numbers out of range, NULs in names.
bool tar_pax_take(struct tar_pax *pax, struct slice records, struct error *err);

void tar_pax_clear(struct tar_pax *pax); // empty, with its memory kept for the next
void tar_pax_free(struct tar_pax *pax);

// What a member's own header says, else what the global one says; NULL when neither does.
const struct buf *pax_text_of(const struct pax_text *own, const struct pax_text *global);
const uint64_t *pax_number_of(const struct pax_number *own, const struct pax_number *global);
