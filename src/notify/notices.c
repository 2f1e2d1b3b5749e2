#include "notify/notices.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "notify/delta.h"
#include "notify/enriched.h"
#include "notify/flaw.h"
#include "store/notification_store.h"
#include "store/segments.h"

#include <stdlib.h>

#define ITEMS_AT_A_TIME ((size_t)4 * 1024 * 1024) // in a summary, before they are thinned out again

// ---- collecting items -----------------------------------------------------------------------------------------------

struct made_item {
    int64_t image; // row
    uint32_t flaw;
    uint16_t layer;
    uint8_t reason;
};

// What orders items by their flaw.
struct made_flaw {
    enum severity severity;
    struct slice vulnerability, package, content;
};

struct making {
    const struct notices_options *options;
    struct image_filter images;
    struct arena arena; // of the flaws
    VEC(struct made_flaw) flaws;
    struct made_item *items;
    size_t items_n, items_cap, most;
    uint64_t held_back, cut;
    // Of the change that images are added for:
    uint8_t reason;
    bool wanted;
};

static void making_free(struct making *m)
{
    arena_free(&m->arena);
    image_filter_free(&m->images);
    free(m->items);
}

// The worst first.
static int by_flaw(const struct made_flaw *a, const struct made_flaw *b)
{
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    int order = slice_cmp(a->vulnerability, b->vulnerability);
    return order != 0 ? order : slice_cmp(a->package, b->package);
}

static int by_image(const void *x, const void *y, void *context)
{
    const struct made_item *a = x, *b = y;
    const struct making *m = context;
    if (a->image != b->image)
        return a->image < b->image ? -1 : 1;
    if (a->reason != b->reason)
        return (int)a->reason - (int)b->reason;
    int order = by_flaw(&m->flaws.v[a->flaw], &m->flaws.v[b->flaw]);
    return order != 0 ? order : (a->flaw > b->flaw) - (a->flaw < b->flaw);
}

static int by_weight(const void *x, const void *y, void *context)
{
    const struct made_item *a = x, *b = y;
    const struct making *m = context;
    int order = by_flaw(&m->flaws.v[a->flaw], &m->flaws.v[b->flaw]);
    if (order == 0)
        order = (a->flaw > b->flaw) - (a->flaw < b->flaw);
    return order != 0 ? order : by_image(x, y, context);
}

// Of each image and reason the worst is left.
static void thin_out(struct making *m)
{
    size_t kept = 0;
    if (m->items_n > 1)
        qsort_r(m->items, m->items_n, sizeof *m->items, by_image, m);
    for (size_t i = 0; i < m->items_n; i++)
        if (i == 0 || m->items[i].image != m->items[kept - 1].image || m->items[i].reason != m->items[kept - 1].reason)
            m->items[kept++] = m->items[i];
    m->items_n = kept;
}

// Makes room for another item, in a summary by thinning out. False: the limit leaves none.
static bool make_room(struct making *m)
{
    size_t limit = (size_t)m->options->limits->notification_items;
    if (m->items_n < m->most)
        return true;
    if (!m->options->whole)
        thin_out(m);
    if (m->items_n > m->most / 2)
        m->most = m->most > limit / 2 ? limit : m->most * 2;
    return m->items_n < m->most;
}

static bool add_item(void *context, const struct holding *holding, struct error *err)
{
    struct making *m = context;
    bool wanted = m->wanted;
    if (wanted && !image_filter_wants(&m->images, holding->image, &wanted, err))
        return false;
    if (!wanted) {
        m->held_back++;
        return true;
    }
    if (!make_room(m)) {
        m->cut++;
        return true;
    }
    if (m->items_n == m->items_cap) {
        m->items_cap = m->items_cap != 0 ? 2 * m->items_cap : 1024;
        m->items = must_realloc(m->items, m->items_cap * sizeof *m->items);
    }
    m->items[m->items_n++] = (struct made_item){
        .image = holding->image,
        .flaw = (uint32_t)(m->flaws.n - 1),
        .layer = (uint16_t)(holding->layer < UINT16_MAX ? holding->layer : UINT16_MAX),
        .reason = m->reason,
    };
    return true;
}

