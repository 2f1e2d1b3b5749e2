#include "notify/delta.h"

#include "store/notification_store.h"

#include <stdlib.h>

#define CHUNK ((size_t)256) // packages that are judged at a time: bounds the memory that their findings take

// A package of the image that stands for all of a context.
struct member {
    int64_t id;
    bool told; // changes in it are told of
    struct inventory_package package;
};

typedef VEC(struct member) members;

// ---- orders ---------------------------------------------------------------------------------------------------------

// As inventories are ordered.
static int by_kind_and_name(const void *x, const void *y)
{
    const struct member *m = x, *n = y;
    const struct package *p = &m->package.package, *q = &n->package.package;
    const struct slice a[] = {p->kind, p->name, p->version, p->arch};
    const struct slice b[] = {q->kind, q->name, q->version, q->arch};
    int order = 0;
    for (size_t i = 0; order == 0 && i < sizeof a / sizeof a[0]; i++)
        order = slice_cmp(a[i], b[i]);
    if (order == 0)
        order = (m->id > n->id) - (m->id < n->id);
    return order != 0 ? order : slice_cmp(m->package.owner, n->package.owner);
}

// A finding with the package that it is in.
struct told {
    int64_t id;
    const struct report_finding *finding;
};

static int by_package_and_flaw(const void *x, const void *y)
{
    const struct told *a = x, *b = y;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return slice_cmp(a->finding->vulnerability, b->finding->vulnerability);
}

// ---- one image ------------------------------------------------------------------------------------------------------

struct comparing {
    const struct delta *d;
    struct delta_change change; // what all changes of this image have in common
    delta_fn *tell;
    void *context;
    const struct member *members;
};

// Its findings in the packages that are told of, ordered; a package that is there twice counts once.
static struct told *sort_findings(const struct comparing *c, const struct report *report, struct arena *a, size_t *n)
{
    struct told *list = ARENA_NEW(a, struct told, report->findings_n);
    size_t all = 0, kept = 0;
    for (size_t i = 0; i < report->findings_n; i++) {
        const struct member *m = &c->members[report->findings[i].package];
        if (m->told)
            list[all++] = (struct told){m->id, &report->findings[i]};
    }
    if (all > 1)
        qsort(list, all, sizeof *list, by_package_and_flaw);
    for (size_t i = 0; i < all; i++)
        if (i == 0 || by_package_and_flaw(&list[i], &list[kept - 1]) != 0)
            list[kept++] = list[i];
    *n = kept;
    return list;
}

static bool tell_one(struct comparing *c, enum notice_reason reason, const struct report *report,
                     const struct told *told, const struct told *former, struct error *err)
{
    c->change.reason = reason;
    c->change.former = former != NULL ? former->finding : NULL;
    c->change.report = report;
    c->change.finding = told->finding;
    c->change.package = told->id;
    return c->tell(c->context, &c->change, err);
}

static bool differ(const struct report_finding *x, const struct report_finding *y)
{
    return x->severity != y->severity || !slice_eq(x->fixed_in, y->fixed_in) ||
           (finding_exploited(x) == NULL) != (finding_exploited(y) == NULL);
}

// Each thing that may have become of it, in one image or another.
static bool tell_pair(struct comparing *c, const struct delta_pair *pair, const struct told *x, const struct told *y,
                      struct error *err)
{
    c->change.pair = pair;
    bool ok = (x == NULL || tell_one(c, NOTICE_REMOVED, pair->report_before, x, NULL, err)) &&
              (y == NULL || tell_one(c, NOTICE_ADDED, pair->report_after, y, NULL, err)) &&
              (x == NULL || y == NULL || !differ(x->finding, y->finding) ||
               tell_one(c, NOTICE_CHANGED, pair->report_after, y, x, err));
    c->change.pair = NULL;
    return ok;
}

static enum triage_scope scope_of(const struct delta *d, const struct told *told)
{
    return d->triage != NULL && told != NULL ? triage_scope(d->triage, told->finding) : TRIAGE_SILENT;
}

