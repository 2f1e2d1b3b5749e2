#include "base/clock.h"
#include "base/utf8.h"
#include "output/table.h"

#include <ctype.h>
#include <stdlib.h>

#define LINES 5 // of one sort, before "and N more"

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

// ---- counting -------------------------------------------------------------------------------------------------------

static void note_name(struct table_counts *counts, struct slice name)
{
    for (size_t i = 0; i < counts->names_n; i++)
        if (slice_eq(counts->names[i], name))
            return;
    if (counts->names_n < TABLE_NAMES)
        counts->names[counts->names_n++] = name;
}

struct table_counts table_count(const struct report *report, const struct output_options *options)
{
    enum { HAS_FINDING = 1, HAS_FIX = 2 };
    struct arena scratch ARENA_AUTO = {0};
    struct table_counts counts = {0};
    const struct inventory *inventory = &report->image->inventory;
    char *seen = ARENA_NEW(&scratch, char, inventory->packages_n);
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
        counts.packages += (seen[f->package] & HAS_FINDING) == 0;
        seen[f->package] |= HAS_FINDING;
        if (f->fixed_in.n == 0)
            continue;
        counts.fixable++;
        counts.updates += (seen[f->package] & HAS_FIX) == 0;
        seen[f->package] |= HAS_FIX;
        note_name(&counts, inventory->packages[f->package].package.name);
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

static void add_updates(struct buf *out, const struct table_counts *counts)
{
    struct arena scratch ARENA_AUTO = {0};
    if (counts->fixable == 0) {
        buf_adds(out, "None of them has a fix yet.\n");
        return;
    }
    buf_addf(out, "%zu of %zu %s fixed by a plain update of %zu package%s: ", counts->fixable, counts->shown,
             counts->fixable == 1 ? "is" : "are", counts->updates, plural(counts->updates));
    for (size_t i = 0; i < counts->names_n; i++)
        buf_addf(out, "%s%.*s", i != 0 ? ", " : "", SLICE_ARG(utf8_plain(&scratch, counts->names[i])));
    buf_adds(out, counts->updates > counts->names_n ? ", …\n" : "\n");
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
        add_updates(out, counts);
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
