// A vulnerability report: an inventory judged by a generation. Plain data; outputs turn it into bytes.
#pragma once

#include "advisory/advisory.h"
#include "enrich/cvss.h"
#include "match/code.h"
#include "match/ignore.h"
#include "match/matcher.h"
#include "store/store.h"
#include "vex/vex.h"

// What one feed says of one package: the record that decided, with its long texts.
struct report_statement {
    const struct matcher *matcher;
    const char *feed;
    struct advisory record;
    struct slice fixed_in;
    bool undetermined; // the feed does not know yet; else affected
};

// What others say of a finding: a VEX statement, or a rule of our own people. Both may be there: a statement that does
// not suppress it, and a rule that does.
struct report_decision {
    const struct vex_statement *statement; // the latest that covers the finding; NULL: none
    const struct vex_product *product;     // of the statement, that covers it
    const struct ignore_rule *rule;        // NULL: none
};

// A CVSS vector that somebody gave to a flaw, and what it stands for.
struct report_rating {
    struct slice source; // the feed that has it: "nvd"
    struct slice by;     // who gave it, where the feed names somebody: "nvd@nist.gov"
    bool secondary;      // the NVD has it from somebody else
    struct slice vector;
    enum cvss_version version;
    int score; // tenths
    enum severity severity;
};

// How likely a flaw is to be exploited within thirty days: FIRST's EPSS, in millionths.
struct report_epss {
    uint32_t probability, percentile;
    struct slice date, model; // of the scores: "2026-08-22T00:00:00+0000", "v2025.03.14"
};

// CISA's entry of a flaw that is known to be exploited, in its own words.
struct report_exploited {
    struct slice added, due; // dates
    struct slice ransomware; // "Known" or "Unknown": whether campaigns use it
    struct slice name, description, action;
    struct slice catalog; // its version
};

// What the enrichment feeds know of one CVE.
struct enrichment {
    struct slice cve;
    struct report_rating *ratings; // the NVD's: its own first, newer versions before older ones
    size_t ratings_n;
    struct slice weaknesses; // "CWE-79", blank-separated
    bool has_epss, is_exploited;
    struct report_epss epss;
    struct report_exploited exploited;
};

// One flaw in one package. Feeds may call it by several names: then there is a statement of each.
struct report_finding {
    size_t package;                      // index into inventory.packages
    struct report_statement *statements; // at least one; the first is the one that the finding goes by
    size_t statements_n;
    struct slice vulnerability; // its CVE where it has one
    struct slice aliases;       // other ids of the same flaw, blank-separated
    struct slice fixed_in;
    struct slice links;
    struct package_code code; // whether the package carries the code that has the flaw
    struct report_decision decision;

    const struct enrichment *enrichments; // of its CVEs
    size_t enrichments_n;
    const struct report_rating *ratings; // the records' own, then those of the enrichments
    size_t ratings_n;

    // As report_choose_severity has it.
    enum severity severity;
    struct slice severity_source;       // the feed that it is from; empty when nobody says
    const struct report_rating *rating; // the one that counts; NULL: none
};

// A VEX statement about a vulnerability of the image that covers none of its findings, and why.
struct report_unapplied {
    const struct vex_statement *statement;
    struct slice why; // for people
};

// The likeliest to be exploited of its CVEs, and the first that is known to be; NULL when there is none.
const struct report_epss *finding_epss(const struct report_finding *finding);
const struct report_exploited *finding_exploited(const struct report_finding *finding);

// A repository that packages of the image came from, and what the vendor's mapping says of it.
struct report_repository {
    const struct inventory_repository *repository;
    struct slice *cpes;
    size_t cpes_n;
};

// A name under which a package of kind "container" is published.
struct report_published {
    size_t package; // index into inventory.packages
    struct slice name;
};

enum coverage_distribution { COVERAGE_RECOGNISED, COVERAGE_UNKNOWN, COVERAGE_END_OF_LIFE };

enum feed_condition { FEED_LOADED, FEED_STALE, FEED_MISSING, FEED_IN_ERROR };
const char *feed_condition_name(enum feed_condition c); // "loaded", "stale", "missing", "failed"

struct report_feed {
    struct slice feed;
    enum feed_condition state;
    int64_t updated; // 0 never
    uint64_t records;
    struct slice error;
};

enum { ENRICHING_NVD, ENRICHING_EPSS, ENRICHING_KEV, ENRICHING_FEEDS };

struct report_unmatched {
    struct slice kind;
    size_t packages;
    struct slice reason; // for people
};

struct report_layer {
    struct stored_layer layer;
    bool now; // read in this run; false: its findings were in the store
};

struct report {
    struct stored_image *image; // with the inventory
    struct report_layer *layers;
    size_t layers_n;

    struct report_finding *findings; // ordered by severity (worst first), vulnerability, package
    size_t findings_n, findings_cap;
    struct report_finding *undetermined;
    size_t undetermined_n, undetermined_cap;

    struct report_finding *suppressed; // affected or undetermined, and not to be shown; in the same order
    size_t suppressed_n, suppressed_cap;
    struct report_unapplied *unapplied; // ordered as the documents and their statements
    size_t unapplied_n, unapplied_cap;
    size_t decided_by_distribution; // findings in packages of languages that gave way to the distribution's word

    struct report_repository *repositories;
    size_t repositories_n;
    struct report_published *published; // ordered by package
    size_t published_n, published_cap;

    enum coverage_distribution coverage;
    struct slice end_of_life; // date, with COVERAGE_END_OF_LIFE
    struct slice support_end; // of a distribution that is known: date, past or not; empty: nobody says
    struct report_feed *feeds;
    size_t feeds_n, feeds_cap;
    struct report_feed
        enriching[ENRICHING_FEEDS];     // that say more of what was found: without them it is found all the same
    struct report_unmatched *unmatched; // kinds of packages that could not be judged
    size_t unmatched_n, unmatched_cap;
    size_t judged, unjudged; // packages

