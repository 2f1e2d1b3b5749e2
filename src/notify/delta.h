// What a change of the feeds changes in the reports of all images that are known: exactly the difference of their
// findings before and after, found without making the reports.
//
// The same code judges as for reports: a report is made of the candidates alone, before and after, once for each
// context, and the two are compared.
#pragma once

#include "notify/affected.h"
#include "notify/notice.h"

struct delta {
    struct store *store;
    // The states of the feeds; `before` NULL: as if none had said anything, so that all there is counts as added.
    const struct generation *generation_before, *generation_after;
    struct report_segments *before, *after;
    int64_t now;
};

// What became of a flaw in a package, in all images with that package in that context: in those with one of the sets,
// or, where there are none, in those in which no other package owns it.
struct delta_change {
    enum notice_reason reason;
    const struct report *report; // `finding` is one of its: of that before for what was removed, else of that after
    const struct report_finding *finding;
    int64_t context, package;
    const int64_t *sets;
    size_t sets_n;
};

// Tells of each change. What is told of is valid until `tell` returns.
typedef bool delta_fn(void *context, const struct delta_change *change, struct error *err);
bool delta_tell(const struct delta *d, const struct affected *affected, delta_fn *tell, void *context,
                struct error *err);

// Tells of the images that a change concerns, each once.
bool delta_images(struct store *s, const struct delta_change *change, store_holding_fn *each, void *context,
                  struct error *err);
