// Which images have a flaw, answered from the store alone: with the same code that finds what an update changes, as if
// all that is said of the flaw were new.
#pragma once

#include "notify/delta.h"
#include "store/where_store.h"

// One image with it. Valid in the callback.
struct where {
    const struct store_place *place;
    const struct report_finding *finding;
};
typedef bool where_fn(void *context, const struct where *where, struct error *err);

// Tells of the images that have the vulnerability (its id or, in the feeds of languages, an alias), in no order.
// `*known`: some feed has a record of it.
bool where_vulnerability(struct store *s, const struct generation *g, struct report_segments *segments,
                         struct slice vulnerability, int64_t now, where_fn *each, void *context, bool *known,
                         struct error *err);
