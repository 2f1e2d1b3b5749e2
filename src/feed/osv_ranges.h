// Ranges of versions, as OSV tells them by events.
#pragma once

#include "advisory/range.h"
#include "base/json.h"

// Appends the ranges that the events of one element of "ranges" amount to, by the order of the scheme. Their texts are
// the document's, or in the arena: with an `epoch`, that stands in front of versions without one. NULL, or why there
// are none: a literal, for people.
const char *osv_read_events(struct arena *a, yyjson_val *events, const struct version_scheme *scheme,
                            struct slice epoch, advisory_range_vec *out);

// Does one of the ranges hold the version?
bool osv_ranges_hold(const advisory_range_vec *ranges, const struct version_scheme *scheme, struct slice version);
