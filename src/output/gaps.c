#include "output/gaps.h"

#include "base/clock.h"

const struct gap_kind gap_kinds[] = {
    {"incomplete", "The report is incomplete.", "Part of the image could not be read: look at why, and scan it again."},
    {"no-data", "There is no vulnerability data.", "Run `clarion update`."},
    {"no-packages", "No package was found in the image.",
     "Nothing is known of what is in the image: look at how it was built."},
    {"not-judged", "Packages could not be judged.",
     "Nothing is known of their vulnerabilities: load the feed, or judge them by other means."},
    {"end-of-life", "The distribution's release has no security support any more.", "Move to a supported release."},
    {"layer-not-read", "A layer of the image was not read.", "Nothing is known of what is in that layer."},
    {"feed-stale", "A feed is old, or its last update failed.", "Run `clarion update`."},
    {"undetermined", "A feed does not know yet whether a package is affected.", "Look again after an update."},
    {"scores-lacking", "Scores are lacking.", "Run `clarion update`."},
    {"passed-over", "Something in the image was passed over.", "Look at whether it matters to you."},
    {"left-out", "Findings are left out, as was asked for.", "Run it without that option to see them."},
    {"vex-unapplied", "A VEX statement covers nothing in the image.", "Look at which products the statement names."},
    {0},
};

struct listing {
    const struct report *report;
    struct gaps out;
    struct arena *a;
};

static struct gap *add(struct listing *l, enum gap_level level, const char *id, struct slice text)
{
    struct gap *gap = &VEC_PUSH(l->a, &l->out);
    *gap = (struct gap){.level = level, .id = id, .text = text};
    return gap;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void add_unjudged(struct listing *l)
{
    const struct report *report = l->report;
    for (size_t i = 0; i < report->errors_n; i++)
        add(l, GAP_ERROR, "incomplete", report->errors[i]);
    if (report->generation.n == 0)
        add(l, GAP_ERROR, "no-data", SLICE("There is no vulnerability data yet: run `clarion update`."));
    if (report->judged + report->unjudged == 0) {
        bool lost = report->image->inventory.distribution.known;
        add(l, lost ? GAP_ERROR : GAP_NOTE, "no-packages",
            lost ? SLICE("No package was found, though a distribution was: its package database is missing, or is one "
                         "that this version cannot read.")
                 : SLICE("No packages were found in this image: there is nothing to judge."));
    }
    for (size_t i = 0; i < report->unmatched_n; i++) {
        const struct report_unmatched *u = &report->unmatched[i];
        add(l, GAP_WARNING, "not-judged",
            arena_printf(l->a, "%zu %.*s package%s could not be judged: %.*s", u->packages, SLICE_ARG(u->kind),
                         plural(u->packages), SLICE_ARG(u->reason)));
    }
    if (report->coverage == COVERAGE_END_OF_LIFE)
        add(l, GAP_WARNING, "end-of-life",
            arena_printf(l->a,
                         "This release has had no security support since %.*s; what came up later may be missing "
                         "here, and will not be fixed.",
                         SLICE_ARG(report->end_of_life)));
}

static void add_feeds(struct listing *l, const struct report_feed *feeds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct report_feed *feed = &feeds[i];
        char updated[CLOCK_TEXT];
        clock_format(feed->updated, updated);
        if (feed->state == FEED_STALE)
            add(l, GAP_WARNING, "feed-stale",
                arena_printf(l->a, "The feed %.*s is of %.10s and was not confirmed since: run `clarion update`.",
                             SLICE_ARG(feed->feed), updated));
        if (feed->error.n != 0 && feed->state != FEED_MISSING)
            add(l, GAP_WARNING, "feed-stale",
                arena_printf(l->a, "The last update of the feed %.*s failed: %.*s", SLICE_ARG(feed->feed),
                             SLICE_ARG(feed->error)));
    }
}

