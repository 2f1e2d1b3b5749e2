// What report.c and explain.c share: the segments of a generation, and going through an inventory source by source.
#pragma once

#include "match/report.h"
#include "match/verdicts.h"

// The segment of a feed, opened when first asked for. NULL, without an error text, when the generation has none; NULL
// with one when it cannot be opened.
struct segment *report_segment(struct report_segments *s, const char *feed, struct slice *error);

// What was judged by this generation before.
struct verdict_cache *report_verdicts(struct report_segments *s);

// What was looked up in its enrichment feeds before.
struct enrichment_cache *report_enrichments(struct report_segments *s);

// What a feed is good for, and its segment; NULL when it has none, or it cannot be opened.
struct report_feed report_feed_condition(struct report_segments *s, const char *feed, int64_t now, struct arena *a,
                                         struct segment **segment);

// A feed's place in the generation; NULL when it has none.
const struct feed_state *report_feed_state(const struct report_segments *s, const char *feed);

// Fills out->repositories and out->published. Fails only when a segment breaks off while it is read.
bool report_repositories(const struct inventory *inventory, struct report_segments *segments, struct arena *a,
                         struct report *out, struct error *err);

// What a report tells of its image, once the repositories are there.
struct match_image match_image_of(const struct report *report, struct arena *a);

// Who judges the packages of one kind in one image.
struct judge {
    struct slice kind;
    const struct matcher *matcher; // NULL: nobody
    const char *feed_name;         // the matcher's that is asked
    scope_vec scopes;
    struct segment *segment;
    bool able;               // its packages can be judged; otherwise:
    struct slice obstacle;   // why not, for people
    struct report_feed feed; // with a matcher whose scopes are known
};

// A package, and what it is looked up and judged by.
struct keyed_package {
    size_t package; // index into inventory.packages
    struct match_key key;
};

// The packages of an inventory that are looked up by the same names.
struct package_group {
    const struct judge *judge;
    const struct keyed_package *packages; // those with the same key next to each other
    size_t n;
    struct arena *arena;
    bool looked_up;           // the records are there:
    struct advisory *records; // ordered by vulnerability
    size_t records_n;
};

// Finds out who judges packages of `kind` in an image. Everything lives in the arena.
void judge_appoint(struct judge *judge, const struct match_image *image, struct slice kind,
                   struct report_segments *segments, int64_t now, struct arena *a);

// Can packages with this key be judged? `obstacle` is why not, for people.
bool can_judge(const struct judge *judge, const struct match_key *key, struct slice *obstacle);

// Looks the records of the group's names up, unless that was done; none when the judge is not able. `brief`: without
// the texts that segment_describe adds.
bool group_records(struct package_group *group, bool brief, struct error *err);

// Are these two judged alike?
bool same_key(const struct match_key *a, const struct match_key *b);

// What a package is looked up and judged by.
struct match_key judge_key_of(const struct judge *judge, const struct match_package *package, struct arena *a);

// Calls `each` for every group among the packages of the report's image, in a fixed order. The report's repositories
// and names of containers must be there. Fails when a segment cannot be read to its end, or `each` fails.
typedef bool package_group_fn(void *context, struct package_group *group, struct error *err);
bool for_each_group(const struct report *report, struct report_segments *segments, int64_t now, struct arena *a,
                    package_group_fn *each, void *context, struct error *err);

// One verdict on all records of a vulnerability, by the matcher's own judgement or by ranges.
void judge_records(const struct judge *judge, struct arena *a, const struct match_key *key,
                   const struct advisory *records, size_t n, bool explain, struct verdict *out);

// Makes one finding of those of a package that speak of one flaw, as their aliases tell. Answers how many are left.
size_t merge_aliases(struct arena *a, struct report_finding *findings, size_t n);

// How many of the records from `first` on speak of the same vulnerability.
size_t records_of_one(const struct advisory *records, size_t n, size_t first);

// Is this id, in letters of either case, one of the vulnerability's: its own, or among the aliases?
bool has_id(struct slice vulnerability, struct slice aliases, struct slice id);

// All of them, blank-separated.
struct slice all_ids(struct arena *a, struct slice vulnerability, struct slice aliases);

// ---- packages of languages that the distribution ships (owned.c) ----------------------------------------------------

bool ask_distribution(const struct report *report, struct report_segments *segments, int64_t now,
                      struct owned_question *questions, size_t n, bool explain, struct arena *a, struct error *err);

// Takes those findings in packages of languages out of which the distribution that shipped them says something.
bool yield_to_distribution(struct report *report, struct report_segments *segments, int64_t now, struct arena *a,
                           struct error *err);
