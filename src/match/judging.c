#include "match/judging.h"

#include <stdlib.h>

// ---- who judges a kind ----------------------------------------------------------------------------------------------

static bool covers_any_scope(const struct judge *j)
{
    for (size_t i = 0; i < j->scopes_n; i++)
        if (segment_has_scope(j->segment, j->scopes[i]))
            return true;
    return false;
}

static bool is_stale(const struct feed_state *state, int64_t now)
{
    return state->checked < now && now - state->checked > FEED_STALE_SECONDS;
}

// What a feed is good for, as far as its place in the generation says: `error` is why its segment cannot be opened.
static struct report_feed feed_condition(const struct feed_state *state, const struct segment *segment,
                                         struct slice error, int64_t now)
{
    struct report_feed feed = {.state = FEED_MISSING, .error = SLICE("it was never loaded: run `clarion update`")};
    if (state == NULL)
        return feed;
    feed.updated = state->updated;
    feed.records = state->records;
    if (segment != NULL) {
        feed.state = is_stale(state, now) ? FEED_STALE : FEED_LOADED;
        feed.error = state->error;
    } else if (error.n != 0 || state->error.n != 0) {
        feed.state = FEED_IN_ERROR;
        feed.error = error.n != 0 ? error : state->error;
    }
    return feed;
}

// Finds out what the matcher's feed can say.
static void ask_feed(struct judge *j, struct report_segments *segments, int64_t now, struct arena *a)
{
    struct slice error = {0};
    const char *name = j->matcher->feed;
    j->segment = report_segment(segments, name, &error);
    j->feed = feed_condition(report_feed_state(segments, name), j->segment, arena_dup(a, error), now);
    j->feed.feed = slice_str(name);
    j->able = j->segment != NULL && covers_any_scope(j);
    if (j->segment != NULL && !j->able) {
        struct slice release, rest;
        slice_cut(match_scope_release(j->scopes[0]), '/', &release, &rest);
        j->feed.state = FEED_MISSING;
        j->feed.error = arena_printf(a, "it has no data for %s %.*s", j->matcher->name, SLICE_ARG(release));
    }
    if (!j->able)
        j->obstacle = arena_printf(a, "the feed %s is %s: %.*s", name, feed_condition_name(j->feed.state),
                                   SLICE_ARG(j->feed.error));
}

// What a distribution's own package manager installs is judged by the distribution's data, so it must be known.
static bool belongs_to_distribution(struct slice kind)
{
    return slice_eq(kind, SLICE("deb")) || slice_eq(kind, SLICE("apk")) || slice_eq(kind, SLICE("rpm"));
}

static void appoint(struct judge *j, const struct distribution *d, struct slice kind, struct report_segments *segments,
                    int64_t now, struct arena *a)
{
    *j = (struct judge){.kind = kind, .matcher = matcher_for(d, kind)};
    if (j->matcher != NULL)
        j->scopes_n = j->matcher->scopes(a, d, j->scopes);
    if (j->matcher == NULL && !belongs_to_distribution(kind))
        j->obstacle = arena_printf(a, "this version has no feed for %.*s packages", SLICE_ARG(kind));
    else if (!d->known)
        j->obstacle = SLICE("the distribution of the image is not known");
    else if (j->matcher == NULL)
        j->obstacle = arena_printf(a, "Clarion has no data on %.*s packages of the distribution %.*s", SLICE_ARG(kind),
                                   SLICE_ARG(d->id.n != 0 ? d->id : SLICE("(nameless)")));
    else if (j->scopes_n == 0)
        j->obstacle = arena_printf(a, "the image does not tell which release of %.*s it is", SLICE_ARG(d->id));
    else
        ask_feed(j, segments, now, a);
}

// ---- source by source -----------------------------------------------------------------------------------------------

static struct slice source_name(const struct package *p)
{
    return p->source_name.n != 0 ? p->source_name : p->name;
}

static struct slice source_version(const struct package *p)
{
    return p->source_version.n != 0 ? p->source_version : p->version;
}

struct match_key judge_key(const struct judge *judge, const struct package *package)
{
    struct match_key key = {
        .scopes_n = judge->scopes_n, .package = source_name(package), .version = source_version(package)};
    memcpy(key.scopes, judge->scopes, sizeof key.scopes);
    return key;
}

size_t records_of_one(const struct advisory *records, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && slice_eq(records[end].vulnerability, records[first].vulnerability))
        end++;
    return end - first;
}

static int by_source(const void *x, const void *y, void *context)
{
    const struct inventory *inventory = context;
    size_t left = *(const size_t *)x, right = *(const size_t *)y;
    const struct package *a = &inventory->packages[left].package, *b = &inventory->packages[right].package;
    int order = slice_cmp(a->kind, b->kind);
    if (order == 0)
        order = slice_cmp(source_name(a), source_name(b));
    if (order == 0)
        order = slice_cmp(source_version(a), source_version(b));
    return order != 0 ? order : (left > right) - (left < right);
}

static int by_vulnerability(const void *x, const void *y)
{
    const struct advisory *a = x, *b = y;
    int order = slice_cmp(a->vulnerability, b->vulnerability);
    if (order == 0)
        order = slice_cmp(a->scope, b->scope);
    if (order == 0)
        order = (int)a->status - (int)b->status;
    return order != 0 ? order : slice_cmp(a->fixed_in, b->fixed_in);
}

bool source_records(struct source_group *g, bool brief, struct error *err)
{
    bool (*look_up)(struct segment *, struct slice, struct slice, struct arena *, advisory_vec *, struct error *) =
        brief ? segment_lookup_brief : segment_lookup;
    advisory_vec found = {0};
    if (g->looked_up)
        return true;
    for (size_t i = 0; g->judge->able && i < g->judge->scopes_n; i++)
        if (!look_up(g->judge->segment, g->judge->scopes[i], g->source, g->arena, &found, err))
            return error_wrap(err, "feed %s", g->judge->matcher->feed);
    // A segment gives them in order, so only those of several have to be put together.
    if (g->judge->scopes_n > 1 && found.n > 1)
        qsort(found.v, found.n, sizeof found.v[0], by_vulnerability);
    g->records = found.v;
    g->records_n = found.n;
    g->looked_up = true;
    return true;
}

bool for_each_source(struct stored_image *image, struct report_segments *segments, int64_t now, struct arena *a,
                     source_group_fn *each, void *context, struct error *err)
{
    const struct inventory *inventory = &image->inventory;
    size_t n = 0, *order = ARENA_NEW(a, size_t, inventory->packages_n);
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (!package_is_key(&inventory->packages[i].package))
            order[n++] = i;
    if (n > 1)
        qsort_r(order, n, sizeof *order, by_source, &image->inventory);
    const struct judge *judge = NULL;
    for (size_t first = 0, end; first < n; first = end) {
        const struct package *p = &inventory->packages[order[first]].package;
        if (judge == NULL || !slice_eq(judge->kind, p->kind)) {
            struct judge *next = ARENA_NEW(a, struct judge, 1);
            appoint(next, &inventory->distribution, p->kind, segments, now, a);
            judge = next;
        }
        for (end = first + 1; end < n; end++) {
            const struct package *other = &inventory->packages[order[end]].package;
            if (!slice_eq(other->kind, p->kind) || !slice_eq(source_name(other), source_name(p)))
                break;
        }
        struct source_group group = {
            .judge = judge, .source = source_name(p), .packages = order + first, .n = end - first, .arena = a};
        if (!each(context, &group, err))
            return false;
    }
    return true;
}
