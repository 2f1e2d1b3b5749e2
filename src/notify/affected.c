#include "notify/affected.h"

#include <stdlib.h>

// ---- kinds and names ------------------------------------------------------------------------------------------------

bool affected_reads(const struct matcher *m, const char *feed)
{
    for (size_t f = 0; m->feeds[f] != NULL; f++)
        if (strcmp(m->feeds[f], feed) == 0)
            return true;
    return false;
}

// Several matchers may read one feed for one kind of packages: the first of them speaks for it.
static bool is_first_of_kind(size_t matcher, const char *feed)
{
    for (size_t i = 0; i < matcher; i++)
        if (strcmp(matchers[i]->kind, matchers[matcher]->kind) == 0 && affected_reads(matchers[i], feed))
            return false;
    return true;
}

bool affected_is_of_containers(const struct matcher *m)
{
    return strcmp(m->kind, "container") == 0;
}

static bool speaks_of_containers(const struct matcher *m, struct slice scope)
{
    struct arena scratch ARENA_AUTO = {0};
    static const struct distribution none = {0};
    const struct match_image image = {.distribution = &none};
    scope_vec scopes = {0};
    m->scopes(&scratch, &image, NULL, 0, &scopes);
    for (size_t i = 0; i < scopes.n; i++)
        if (slice_eq(scopes.v[i], scope))
            return true;
    return false;
}

const struct matcher *affected_matcher(const char *feed, struct slice scope)
{
    const struct matcher *found = NULL;
    for (size_t i = 0; matchers[i] != NULL; i++) {
        if (!affected_reads(matchers[i], feed))
            continue;
        if (affected_is_of_containers(matchers[i]) && speaks_of_containers(matchers[i], scope))
            return matchers[i];
        if (found == NULL && !affected_is_of_containers(matchers[i]))
            found = matchers[i];
    }
    return found;
}

static bool add_named(struct store *s, const struct affected_record *record, struct arena *a, store_candidates *out,
                      struct error *err)
{
    for (size_t i = 0; matchers[i] != NULL; i++) {
        const struct matcher *m = matchers[i];
        if (!affected_reads(m, record->feed) || !is_first_of_kind(i, record->feed))
            continue;
        if (affected_is_of_containers(m)
                ? speaks_of_containers(m, record->scope) && !store_lookup_kind(s, slice_str(m->kind), 0, a, out, err)
                : !store_lookup_name(s, record->package, slice_str(m->kind), a, out, err))
            return false;
    }
    return true;
}

// ---- what changed ---------------------------------------------------------------------------------------------------

struct collecting {
    struct store *store;
    const char *feed;
    struct arena *arena; // of the candidates
    struct arena names;
    struct slice name; // the last; changes come ordered by it
    bool containers;   // all are candidates already
    store_candidates *out;
};

static bool changed_record(void *context, const struct segment_change *change, struct error *err)
{
    struct collecting *c = context;
    const struct advisory *r = change->before_n != 0 ? change->before : change->after;
    bool new_name = !slice_eq(r->package, c->name) || c->name.p == NULL;
    for (size_t i = 0; matchers[i] != NULL; i++) {
        const struct matcher *m = matchers[i];
        if (!affected_reads(m, c->feed) || !is_first_of_kind(i, c->feed))
            continue;
        if (affected_is_of_containers(m)) {
            if (c->containers || !speaks_of_containers(m, r->scope))
                continue;
            c->containers = true;
            if (!store_lookup_kind(c->store, slice_str(m->kind), 0, c->arena, c->out, err))
                return false;
        } else if (new_name && !store_lookup_name(c->store, r->package, slice_str(m->kind), c->arena, c->out, err)) {
            return false;
        }
    }
    if (new_name) {
        arena_free(&c->names);
        c->name = arena_dup(&c->names, r->package);
    }
    return true;
}

