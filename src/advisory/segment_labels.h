// Of a segment's long texts those that decide: by its other ids a finding is one with others or not, and yields to the
// distribution or not; by scores it is severe. Read at once for all records, since comparing two segments wants them of
// each.
#pragma once

#include "advisory/advisory.h"

struct segment_label {
    struct slice aliases, cvss;
};

typedef VEC(struct segment_label) segment_labels; // by note - 1

// Text lives in the arena. ERR_FORMAT for a segment that is damaged, as segment_describe.
bool segment_labels_read(struct segment *s, struct arena *a, segment_labels *out, struct error *err);

// Gives a record of the segment its aliases and scores.
bool segment_label(const struct segment *s, const segment_labels *labels, struct advisory *record, struct error *err);

// Goes through all records, block by block (segment_walk), each with its aliases and scores. A record lives until the
// end of its block. `each` answers false when it wants no more of this block, whose records are all of one package and
// scope.
typedef bool segment_labelled_fn(void *context, const struct advisory *record);
bool segment_walk_labelled(struct segment *s, const segment_labels *labels, segment_labelled_fn *each, void *context,
                           struct error *err);