    struct slice generation; // id; empty: none
    int64_t generation_created;
    const struct generation *feeds_of_generation;

    struct slice *errors; // why the report is incomplete, for people
    size_t errors_n, errors_cap;
};

// A feed is stale when its upstream has not confirmed it for this long.
#define FEED_STALE_SECONDS (2 * 24 * 3600)

// Segments of a generation, opened when first needed.
struct report_segments;
struct report_segments *report_segments_open(struct store *s, const struct generation *g);
void report_segments_close(struct report_segments **s);

// Judges `image` by `g`, whose segments are `segments`. Everything lives in the arena. The layers are listed as read
// before; who has read some of them now says so in `layers`.
// Fails only when a segment breaks off while it is read; everything else is in the report's coverage and errors.
bool report_make(struct stored_image *image, const struct generation *g, struct report_segments *segments, int64_t now,
                 struct arena *a, struct report *out, struct error *err);

// Who says how severe a finding is, by the name of a feed or one of these.
#define SEVERITY_FROM_FEED                                                                                             \
    "feed" // the feed that it is found by; where that says nothing, CVSS: the record's own, then the NVD's
#define SEVERITY_FROM_NVD     "nvd"     // the NVD's score
#define SEVERITY_FROM_HIGHEST "highest" // whoever thinks worst of it

// Sets severity, severity_source and rating of all findings, and puts them in the order of report_sort. Where `from`
// says nothing, "feed" decides. report_make has chosen "feed".
void report_choose_severity(struct report *report, struct slice from);

enum report_order {
    ORDER_SEVERITY, // worst first; then by vulnerability and package
    ORDER_CVSS,     // highest first, those without a score last; then by severity
    ORDER_EPSS,     // likewise
    ORDER_PACKAGE,  // by name; then by severity
};
void report_sort(struct report *report, enum report_order order);

// VEX documents and ignore rules, as one image after the other is held against them.
struct triage {
    struct arena arena;
    struct vex_set vex;
    struct ignore_rules rules;
};

void triage_free(struct triage *triage); // harmless for an all-zero one

// Adds a VEX document, or all those of the store, told of one that can no longer be read: it is passed over where
// `unreadable` says so, else (also without that function) it fails. triage_ready ends it, before anything is obeyed.
bool triage_add(struct triage *triage, struct slice file, struct slice text, const struct limits *limits,
                struct error *err);
bool triage_add_stored(struct triage *triage, struct store *store, const struct limits *limits,
                       bool (*unreadable)(void *context, struct error *err), void *context, struct error *err);
void triage_ready(struct triage *triage);

// The VEX documents of the store, ready to be obeyed. One that can no longer be read is passed over, and the log says
// why: what it would suppress is shown.
bool triage_obey_stored(struct triage *triage, struct store *store, const struct limits *limits, struct error *err);

// Obeys them: takes what they suppress out of the findings of a report that was made, and notes what they say of the
// others and which statements cover nothing.
void report_triage(struct report *report, struct triage *triage, struct arena *a);

// What VEX documents can make of one finding in one image and another, where both have the same distribution and
// repositories.
enum triage_scope {
    TRIAGE_SILENT,      // they do not speak of it: it is shown in all
    TRIAGE_BY_IMAGE,    // the image's names, digests and architecture decide
    TRIAGE_BY_PACKAGES, // what else the image holds, too
};
enum triage_scope triage_scope(const struct triage *triage, const struct report_finding *finding);

// Would a finding of the report be suppressed in that image, and by whose decision? Of `image` is looked at what names
// it, and, where triage_scope says so, its packages; its distribution and repositories are the report's.
bool triage_suppresses(struct triage *triage, const struct report *report, const struct report_finding *finding,
                       const struct stored_image *image, struct report_decision *decision);

// Is this id, in letters of either case, one of the finding's?
bool report_has_id(const struct report_finding *finding, struct slice id);

// All of a finding's ids, blank-separated.
struct slice report_ids(struct arena *a, const struct report_finding *finding);

// What suppresses a finding: "vex" or "ignore"; NULL: nothing.
const char *report_suppressed_by(const struct report_finding *finding);

// Why a statement does not cover a package of the report's image; empty when it does.
struct slice report_why_not(const struct report *report, const struct vex_statement *statement, size_t package,
                            struct arena *a);

// What does the distribution say of a flaw in the package that another one came with?
struct owned_question {
    struct slice owner; // "deb:python3-jinja2"
    struct slice ids;   // of the flaw, blank-separated
    bool answered;      // it says something, and then:
    enum verdict_kind kind;
    struct slice why; // when asked to explain
};

// Why, in the image of a report that was made of it, `vulnerability` (its id or an alias, in letters of either case)
// is, or is not, found. With an empty `package`: in each package that has a record of it; else in the packages of that
// name, record or not, or, when there are none, in those built from the source package of that name. Ordered by
// package; a package has several where several ids stand for the flaw.
struct explanation {
    size_t package;                // index into inventory.packages
    const struct matcher *matcher; // NULL: not judged, and verdict.why says for what reason
    struct verdict verdict;
    struct match_key key;
    struct advisory *records;
    size_t records_n;
    struct owned_question by_distribution; // answered: then not the verdict but what the distribution says counts
};
typedef VEC(struct explanation) explanation_vec;
bool report_explain(const struct report *report, struct report_segments *segments, struct slice vulnerability,
                    struct slice package, struct arena *a, explanation_vec *out, struct error *err);
