#include "base/clock.h"
#include "base/utf8.h"
#include "match/remedies.h"
#include "output/table.h"

#include <ctype.h>
#include <stdlib.h>

#define LINES 5 // of one sort, before "and N more"

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

// ---- counting -------------------------------------------------------------------------------------------------------

struct table_counts table_count(const struct report *report, const struct output_options *options)
{
    struct arena scratch ARENA_AUTO = {0};
    struct table_counts counts = {0};
    bool *seen = ARENA_NEW(&scratch, bool, report->image->inventory.packages_n);
    for (size_t i = 0; i < report->findings_n; i++) {
        const struct report_finding *f = &report->findings[i];
        if (output_leaves_out(options, f)) {
            bool for_code = options->only_code && f->code.missing;
            counts.codeless_hidden += for_code;
            counts.hidden += !for_code;
            continue;
        }
        counts.codeless += f->code.missing;
        counts.development += f->code.what != NULL && !f->code.missing;
        counts.shown++;
        counts.by_severity[f->severity]++;
        counts.exploited += finding_exploited(f) != NULL;
        counts.packages += !seen[f->package];
        seen[f->package] = true;
    }
    return counts;
}

// ---- findings in short ----------------------------------------------------------------------------------------------

static void add_severities(struct buf *out, const struct table_counts *counts)
{
    const char *before = ": ";
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        if (counts->by_severity[s] == 0)
            continue;
        const char *name = severity_name((enum severity)s);
        buf_addf(out, "%s%zu %c%s", before, counts->by_severity[s], tolower(name[0]), name + 1);
        before = ", ";
    }
    buf_addc(out, '\n');
}

#define NAMES 8 // of updates, before "…"

static bool is_shown(const void *options, const struct report_finding *f)
{
    return !output_leaves_out(options, f);
}

static bool is_among(const struct slice *names, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(names[i], name))
            return true;
    return false;
}

// "4 of 5 are fixed by a plain update of 2 packages: openssl, bash": the worst first.
static void add_updates(struct buf *out, const struct report *report, const struct table_counts *counts,
                        const struct output_options *options)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct remedies r = report_remedies(report, is_shown, options, &scratch);
    if (r.fixable == 0) {
        buf_adds(out, "None of them has a fix yet.\n");
        return;
    }
    buf_addf(out, "%zu of %zu %s fixed by a plain update of %zu package%s: ", r.fixable, counts->shown,
             r.fixable == 1 ? "is" : "are", r.n, plural(r.n));
    struct slice named[NAMES]; // each once, whatever versions of it are updated
    size_t i = 0, n = 0;
    for (; i < r.n && n < NAMES; i++) {
        if (is_among(named, n, r.v[i].name))
            continue;
        buf_addf(out, "%s%.*s", n != 0 ? ", " : "", SLICE_ARG(utf8_plain(&scratch, r.v[i].name)));
        named[n++] = r.v[i].name;
    }
    buf_adds(out, i < r.n ? ", …\n" : "\n");
}

// "debian of 2026-11-24 (104834 records)"
static void add_feed(struct buf *out, const struct report_feed *feed)
{
    char updated[CLOCK_TEXT];
    clock_format(feed->updated, updated);
    buf_addf(out, "%.*s of %.10s (%llu records)", SLICE_ARG(feed->feed), updated, (unsigned long long)feed->records);
}

static void add_no_findings(struct buf *out, const struct report *report, const struct table_counts *counts)
{
    size_t packages = report->judged + report->unjudged;
    if (packages == 0 && report->image->inventory.distribution.known)
        buf_adds(out,
                 "NOT JUDGED: no package was found, though a distribution was: its package database is missing, or is "
                 "one that this version cannot read.\n");
    else if (packages == 0)
        buf_adds(out, report->errors_n != 0 ? "No packages were found in what could be read of this image.\n"
                                            : "No packages were found in this image: there is nothing to judge.\n");
    else if (report->judged == 0)
        buf_addf(out, "NOT JUDGED: nothing is known about vulnerabilities in the %zu package%s.\n", packages,
                 plural(packages));
    else if (report->suppressed_n != 0 && counts->hidden == 0)
        buf_addf(out, "No known vulnerabilities but suppressed ones in %zu package%s.\n", report->judged,
                 plural(report->judged));
    else if (counts->hidden != 0)
        buf_addf(out, "No known vulnerabilities that an update fixes in %zu package%s.\n", report->judged,
                 plural(report->judged));
    else
        buf_addf(out, "No known vulnerabilities in %s%zu package%s%s.\n", report->unjudged != 0 ? "the " : "",
                 report->judged, plural(report->judged), report->unjudged != 0 ? " that could be judged" : "");
}

// ---- what is not known ----------------------------------------------------------------------------------------------

static void add_unjudged(struct buf *out, const struct report *report)
{
    struct arena scratch ARENA_AUTO = {0};
    for (size_t i = 0; i < report->unmatched_n; i++) {
        const struct report_unmatched *u = &report->unmatched[i];
        struct slice reason = utf8_plain(&scratch, u->reason);
        buf_addf(out, "Not judged: %zu %.*s package%s: %.*s\n", u->packages, SLICE_ARG(u->kind), plural(u->packages),
                 SLICE_ARG(reason));
    }
}

