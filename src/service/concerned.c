#include "service/concerned.h"

#include "base/clock.h"
#include "notify/delta.h"
#include "service/matching.h"

#include <stdlib.h>

struct asking {
    struct view *view;
    const struct config *config;
    int64_t now;
    const struct posted_vulnerability **list; // ordered by package and vulnerability
    size_t n;
    const struct posted_vulnerability *first; // of those that were handed in: their indexes are told
    const struct delta_change *change;
    size_t vulnerability; // that is looked at
    concerned_fn *each;
    void *context;
};

// ---- orders ---------------------------------------------------------------------------------------------------------

static int by_record(const void *x, const void *y)
{
    const struct posted_vulnerability *const *a = x, *const *b = y;
    int order = slice_cmp((*a)->record.package, (*b)->record.package);
    return order != 0 ? order : slice_cmp((*a)->record.vulnerability, (*b)->record.vulnerability);
}

// The first that is of this package and, unless it is empty, of this vulnerability, or of what comes behind it.
static size_t first_of(const struct asking *asking, struct slice package, struct slice vulnerability)
{
    const struct posted_vulnerability wanted = {.record = {.package = package, .vulnerability = vulnerability}},
                                      *key = &wanted;
    size_t low = 0, high = asking->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_record(&asking->list[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of_package(const struct asking *asking, size_t i, struct slice package)
{
    return i < asking->n && slice_eq(asking->list[i]->record.package, package);
}

// ---- what a document is about ---------------------------------------------------------------------------------------

static bool has_scope(const scope_vec *scopes, struct slice scope)
{
    for (size_t i = 0; i < scopes->n; i++)
        if (slice_eq(scopes->v[i], scope))
            return true;
    return false;
}

// Is the document about a scope of the feed? It tells it, or the repository that Clair has for the scope's records,
// which may have a key alone, or a distribution that has the scope.
static bool means_scope(const struct matcher *m, const struct posted_vulnerability *v, const char *feed,
                        const struct segment *segment, struct slice scope, struct arena *a)
{
    const struct match_image image = {.distribution = &v->distribution};
    const struct advisory record = {.scope = scope};
    const struct slice *loaded = NULL;
    struct match_clair clair = {0};
    size_t loaded_n = 0;
    scope_vec scopes = {0};
    if (v->record.scope.n != 0)
        return slice_eq(v->record.scope, scope) && (v->feed.n == 0 || slice_eq(v->feed, slice_str(feed)));
    if (m->clair != NULL)
        m->clair(a, &record, &clair);
    if (clair.repository.n != 0)
        return slice_eq(v->repository, clair.repository);
    if (clair.key.n != 0)
        return slice_eq(v->repository_key, clair.key);
    if (m->applies == NULL || !v->distribution.known || !m->applies(&v->distribution))
        return false;
    if (segment != NULL)
        loaded = segment_scopes(segment, &loaded_n);
    m->scopes(a, &image, loaded, loaded_n, &scopes);
    return has_scope(&scopes, scope);
}

// Is it this record of a feed? Clair's members tell less than our own of it.
static bool is_record(const struct matcher *m, const struct posted_vulnerability *v, const char *feed,
                      const struct segment *segment, const struct advisory *r)
{
    const struct advisory *own = &v->record;
    if (!slice_eq(own->vulnerability, r->vulnerability) || !slice_eq(own->package, r->package) ||
        own->of_source != r->of_source || !slice_eq(own->arch, r->arch) || !slice_eq(own->module, r->module))
        return false;
    struct arena scratch ARENA_AUTO = {0};
    struct match_clair clair = {.fixed_in = advisory_fix(r)};
    if (own->scope.n != 0) {
        if (own->status != r->status || !slice_eq(own->introduced, r->introduced) || !slice_eq(own->bound, r->bound))
            return false;
    } else {
        if (m->clair != NULL)
            m->clair(&scratch, r, &clair);
        if (!slice_eq(v->fixed_in, clair.fixed_in))
            return false;
    }
    return means_scope(m, v, feed, segment, r->scope, &scratch);
}

// May it be about packages that the matcher judges? Where only an image can tell, it may.
static bool may_be_judged(const struct matcher *m, const struct posted_vulnerability *v)
{
    struct arena scratch ARENA_AUTO = {0};
    static const struct distribution none = {0};
    const struct match_image nowhere = {.distribution = &none};
    scope_vec scopes = {0};
    for (size_t f = 0; v->feed.n != 0; f++) {
        if (m->feeds[f] == NULL)
            return false;
        if (slice_eq(v->feed, slice_str(m->feeds[f])))
            break;
    }
    if (m->applies != NULL && m->clair != NULL) // which repository depends on the scope: the image tells
        return v->record.scope.n != 0 || v->repository.n != 0;
    if (m->applies != NULL)
        return v->record.scope.n != 0 || (v->distribution.known && m->applies(&v->distribution));
    m->scopes(&scratch, &nowhere, NULL, 0, &scopes);
    for (size_t i = 0; i < scopes.n; i++)
        if (means_scope(m, v, m->feeds[0], NULL, scopes.v[i], &scratch))
            return true;
    return false;
}

// ---- records that the feeds do not have -----------------------------------------------------------------------------

// A package of the report's image that such a record finds affected.
struct alone {
    size_t package;
    const struct posted_vulnerability *posted;
    struct report_statement statement;
};

struct judging_alone {
    const struct asking *asking;
    struct arena *a;
    VEC(struct alone) found;
};

static int by_package_and_flaw(const void *x, const void *y)
{
    const struct alone *a = x, *b = y;
    if (a->package != b->package)
        return a->package < b->package ? -1 : 1;
    return slice_cmp(a->statement.record.vulnerability, b->statement.record.vulnerability);
}

// The scope among those that the judge looks up which the document is about; empty when it is about none.
static struct slice scope_for(const struct judge *judge, const struct posted_vulnerability *v)
{
    struct arena scratch ARENA_AUTO = {0};
    for (size_t i = 0; i < judge->scopes.n; i++)
        if (means_scope(judge->matcher, v, judge->feed_name, judge->segment, judge->scopes.v[i], &scratch))
            return judge->scopes.v[i];
    return (struct slice){0};
}

// Has the feed this record now? The group's records were looked up.
static bool is_in_force(const struct package_group *g, const struct posted_vulnerability *v)
{
    size_t low = 0, high = g->records_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_cmp(g->records[middle].vulnerability, v->record.vulnerability) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < g->records_n && slice_eq(g->records[low].vulnerability, v->record.vulnerability); low++)
        if (is_record(g->judge->matcher, v, g->judge->feed_name, g->judge->segment, &g->records[low]))
            return true;
    return false;
}

// The judge's own rule on this one record.
static void judge_alone(struct judging_alone *j, const struct package_group *g, const struct posted_vulnerability *v,
                        struct slice scope)
{
    struct advisory *record = ARENA_NEW(j->a, struct advisory, 1);
    *record = v->record;
    record->scope = scope;
    for (size_t i = 0; i < g->n; i++) {
        const struct match_key *key = &g->packages[i].key;
        struct verdict verdict;
        if (match_applies(key, record) == NULL)
            continue;
        judge_records(g->judge, j->a, key, record, 1, false, &verdict);
        if (verdict.kind == VERDICT_NOT_AFFECTED)
            continue;
        VEC_PUSH(j->a, &j->found) = (struct alone){.package = g->packages[i].package,
                                                   .posted = v,
                                                   .statement = {.matcher = g->judge->matcher,
                                                                 .feed = g->judge->feed_name,
                                                                 .record = *record,
                                                                 .fixed_in = verdict.fixed_in}};
    }
}

static bool judge_group_alone(void *context, struct package_group *g, struct error *err)
{
    struct judging_alone *j = context;
    const struct match_key *key = &g->packages[0].key; // all have the same names
    if (g->judge->matcher == NULL)
        return true;
    for (size_t n = 0; n < key->names_n; n++) {
        bool again = false;
        for (size_t before = 0; before < n && !again; before++)
            again = slice_eq(key->names[before].name, key->names[n].name);
        size_t i = again ? j->asking->n : first_of(j->asking, key->names[n].name, SLICE(""));
        for (; is_of_package(j->asking, i, key->names[n].name); i++) {
            const struct posted_vulnerability *v = j->asking->list[i];
            if (!group_records(g, true, err))
                return false;
            if (is_in_force(g, v))
                continue;
            struct slice scope = scope_for(g->judge, v);
            if (scope.n != 0)
                judge_alone(j, g, v, scope);
        }
    }
    return true;
}

// One finding of each flaw in each package, with a statement of each record.
static void make_findings(struct judging_alone *j, struct report *out)
{
    size_t n = j->found.n;
    struct alone *v = j->found.v;
    if (n > 1)
        qsort(v, n, sizeof *v, by_package_and_flaw);
    struct report_statement *statements = ARENA_NEW(j->a, struct report_statement, n);
    out->findings = ARENA_NEW(j->a, struct report_finding, n);
    for (size_t i = 0; i < n; i++) {
        statements[i] = v[i].statement;
        if (i == 0 || by_package_and_flaw(&v[i], &v[i - 1]) != 0)
            out->findings[out->findings_n++] =
                (struct report_finding){.package = v[i].package,
                                        .statements = &statements[i],
                                        .vulnerability = statements[i].record.vulnerability,
                                        .aliases = statements[i].record.aliases,
                                        .fixed_in = statements[i].fixed_in};
        out->findings[out->findings_n - 1].statements_n++;
    }
}

static bool make_alone(const void *context, struct stored_image *image, struct arena *a, struct report *out,
                       struct error *err)
{
    const struct asking *asking = context;
    struct report_segments *segments = asking->view->segments;
    struct judging_alone j = {.asking = asking, .a = a};
    *out = (struct report){.image = image};
    if (!report_repositories(&image->inventory, segments, a, out, err) ||
        !for_each_group(out, segments, asking->now, a, judge_group_alone, &j, err))
        return false;
    make_findings(&j, out);
    return yield_to_distribution(out, segments, asking->now, a, err);
}

// ---- records that they have -----------------------------------------------------------------------------------------

// What is undetermined stands in Clair's documents as what affects.
static bool make_report(const void *context, struct stored_image *image, struct arena *a, struct report *out,
                        struct error *err)
{
    const struct asking *asking = context;
    if (!report_make(image, &asking->view->generation, asking->view->segments, asking->now, a, out, err))
        return false;
    struct report_finding *all = ARENA_NEW(a, struct report_finding, out->findings_n + out->undetermined_n);
    size_t n = 0;
    for (size_t i = 0; i < out->findings_n; i++)
        all[n++] = out->findings[i];
    for (size_t i = 0; i < out->undetermined_n; i++)
        all[n++] = out->undetermined[i];
    out->undetermined_n = 0;
    out->findings = all;
    out->findings_n = merge_aliases(a, all, n);
    return true;
}

// ---- who has it -----------------------------------------------------------------------------------------------------

static void leave_out(const void *context, struct report *report)
{
    const struct asking *asking = context;
    matching_restrict(asking->config, report);
}

static bool take_image(void *context, const struct holding *holding, struct error *err)
{
    const struct asking *asking = context;
    return asking->each(asking->context, asking->vulnerability, holding->image, err);
}

static bool take_statement(struct asking *asking, const struct report_statement *s, struct error *err)
{
    const struct advisory *r = &s->record;
    struct slice why = {0};
    const struct segment *segment = NULL;
    size_t i = first_of(asking, r->package, r->vulnerability);
    for (; is_of_package(asking, i, r->package); i++) {
        const struct posted_vulnerability *v = asking->list[i];
        if (!slice_eq(v->record.vulnerability, r->vulnerability))
            break;
        if (segment == NULL)
            segment = report_segment(asking->view->segments, s->feed, &why);
        bool own = v->record.vulnerability.p == r->vulnerability.p; // a record that was judged alone is a copy of v's
        if (!own && !is_record(s->matcher, v, s->feed, segment, r))
            continue;
        asking->vulnerability = (size_t)(v - asking->first);
        if (!delta_images(&asking->view->store, asking->change, take_image, asking, err))
            return false;
    }
    return true;
}

static bool take_change(void *context, const struct delta_change *change, struct error *err)
{
    struct asking *asking = context;
    asking->change = change;
    for (size_t i = 0; i < change->finding->statements_n; i++)
        if (!take_statement(asking, &change->finding->statements[i], err))
            return false;
    return true;
}

static int by_kind_and_name(const void *x, const void *y)
{
    const struct affected_name *a = x, *b = y;
    int order = strcmp(a->kind, b->kind);
    return order != 0 ? order : slice_cmp(a->name, b->name);
}

// All that the documents may be about, each once: of containers any name stands for all.
static struct affected_name *names_of(const struct asking *asking, struct arena *a, size_t *n)
{
    VEC(struct affected_name) names = {0};
    size_t kept = 0;
    for (size_t i = 0; i < asking->n; i++)
        for (size_t m = 0; matchers[m] != NULL; m++)
            if (may_be_judged(matchers[m], asking->list[i]))
                VEC_PUSH(a, &names) = (struct affected_name){matchers[m]->kind, affected_is_of_containers(matchers[m])
                                                                                    ? SLICE("")
                                                                                    : asking->list[i]->record.package};
    if (names.n > 1)
        qsort(names.v, names.n, sizeof *names.v, by_kind_and_name);
    for (size_t i = 0; i < names.n; i++)
        if (i == 0 || by_kind_and_name(&names.v[i], &names.v[kept - 1]) != 0)
            names.v[kept++] = names.v[i];
    *n = kept;
    return names.v;
}

bool concerned_images(struct view *view, const struct config *config, const struct posted_vulnerability *list, size_t n,
                      concerned_fn *each, void *context, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct affected affected;
    size_t names_n;
    struct asking asking = {.view = view,
                            .config = config,
                            .now = clock_now(),
                            .list = ARENA_NEW(&a, const struct posted_vulnerability *, n),
                            .first = list,
                            .each = each,
                            .context = context};
    for (size_t i = 0; i < n; i++)
        if (list[i].record.vulnerability.n != 0 && list[i].record.package.n != 0)
            asking.list[asking.n++] = &list[i];
    if (asking.n > 1)
        qsort(asking.list, asking.n, sizeof(const struct posted_vulnerability *), by_record);
    struct delta d = {.store = &view->store,
                      .now = asking.now,
                      .triage = &view->triage,
                      .restrict_report = leave_out,
                      .make = make_report,
                      .context = &asking};
    const struct affected_name *names = names_of(&asking, &a, &names_n);
    if (!store_lookup_complete(&view->store, &match_naming, err) ||
        !affected_by_names(&view->store, names, names_n, &a, &affected, err) ||
        !delta_tell(&d, &affected, take_change, &asking, err))
        return false;
    d.make = make_alone;
    return delta_tell(&d, &affected, take_change, &asking, err);
}
