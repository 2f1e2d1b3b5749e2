#include "match/report.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "match/enrich.h"
#include "match/judging.h"

#define DAY        (24 * 3600)
#define PATH_SHOWN ((size_t)256) // bytes of a path in a message

const char *feed_condition_name(enum feed_condition c)
{
    static const char *const names[] = {
        [FEED_LOADED] = "loaded", [FEED_STALE] = "stale", [FEED_MISSING] = "missing", [FEED_IN_ERROR] = "failed"};
    return names[c];
}

#define APPEND(a, out, list)                                                                                           \
    (*(((out)->list##_n == (out)->list##_cap)                                                                          \
           ? ((out)->list = arena_grow((a), (out)->list, sizeof *(out)->list, (out)->list##_n, &(out)->list##_cap),    \
              &(out)->list[(out)->list##_n++])                                                                         \
           : &(out)->list[(out)->list##_n++]))

// ---- coverage -------------------------------------------------------------------------------------------------------

static bool is_past(struct slice date, int64_t now)
{
    int64_t last_day;
    return clock_parse(date, &last_day) && last_day + DAY <= now;
}

static void cover_distribution(const struct distribution *d, int64_t now, struct arena *a, struct report *out)
{
    out->coverage = COVERAGE_UNKNOWN;
    const struct match_image image = {.distribution = d};
    struct slice end = {0};
    for (size_t i = 0; d->known && matchers[i] != NULL; i++) {
        const struct matcher *m = matchers[i];
        scope_vec scopes = {0};
        if (m->applies == NULL || !m->applies(d))
            continue;
        m->scopes(a, &image, NULL, 0, &scopes);
        if (scopes.n == 0)
            continue;
        out->coverage = COVERAGE_RECOGNISED;
        end = m->end_of_life(d);
    }
    if (end.n == 0)
        end = d->support_end;
    if (out->coverage == COVERAGE_RECOGNISED)
        out->support_end = end;
    if (out->coverage == COVERAGE_RECOGNISED && is_past(end, now)) {
        out->coverage = COVERAGE_END_OF_LIFE;
        out->end_of_life = end;
    }
}

static void cover_feed(const struct report_feed *feed, struct arena *a, struct report *out)
{
    for (size_t i = 0; i < out->feeds_n; i++)
        if (slice_eq(out->feeds[i].feed, feed->feed))
            return;
    if (feed->feed.n != 0)
        APPEND(a, out, feeds) = *feed;
}

// Tells whether the packages of a group are judged.
static bool cover_group(const struct package_group *g, struct arena *a, struct report *out)
{
    const struct judge *judge = g->judge;
    struct slice obstacle;
    bool able = can_judge(judge, &g->packages[0].key, &obstacle);
    if (able) {
        out->judged += g->n;
    } else {
        // Kinds come one after the other, so the last entry is the only one that can be this kind's already.
        size_t n = out->unmatched_n;
        if (n == 0 || !slice_eq(out->unmatched[n - 1].kind, judge->kind))
            APPEND(a, out, unmatched) = (struct report_unmatched){.kind = judge->kind, .reason = obstacle};
        out->unmatched[out->unmatched_n - 1].packages += g->n;
        out->unjudged += g->n;
    }
    cover_feed(&judge->feed, a, out);
    return able;
}

static void list_layers(struct stored_image *image, struct arena *a, struct report *out)
{
    out->layers_n = image->layers_n;
    out->layers = ARENA_NEW(a, struct report_layer, image->layers_n);
    for (size_t i = 0; i < image->layers_n; i++)
        out->layers[i].layer = image->layers[i];
}

// What was not read and may have held packages makes the report incomplete.
static void list_losses(const struct stored_image *image, struct arena *a, struct report *out)
{
    for (size_t i = 0; i < image->inventory.skips_n; i++) {
        const struct inventory_skip *s = &image->inventory.skips[i];
        if (!s->skip.lost)
            continue;
        const char *layer = s->layer < image->layers_n ? image->layers[s->layer].digest.text : "?";
        struct slice path = utf8_shorten(a, s->skip.path, PATH_SHOWN); // whole in the coverage
        APPEND(a, out, errors) = arena_printf(a, "layer %s: %.*s%s%.*s", layer, SLICE_ARG(path),
                                              s->skip.path.n != 0 ? ": " : "", SLICE_ARG(s->skip.reason));
    }
}

// ---- findings -------------------------------------------------------------------------------------------------------

typedef VEC(struct report_statement) statement_vec;

struct making {
    struct report_segments *segments;
    struct arena *a;
    struct report *out;
};

// Judges what all packages with the same key have in common, by all of the group's records.
static bool judge_key(const struct package_group *g, const struct match_key *key, struct arena *a, statement_vec *out,
                      struct error *err)
{
    for (size_t i = 0, records; i < g->records_n; i += records) {
        struct verdict verdict;
        records = records_of_one(g->records, g->records_n, i);
        judge_records(g->judge, a, key, g->records + i, records, false, &verdict);
        if (verdict.kind == VERDICT_NOT_AFFECTED)
            continue;
        struct report_statement statement = {.matcher = g->judge->matcher,
                                             .feed = g->judge->feed_name,
                                             .record = *verdict.decided_by,
                                             .fixed_in = verdict.fixed_in,
                                             .undetermined = verdict.kind == VERDICT_UNDETERMINED};
        if (!segment_describe(g->judge->segment, &statement.record, a, err))
            return error_wrap(err, "feed %s", g->judge->feed_name);
        VEC_PUSH(a, out) = statement;
    }
    return true;
}

// What is said of a key, from the cache or judged now.
static bool find(struct making *m, struct package_group *g, const struct match_key *key, statement_vec *out,
                 struct error *err)
{
    struct verdict_cache *cache = report_verdicts(m->segments);
    const struct judged *before = verdict_cache_get(cache, g->judge->matcher, key);
    if (before == NULL) {
        if (!group_records(g, true, err) || !judge_key(g, key, m->a, out, err))
            return false;
        verdict_cache_put(cache, g->judge->matcher, key, &(struct judged){out->v, out->n});
        return true;
    }
    for (size_t i = 0; i < before->n; i++)
        VEC_PUSH(m->a, out) = statement_dup(m->a, &before->statements[i]);
    return true;
}

static struct report_finding finding_of(struct arena *a, size_t package, struct report_statement *statement)
{
    const struct matcher *m = statement->matcher;
    const struct advisory *r = &statement->record;
    return (struct report_finding){
        .package = package,
        .statements = statement,
        .statements_n = 1,
        .vulnerability = r->vulnerability,
        .aliases = r->aliases,
        .fixed_in = statement->fixed_in,
        .links = m->links != NULL ? m->links(a, r) : r->links,
    };
}

// Puts what is said of a key into the report, for each of its packages.
static void report_findings(struct making *m, const statement_vec *found, const struct keyed_package *packages,
                            size_t n)
{
    const struct inventory_package *inventory = m->out->image->inventory.packages;
    for (size_t i = 0; i < found->n; i++)
        for (size_t p = 0; p < n; p++) {
            struct report_finding *f =
                found->v[i].undetermined ? &APPEND(m->a, m->out, undetermined) : &APPEND(m->a, m->out, findings);
            *f = finding_of(m->a, packages[p].package, &found->v[i]);
            f->code = package_code(&inventory[f->package].package);
        }
}

static bool judge_group(void *context, struct package_group *g, struct error *err)
{
    struct making *m = context;
    bool able = cover_group(g, m->a, m->out);
    for (size_t first = 0, end; able && first < g->n; first = end) {
        const struct match_key *key = &g->packages[first].key;
        for (end = first + 1; end < g->n && same_key(&g->packages[end].key, key); end++)
            ;
        statement_vec found = {0};
        if (!find(m, g, key, &found, err))
            return false;
        report_findings(m, &found, g->packages + first, end - first);
    }
    return true;
}

bool report_make(struct stored_image *image, const struct generation *g, struct report_segments *segments, int64_t now,
                 struct arena *a, struct report *out, struct error *err)
{
    *out = (struct report){
        .image = image, .generation = g->id, .generation_created = g->created, .feeds_of_generation = g};
    struct making m = {segments, a, out};
    list_layers(image, a, out);
    list_losses(image, a, out);
    cover_distribution(&image->inventory.distribution, now, a, out);
    if (!report_repositories(&image->inventory, segments, a, out, err) ||
        !for_each_group(out, segments, now, a, judge_group, &m, err))
        return false;
    out->findings_n = merge_aliases(a, out->findings, out->findings_n);
    out->undetermined_n = merge_aliases(a, out->undetermined, out->undetermined_n);
    if (!yield_to_distribution(out, segments, now, a, err) || !enrich_report(segments, now, a, out, err))
        return false;
    report_choose_severity(out, SLICE(SEVERITY_FROM_FEED));
    return true;
}