static void add_scores(struct listing *l)
{
    static const char *const scores[] = {
        [ENRICHING_NVD] = "CVSS scores", [ENRICHING_EPSS] = "EPSS", [ENRICHING_KEV] = "known exploitation"};
    for (size_t i = 0; l->report->findings_n != 0 && i < ENRICHING_FEEDS; i++) {
        const struct report_feed *feed = &l->report->enriching[i];
        if (feed->state == FEED_MISSING || feed->state == FEED_IN_ERROR)
            add(l, GAP_NOTE, "scores-lacking",
                arena_printf(l->a, "%s: the feed %.*s %s; run `clarion update`.", scores[i], SLICE_ARG(feed->feed),
                             feed->state == FEED_MISSING ? "is missing" : "has failed"));
    }
}

static void add_passed_over(struct listing *l)
{
    const struct stored_image *image = l->report->image;
    const struct inventory *inventory = &image->inventory;
    for (size_t i = 0; i < image->remarks_n; i++)
        add(l, GAP_NOTE, "passed-over", image->remarks[i]);
    for (size_t i = 0; i < inventory->skips_n; i++) {
        const struct inventory_skip *s = &inventory->skips[i];
        struct gap *gap = add(l, GAP_NOTE, "passed-over", s->skip.reason);
        gap->path = s->skip.path;
        if (s->layer < image->layers_n)
            gap->layer = digest_slice(&image->layers[s->layer].digest);
    }
    if (inventory->skips_total > inventory->skips_n)
        add(l, GAP_NOTE, "passed-over",
            arena_printf(l->a, "%llu more, not named one by one",
                         (unsigned long long)(inventory->skips_total - inventory->skips_n)));
}

static void add_unapplied(struct listing *l)
{
    for (size_t i = 0; i < l->report->unapplied_n; i++) {
        const struct report_unapplied *u = &l->report->unapplied[i];
        add(l, GAP_NOTE, "vex-unapplied",
            arena_printf(l->a, "Statement %zu of %.*s (%.*s), on %.*s, covers nothing here: %.*s", u->statement->number,
                         SLICE_ARG(u->statement->document->id), SLICE_ARG(u->statement->document->file),
                         SLICE_ARG(u->statement->vulnerability), SLICE_ARG(u->why)));
    }
}

static void add_left_out(struct listing *l, const struct output_options *options)
{
    size_t unfixed = 0, codeless = 0;
    for (size_t i = 0; i < l->report->findings_n; i++) {
        const struct report_finding *f = &l->report->findings[i];
        bool is_unfixed = options->only_fixed && f->fixed_in.n == 0;
        unfixed += is_unfixed;
        codeless += !is_unfixed && output_leaves_out(options, f);
    }
    if (unfixed != 0)
        add(l, GAP_NOTE, "left-out",
            arena_printf(l->a, "%zu finding%s without a fix %s left out (--only-fixed).", unfixed, plural(unfixed),
                         unfixed == 1 ? "is" : "are"));
    if (codeless != 0)
        add(l, GAP_NOTE, "left-out",
            arena_printf(l->a, "%zu finding%s in packages that do not carry the code %s left out (--only-code).",
                         codeless, plural(codeless), codeless == 1 ? "is" : "are"));
}

struct gaps report_gaps(const struct report *report, const struct output_options *options, struct arena *a)
{
    struct listing l = {.report = report, .a = a};
    const struct stored_image *image = report->image;
    add_unjudged(&l);
    for (size_t i = 0; i < image->layers_n; i++)
        if (image->layers[i].skip_reason.n != 0)
            add(&l, GAP_WARNING, "layer-not-read",
                arena_printf(a, "This layer was not read: %.*s", SLICE_ARG(image->layers[i].skip_reason)))
                ->layer = digest_slice(&image->layers[i].digest);
    add_feeds(&l, report->feeds, report->feeds_n);
    add_feeds(&l, report->enriching, ENRICHING_FEEDS);
    if (report->undetermined_n != 0)
        add(&l, GAP_WARNING, "undetermined",
            arena_printf(a,
                         "Of %zu vulnerabilit%s the feed does not know yet whether %s here (--format json lists them).",
                         report->undetermined_n, report->undetermined_n == 1 ? "y" : "ies",
                         report->undetermined_n == 1 ? "it applies" : "they apply"));
    add_left_out(&l, options);
    add_scores(&l);
    add_passed_over(&l);
    add_unapplied(&l);
    return l.out;
}

bool report_is_whole(const struct report *report)
{
    return report->errors_n == 0 && report->generation.n != 0;
}