// What was held back before and no longer is has never been told of: to those who are told, it is new.
static enum notice_reason reason_of(const struct notice_filter *filter, const struct delta_change *change)
{
    bool unseen = change->former != NULL && !notice_filter_finding(filter, change->former);
    return unseen ? NOTICE_ADDED : change->reason;
}

struct taking {
    struct making *making;
    struct store *store;
};

static bool take_change(void *context, const struct delta_change *change, struct error *err)
{
    struct taking *t = context;
    struct making *m = t->making;
    struct arena scratch ARENA_AUTO = {0};
    struct buf content BUF_AUTO = {0};
    struct notice_flaw flaw;
    notice_flaw_of(change->report, change->finding, &scratch, &flaw);
    m->reason = (uint8_t)reason_of(&m->options->filter, change);
    m->wanted = notice_filter_finding(&m->options->filter, change->finding);
    if (m->wanted) {
        notice_flaw_encode(&flaw, &content);
        VEC_PUSH(&m->arena, &m->flaws) = (struct made_flaw){
            .severity = flaw.severity,
            .vulnerability = arena_dup(&m->arena, flaw.vulnerability),
            .package = arena_dup(&m->arena, flaw.package.name),
            .content = arena_dup(&m->arena, buf_slice(&content)),
        };
    }
    return delta_images(t->store, change, add_item, m, err);
}

// ---- putting a notification together --------------------------------------------------------------------------------

// Numbers what is used of a list in the order of its first use.
static uint32_t number_of(uint32_t *numbers, size_t i, size_t *used)
{
    if (numbers[i] == 0)
        numbers[i] = (uint32_t)++ * used;
    return numbers[i] - 1;
}

struct image_number {
    int64_t image;
    uint32_t number;
};

static int by_row(const void *x, const void *y)
{
    const struct image_number *a = x, *b = y;
    return (a->image > b->image) - (a->image < b->image);
}

static bool number_images(struct store *s, const struct making *m, struct arena *a, struct image_number **images,
                          size_t *n, struct slice **manifests, struct error *err)
{
    struct image_number *list = ARENA_NEW(a, struct image_number, m->items_n);
    size_t kept = 0;
    for (size_t i = 0; i < m->items_n; i++)
        list[i].image = m->items[i].image;
    if (m->items_n > 1)
        qsort(list, m->items_n, sizeof *list, by_row);
    for (size_t i = 0; i < m->items_n; i++)
        if (i == 0 || list[i].image != list[kept - 1].image)
            list[kept++] = list[i];
    *manifests = ARENA_NEW(a, struct slice, kept);
    for (size_t i = 0; i < kept; i++) {
        if (!store_image_manifest(s, list[i].image, a, &(*manifests)[i], err))
            return false;
        list[i].number = (uint32_t)i;
    }
    *images = list;
    *n = kept;
    return true;
}

// Fills in all but what the transaction needs to know of the update.
static bool put_together(struct store *s, struct making *m, struct arena *a, struct new_notification *out,
                         struct error *err)
{
    struct image_number *images;
    struct slice *manifests;
    if (!m->options->whole)
        thin_out(m);
    if (m->items_n > 1)
        qsort_r(m->items, m->items_n, sizeof *m->items, by_weight, m);
    if (!number_images(s, m, a, &images, &out->images_n, &manifests, err))
        return false;
    uint32_t *numbers = ARENA_NEW(a, uint32_t, m->flaws.n);
    struct slice *flaws = ARENA_NEW(a, struct slice, m->flaws.n);
    struct new_item *items = ARENA_NEW(a, struct new_item, m->items_n);
    for (size_t i = 0; i < m->items_n; i++) {
        const struct made_item *from = &m->items[i];
        const struct image_number key = {.image = from->image}, *image;
        image = bsearch(&key, images, out->images_n, sizeof *images, by_row);
        uint32_t flaw = number_of(numbers, from->flaw, &out->flaws_n);
        flaws[flaw] = m->flaws.v[from->flaw].content;
        items[i] = (struct new_item){image->number, flaw, from->layer, from->reason};
    }
    out->manifests = manifests;
    out->flaws = flaws;
    out->items = items;
    out->items_n = m->items_n;
    out->held_back = m->held_back + m->cut;
    return true;
}

