#include "service/changes.h"

#include "advisory/enrichments.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "notify/affected.h"
#include "notify/enriched.h"
#include "service/matching.h"
#include "store/notification_store.h"
#include "store/segments.h"
#include "store/summaries.h"

#include <stdlib.h>

#define CHUNK ((size_t)256) // packages that are judged at a time: bounds the memory that their findings take

struct changes {
    const struct config *config;
    struct view *view;
    struct arena *a;
    struct summarised_feed *now, *before; // ordered by feed
    size_t now_n, before_n;
    bool all;
    store_candidates candidates;
    summary_groups groups;
};

// ---- what decides ---------------------------------------------------------------------------------------------------

static int by_feed(const void *x, const void *y)
{
    const struct summarised_feed *a = x, *b = y;
    return slice_cmp(a->feed, b->feed);
}

// A segment that cannot be had now is a part of it: once it can be, all is judged again.
static void describe(struct changes *c)
{
    const struct view *view = c->view;
    struct buf basis BUF_AUTO = {0};
    buf_addf(&basis, "%s %d %s %.*s ", CLARION_VERSION, SUMMARY_MEANING, view->vex.text, SLICE_ARG(view->missing));
    matching_write(c->config, &basis);
    struct digest digest = digest_of(buf_slice(&basis));
    c->now = ARENA_NEW(c->a, struct summarised_feed, view->generation.feeds_n + 1);
    c->now[c->now_n++] = (struct summarised_feed){SLICE(""), arena_dup(c->a, digest_slice(&digest))};
    for (size_t i = 0; i < view->generation.feeds_n; i++) {
        const struct feed_state *feed = &view->generation.feeds[i];
        if (feed->segment.text[0] != '\0')
            c->now[c->now_n++] = (struct summarised_feed){feed->feed, digest_slice(&feed->segment)};
    }
    qsort(c->now, c->now_n, sizeof *c->now, by_feed);
}

static bool is_same(const struct changes *c)
{
    bool same = c->now_n == c->before_n;
    for (size_t i = 0; i < c->now_n && same; i++)
        same = slice_eq(c->now[i].feed, c->before[i].feed) && slice_eq(c->now[i].segment, c->before[i].segment);
    return same;
}

// Did only feeds change that tell which packages they change, each from one segment to another?
static bool is_by_records(const struct changes *c)
{
    bool ours = c->now_n == c->before_n && slice_eq(c->now[0].segment, c->before[0].segment);
    for (size_t i = 1; i < c->now_n && ours; i++)
        ours = slice_eq(c->now[i].feed, c->before[i].feed) &&
               (slice_eq(c->now[i].segment, c->before[i].segment) || matchers_read(c->now[i].feed) ||
                enriched_by(c->now[i].feed) || slice_eq(c->now[i].feed, SLICE(ENRICHMENT_EPSS)));
    return ours;
}

// ---- packages of one context ----------------------------------------------------------------------------------------

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * 0x9e3779b97f4a7c15U + b;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    return x ^ (x >> 27);
}

// All that a summary may count of a finding. Added up for each package, in whichever order they come.
static void sign(const struct report_finding *findings, size_t n, bool undetermined, uint64_t *signatures)
{
    for (size_t i = 0; i < n; i++) {
        const struct report_finding *f = &findings[i];
        uint64_t what = (uint64_t)f->severity * 8 + (f->fixed_in.n != 0 ? 4 : 0) +
                        (finding_exploited(f) != NULL ? 2 : 0) + undetermined;
        signatures[f->package] += mix(slice_hash(f->vulnerability), what);
    }
}

static bool judge(struct changes *c, const struct generation *g, struct report_segments *segments,
                  struct stored_image *image, struct arena *a, struct report *report, uint64_t *signatures,
                  struct error *err)
{
    if (!report_make(image, g, segments, clock_now(), a, report, err))
        return false;
    matching_restrict(c->config, report);
    sign(report->findings, report->findings_n, false, signatures);
    sign(report->undetermined, report->undetermined_n, true, signatures);
    return true;
}

// Two states of the feeds that differ in one.
struct states {
    const struct generation *before, *after;
    struct affected_change change;
};

// Candidates of one context, as many as are judged at a time.
static bool compare_chunk(struct changes *c, const struct states *s, const struct store_candidate *candidates, size_t n,
                          struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct stored_image image = {0};
    struct report before, after;
    struct inventory *inventory = &image.inventory;
    uint64_t *was = ARENA_NEW(&a, uint64_t, n), *is = ARENA_NEW(&a, uint64_t, n);
    if (!store_context_get(&c->view->store, candidates[0].context, &a, inventory, err))
        return false;
    inventory->packages = ARENA_NEW(&a, struct inventory_package, n);
    inventory->packages_n = n;
    for (size_t i = 0; i < n; i++)
        if (!store_package_get(&c->view->store, candidates[i].package, &a, &inventory->packages[i], err))
            return false;
    if (!judge(c, s->before, s->change.before, &image, &a, &before, was, err) ||
        !judge(c, s->after, s->change.after, &image, &a, &after, is, err))
        return false;
    bool covered = before.judged == after.judged && before.coverage == after.coverage;
    for (size_t i = 0; i < n; i++)
        if (!covered || was[i] != is[i])
            VEC_PUSH(c->a, &c->candidates) = candidates[i];
    return true;
}

