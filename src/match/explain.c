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

bool has_id(struct slice vulnerability, struct slice aliases, struct slice id)
{
    struct slice alias;
    bool same = slice_eq_nocase(vulnerability, id);
    while (!same && aliases.n != 0) {
        slice_cut(aliases, ' ', &alias, &aliases);
        same = slice_eq_nocase(alias, id);
    }
    return same;
}

// The next records, from `first` on, of the vulnerability that is asked about: several feeds' ids may stand for it, or
// several ids of one feed.
static struct advisory *records_asked(const struct explaining *e, const struct package_group *g, size_t first,
                                      size_t *n)
{
    for (size_t i = first; i < g->records_n; i += *n) {
        *n = records_of_one(g->records, g->records_n, i);
        if (has_id(g->records[i].vulnerability, g->records[i].aliases, e->vulnerability))
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

static void explain_packages(struct explaining *e, const struct package_group *g, struct advisory *records, size_t n)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct package *p = &e->image->inventory.packages[g->packages[i].package].package;
        if (is_asked_for(e, p))
            VEC_PUSH(e->a, e->out) = explain_package(e, g->judge, &g->packages[i], records, n);
    }
}

static bool explain_group(void *context, struct package_group *g, struct error *err)
{
    struct explaining *e = context;
    size_t n;
    if (!group_records(g, false, err))
        return false;
    struct advisory *records = records_asked(e, g, 0, &n);
    if (n == 0 && e->package.n != 0)
        explain_packages(e, g, NULL, 0);
    while (n != 0) {
        explain_packages(e, g, records, n);
        records = records_asked(e, g, (size_t)(records - g->records) + n, &n);
    }
    return true;
}

static int by_package(const void *x, const void *y)
{
    const struct explanation *a = x, *b = y;
    if (a->package != b->package)
        return a->package < b->package ? -1 : 1;
    return a->records_n != 0 && b->records_n != 0 ? slice_cmp(a->records[0].vulnerability, b->records[0].vulnerability)
                                                  : 0;
}

// What the distribution says of the packages of languages among those explained.
static bool explain_owned(const struct explaining *e, const struct report *report, struct report_segments *segments,
                          struct error *err)
{
    struct owned_question *questions = ARENA_NEW(e->a, struct owned_question, e->out->n);
    size_t n = 0;
    for (size_t i = 0; i < e->out->n; i++) {
        const struct explanation *x = &e->out->v[i];
        struct slice ids = e->vulnerability;
        if (x->records_n != 0)
            ids = all_ids(e->a, ids, all_ids(e->a, x->records[0].vulnerability, x->records[0].aliases));
        if (x->records_n != 0 && e->image->inventory.packages[x->package].owner.n != 0)
            questions[n++] =
                (struct owned_question){.owner = e->image->inventory.packages[x->package].owner, .ids = ids};
    }
    if (!ask_distribution(report, segments, clock_now(), questions, n, true, e->a, err))
        return false;
    n = 0;
    for (size_t i = 0; i < e->out->n; i++) {
        struct explanation *x = &e->out->v[i];
        if (x->records_n != 0 && e->image->inventory.packages[x->package].owner.n != 0)
            x->by_distribution = questions[n++];
    }
    return true;
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
    return explain_owned(&e, report, segments, err);
}