// `x` before and `y` after, at most one of them NULL.
static bool compare_one(struct comparing *c, const struct report *before, const struct report *after, struct arena *a,
                        const struct told *x, const struct told *y, struct error *err)
{
    enum triage_scope was = scope_of(c->d, x), is = scope_of(c->d, y);
    if (was != TRIAGE_SILENT || is != TRIAGE_SILENT) {
        struct delta_pair *pair = ARENA_NEW(a, struct delta_pair, 1);
        *pair = (struct delta_pair){
            .triage = c->d->triage,
            .scope = was > is ? was : is,
            .report_before = before,
            .report_after = after,
            .before = x != NULL ? x->finding : NULL,
            .after = y != NULL ? y->finding : NULL,
        };
        return tell_pair(c, pair, x, y, err);
    }
    if (x == NULL)
        return y == NULL || tell_one(c, NOTICE_ADDED, after, y, NULL, err);
    if (y == NULL)
        return tell_one(c, NOTICE_REMOVED, before, x, NULL, err);
    return !differ(x->finding, y->finding) || tell_one(c, NOTICE_CHANGED, after, y, x, err);
}

static bool compare(struct comparing *c, const struct report *before, const struct report *after, struct arena *a,
                    struct error *err)
{
    size_t n, m, i = 0, j = 0;
    const struct told *x = sort_findings(c, before, a, &n), *y = sort_findings(c, after, a, &m);
    while (i < n || j < m) {
        int order = i == n ? 1 : j == m ? -1 : by_package_and_flaw(&x[i], &y[j]);
        if (!compare_one(c, before, after, a, order <= 0 ? &x[i] : NULL, order >= 0 ? &y[j] : NULL, err))
            return false;
        i += order <= 0;
        j += order >= 0;
    }
    return true;
}

static bool make_after(const struct delta *d, struct stored_image *image, struct arena *a, struct report *out,
                       struct error *err)
{
    return d->make != NULL ? d->make(d->context, image, a, out, err)
                           : report_make(image, d->generation_after, d->after, d->now, a, out, err);
}

static bool judge_members(struct comparing *c, const struct inventory *around, struct member *list, size_t n,
                          struct arena *a, struct error *err)
{
    const struct delta *d = c->d;
    struct stored_image *image = ARENA_NEW(a, struct stored_image, 1);
    struct report *reports = ARENA_NEW(a, struct report, 2), *before = &reports[0], *after = &reports[1];
    *image = (struct stored_image){.inventory = *around};
    before->image = after->image = image;
    if (n == 0)
        return true;
    if (n > 1)
        qsort(list, n, sizeof *list, by_kind_and_name);
    image->inventory.packages = ARENA_NEW(a, struct inventory_package, n);
    image->inventory.packages_n = n;
    for (size_t i = 0; i < n; i++)
        image->inventory.packages[i] = list[i].package;
    c->members = list;
    if ((d->before != NULL && !report_make(image, d->generation_before, d->before, d->now, a, before, err)) ||
        !make_after(d, image, a, after, err))
        return false;
    if (d->restrict_report != NULL) {
        d->restrict_report(d->context, before);
        d->restrict_report(d->context, after);
    }
    return compare(c, before, after, a, err);
}

// ---- contexts and groups --------------------------------------------------------------------------------------------