// ---- one feed -------------------------------------------------------------------------------------------------------

static void say(const struct new_notification *n, const struct making *m)
{
    struct slice feed = n->update->feed;
    const char *limit = m->cut != 0 ? " (limit notification_items)" : "";
    if (n->items_n != 0)
        log_info("feed %.*s: notification %.*s: %zu items about %zu images, %llu held back%s", SLICE_ARG(feed),
                 SLICE_ARG(n->uuid), n->items_n, n->images_n, (unsigned long long)n->held_back, limit);
    else if (n->held_back != 0)
        log_info("feed %.*s: nothing to tell of its update, %llu items were held back%s", SLICE_ARG(feed),
                 (unsigned long long)n->held_back, limit);
    else
        log_debug("feed %.*s: its update changes nothing for any image", SLICE_ARG(feed));
}

static bool put(struct store *s, const struct new_notification *n, const struct making *m,
                struct notices_outcome *outcome, struct error *err)
{
    bool taken;
    if (!store_notification_put(s, n, &taken, err))
        return error_wrap(err, "feed %.*s", SLICE_ARG(n->update->feed));
    if (!taken)
        return true;
    say(n, m);
    outcome->updates++;
    outcome->held_back += n->held_back;
    if (n->items_n == 0)
        return true;
    int64_t age = n->made - n->update->updated;
    outcome->notifications++;
    outcome->items += n->items_n;
    outcome->slowest = age > outcome->slowest ? age : outcome->slowest;
    return true;
}

// Notes the update without telling of it.
static bool pass_over(struct store *s, const struct pending_update *u, struct notices_outcome *outcome,
                      struct error *err)
{
    const struct making nothing = {0};
    const struct new_notification n = {.update = u, .made = clock_now()};
    return put(s, &n, &nothing, outcome, err);
}

static bool compare(struct store *s, const struct pending_update *u, const struct delta *d, struct making *m,
                    struct arena *a, struct new_notification *n, struct error *err)
{
    const struct affected_change change = {arena_dup(a, u->feed).p, d->before, d->after, d->now};
    struct taking taking = {m, s};
    struct affected affected;
    // One state of the store for all of it, so that no row stands for another package in between.
    if (!store_snapshot(s, err))
        return false;
    bool ok = (matchers_read(u->feed) ? affected_by_update(s, &change, a, &affected, err)
                                      : affected_by_enrichment(s, d->generation_after, &change, a, &affected, err)) &&
              delta_tell(d, &affected, take_change, &taking, err) && put_together(s, m, a, n, err);
    store_snapshot_end(s);
    return ok || error_wrap(err, "changes of the feed %.*s", SLICE_ARG(u->feed));
}

// Sees to it that the segments are here. Another node may have made them; what the server cannot give now is no reason
// to judge without it, while what nobody has any more is told by who opens it.
static bool take_segments(struct store *s, const struct generation *g, struct error *err)
{
    for (size_t i = 0; i < g->feeds_n; i++)
        if (g->feeds[i].segment.text[0] != '\0' && !store_segment_fetch(s, &g->feeds[i].segment, err) &&
            err->code != ERR_NOT_FOUND)
            return error_wrap(err, "feed %.*s", SLICE_ARG(g->feeds[i].feed));
    return true;
}

