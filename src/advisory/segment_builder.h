// Records on their way into a segment: between segment_build.c, which collects and sorts them, and segment_write.c.
#pragma once

#include "advisory/advisory.h"
#include "base/buf.h"

// Ids of a segment have 31 bits, so that two of them make one key (segment_format.h).
#define SEGMENT_MOST_TEXTS 0x7ffffff0u

// All but the status are numbers of texts. The order of the fields is that of the records, once sorted.
enum record_field {
    RECORD_PACKAGE,
    RECORD_SCOPE,
    RECORD_VULNERABILITY,
    RECORD_INTRODUCED,
    RECORD_BOUND,
    RECORD_STATUS,
    RECORD_TRAIT,
    RECORD_NOTE,
    RECORD_FIELDS
};

struct record {
    uint32_t field[RECORD_FIELDS];
};

struct segment_builder {
    const char *feed;
    struct arena arena;
    VEC(struct slice) texts; // each once; text 0 is the empty one
    uint32_t *slots;         // of texts by hash: 0 is free, else the text's number plus one
    size_t slots_n;
    struct record *records;
    size_t records_n, records_cap;
    uint32_t *scopes;
    size_t scopes_n, scopes_cap;
    struct buf scratch;
};

// Texts of a record put together as one, so that one number stands for them.
struct trait {
    struct slice severity, state, arch, module;
    bool of_source;
};
struct trait trait_of(struct slice text);

struct note {
    struct slice links, aliases, advisories, cvss, description;
};
struct note note_of(struct slice text);

// Renumbers the texts in the order of their bytes, sorts records and scopes, and drops what is there twice.
void segment_builder_sort(struct segment_builder *b);
