// What is known of a flaw whatever it is found in: the NVD's CVSS scores and weaknesses, EPSS, and CISA's catalogue of
// those that are exploited.
#pragma once

#include "match/report.h"

// What was looked up before, kept as long as its generation is used. Bounded: when it is full it is emptied.
struct enrichment_cache;
struct enrichment_cache *enrichment_cache_new(void); // never NULL
void enrichment_cache_free(struct enrichment_cache **c);

// Adds to all findings of a report what the feeds know of their CVEs, and the ratings that their own records give; and
// to the coverage what these feeds are good for. Fails only when a segment breaks off while it is read.
bool enrich_report(struct report_segments *segments, int64_t now, struct arena *a, struct report *out,
                   struct error *err);