// `g` has the feed's former segment, and gets that of the update.
static bool tell_of(struct store *s, const struct notices_options *options, const struct pending_update *u,
                    struct generation *g, struct triage *triage, struct notices_outcome *outcome, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct making m __attribute__((cleanup(making_free))) = {
        .options = options, .images = {.filter = &options->filter, .store = s, .now = clock_now()}};
    char uuid[UUID_TEXT] = "";
    struct generation before = *g;
    before.feeds = ARENA_NEW(&a, struct feed_state, g->feeds_n);
    memcpy(before.feeds, g->feeds, g->feeds_n * sizeof *g->feeds);
    generation_feed(g, u->feed)->segment = u->segment;
    uint64_t limit = options->limits->notification_items;
    m.most = options->whole || limit < ITEMS_AT_A_TIME ? (size_t)limit : ITEMS_AT_A_TIME;
    struct delta d = {
        .store = s,
        .generation_before = &before,
        .generation_after = g,
        .now = clock_now(),
        .triage = triage,
        .restrict_report = options->restrict_report,
        .context = options->context,
    };
    struct new_notification n = {
        .update = u, .made = clock_now(), .targets = options->targets, .targets_n = options->targets_n};
    if (!take_segments(s, &before, err) || !take_segments(s, g, err))
        return false;
    d.before = report_segments_open(s, &before);
    d.after = report_segments_open(s, g);
    struct slice why = {0};
    report_segment(d.before, arena_dup(&a, u->feed).p, &why);
    bool lost = why.n != 0; // by hand: the store keeps it
    if (lost)
        log_error("feed %.*s: what its update changed cannot be told, since what it said before is gone: %.*s",
                  SLICE_ARG(u->feed), SLICE_ARG(why));
    bool ok = lost || (store_make_uuid(uuid, err) && compare(s, u, &d, &m, &a, &n, err));
    report_segments_close(&d.before);
    report_segments_close(&d.after);
    n.uuid = slice_str(uuid);
    if (!ok)
        return false;
    return lost ? pass_over(s, u, outcome, err) : put(s, &n, &m, outcome, err);
}

// ---- all of them ----------------------------------------------------------------------------------------------------

static bool is_told_of(const struct notices_options *options, const struct pending_update *u)
{
    return !u->first || options->first_update;
}

static bool tell_of_all(struct store *s, const struct notices_options *options, const struct pending_update *pending,
                        size_t n, struct generation *g, struct notices_outcome *outcome, struct error *err)
{
    struct triage triage __attribute__((cleanup(triage_free))) = {0};
    if (!triage_obey_stored(&triage, s, options->limits, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (generation_feed(g, pending[i].feed) == NULL) // it came in between
            continue;
        if (!(is_told_of(options, &pending[i]) ? tell_of(s, options, &pending[i], g, &triage, outcome, err)
                                               : pass_over(s, &pending[i], outcome, err)))
            return false;
    }
    return true;
}

bool notices_make(struct store *s, const struct notices_options *options, struct notices_outcome *outcome,
                  struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    int held FD_AUTO = -1;
    struct generation g;
    struct pending_update *pending;
    size_t n, judged = 0;
    if (!store_hold_segments(s, &held, err) || !store_pending_updates(s, &a, &pending, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (matchers_read(pending[i].feed) || enriched_by(pending[i].feed))
            pending[judged++] = pending[i];
    if (judged == 0)
        return true;
    if (!store_lookup_complete(s, &match_naming, err) || !store_generation(s, &a, &g, err))
        return false;
    for (size_t i = 0; i < judged; i++) {
        struct feed_state *state = generation_feed(&g, pending[i].feed);
        if (state != NULL)
            state->segment = is_told_of(options, &pending[i]) ? pending[i].notified : pending[i].segment;
    }
    return tell_of_all(s, options, pending, judged, &g, outcome, err);
}
