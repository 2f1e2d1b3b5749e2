#include "notify/enriched.h"

#include "advisory/enrichments.h"
#include "advisory/mapping.h"
#include "advisory/segment_labels.h"

#include <stdlib.h>

bool enriched_by(struct slice feed)
{
    return slice_eq(feed, SLICE(ENRICHMENT_NVD)) || slice_eq(feed, SLICE(ENRICHMENT_KEV));
}

// ---- the CVEs -------------------------------------------------------------------------------------------------------

struct cves {
    struct arena *arena;
    VEC(struct slice) list; // sorted when all are there
};

// A changed CVE may come by with several of its values, one after the other.
static bool take_cve(void *context, const struct segment_change *change, struct error *err)
{
    struct cves *c = context;
    const struct advisory *r = change->before_n != 0 ? change->before : change->after;
    struct slice key = mapping_key(c->arena, r);
    (void)err;
    if (slice_starts(key, SLICE("CVE-")))
        VEC_PUSH(c->arena, &c->list) = key;
    return true;
}

static int by_text(const void *x, const void *y)
{
    const struct slice *a = x, *b = y;
    return slice_cmp(*a, *b);
}

static bool has(const struct cves *c, struct slice id)
{
    return bsearch(&id, c->list.v, c->list.n, sizeof id, by_text) != NULL;
}

static bool has_any(const struct cves *c, struct slice ids)
{
    struct slice id;
    while (ids.n != 0) {
        slice_cut(ids, ' ', &id, &ids);
        if (has(c, id))
            return true;
    }
    return false;
}

static bool changed_cves(const struct affected_change *change, struct cves *out, struct error *err)
{
    struct slice why = {0};
    struct segment *before = report_segment(change->before, change->feed, &why);
    struct segment *after = report_segment(change->after, change->feed, &why);
    if (why.n != 0 || !segment_diff(before, after, take_cve, out, err))
        return error_wrap(err, "feed %s", change->feed);
    if (out->list.n > 1)
        qsort(out->list.v, out->list.n, sizeof *out->list.v, by_text);
    return true;
}

// ---- the records that speak of them ---------------------------------------------------------------------------------

struct speaking {
    const struct cves *cves;
    const char *feed;
    struct arena *arena;
    VEC(struct affected_record) records;
    bool containers; // one record on containers makes all of them candidates
};

static bool is_last(const struct speaking *k, const struct advisory *r)
{
    if (k->records.n == 0)
        return false;
    const struct affected_record *last = &k->records.v[k->records.n - 1];
    return last->feed == k->feed && slice_eq(last->package, r->package);
}

// Records come ordered by their packages. A package is named once, and so are containers.
static void add(struct speaking *k, const struct advisory *r)
{
    const struct matcher *m = affected_matcher(k->feed, r->scope);
    bool of_containers = m != NULL && strcmp(m->kind, "container") == 0;
    if (of_containers ? k->containers : is_last(k, r))
        return;
    k->containers = k->containers || of_containers;
    VEC_PUSH(k->arena, &k->records) =
        (struct affected_record){k->feed, arena_dup(k->arena, r->scope), arena_dup(k->arena, r->package)};
}

static bool take_record(void *context, const struct advisory *r)
{
    struct speaking *k = context;
    bool speaks = has(k->cves, r->vulnerability) || has_any(k->cves, r->aliases);
    if (speaks)
        add(k, r);
    return !speaks;
}

static bool walk(struct speaking *k, struct segment *segment, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    segment_labels labels = {0};
    return segment_labels_read(segment, &scratch, &labels, err) &&
           segment_walk_labelled(segment, &labels, take_record, k, err);
}

bool affected_by_enrichment(struct store *s, const struct generation *g, const struct affected_change *change,
                            struct arena *a, struct affected *out, struct error *err)
{
    struct cves cves = {.arena = a};
    struct speaking k = {.cves = &cves, .arena = a};
    *out = (struct affected){0};
    if (!changed_cves(change, &cves, err))
        return false;
    for (size_t i = 0; cves.list.n != 0 && i < g->feeds_n; i++) {
        struct slice why = {0};
        if (!matchers_read(g->feeds[i].feed))
            continue;
        k.feed = arena_dup(a, g->feeds[i].feed).p;
        k.containers = false;
        struct segment *segment = report_segment(change->after, k.feed, &why);
        if (why.n != 0)
            return error_set(err, ERR_STORE, "feed %s: %.*s", k.feed, SLICE_ARG(why));
        if (segment != NULL && !walk(&k, segment, err))
            return error_wrap(err, "feed %s", k.feed);
    }
    return affected_by_records(s, k.records.v, k.records.n, a, out, err);
}
