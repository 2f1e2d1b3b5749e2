// The notes of a segment that is being made: the long texts of its records, each kept once, in a spool.
#pragma once

#include "advisory/advisory.h"
#include "base/spool.h"

struct note {
    struct slice links, aliases, advisories, cvss, description;
};

struct segment_notes {
    struct spool spool;
    struct kept_note {
        uint64_t hash, offset;
        uint32_t n;
    } * v; // by number - 1
    size_t n, cap;
    uint32_t *slots; // by hash: 0 is free, else the number
    size_t slots_n;
    struct buf last; // the note that was added or met last, packed
    uint32_t last_number;
    struct buf packed, room;
};

// `folder` as for spool_new.
void segment_notes_init(struct segment_notes *notes, const char *folder);
void segment_notes_free(struct segment_notes *notes);

// The number of a record's note, 0 when it has none.
bool segment_note_number(struct segment_notes *notes, const struct advisory *record, uint32_t *number,
                         struct error *err);

// A note. It is valid until the next call.
bool segment_note_read(struct segment_notes *notes, uint32_t number, struct note *note, struct error *err);

// Compares two notes by what they say, for an order that does not depend on when they came.
int segment_notes_compare(struct segment_notes *notes, uint32_t a, uint32_t b);