// Candidates of one context, as many as are judged at a time.
static bool tell_chunk(struct comparing *c, const struct store_candidate *candidates, size_t n, struct error *err)
{
    struct arena own ARENA_AUTO = {0}, *a = c->d->kept != NULL ? c->d->kept : &own;
    struct inventory around;
    members list = {0};
    c->change.context = candidates[0].context;
    if (!store_context_get(c->d->store, candidates[0].context, a, &around, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct member *m = &VEC_PUSH(a, &list);
        m->id = candidates[i].package;
        m->told = true;
        if (!store_package_get(c->d->store, m->id, a, &m->package, err))
            return false;
    }
    return judge_members(c, &around, list.v, list.n, a, err);
}

static bool tell_group(struct comparing *c, const struct affected_group *group, struct error *err)
{
    struct arena own ARENA_AUTO = {0}, *a = c->d->kept != NULL ? c->d->kept : &own;
    struct inventory around;
    store_owned_packages owned = {0};
    members list = {0};
    c->change.context = group->context;
    c->change.sets = group->sets;
    c->change.sets_n = group->sets_n;
    if (!store_context_get(c->d->store, group->context, a, &around, err) ||
        !store_set_owned(c->d->store, group->sets[0], a, &owned, err))
        return false;
    for (size_t i = 0; i < owned.n; i++) {
        struct member *m = &VEC_PUSH(a, &list);
        m->id = owned.v[i].package;
        m->told = owned.v[i].judged;
        if (!store_package_get(c->d->store, m->id, a, &m->package, err))
            return false;
        m->package.owner = owned.v[i].owner;
    }
    return judge_members(c, &around, list.v, list.n, a, err);
}

bool delta_tell(const struct delta *d, const struct affected *affected, delta_fn *tell, void *context,
                struct error *err)
{
    const store_candidates *all = &affected->candidates;
    for (size_t first = 0, end; first < all->n; first = end) {
        struct comparing c = {.d = d, .tell = tell, .context = context};
        for (end = first + 1; end < all->n && end - first < CHUNK && all->v[end].context == all->v[first].context;
             end++)
            ;
        if (!tell_chunk(&c, all->v + first, end - first, err))
            return false;
    }
    for (size_t i = 0; i < affected->groups_n; i++) {
        struct comparing c = {.d = d, .tell = tell, .context = context};
        if (!tell_group(&c, &affected->groups[i], err))
            return false;
    }
    return true;
}

// ---- the images of a change -----------------------------------------------------------------------------------------

// Everything that statements about the flaw may look at, of an image that is there.
static bool read_image(struct store *s, const struct delta_pair *pair, int64_t row, struct arena *a,
                       struct stored_image *image, struct error *err)
{
    bool found = true;
    if (!store_image_identity(s, row, a, image, err))
        return false;
    const struct digest manifest = image->manifest;
    return pair->scope != TRIAGE_BY_PACKAGES || store_image_get(s, &manifest, NULL, a, image, &found, err);
}

// As its report has the flaw before and after.
bool delta_image(struct store *s, const struct delta_change *change, int64_t image, struct delta_standing *out,
                 struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct delta_pair *p = change->pair;
    struct stored_image read;
    struct report_decision unasked;
    *out = (struct delta_standing){.told = p == NULL};
    if (p == NULL)
        return true;
    if (!read_image(s, p, image, &scratch, &read, err))
        return false;
    bool was = p->before != NULL && !triage_suppresses(p->triage, p->report_before, p->before, &read, &unasked);
    out->suppressed =
        p->after != NULL && triage_suppresses(p->triage, p->report_after, p->after, &read, &out->decision);
    bool is = p->after != NULL && !out->suppressed;
    enum notice_reason reason = !was ? NOTICE_ADDED : is ? NOTICE_CHANGED : NOTICE_REMOVED;
    out->told = reason == change->reason && (was != is || (was && differ(p->before, p->after)));
    return true;
}

struct choosing {
    struct store *store;
    const struct delta_change *change;
    store_holding_fn *each;
    void *context;
};

static bool choose(void *context, const struct holding *holding, struct error *err)
{
    const struct choosing *c = context;
    struct delta_standing standing;
    return delta_image(c->store, c->change, holding->image, &standing, err) &&
           (!standing.told || c->each(c->context, holding, err));
}

bool delta_images(struct store *s, const struct delta_change *change, store_holding_fn *each, void *context,
                  struct error *err)
{
    struct choosing choosing = {s, change, each, context};
    if (change->pair != NULL) {
        each = choose;
        context = &choosing;
    }
    if (change->sets_n == 0)
        return store_holdings(s, change->context, change->package, each, context, err);
    for (size_t i = 0; i < change->sets_n; i++)
        if (!store_set_holdings(s, change->sets[i], change->context, change->package, each, context, err))
            return false;
    return true;
}
