#include "notify/where.h"

#include "advisory/segment_labels.h"

#include <stdlib.h>

#define SETS_AT_ONCE   32
#define IMAGES_AT_ONCE 256  // of a set
#define EXAMINED       5000 // sets and images on the way to a page, whether they have it or not

// ---- what is said of it ---------------------------------------------------------------------------------------------

static void add_record(struct arena *a, const char *feed, const struct advisory *r, where_records *out)
{
    VEC_PUSH(a, out) = (struct affected_record){feed, arena_dup(a, r->scope), arena_dup(a, r->package)};
}

// OSV's records go by the ids of their databases, and have CVEs among their aliases.
static bool is_of_languages(const char *feed)
{
    for (size_t i = 0; matchers[i] != NULL; i++)
        for (size_t f = 0; matchers[i]->feeds[f] != NULL; f++)
            if (strcmp(matchers[i]->feeds[f], feed) == 0)
                return matchers[i]->applies == NULL && strcmp(matchers[i]->kind, "container") != 0;
    return false;
}

// Records of distributions go by CVEs where there are any, so that only other ids are aliases of theirs.
static bool may_be_alias(const char *feed, struct slice id)
{
    return is_of_languages(feed) || !slice_starts_nocase(id, SLICE("CVE-"));
}

static bool is_alias(const segment_labels *labels, struct slice id)
{
    for (size_t i = 0; i < labels->n; i++)
        if (has_id(SLICE(""), labels->v[i].aliases, id))
            return true;
    return false;
}

// Those that have the id as an alias.
struct aliased {
    const char *feed;
    struct slice id;
    struct arena *arena;
    where_records *out;
};

static bool take_record(void *context, const struct advisory *r)
{
    const struct aliased *k = context;
    bool is_of_it = has_id(r->vulnerability, r->aliases, k->id);
    if (is_of_it)
        add_record(k->arena, k->feed, r, k->out);
    return !is_of_it;
}

static bool add_aliased(struct segment *segment, struct aliased *k, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    segment_labels labels = {0};
    return segment_labels_read(segment, &scratch, &labels, err) &&
           (!is_alias(&labels, k->id) || segment_walk_labelled(segment, &labels, take_record, k, err));
}

static bool add_of_feed(const struct where_question *question, const char *feed, struct arena *a, where_records *out,
                        struct error *err)
{
    struct slice id = question->asked;
    struct arena scratch ARENA_AUTO = {0};
    advisory_vec records = {0};
    struct aliased aliased = {feed, id, a, out};
    struct slice why = {0};
    struct segment *segment = report_segment(question->segments, feed, &why);
    if (segment == NULL)
        return why.n == 0 || question->readable_only ||
               error_set(err, ERR_STORE, "feed %s: %.*s", feed, SLICE_ARG(why));
    if (!segment_vulnerability(segment, id, &scratch, &records, err) ||
        (may_be_alias(feed, id) && !add_aliased(segment, &aliased, err)))
        return error_wrap(err, "feed %s", feed);
    for (size_t i = 0; i < records.n; i++)
        add_record(a, feed, &records.v[i], out);
    return true;
}

bool where_find_records(const struct where_question *question, struct arena *a, where_records *out, struct error *err)
{
    const struct generation *g = question->generation;
    for (size_t i = 0; i < g->feeds_n; i++)
        if (matchers_read(g->feeds[i].feed) && !add_of_feed(question, arena_dup(a, g->feeds[i].feed).p, a, out, err))
            return false;
    return true;
}

// ---- what is looked for ---------------------------------------------------------------------------------------------

typedef VEC(struct delta_change) changes;

// What those parts of a package set that have to do with owned packages come to in a context: many sets share them.
struct group {
    int64_t context;
    store_ids parts;
    changes changes;
};

struct sought {
    int64_t id;
    struct package_owning owning;
    const struct package *package; // only where packages are asked for
};