// What a distribution brought along of packages of languages is judged with its owners: that is asked for without a
// comparison, since few sets have such packages.
static bool compare(struct changes *c, const struct states *s, const struct affected *affected, struct error *err)
{
    const store_candidates *all = &affected->candidates;
    for (size_t first = 0, end; first < all->n; first = end) {
        for (end = first + 1; end < all->n && end - first < CHUNK && all->v[end].context == all->v[first].context;
             end++)
            continue;
        if (!compare_chunk(c, s, all->v + first, end - first, err))
            return false;
    }
    for (size_t i = 0; i < affected->groups_n; i++)
        for (size_t k = 0; k < affected->groups[i].sets_n; k++)
            VEC_PUSH(c->a, &c->groups) =
                (struct summary_group){.set = affected->groups[i].sets[k], .context = affected->groups[i].context};
    return true;
}

// ---- feeds ----------------------------------------------------------------------------------------------------------

// Are the segments of a former generation there still? Which one is not is no error: then all is judged again.
static bool can_open(struct report_segments *segments, const struct generation *g, struct arena *a)
{
    for (size_t i = 0; i < g->feeds_n; i++) {
        struct slice why = {0};
        report_segment(segments, arena_dup(a, g->feeds[i].feed).p, &why);
        if (why.n != 0) {
            log_debug("summaries: feed %.*s: %.*s", SLICE_ARG(g->feeds[i].feed), SLICE_ARG(why));
            return false;
        }
    }
    return true;
}

// `g` has the feed's former segment, and gets that of now.
static bool follow_feed(struct changes *c, const struct summarised_feed *feed, struct generation *g, struct error *err)
{
    struct store *store = &c->view->store;
    struct generation before = *g;
    before.feeds = ARENA_NEW(c->a, struct feed_state, g->feeds_n);
    memcpy(before.feeds, g->feeds, g->feeds_n * sizeof *g->feeds);
    if (!digest_parse(feed->segment, &generation_feed(g, feed->feed)->segment, err))
        return false;
    struct states s = {&before,
                       g,
                       {arena_dup(c->a, feed->feed).p, report_segments_open(store, &before),
                        report_segments_open(store, g), clock_now()}};
    struct affected affected;
    bool ok = true, there = can_open(s.change.before, &before, c->a) && can_open(s.change.after, g, c->a);
    // One state of the store, so that no row stands for another package in between.
    if (there && (ok = store_snapshot(store, err))) {
        ok = (matchers_read(feed->feed) ? affected_by_update(store, &s.change, c->a, &affected, err)
                                        : affected_by_enrichment(store, g, &s.change, c->a, &affected, err)) &&
             compare(c, &s, &affected, err);
        store_snapshot_end(store);
    }
    c->all = c->all || !there;
    report_segments_close(&s.change.before);
    report_segments_close(&s.change.after);
    return ok || error_wrap(err, "changes of the feed %.*s", SLICE_ARG(feed->feed));
}

static bool follow_feeds(struct changes *c, struct error *err)
{
    struct generation g = c->view->generation;
    g.feeds = ARENA_NEW(c->a, struct feed_state, g.feeds_n);
    memcpy(g.feeds, c->view->generation.feeds, g.feeds_n * sizeof *g.feeds);
    if (!store_lookup_complete(&c->view->store, &match_naming, err))
        return false;
    for (size_t i = 1; i < c->before_n; i++)
        if (!digest_parse(c->before[i].segment, &generation_feed(&g, c->before[i].feed)->segment, err))
            return false;
    for (size_t i = 1; i < c->now_n && !c->all; i++) {
        struct slice feed = c->now[i].feed;
        bool counts = matchers_read(feed) || enriched_by(feed);
        if (counts && !slice_eq(c->now[i].segment, c->before[i].segment) && !follow_feed(c, &c->now[i], &g, err))
            return false;
    }
    return true;
}

bool changes_ask(const struct config *config, struct view *view, struct digest *made_by, bool *changed,
                 struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    int held FD_AUTO = -1;
    struct changes c = {.config = config, .view = view, .a = &a};
    describe(&c);
    *made_by = summarised_by(c.now, c.now_n);
    if (!store_summarised(&view->store, &a, &c.before, &c.before_n, err))
        return false;
    *changed = !is_same(&c);
    if (!*changed)
        return true;
    c.all = !is_by_records(&c);
    if (!c.all && (!store_hold_segments(&view->store, &held, err) || !follow_feeds(&c, err)))
        return false;
    const struct summary_change change = {.feeds = c.now,
                                          .feeds_n = c.now_n,
                                          .all = c.all,
                                          .candidates = c.candidates.v,
                                          .candidates_n = c.candidates.n,
                                          .groups = c.groups.v,
                                          .groups_n = c.groups.n};
    log_debug("summaries: %s", c.all ? "all are to be made again" : "those of changed packages are to be made again");
    return store_summary_change(&view->store, &change, err);
}
