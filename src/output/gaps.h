// What a report does not know, in the order of its weight: for the outputs that have a place for messages. No output
// may make what was not judged, or not read, look clean.
#pragma once

#include "output/output.h"

enum gap_level {
    GAP_ERROR,   // the report is incomplete, or says nothing
    GAP_WARNING, // something of the image was not judged, or by old data
    GAP_NOTE,    // something was passed over that need not hold a package, or is told elsewhere
};

struct gap {
    enum gap_level level;
    const char *id;           // "not-judged": one of gap_kinds
    struct slice text;        // a sentence for people; foreign words in it are as they came
    struct slice layer, path; // where in the image, where that is known
};

struct gaps {
    struct gap *v;
    size_t n, cap;
};

struct gap_kind {
    const char *id, *title, *next; // next: what to do about it
};
extern const struct gap_kind gap_kinds[]; // ends with one that has no id

// In the arena. What the options leave out is one of them.
struct gaps report_gaps(const struct report *report, const struct output_options *options, struct arena *a);

// Was all of the image read, and judged by any data at all?
bool report_is_whole(const struct report *report);
