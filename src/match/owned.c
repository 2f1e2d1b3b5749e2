// Packages of languages that a package of the distribution brought along: python3-jinja2 of Debian holds Jinja2.
//
// The distribution repairs flaws without a new version of the language's own, so its word on a flaw counts for what it
// ships, whatever that word is: affected, fixed, not affected, not known yet. Where it has none, the language's does.
#include "match/judging.h"

#include <stdlib.h>

static int by_owner(const void *x, const void *y)
{
    const struct owned_question *const *a = x, *const *b = y;
    return slice_cmp((*a)->owner, (*b)->owner);
}

struct asking {
    const struct report *report;
    struct owned_question **questions; // ordered by owner
    size_t n;
    bool explain;
    struct arena *a;
};

static bool is_about(const struct owned_question *q, const struct advisory *record)
{
    struct slice id, rest = q->ids;
    while (rest.n != 0) {
        slice_cut(rest, ' ', &id, &rest);
        if (has_id(record->vulnerability, record->aliases, id))
            return true;
    }
    return false;
}

// Some record must be for the package itself, not only for another of its group's names, architecture or module.
static bool is_for(const struct match_key *key, const struct advisory *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (match_applies(key, &records[i]) != NULL)
            return true;
    return false;
}

static void answer(const struct asking *asking, const struct package_group *g, const struct match_key *key,
                   struct owned_question *q)
{
    for (size_t i = 0, n; !q->answered && i < g->records_n; i += n) {
        struct verdict verdict;
        n = records_of_one(g->records, g->records_n, i);
        if (!is_about(q, &g->records[i]) || !is_for(key, g->records + i, n))
            continue;
        q->answered = true;
        if (!asking->explain)
            return;
        judge_records(g->judge, asking->a, key, g->records + i, n, true, &verdict);
        q->kind = verdict.kind;
        q->why = verdict.why;
    }
}

static bool ask_group(void *context, struct package_group *g, struct error *err)
{
    const struct asking *asking = context;
    const struct inventory *inventory = &asking->report->image->inventory;
    for (size_t i = 0; g->judge->able && i < g->n; i++) {
        struct arena scratch ARENA_AUTO = {0};
        const struct package *p = &inventory->packages[g->packages[i].package].package;
        struct owned_question key = {.owner =
                                         arena_printf(&scratch, "%.*s:%.*s", SLICE_ARG(p->kind), SLICE_ARG(p->name))};
        struct owned_question *wanted = &key;
        struct owned_question **first =
            bsearch(&wanted, asking->questions, asking->n, sizeof(struct owned_question *), by_owner);
        if (first == NULL)
            continue;
        if (!group_records(g, false, err))
            return false;
        while (first > asking->questions && slice_eq(first[-1]->owner, key.owner))
            first--;
        for (; first < asking->questions + asking->n && slice_eq((*first)->owner, key.owner); first++)
            answer(asking, g, &g->packages[i].key, *first);
    }
    return true;
}

bool ask_distribution(const struct report *report, struct report_segments *segments, int64_t now,
                      struct owned_question *questions, size_t n, bool explain, struct arena *a, struct error *err)
{
    struct asking asking = {report, ARENA_NEW(a, struct owned_question *, n), n, explain, a};
    if (n == 0)
        return true;
    for (size_t i = 0; i < n; i++)
        asking.questions[i] = &questions[i];
    qsort(asking.questions, n, sizeof(struct owned_question *), by_owner);
    return for_each_group(report, segments, now, a, ask_group, &asking, err);
}

struct slice all_ids(struct arena *a, struct slice vulnerability, struct slice aliases)
{
    struct buf ids BUF_AUTO = {0};
    buf_add(&ids, vulnerability);
    buf_adds(&ids, aliases.n != 0 ? " " : "");
    buf_add(&ids, aliases);
    return arena_dup(a, buf_slice(&ids));
}

// Takes out what was answered. Answers how many are left.
static size_t drop_answered(struct report *report, const struct owned_question *questions, size_t *asked,
                            struct report_finding *findings, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool owned = report->image->inventory.packages[findings[i].package].owner.n != 0;
        if (owned && questions[(*asked)++].answered)
            report->decided_by_distribution++;
        else
            findings[kept++] = findings[i];
    }
    return kept;
}

static size_t ask_about(const struct report *report, const struct report_finding *findings, size_t n, struct arena *a,
                        struct owned_question *out)
{
    size_t asked = 0;
    for (size_t i = 0; i < n; i++) {
        struct slice owner = report->image->inventory.packages[findings[i].package].owner;
        if (owner.n != 0)
            out[asked++] = (struct owned_question){.owner = owner,
                                                   .ids = all_ids(a, findings[i].vulnerability, findings[i].aliases)};
    }
    return asked;
}

bool yield_to_distribution(struct report *report, struct report_segments *segments, int64_t now, struct arena *a,
                           struct error *err)
{
    struct owned_question *questions = ARENA_NEW(a, struct owned_question, report->findings_n + report->undetermined_n);
    size_t n = ask_about(report, report->findings, report->findings_n, a, questions);
    n += ask_about(report, report->undetermined, report->undetermined_n, a, questions + n);
    if (!ask_distribution(report, segments, now, questions, n, false, a, err))
        return false;
    size_t asked = 0;
    report->findings_n = drop_answered(report, questions, &asked, report->findings, report->findings_n);
    report->undetermined_n = drop_answered(report, questions, &asked, report->undetermined, report->undetermined_n);
    return true;
}
