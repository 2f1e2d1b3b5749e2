#include "match/judging.h"

#include <stdlib.h>

// ---- who judges a kind ----------------------------------------------------------------------------------------------

static bool covers_any_scope(const struct judge *j)
{
    for (size_t i = 0; i < j->scopes.n; i++)
        if (segment_has_scope(j->segment, j->scopes.v[i]))
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

struct report_feed report_feed_condition(struct report_segments *s, const char *name, int64_t now, struct arena *a,
                                         struct segment **segment)
{
    struct slice error = {0};
    *segment = report_segment(s, name, &error);
    struct report_feed feed = feed_condition(report_feed_state(s, name), *segment, arena_dup(a, error), now);
    feed.feed = slice_str(name);
    return feed;
}

// Finds out what one of the matcher's feeds can say.
static void ask_feed(struct judge *j, const char *name, const struct match_image *image,
                     struct report_segments *segments, int64_t now, struct arena *a)
{
    const struct slice *loaded = NULL;
    size_t loaded_n = 0;
    j->feed_name = name;
    j->feed = report_feed_condition(segments, name, now, a, &j->segment);
    if (j->segment != NULL)
        loaded = segment_scopes(j->segment, &loaded_n);
    j->scopes = (scope_vec){0};
    j->matcher->scopes(a, image, loaded, loaded_n, &j->scopes);
    j->able = j->segment != NULL && covers_any_scope(j);
    j->obstacle = (struct slice){0};
    if (j->segment != NULL && !j->able && j->scopes.n != 0) {
        struct slice release, rest;
        slice_cut(match_scope_release(j->scopes.v[0]), '/', &release, &rest);
        j->feed.state = FEED_MISSING;
        j->feed.error = arena_printf(a, "it has no data for %s %.*s", j->matcher->name, SLICE_ARG(release));
    }
    if (!j->able)
        j->obstacle = arena_printf(a, "the feed %s is %s: %.*s", name, feed_condition_name(j->feed.state),
                                   SLICE_ARG(j->feed.error));
}

// The first of the matcher's feeds that is able to, else the first of all.
static void ask_feeds(struct judge *j, const struct match_image *image, struct report_segments *segments, int64_t now,
                      struct arena *a)
{
    for (size_t i = 0; j->matcher->feeds[i] != NULL && !j->able; i++)
        ask_feed(j, j->matcher->feeds[i], image, segments, now, a);
    if (!j->able && j->matcher->feeds[1] != NULL)
        ask_feed(j, j->matcher->feeds[0], image, segments, now, a);
}

// What a distribution's own package manager installs is judged by the distribution's data, so it must be known.
static bool belongs_to_distribution(struct slice kind)
{
    return slice_eq(kind, SLICE("deb")) || slice_eq(kind, SLICE("apk")) || slice_eq(kind, SLICE("rpm"));
}

void judge_appoint(struct judge *j, const struct match_image *image, struct slice kind,
                   struct report_segments *segments, int64_t now, struct arena *a)
{
    const struct distribution *d = image->distribution;
    *j = (struct judge){.kind = kind, .matcher = matcher_for(d, kind)};
    if (j->matcher != NULL)
        ask_feeds(j, image, segments, now, a);
    if (j->matcher == NULL && !belongs_to_distribution(kind))
        j->obstacle = arena_printf(a, "this version has no feed for %.*s packages", SLICE_ARG(kind));
    else if (j->matcher == NULL && !d->known)
        j->obstacle = SLICE("the distribution of the image is not known");
    else if (j->matcher == NULL)
        j->obstacle = arena_printf(a, "Clarion has no data on %.*s packages of the distribution %.*s", SLICE_ARG(kind),
                                   SLICE_ARG(d->id.n != 0 ? d->id : SLICE("(nameless)")));
    else if (j->scopes.n == 0) {
        j->feed = (struct report_feed){0}; // it was not asked
        j->obstacle = arena_printf(a, "the image does not tell which release of %.*s it is", SLICE_ARG(d->id));
    }
}

void judge_records(const struct judge *judge, struct arena *a, const struct match_key *key,
                   const struct advisory *records, size_t n, bool explain, struct verdict *out)
{
    if (judge->matcher->judge != NULL)
        judge->matcher->judge(a, key, records, n, explain, out);
    else
        match_by_ranges(judge->matcher, a, key, records, n, explain, out);
}

// ---- keys -----------------------------------------------------------------------------------------------------------

struct match_key judge_key_of(const struct judge *judge, const struct match_package *package, struct arena *a)
{
    name_vec names = {0};
    if (judge->matcher != NULL && judge->matcher->names != NULL)
        judge->matcher->names(a, package, &names);
    else
        match_source_name(a, package, &names);
    return (struct match_key){.scopes = judge->scopes.v,
                              .scopes_n = judge->scopes.n,
                              .names = names.v,
                              .names_n = names.n,
                              .arch = package->package->arch,
                              .module = package->package->module};
}

static int by_names(const struct match_key *a, const struct match_key *b)
{
    size_t n = a->names_n < b->names_n ? a->names_n : b->names_n;
    for (size_t i = 0; i < n; i++) {
        int order = slice_cmp(a->names[i].name, b->names[i].name);
        if (order == 0)
            order = (int)a->names[i].of_source - (int)b->names[i].of_source;
        if (order != 0)
            return order;
    }
    return (a->names_n > b->names_n) - (a->names_n < b->names_n);
}

// Of the same names.
static int by_rest(const struct match_key *a, const struct match_key *b)
{
    int order = slice_cmp(a->arch, b->arch);
    if (order == 0)
        order = slice_cmp(a->module, b->module);
    for (size_t i = 0; order == 0 && i < a->names_n; i++)
        order = slice_cmp(a->names[i].version, b->names[i].version);
    return order;
}

bool same_key(const struct match_key *a, const struct match_key *b)
{
    return by_names(a, b) == 0 && by_rest(a, b) == 0;
}

static int by_key(const void *x, const void *y)
{
    const struct keyed_package *a = x, *b = y;
    int order = by_names(&a->key, &b->key);
    if (order == 0)
        order = by_rest(&a->key, &b->key);
    return order != 0 ? order : (a->package > b->package) - (a->package < b->package);
}

// ---- group by group -------------------------------------------------------------------------------------------------

size_t records_of_one(const struct advisory *records, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && slice_eq(records[end].vulnerability, records[first].vulnerability))
        end++;
    return end - first;
}