static bool same_scopes(struct segment *before, struct segment *after)
{
    size_t n = 0, m = 0;
    const struct slice *x = before != NULL ? segment_scopes(before, &n) : NULL;
    const struct slice *y = after != NULL ? segment_scopes(after, &m) : NULL;
    if (n != m || (before == NULL) != (after == NULL))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!slice_eq(x[i], y[i]))
            return false;
    return true;
}

static bool judged_alike(const struct judge *x, const struct judge *y)
{
    if (x->matcher != y->matcher || x->able != y->able || x->scopes.n != y->scopes.n ||
        (x->able && strcmp(x->feed_name, y->feed_name) != 0))
        return false;
    for (size_t i = 0; i < x->scopes.n; i++)
        if (!slice_eq(x->scopes.v[i], y->scopes.v[i]))
            return false;
    return true;
}

// Where the feed came to speak of a release, all packages of a context may be judged by it now that were judged by
// another, or not at all.
static bool add_rejudged(struct store *s, const struct affected_change *change, int64_t context, struct arena *a,
                         store_candidates *out, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct inventory inventory;
    struct stored_image image = {0};
    struct report before = {.image = &image}, after = {.image = &image};
    if (!store_context_get(s, context, &scratch, &inventory, err))
        return false;
    image.inventory = inventory;
    if (!report_repositories(&image.inventory, change->before, &scratch, &before, err) ||
        !report_repositories(&image.inventory, change->after, &scratch, &after, err))
        return false;
    const struct match_image was = match_image_of(&before, &scratch), is = match_image_of(&after, &scratch);
    for (size_t i = 0; matchers[i] != NULL; i++) {
        struct judge x, y;
        struct slice kind = slice_str(matchers[i]->kind);
        if (!affected_reads(matchers[i], change->feed) || !is_first_of_kind(i, change->feed))
            continue;
        judge_appoint(&x, &was, kind, change->before, change->now, &scratch);
        judge_appoint(&y, &is, kind, change->after, change->now, &scratch);
        if (!judged_alike(&x, &y) && !store_lookup_kind(s, kind, context, a, out, err))
            return false;
    }
    return true;
}

static int by_candidate(const void *x, const void *y)
{
    const struct store_candidate *a = x, *b = y;
    if (a->context != b->context)
        return a->context < b->context ? -1 : 1;
    return (a->package > b->package) - (a->package < b->package);
}

static void each_once(store_candidates *c)
{
    size_t kept = 0;
    if (c->n > 1)
        qsort(c->v, c->n, sizeof *c->v, by_candidate);
    for (size_t i = 0; i < c->n; i++)
        if (i == 0 || by_candidate(&c->v[i], &c->v[kept - 1]) != 0)
            c->v[kept++] = c->v[i];
    c->n = kept;
}

// ---- packages that others own ---------------------------------------------------------------------------------------

// A set in a context, and those of its parts that have to do with owned packages: sets that have them in common are
// judged alike. Reading the packages of each set instead costs as much as all packages of all these images.
struct signed_set {
    int64_t context, set;
    const int64_t *parts;
    size_t parts_n;
};

typedef VEC(struct signed_set) signed_sets;

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_signed(const struct signed_set *a, const struct signed_set *b)
{
    int order = by_number(a->context, b->context);
    if (order == 0)
        order = (a->parts_n > b->parts_n) - (a->parts_n < b->parts_n);
    for (size_t i = 0; order == 0 && i < a->parts_n; i++)
        order = by_number(a->parts[i], b->parts[i]);
    return order;
}

static int by_signature(const void *x, const void *y)
{
    const struct signed_set *a = x, *b = y;
    int order = compare_signed(a, b);
    return order != 0 ? order : by_number(a->set, b->set);
}

