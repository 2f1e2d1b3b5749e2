// Why manifests could not be indexed when that was last tried: what is remembered of failures, which are no results.
#pragma once

#include "base/digest.h"
#include "base/error.h"

struct failure;

struct failures {
    uint64_t most; // that are kept: the oldest goes for the newest
    // Private.
    struct failure *first; // the newest
};

void failures_free(struct failures *failures);

// NULL when nothing is known of it. Valid until the next call.
const struct error *failures_find(const struct failures *failures, const struct digest *manifest);

void failures_note(struct failures *failures, const struct digest *manifest, const struct error *why);

// False when there is none to forget.
bool failures_forget(struct failures *failures, const struct digest *manifest);
