// Ranges of versions, as records and the feeds that become records tell them.
#pragma once

#include "advisory/advisory.h"
#include "version/version.h"

// The versions from `introduced` on (empty: from the first) up to a bound, as in struct advisory.
struct advisory_range {
    struct slice introduced;
    enum advisory_status status;
    struct slice bound;
};

typedef VEC(struct advisory_range) advisory_range_vec;

static inline struct advisory_range advisory_range_of(const struct advisory *record)
{
    return (struct advisory_range){record->introduced, record->status, record->bound};
}

// Is the version within the range, by the order of the scheme? Never within one of ADVISORY_NOT_AFFECTED or
// ADVISORY_UNDETERMINED, which is none.
bool advisory_range_holds(struct advisory_range range, const struct version_scheme *scheme, struct slice version);
