// Why a vulnerability is found in a package, or is not: the judgement of the report, made again in words.
#include "base/buf.h"
#include "base/clock.h"
#include "match/judging.h"

#include <stdlib.h>

struct explaining {
    const struct stored_image *image;
    struct slice vulnerability, package;
    bool by_source; // `package` names a source
    struct arena *a;
    explanation_vec *out;
};

static bool is_asked_for(const struct explaining *e, const struct package *p)
{
    return e->package.n == 0 || slice_eq(e->by_source ? p->source_name : p->name, e->package);
}

static struct slice no_record(const struct explaining *e, const struct judge *judge, const struct match_key *key)
{
    struct buf scopes BUF_AUTO = {0}, names BUF_AUTO = {0};
    for (size_t i = 0; i < key->scopes_n; i++)
        buf_addf(&scopes, "%s%.*s", i != 0 ? " or " : "", SLICE_ARG(key->scopes[i]));
    for (size_t i = 0; i < key->names_n; i++)
        buf_addf(&names, "%s%s %.*s", i != 0 ? " or " : "",
                 key->names[i].of_source ? "the source package" : "the package", SLICE_ARG(key->names[i].name));
    char updated[CLOCK_TEXT];
    clock_format(judge->feed.updated, updated);
    return arena_printf(e->a, "the feed %s (%llu records, updated %s) has no record of %.*s for %.*s in %.*s",
                        judge->feed_name, (unsigned long long)judge->feed.records, updated, SLICE_ARG(e->vulnerability),
                        SLICE_ARG(buf_slice(&names)), SLICE_ARG(buf_slice(&scopes)));
}

static bool has_id(const struct advisory *record, struct slice id)
{
    struct slice alias, rest = record->aliases;
    bool same = slice_eq_nocase(record->vulnerability, id);
    while (!same && rest.n != 0) {
        slice_cut(rest, ' ', &alias, &rest);
        same = slice_eq_nocase(alias, id);
    }
    return same;
}

// The records of the vulnerability that is asked about.
static struct advisory *records_asked(const struct explaining *e, const struct package_group *g, size_t *n)
{
    for (size_t i = 0; i < g->records_n; i += *n) {
        *n = records_of_one(g->records, g->records_n, i);
        if (has_id(&g->records[i], e->vulnerability))
            return g->records + i;
    }
    *n = 0;
    return NULL;
}

static struct explanation explain_package(const struct explaining *e, const struct judge *judge,
                                          const struct keyed_package *package, struct advisory *records, size_t n)
{
    struct explanation x = {.package = package->package, .verdict = {.kind = VERDICT_NOT_AFFECTED}};
    if (!can_judge(judge, &package->key, &x.verdict.why))
        return x;
    x.matcher = judge->matcher;
    x.key = package->key;
    x.records = records;
    x.records_n = n;
    if (n != 0)
        judge_records(judge, e->a, &x.key, records, n, true, &x.verdict);
    else
        x.verdict.why = no_record(e, judge, &x.key);
    return x;
}

static bool explain_group(void *context, struct package_group *g, struct error *err)
{
    struct explaining *e = context;
    size_t n;
    if (!group_records(g, false, err))
        return false;
    struct advisory *records = records_asked(e, g, &n);
    for (size_t i = 0; (n != 0 || e->package.n != 0) && i < g->n; i++) {
        const struct package *p = &e->image->inventory.packages[g->packages[i].package].package;
        if (!is_asked_for(e, p))
            continue;
        VEC_PUSH(e->a, e->out) = explain_package(e, g->judge, &g->packages[i], records, n);
    }
    return true;
}

static int by_package(const void *x, const void *y)
{
    const struct explanation *a = x, *b = y;
    return (a->package > b->package) - (a->package < b->package);
}

static bool names_a_package(const struct inventory *inventory, struct slice name)
{
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (slice_eq(inventory->packages[i].package.name, name))
            return true;
    return false;
}

bool report_explain(const struct report *report, struct report_segments *segments, struct slice vulnerability,
                    struct slice package, struct arena *a, explanation_vec *out, struct error *err)
{
    struct explaining e = {report->image, vulnerability, package, false, a, out};
    e.by_source = package.n != 0 && !names_a_package(&report->image->inventory, package);
    if (!for_each_group(report, segments, clock_now(), a, explain_group, &e, err))
        return false;
    if (out->n > 1)
        qsort(out->v, out->n, sizeof out->v[0], by_package);
    return true;
}