static void add_errors(struct buf *out, const struct report *report)
{
    struct arena scratch ARENA_AUTO = {0};
    size_t shown = report->errors_n < LINES ? report->errors_n : LINES;
    for (size_t i = 0; i < shown; i++)
        buf_addf(out, "INCOMPLETE: %.*s\n", SLICE_ARG(utf8_plain(&scratch, report->errors[i])));
    if (shown < report->errors_n)
        buf_addf(out, "INCOMPLETE: and %zu more\n", report->errors_n - shown);
}

static void add_passed_over(struct buf *out, const struct report *report)
{
    const struct stored_image *image = report->image;
    unsigned long long n = image->remarks_n + image->inventory.skips_total;
    for (size_t i = 0; i < image->layers_n; i++)
        n += image->layers[i].skip_reason.n != 0;
    if (n != 0)
        buf_addf(out, "Passed over: %llu layer%s, file%s or record%s of the image (--format json names them)\n", n,
                 plural((size_t)n), plural((size_t)n), plural((size_t)n));
}

static void add_end_of_life(struct buf *out, const struct report *report)
{
    if (report->coverage == COVERAGE_END_OF_LIFE)
        buf_addf(out,
                 "End of life: this release has had no security support since %.*s; what came up later may be "
                 "missing here, and will not be fixed.\n",
                 SLICE_ARG(report->end_of_life));
}

// Of those that judge, add_unjudged has told which are not there, and of the others add_scores_lacking.
static void add_feeds_of(struct buf *out, const struct report_feed *feeds, size_t n, const char **before)
{
    struct arena scratch ARENA_AUTO = {0};
    for (size_t i = 0; i < n; i++) {
        const struct report_feed *feed = &feeds[i];
        if (feed->state == FEED_MISSING || feed->state == FEED_IN_ERROR)
            continue;
        buf_adds(out, *before);
        add_feed(out, feed);
        *before = ", ";
        if (feed->state == FEED_STALE)
            buf_adds(out, ", STALE (not confirmed for two days or more: run `clarion update`)");
        if (feed->error.n != 0)
            buf_addf(out, ", last update failed: %.*s", SLICE_ARG(utf8_plain(&scratch, feed->error)));
    }
}

static void add_feeds(struct buf *out, const struct report *report)
{
    const char *before = "Feeds: ";
    add_feeds_of(out, report->feeds, report->feeds_n, &before);
    add_feeds_of(out, report->enriching, ENRICHING_FEEDS, &before);
    if (before[0] == ',')
        buf_addc(out, '\n');
}

// "Lacking: CVSS scores (the feed nvd is missing), EPSS (the feed epss is missing); run `clarion update`"
static void add_scores_lacking(struct buf *out, const struct report *report)
{
    static const char *const scores[] = {
        [ENRICHING_NVD] = "CVSS scores", [ENRICHING_EPSS] = "EPSS", [ENRICHING_KEV] = "known exploitation"};
    const char *before = "Lacking: ";
    for (size_t i = 0; i < ENRICHING_FEEDS; i++) {
        const struct report_feed *feed = &report->enriching[i];
        if (feed->state != FEED_MISSING && feed->state != FEED_IN_ERROR)
            continue;
        buf_addf(out, "%s%s (the feed %.*s %s)", before, scores[i], SLICE_ARG(feed->feed),
                 feed->state == FEED_MISSING ? "is missing" : "has failed");
        before = ", ";
    }
    if (before[0] == ',')
        buf_adds(out, "; run `clarion update`\n");
}

void table_add_summary(struct buf *out, const struct report *report, const struct table_counts *counts,
                       const struct output_options *options)
{
    if (counts->shown != 0) {
        buf_addf(out, "%zu finding%s in %zu package%s", counts->shown, plural(counts->shown), counts->packages,
                 plural(counts->packages));
        add_severities(out, counts);
        add_updates(out, report, counts, options);
        if (counts->exploited != 0)
            buf_addf(out, "%zu %s known to be exploited (CISA's catalogue).\n", counts->exploited,
                     counts->exploited == 1 ? "is" : "are");
    } else {
        add_no_findings(out, report, counts);
    }
    if (counts->hidden != 0)
        buf_addf(out, "%zu finding%s without a fix %s left out (--only-fixed).\n", counts->hidden,
                 plural(counts->hidden), counts->hidden == 1 ? "is" : "are");
    table_add_code(out, counts);
    table_add_suppressed(out, report, options->show_suppressed);
    if (report->undetermined_n != 0)
        buf_addf(out, "Undetermined: %zu (the feed cannot tell yet whether they apply; --format json lists them)\n",
                 report->undetermined_n);
    add_end_of_life(out, report);
    add_unjudged(out, report);
    if (counts->shown != 0)
        add_scores_lacking(out, report);
    add_errors(out, report);
    add_passed_over(out, report);
    add_feeds(out, report);
}
