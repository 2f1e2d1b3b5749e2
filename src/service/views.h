// Connections to the store for the threads that answer, each with the generation in force, its open segments,
// and the VEX documents that are obeyed.
#pragma once

#include "match/report.h"
#include "store/store.h"

struct view {
    struct store store;
    struct generation generation; // id.n == 0: no feed was ever loaded
    struct report_segments *segments;
    struct triage triage;       // the VEX documents of the store, which reports obey
    struct digest vex;          // of these documents
    struct digest vex_mark;     // store_vex_mark of what was read
    bool vex_settled, vex_read; // the mark tells of any change; there is one
    struct arena arena;         // of the generation
    int64_t version;            // of the database when the generation was read
    unsigned used;
    struct slice missing; // feeds whose segments could not be had, each followed by a blank
    double again;         // when they are tried again, on the monotonic clock; 0: not before the next generation
    struct view *next;
};

struct views;

// `home` (of the store), the limits, and the timings of all that is asked of the store, must live as long. Costs
// nothing until one is taken.
struct views *views_new(struct store_home *home, const struct limits *limits, struct db_timings *timings);
void views_free(struct views **views); // all must have been given back; NULL is fine

// One for this thread alone, with the generation that is in force now; a thread that has one keeps to that generation
// until it gives it back. NULL with an error when the store cannot be read.
struct view *views_take(struct views *views, struct error *err);
void views_give(struct views *views, struct view *view);

// Closes those that nobody has: for when none will be asked for soon. The next to be taken is opened anew.
void views_rest(struct views *views);
