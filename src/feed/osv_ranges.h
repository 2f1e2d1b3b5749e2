// Ranges of versions, as OSV tells them by events.
#pragma once

#include "advisory/advisory.h"
#include "base/json.h"
#include "version/version.h"

// The versions from `introduced` on (empty: from the first) up to a bound, as in struct advisory.
struct osv_range {
    struct slice introduced;
    enum advisory_status status; // ADVISORY_AFFECTED, ADVISORY_FIXED or ADVISORY_LAST_AFFECTED
    struct slice bound;
};

typedef VEC(struct osv_range) osv_range_vec;

// Appends the ranges that the events of one element of "ranges" amount to, by the order of the scheme. Their texts are
// the document's, or in the arena: with an `epoch`, that stands in front of versions without one. NULL, or why there
// are none: a literal, for people.
const char *osv_read_events(struct arena *a, yyjson_val *events, const struct version_scheme *scheme,
                            struct slice epoch, osv_range_vec *out);

// Does one of the ranges hold the version?
bool osv_ranges_hold(const osv_range_vec *ranges, const struct version_scheme *scheme, struct slice version);