struct where_answer {
    struct store *store;
    const struct where_question *question; // NULL: packages are asked for
    struct arena *arena;
    bool known;
    changes changes;       // in packages that nothing owns, ordered by package and context
    struct sought *sought; // the packages, ordered
    int64_t *packages;     // their ids
    size_t n;
    VEC(struct group *) groups; // ordered
};

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_id(const void *x, const void *y)
{
    return by_number(*(const int64_t *)x, *(const int64_t *)y);
}

static int by_package_and_context(const void *x, const void *y)
{
    const struct delta_change *a = x, *b = y;
    int order = by_number(a->package, b->package);
    return order != 0 ? order : by_number(a->context, b->context);
}

struct collecting {
    struct where_answer *answer;
    changes *out;
};

static bool take_change(void *context, const struct delta_change *change, struct error *err)
{
    const struct collecting *c = context;
    (void)err;
    if (report_has_id(change->finding, c->answer->question->asked))
        VEC_PUSH(c->answer->arena, c->out) = *change;
    return true;
}

// Judges; all that is told of stays.
static bool judge(struct where_answer *w, const struct affected *affected, changes *out, struct error *err)
{
    const struct where_question *q = w->question;
    struct collecting collecting = {w, out};
    const struct delta d = {.store = w->store,
                            .generation_after = q->generation,
                            .after = q->segments,
                            .now = q->now,
                            .triage = q->triage,
                            .restrict_report = q->restrict_report,
                            .context = q->context,
                            .kept = w->arena};
    return delta_tell(&d, affected, take_change, &collecting, err);
}

