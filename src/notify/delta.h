// What a change of the feeds changes in the reports of all images that are known: exactly the difference of their
// findings before and after, found without making the reports.
//
// The same code judges as for reports: a report is made of the candidates alone, before and after, once for each
// context, and the two are compared. Where VEX documents speak of a flaw, each image is asked, since they may name it.
#pragma once

#include "notify/affected.h"
#include "notify/notice.h"

struct delta {
    struct store *store;
    // The states of the feeds; `before` NULL: as if none had said anything, so that all there is counts as added.
    const struct generation *generation_before, *generation_after;
    struct report_segments *before, *after;
    int64_t now;
    struct triage *triage; // VEX documents that are obeyed, before and after; NULL: none are
    // What of a report that was made is not to be told of; NULL: nothing.
    void (*restrict_report)(const void *context, struct report *report);
    // How the report on packages in a context is made: NULL, as the report of an image by `after`.
    bool (*make)(const void *context, struct stored_image *image, struct arena *a, struct report *out,
                 struct error *err);
    const void *context; // of both
    struct arena *kept;  // what is told of lives there; NULL: until `tell` returns
};

// A flaw in a package of which VEX documents speak: what is said of it before and after (NULL: it is not found), from
// which it follows for each image what became of it.
struct delta_pair {
    struct triage *triage;
    enum triage_scope scope;
    const struct report *report_before, *report_after;
    const struct report_finding *before, *after;
};

// What became of a flaw in a package, in all images with that package in that context: in those with one of the sets,
// or, where there are none, in those in which no other package owns it.
struct delta_change {
    enum notice_reason reason;
    const struct report *report; // `finding` is one of its: of that before for what was removed, else of that after
    const struct report_finding *finding;
    const struct report_finding *former; // of what changed: as it was before; else NULL
    int64_t context, package;
    const int64_t *sets;
    size_t sets_n;
    const struct delta_pair *pair; // not NULL: only in those images of which that follows from it
};

// Tells of each change. What is told of is valid until `tell` returns.
typedef bool delta_fn(void *context, const struct delta_change *change, struct error *err);
bool delta_tell(const struct delta *d, const struct affected *affected, delta_fn *tell, void *context,
                struct error *err);

// Tells of the images that a change concerns, each once.
bool delta_images(struct store *s, const struct delta_change *change, store_holding_fn *each, void *context,
                  struct error *err);

// What a change is to one of the images with that package in that context.
struct delta_standing {
    bool told;                       // it concerns the image
    bool suppressed;                 // the flaw is found after, but VEX documents say that it is none there:
    struct report_decision decision; // so
};
bool delta_image(struct store *s, const struct delta_change *change, int64_t image, struct delta_standing *out,
                 struct error *err);
