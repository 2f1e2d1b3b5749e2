// What report.c and explain.c share: the segments of a generation, and going through an inventory source by source.
#pragma once

#include "match/report.h"
#include "match/verdicts.h"

// The segment of a feed, opened when first asked for. NULL, without an error text, when the generation has none; NULL
// with one when it cannot be opened.
struct segment *report_segment(struct report_segments *s, const char *feed, struct slice *error);

// What was judged by this generation before.
struct verdict_cache *report_verdicts(struct report_segments *s);

// A feed's place in the generation; NULL when it has none.
const struct feed_state *report_feed_state(const struct report_segments *s, const char *feed);

// Fills out->repositories and out->published. Fails only when a segment breaks off while it is read.
bool report_repositories(const struct inventory *inventory, struct report_segments *segments, struct arena *a,
                         struct report *out, struct error *err);

// Who judges the packages of one kind in one image.
struct judge {
    struct slice kind;
    const struct matcher *matcher; // NULL: nobody
    struct slice scopes[MATCH_SCOPES];
    size_t scopes_n;
    struct segment *segment;
    bool able;               // its packages can be judged; otherwise:
    struct slice obstacle;   // why not, for people
    struct report_feed feed; // with a matcher whose scopes are known
};

// The packages of an inventory that were built from one source.
struct source_group {
    const struct judge *judge;
    struct slice source;
    const size_t *packages; // indexes into inventory.packages, those of one source version next to each other
    size_t n;
    struct arena *arena;
    bool looked_up;           // the records are there:
    struct advisory *records; // ordered by vulnerability
    size_t records_n;
};

// Looks the source's records up, unless that was done; none when the judge is not able. `brief`: without the texts that
// segment_describe adds.
bool source_records(struct source_group *group, bool brief, struct error *err);

// Calls `each` for every source among the packages of `image`, in a fixed order. Fails when a segment cannot be read to
// its end, or `each` fails.
typedef bool source_group_fn(void *context, struct source_group *group, struct error *err);
bool for_each_source(struct stored_image *image, struct report_segments *segments, int64_t now, struct arena *a,
                     source_group_fn *each, void *context, struct error *err);

// What a package is looked up and judged by.
struct match_key judge_key(const struct judge *judge, const struct package *package);

// How many of the records from `first` on speak of the same vulnerability.
size_t records_of_one(const struct advisory *records, size_t n, size_t first);