static int by_id(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

// Sorted, each once.
static void unique_ids(store_ids *ids)
{
    size_t kept = 0;
    if (ids->n > 1)
        qsort(ids->v, ids->n, sizeof *ids->v, by_id);
    for (size_t i = 0; i < ids->n; i++)
        if (i == 0 || ids->v[i] != ids->v[kept - 1])
            ids->v[kept++] = ids->v[i];
    ids->n = kept;
}

static bool find_sets(struct store *s, const store_candidates *candidates, struct arena *a, store_ids *sets,
                      struct error *err)
{
    store_ids packages = {0};
    for (size_t i = 0; i < candidates->n; i++)
        VEC_PUSH(a, &packages) = candidates->v[i].package;
    unique_ids(&packages);
    for (size_t i = 0; i < packages.n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        struct inventory_package p;
        if (!store_package_get(s, packages.v[i], &scratch, &p, err))
            return false;
        struct slice owner = arena_printf(&scratch, "%.*s:%.*s", SLICE_ARG(p.package.kind), SLICE_ARG(p.package.name));
        if (!store_owned_sets(s, packages.v[i], owner, a, sets, err))
            return false;
    }
    unique_ids(sets);
    return true;
}

static int by_text(const void *x, const void *y)
{
    return slice_cmp(*(const struct slice *)x, *(const struct slice *)y);
}

static bool add_parts_of_owners(struct store *s, const store_owned_packages *owned, struct arena *a, store_ids *out,
                                struct error *err)
{
    VEC(struct slice) owners = {0};
    for (size_t i = 0; i < owned->n; i++)
        VEC_PUSH(a, &owners) = owned->v[i].owner;
    if (owners.n > 1)
        qsort(owners.v, owners.n, sizeof *owners.v, by_text);
    for (size_t i = 0; i < owners.n; i++)
        if ((i == 0 || !slice_eq(owners.v[i], owners.v[i - 1])) && !store_owner_parts(s, owners.v[i], a, out, err))
            return false;
    return true;
}

static bool add_parts_of_owned(struct store *s, const store_owned_packages *owned, struct arena *a, store_ids *out,
                               struct error *err)
{
    store_ids packages = {0};
    for (size_t i = 0; i < owned->n; i++)
        VEC_PUSH(a, &packages) = owned->v[i].package;
    unique_ids(&packages);
    for (size_t i = 0; i < packages.n; i++)
        if (!store_package_parts(s, packages.v[i], a, out, err))
            return false;
    return true;
}

// The parts that have to do with the packages which are owned in any of the sets: those that have one of them, and
// those that have an owner. Of a set no others count for its store_set_owned. Most sets share their parts, so each part
// is asked of once; few packages are owned, so the other parts are found from these.
static bool find_owning_parts(struct store *s, const signed_sets *sets, struct arena *a, store_ids *out,
                              struct error *err)
{
    store_ids parts = {0};
    store_owned_packages owned = {0};
    for (size_t i = 0; i < sets->n; i++)
        for (size_t k = 0; k < sets->v[i].parts_n; k++)
            VEC_PUSH(a, &parts) = sets->v[i].parts[k];
    unique_ids(&parts);
    for (size_t i = 0; i < parts.n; i++)
        if (!store_part_owned(s, parts.v[i], a, &owned, err))
            return false;
    if (!add_parts_of_owned(s, &owned, a, out, err) || !add_parts_of_owners(s, &owned, a, out, err))
        return false;
    unique_ids(out);
    return true;
}

// A set in each of its contexts, with all of its parts.
static bool add_set(struct store *s, int64_t set, struct arena *a, signed_sets *out, struct error *err)
{
    store_ids parts = {0}, contexts = {0};
    if (!store_set_parts(s, set, a, &parts, err) || !store_set_contexts(s, set, a, &contexts, err))
        return false;
    for (size_t i = 0; i < contexts.n; i++)
        VEC_PUSH(a, out) = (struct signed_set){contexts.v[i], set, parts.v, parts.n};
    return true;
}

static void keep_owning(struct signed_set *set, const store_ids *owning, struct arena *a)
{
    int64_t *kept = ARENA_NEW(a, int64_t, set->parts_n);
    size_t n = 0;
    for (size_t i = 0; i < set->parts_n; i++)
        if (owning->n != 0 && bsearch(&set->parts[i], owning->v, owning->n, sizeof *owning->v, by_id) != NULL)
            kept[n++] = set->parts[i];
    set->parts = kept;
    set->parts_n = n;
}

static bool add_groups(struct store *s, struct arena *a, struct affected *out, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    store_ids sets = {0}, owning = {0};
    signed_sets list = {0};
    if (!find_sets(s, &out->candidates, &scratch, &sets, err))
        return false;
    for (size_t i = 0; i < sets.n; i++)
        if (!add_set(s, sets.v[i], &scratch, &list, err))
            return false;
    if (!find_owning_parts(s, &list, &scratch, &owning, err))
        return false;
    for (size_t i = 0; i < list.n; i++)
        keep_owning(&list.v[i], &owning, &scratch);
    if (list.n > 1)
        qsort(list.v, list.n, sizeof *list.v, by_signature);
    out->groups = ARENA_NEW(a, struct affected_group, list.n);
    int64_t *ids = ARENA_NEW(a, int64_t, list.n);
    for (size_t i = 0; i < list.n; i++) {
        bool same = i != 0 && compare_signed(&list.v[i], &list.v[i - 1]) == 0;
        ids[i] = list.v[i].set;
        if (!same)
            out->groups[out->groups_n++] = (struct affected_group){.context = list.v[i].context, .sets = &ids[i]};
        out->groups[out->groups_n - 1].sets_n++;
    }
    return true;
}

// ---- for others -----------------------------------------------------------------------------------------------------

static bool collect_changes(struct store *s, const struct affected_change *change, struct segment *before,
                            struct segment *after, struct arena *a, store_candidates *out, struct error *err)
{
    struct collecting c = {.store = s, .feed = change->feed, .arena = a, .out = out};
    bool ok = segment_diff(before, after, changed_record, &c, err);
    arena_free(&c.names);
    return ok || error_wrap(err, "feed %s", change->feed);
}

bool affected_by_update(struct store *s, const struct affected_change *change, struct arena *a, struct affected *out,
                        struct error *err)
{
    struct slice why = {0};
    struct segment *before = report_segment(change->before, change->feed, &why);
    struct segment *after = report_segment(change->after, change->feed, &why);
    store_ids contexts = {0};
    *out = (struct affected){0};
    if (why.n != 0)
        return error_set(err, ERR_STORE, "feed %s: %.*s", change->feed, SLICE_ARG(why));
    if (!collect_changes(s, change, before, after, a, &out->candidates, err))
        return false;
    if (!same_scopes(before, after)) {
        if (!store_contexts(s, a, &contexts, err))
            return false;
        for (size_t i = 0; i < contexts.n; i++)
            if (!add_rejudged(s, change, contexts.v[i], a, &out->candidates, err))
                return false;
    }
    each_once(&out->candidates);
    return add_groups(s, a, out, err);
}

bool affected_candidates(struct store *s, const struct affected_record *records, size_t n, struct arena *a,
                         store_candidates *out, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!add_named(s, &records[i], a, out, err))
            return false;
    each_once(out);
    return true;
}

bool affected_by_records(struct store *s, const struct affected_record *records, size_t n, struct arena *a,
                         struct affected *out, struct error *err)
{
    *out = (struct affected){0};
    return affected_candidates(s, records, n, a, &out->candidates, err) && add_groups(s, a, out, err);
}

bool affected_by_names(struct store *s, const struct affected_name *names, size_t n, struct arena *a,
                       struct affected *out, struct error *err)
{
    *out = (struct affected){0};
    for (size_t i = 0; i < n; i++) {
        struct slice kind = slice_str(names[i].kind);
        if (!(strcmp(names[i].kind, "container") == 0
                  ? store_lookup_kind(s, kind, 0, a, &out->candidates, err)
                  : store_lookup_name(s, names[i].name, kind, a, &out->candidates, err)))
            return false;
    }
    each_once(&out->candidates);
    return add_groups(s, a, out, err);
}