// The first of a package in a context, or of what is behind it.
static size_t first_change(const struct where_answer *w, int64_t package, int64_t context)
{
    const struct delta_change wanted = {.package = package, .context = context};
    size_t low = 0, high = w->changes.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_package_and_context(&w->changes.v[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_flawed(const struct where_answer *w, int64_t package)
{
    size_t at = first_change(w, package, 0);
    return at < w->changes.n && w->changes.v[at].package == package;
}

// Those of some packages in which the flaw may be found: it is, or others own them, or they own others.
static bool choose_packages(struct where_answer *w, store_ids *ids, struct error *err)
{
    if (ids->n > 1)
        qsort(ids->v, ids->n, sizeof *ids->v, by_id);
    size_t n = 0;
    for (size_t i = 0; i < ids->n; i++)
        if (i == 0 || ids->v[i] != ids->v[i - 1])
            ids->v[n++] = ids->v[i];
    struct package_owning *owning = ARENA_NEW(w->arena, struct package_owning, n);
    w->sought = ARENA_NEW(w->arena, struct sought, n);
    w->packages = ARENA_NEW(w->arena, int64_t, n);
    if (w->known && !store_packages_owning(w->store, ids->v, n, owning, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (w->known && !owning[i].owned && !owning[i].owner && !is_flawed(w, ids->v[i]))
            continue;
        w->packages[w->n] = ids->v[i];
        w->sought[w->n++] = (struct sought){.id = ids->v[i], .owning = owning[i]};
    }
    return true;
}

static bool ask_packages(struct where_answer *w, struct slice name, struct error *err)
{
    store_ids ids = {0};
    if (!store_packages_named(w->store, name, w->arena, &ids, err) || !choose_packages(w, &ids, err))
        return false;
    for (size_t i = 0; i < w->n; i++) {
        struct inventory_package *p = ARENA_NEW(w->arena, struct inventory_package, 1);
        if (!store_package_get(w->store, w->sought[i].id, w->arena, p, err))
            return false;
        w->sought[i].package = &p->package;
    }
    return true;
}

static bool ask_vulnerability(struct where_answer *w, const where_records *records, struct error *err)
{
    struct affected affected = {0};
    store_ids ids = {0};
    if (!affected_candidates(w->store, records->v, records->n, w->arena, &affected.candidates, err) ||
        !judge(w, &affected, &w->changes, err))
        return false;
    if (w->changes.n > 1)
        qsort(w->changes.v, w->changes.n, sizeof *w->changes.v, by_package_and_context);
    for (size_t i = 0; i < affected.candidates.n; i++)
        VEC_PUSH(w->arena, &ids) = affected.candidates.v[i].package;
    return choose_packages(w, &ids, err);
}

struct where_answer *where_ask(const struct where_question *question, struct arena *a, struct error *err)
{
    struct where_answer *w = ARENA_NEW(a, struct where_answer, 1);
    where_records records = {0};
    *w = (struct where_answer){.store = question->store, .question = question, .arena = a};
    if (!store_lookup_complete(question->store, &match_naming, err) || !where_find_records(question, a, &records, err))
        return NULL;
    w->known = records.n != 0;
    return (w->known ? ask_vulnerability(w, &records, err) : ask_packages(w, question->asked, err)) ? w : NULL;
}

struct where_answer *where_ask_packages(struct store *s, struct slice name, struct arena *a, struct error *err)
{
    struct where_answer *w = ARENA_NEW(a, struct where_answer, 1);
    *w = (struct where_answer){.store = s, .arena = a};
    return ask_packages(w, name, err) ? w : NULL;
}

bool where_is_known(const struct where_answer *answer)
{
    return answer->known;
}

// ---- what is in a set -----------------------------------------------------------------------------------------------

// Of a set in a context: a package, and the flaw that it has there.
struct in_set {
    const struct delta_change *change; // NULL: a package was asked for
    const struct package *package;
    struct slice db;
    int64_t layer;
};
typedef VEC(struct in_set) in_sets;

static int compare_groups(const struct group *a, const struct group *b)
{
    int order = by_number(a->context, b->context);
    if (order == 0)
        order = (a->parts.n > b->parts.n) - (a->parts.n < b->parts.n);
    for (size_t i = 0; order == 0 && i < a->parts.n; i++)
        order = by_number(a->parts.v[i], b->parts.v[i]);
    return order;
}

// Judged at the first of the sets that comes up. NULL with an error.
static const struct group *group_of(struct where_answer *w, int64_t set, int64_t context, struct error *err)
{
    struct group wanted = {.context = context};
    size_t low = 0, high = w->groups.n;
    if (!store_set_owning_parts(w->store, set, w->arena, &wanted.parts, err))
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_groups(w->groups.v[middle], &wanted);
        if (order == 0)
            return w->groups.v[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct group *made = ARENA_NEW(w->arena, struct group, 1);
    int64_t *sets = ARENA_NEW(w->arena, int64_t, 1);
    struct affected_group group = {.context = context, .sets = sets, .sets_n = 1};
    const struct affected affected = {.groups = &group, .groups_n = 1};
    *made = wanted;
    sets[0] = set;
    if (!judge(w, &affected, &made->changes, err))
        return NULL;
    VEC_PUSH(w->arena, &w->groups) = made;
    memmove(&w->groups.v[low + 1], &w->groups.v[low], (w->groups.n - 1 - low) * sizeof *w->groups.v);
    w->groups.v[low] = made;
    return made;
}

static const struct sought *sought_of(const struct where_answer *w, int64_t package)
{
    const int64_t *at = bsearch(&package, w->packages, w->n, sizeof *w->packages, by_id);
    return &w->sought[at - w->packages];
}

static int by_package_and_place(const void *x, const void *y)
{
    const struct set_place *a = x, *b = y;
    int order = by_number(a->member->package, b->member->package);
    if (order == 0)
        order = by_number(a->layer, b->layer);
    return order != 0 ? order : slice_cmp(a->member->db, b->member->db);
}

static const struct package *package_of(const struct delta_change *change)
{
    return &change->report->image->inventory.packages[change->finding->package].package;
}

static void add_changes(struct where_answer *w, const struct set_place *place, int64_t context, struct arena *a,
                        in_sets *out)
{
    for (size_t i = first_change(w, place->member->package, context); i < w->changes.n; i++) {
        const struct delta_change *c = &w->changes.v[i];
        if (c->package != place->member->package || c->context != context)
            return;
        VEC_PUSH(a, out) = (struct in_set){c, package_of(c), place->member->db, place->layer};
    }
}

static bool add_group(struct where_answer *w, const struct holding_set *set, int64_t context, struct arena *a,
                      in_sets *out, struct error *err)
{
    const struct group *group = group_of(w, set->set, context, err);
    if (group == NULL)
        return false;
    for (size_t i = 0; i < group->changes.n; i++) {
        const struct delta_change *c = &group->changes.v[i];
        struct in_set *found = &VEC_PUSH(a, out);
        *found = (struct in_set){.change = c, .package = package_of(c)};
        if (!store_place_in_set(w->store, set->set, c->package, a, &found->db, &found->layer, err))
            return false;
    }
    return true;
}

static int by_name(const void *x, const void *y)
{
    const struct in_set *r = x, *s = y;
    const struct package *p = r->package, *q = s->package;
    const struct slice a[] = {p->kind, p->name, p->version, p->arch, r->db};
    const struct slice b[] = {q->kind, q->name, q->version, q->arch, s->db};
    return slices_cmp(a, b, sizeof a / sizeof a[0]);
}

// A package of which others own none of its places is judged by itself; the others with what owns them.
static bool look_into(struct where_answer *w, const struct holding_set *set, int64_t context, struct arena *a,
                      in_sets *out, struct error *err)
{
    struct set_place *places = ARENA_NEW(a, struct set_place, set->places_n);
    bool grouped = false;
    memcpy(places, set->places, set->places_n * sizeof *places);
    if (set->places_n > 1)
        qsort(places, set->places_n, sizeof *places, by_package_and_place);
    for (size_t first = 0, end; first < set->places_n; first = end) {
        const struct sought *package = sought_of(w, places[first].member->package);
        bool owned = false;
        for (end = first; end < set->places_n && places[end].member->package == package->id; end++) {
            owned = owned || places[end].member->owned;
            if (!w->known)
                VEC_PUSH(a, out) = (struct in_set){NULL, package->package, places[end].member->db, places[end].layer};
        }
        if (w->known && !owned)
            add_changes(w, &places[first], context, a, out);
        grouped = grouped || (w->known && (owned || package->owning.owner));
    }
    if (grouped && !add_group(w, set, context, a, out, err))
        return false;
    if (out->n > 1)
        qsort(out->v, out->n, sizeof *out->v, by_name);
    return true;
}

// ---- image by image -------------------------------------------------------------------------------------------------

struct going {
    struct where_answer *answer;
    struct arena *arena;
    uint64_t most;
    bool counts;                 // rows are not wanted
    where_vec rows;              // of those that have it; with `counts`, of the last one
    uint64_t images, suppressed; // that have it; in which it is only suppressed
    uint64_t examined, examined_most;
    uint64_t at_once;      // images that are read of a set
    struct holders_key at; // the last image, or the end of the last set, that was gone past
    bool more;
    // What is in the set and the context that were looked into last.
    int64_t set, context;
    in_sets inside;
};

static bool add_row(struct going *g, const struct holding_image *image, const struct in_set *in, struct error *err)
{
    struct delta_standing standing = {.told = true};
    struct report_decision *decision = NULL;
    if (in->change != NULL && !delta_image(g->answer->store, in->change, image->key.image, &standing, err))
        return false;
    if (!standing.told && !standing.suppressed)
        return true;
    if (standing.suppressed) {
        decision = ARENA_NEW(g->arena, struct report_decision, 1);
        *decision = standing.decision;
    }
    VEC_PUSH(g->arena, &g->rows) = (struct where){.image = image,
                                                  .package = in->package,
                                                  .db = in->db,
                                                  .position = in->layer,
                                                  .finding = in->change != NULL ? in->change->finding : NULL,
                                                  .suppressed = decision};
    return true;
}

// The first that has it and is too much tells that there are more.
static bool go_past(struct going *g, const struct holding_set *set, const struct holding_image *image,
                    struct error *err)
{
    size_t before = g->counts ? 0 : g->rows.n;
    if (g->set != image->key.set || g->context != image->key.context) {
        g->inside = (in_sets){0};
        g->set = image->key.set;
        g->context = image->key.context;
        if (!look_into(g->answer, set, g->context, g->arena, &g->inside, err))
            return false;
    }
    g->rows.n = before;
    for (size_t i = 0; i < g->inside.n; i++)
        if (!add_row(g, image, &g->inside.v[i], err))
            return false;
    bool has = g->rows.n != before, shown = false;
    g->more = (has && g->images + g->suppressed == g->most) || g->examined >= g->examined_most;
    if (g->more) {
        g->rows.n = before;
        return true;
    }
    for (size_t i = before; i < g->rows.n; i++)
        shown = shown || g->rows.v[i].suppressed == NULL;
    g->images += shown;
    g->suppressed += has && !shown;
    g->examined++;
    g->at = image->key;
    return true;
}

// One set, whose first images are read.
static bool go_through(struct going *g, const struct holding_set *set, struct holding_image *first, size_t n,
                       struct error *err)
{
    holding_images images = {.v = first, .n = n};
    for (;;) {
        for (size_t i = 0; i < images.n && !g->more; i++)
            if (!go_past(g, set, &images.v[i], err))
                return false;
        if (g->more || images.n < g->at_once)
            break;
        const struct holders_key at = g->at;
        images = (holding_images){0};
        if (!store_images_of_sets(g->answer->store, set, 1, &at, g->at_once, g->arena, &images, err))
            return false;
    }
    if (g->more)
        return true;
    g->examined++;
    g->at = (struct holders_key){.set = set->set};
    return true;
}

static bool go(struct going *g, const struct holders_key *after, struct error *err)
{
    struct where_answer *w = g->answer;
    struct set_walk *walk = set_walk_new(w->store, w->packages, w->n, after->set, g->arena, err);
    if (walk == NULL)
        return false;
    g->at = *after;
    g->examined_most = w->question != NULL && w->question->examined != 0 ? w->question->examined : EXAMINED;
    g->at_once = g->most < IMAGES_AT_ONCE ? g->most + 1 : IMAGES_AT_ONCE;
    while (!g->more) {
        struct holding_set sets[SETS_AT_ONCE];
        holding_images images = {0};
        size_t n, from = 0;
        if (!set_walk_next(walk, SETS_AT_ONCE, g->arena, sets, &n, err) ||
            !store_images_of_sets(w->store, sets, n, after, g->at_once, g->arena, &images, err))
            return false;
        if (n == 0)
            break;
        for (size_t i = 0; i < n && !g->more; i++) {
            size_t to = from;
            while (to < images.n && images.v[to].key.set == sets[i].set)
                to++;
            if (!go_through(g, &sets[i], images.v + from, to - from, err))
                return false;
            from = to;
            g->more = g->more || (g->examined >= g->examined_most && (i + 1 < n || n == SETS_AT_ONCE));
        }
    }
    return true;
}

static bool read_layers(struct going *g, struct error *err)
{
    struct layer_position *positions = ARENA_NEW(g->arena, struct layer_position, g->rows.n);
    for (size_t i = 0; i < g->rows.n; i++)
        positions[i] = (struct layer_position){.chain = g->rows.v[i].image->chain, .position = g->rows.v[i].position};
    if (!store_layers_at(g->answer->store, positions, g->rows.n, g->arena, err))
        return false;
    for (size_t i = 0; i < g->rows.n; i++)
        g->rows.v[i].layer = digest_slice(&positions[i].digest);
    return true;
}

bool where_page(struct where_answer *answer, const struct holders_key *after, uint64_t most, struct arena *a,
                struct where_page *out, struct error *err)
{
    struct going g = {.answer = answer, .arena = a, .most = most};
    if (!go(&g, after, err) || !read_layers(&g, err))
        return false;
    *out = (struct where_page){g.rows, g.more, g.more ? g.at : (struct holders_key){0}};
    return true;
}

bool where_count(struct where_answer *answer, uint64_t most, struct where_count *out, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct going g = {.answer = answer, .arena = &a, .most = most, .counts = true};
    if (!go(&g, &(struct holders_key){0}, err))
        return false;
    *out = (struct where_count){g.images, g.suppressed, g.more};
    return true;
}
