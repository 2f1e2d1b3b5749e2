// Which packages a change of the feeds that say more of CVEs may concern: the NVD's, whose scores decide how severe a
// finding is where its own feed does not say, and CISA's catalogue of what is exploited.
#pragma once

#include "notify/affected.h"

// Is it one of these feeds? EPSS, which rates every CVE anew each day, is none: nothing that is told of follows from
// it.
bool enriched_by(struct slice feed);

// As affected_by_update, for an update of such a feed: the packages of all records, of the feeds that packages are
// judged by, that speak of a CVE of which the update says something else. `g` has the segments of `change->after`.
bool affected_by_enrichment(struct store *s, const struct generation *g, const struct affected_change *change,
                            struct arena *a, struct affected *out, struct error *err);
