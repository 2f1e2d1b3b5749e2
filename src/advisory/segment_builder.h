// Records on their way into a segment: between segment_build.c, which collects them, and segment_write.c.
#pragma once

#include "advisory/advisory.h"
#include "advisory/segment_notes.h"
#include "advisory/segment_texts.h"
#include "base/sorter.h"
#include "base/spool.h"

// All but the status are numbers of texts, or of a note. The order of the fields is that of the records, once sorted.
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
    const char *feed, *folder;
    struct arena arena;
    struct segment_texts texts;
    struct segment_notes notes;
    struct spool records; // struct record, as they came
    uint32_t *scopes;     // declared, as numbers of texts
    size_t scopes_n, scopes_cap;
    struct buf scratch;
};

// Traits of a record put together as one text, so that one number stands for them.
struct trait {
    struct slice severity, state, arch, module;
    bool of_source;
};
struct trait trait_of(struct slice text);

// Puts the texts in the order of their bytes, so that numbers compare as texts do, and renumbers the declared scopes,
// sorted and each once. Answers the records, renumbered and started, each once: to be freed; NULL on errors.
struct sorter *segment_builder_sort(struct segment_builder *b, struct error *err);