static int by_vulnerability(const void *x, const void *y)
{
    const struct advisory *a = x, *b = y;
    int order = slice_cmp(a->vulnerability, b->vulnerability);
    if (order == 0)
        order = slice_cmp(a->scope, b->scope);
    if (order == 0)
        order = slice_cmp(a->package, b->package);
    if (order == 0)
        order = slice_cmp(a->introduced, b->introduced);
    if (order == 0)
        order = slice_cmp(a->bound, b->bound);
    return order != 0 ? order : (int)a->status - (int)b->status;
}

bool can_judge(const struct judge *judge, const struct match_key *key, struct slice *obstacle)
{
    bool unnamed = judge->able && key->names_n == 0;
    *obstacle = unnamed ? slice_str(judge->matcher->unnamed) : judge->obstacle;
    return judge->able && !unnamed;
}

bool group_records(struct package_group *g, bool brief, struct error *err)
{
    bool (*look_up)(struct segment *, struct slice, struct slice, struct arena *, advisory_vec *, struct error *) =
        brief ? segment_lookup_brief : segment_lookup;
    const struct judge *judge = g->judge;
    const struct match_key *key = &g->packages[0].key;
    advisory_vec found = {0};
    if (g->looked_up)
        return true;
    for (size_t i = 0; judge->able && i < key->scopes_n; i++)
        for (size_t n = 0; n < key->names_n; n++) {
            bool again = n > 0 && slice_eq(key->names[n].name, key->names[n - 1].name);
            if (!again && !look_up(judge->segment, key->scopes[i], key->names[n].name, g->arena, &found, err))
                return error_wrap(err, "feed %s", judge->feed_name);
        }
    // A segment gives them in order, so only those of several look-ups have to be put together.
    if (key->scopes_n * key->names_n > 1 && found.n > 1)
        qsort(found.v, found.n, sizeof found.v[0], by_vulnerability);
    g->records = found.v;
    g->records_n = found.n;
    g->looked_up = true;
    return true;
}

struct match_image match_image_of(const struct report *report, struct arena *a)
{
    size_t n = 0;
    for (size_t i = 0; i < report->repositories_n; i++)
        n += report->repositories[i].cpes_n;
    struct slice *cpes = ARENA_NEW(a, struct slice, n);
    n = 0;
    for (size_t i = 0; i < report->repositories_n; i++)
        for (size_t c = 0; c < report->repositories[i].cpes_n; c++)
            cpes[n++] = report->repositories[i].cpes[c];
    return (struct match_image){&report->image->inventory.distribution, cpes, n};
}

// The package with the names under which it is published: `*published` is where those of the packages before end.
static struct match_package package_of(const struct report *report, size_t package, size_t *published, struct arena *a)
{
    struct match_package p = {.package = &report->image->inventory.packages[package].package};
    size_t first = *published;
    while (*published < report->published_n && report->published[*published].package == package)
        ++*published;
    struct slice *names = ARENA_NEW(a, struct slice, *published - first);
    for (size_t i = first; i < *published; i++)
        names[p.published_n++] = report->published[i].name;
    p.published = names;
    return p;
}

// Packages are ordered by kind, so those of one kind stand next to each other.
static size_t kind_end(const struct inventory *inventory, size_t first)
{
    size_t end = first + 1;
    while (end < inventory->packages_n &&
           slice_eq(inventory->packages[end].package.kind, inventory->packages[first].package.kind))
        end++;
    return end;
}

static bool each_group(const struct judge *judge, struct keyed_package *keyed, size_t n, struct arena *a,
                       package_group_fn *each, void *context, struct error *err)
{
    if (n > 1)
        qsort(keyed, n, sizeof *keyed, by_key);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && by_names(&keyed[end].key, &keyed[first].key) == 0; end++)
            ;
        struct package_group group = {.judge = judge, .packages = keyed + first, .n = end - first, .arena = a};
        if (!each(context, &group, err))
            return false;
    }
    return true;
}

bool for_each_group(const struct report *report, struct report_segments *segments, int64_t now, struct arena *a,
                    package_group_fn *each, void *context, struct error *err)
{
    const struct inventory *inventory = &report->image->inventory;
    const struct match_image image = match_image_of(report, a);
    size_t published = 0;
    for (size_t first = 0, end; first < inventory->packages_n; first = end) {
        struct judge *judge = ARENA_NEW(a, struct judge, 1);
        end = kind_end(inventory, first);
        judge_appoint(judge, &image, inventory->packages[first].package.kind, segments, now, a);
        struct keyed_package *keyed = ARENA_NEW(a, struct keyed_package, end - first);
        size_t n = 0;
        for (size_t i = first; i < end; i++) {
            struct match_package p = package_of(report, i, &published, a);
            if (!package_is_key(p.package))
                keyed[n++] = (struct keyed_package){i, judge_key_of(judge, &p, a)};
        }
        if (!each_group(judge, keyed, n, a, each, context, err))
            return false;
    }
    return true;
}
