// Which images have a flaw, answered from the store alone: with the same code that finds what an update changes, as if
// all that is said of the flaw were new.
#pragma once

#include "notify/delta.h"
#include "store/where_store.h"

// One image with it. Valid in the callback.
struct where {
    const struct store_place *place;
    const struct report_finding *finding;
    const struct report_decision *suppressed; // by a VEX document: its report does not show it; NULL: it does
};
typedef bool where_fn(void *context, const struct where *where, struct error *err);

struct where_question {
    struct slice asked;
    struct store *store;
    const struct generation *generation;
    struct report_segments *segments;
    int64_t now;
    struct triage *triage; // VEX documents that are obeyed; NULL: none are
    // What reports leave out; NULL: nothing.
    void (*restrict_report)(const void *context, struct report *report);
    const void *context;
};

// What the feeds say of the vulnerability asked for: the records of its id and, in the feeds of languages, of an alias,
// each by its feed, scope and package, some perhaps more than once. Text lives in the arena.
typedef VEC(struct affected_record) where_records;
bool where_find_records(const struct where_question *question, struct arena *a, where_records *out, struct error *err);

// Tells of the images that have the vulnerability (its id or, in the feeds of languages, an alias, in letters of either
// case), in no order. `*known`: some feed has a record of it.
bool where_vulnerability(const struct where_question *question, where_fn *each, void *context, bool *known,
                         struct error *err);
