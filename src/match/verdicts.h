// What was judged before: what was found in a package of one name and version, kept as long as its generation is used.
//
// Images have most of their packages in common, and judging one means reading all that its feed ever said of it, so a
// server that judges the second image from the same base finds nearly everything here. Bounded: when it is full it is
// emptied, and fills anew.
#pragma once

#include "match/report.h"

struct verdict_cache;
struct verdict_cache *verdict_cache_new(void); // never NULL
void verdict_cache_free(struct verdict_cache **c);

// What was said of all packages with the same key. Its text belongs to the cache.
struct judged {
    const struct report_statement *statements; // affected and undetermined
    size_t n;
};

// NULL when it was not judged yet. Valid until the next verdict_cache_put.
const struct judged *verdict_cache_get(struct verdict_cache *c, const struct matcher *matcher,
                                       const struct match_key *key);

// Keeps a copy. `key` must not be there yet.
void verdict_cache_put(struct verdict_cache *c, const struct matcher *matcher, const struct match_key *key,
                       const struct judged *judged);

// A copy whose text lives in the arena.
struct report_statement statement_dup(struct arena *a, const struct report_statement *statement);
