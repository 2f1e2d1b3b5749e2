// One flaw has many names: CVE, GHSA, PYSEC, GO, RUSTSEC, … What feeds say of it under any of them is one finding.
#include "match/judging.h"

#include "base/buf.h"

#include <stdlib.h>

// An id of a finding.
struct naming {
    struct slice id;
    size_t finding;
};

typedef VEC(struct naming) naming_vec;

static void add_names(struct arena *a, const struct report_finding *f, size_t index, naming_vec *out)
{
    struct slice alias, rest = f->aliases;
    VEC_PUSH(a, out) = (struct naming){f->vulnerability, index};
    while (rest.n != 0) {
        slice_cut(rest, ' ', &alias, &rest);
        if (alias.n != 0)
            VEC_PUSH(a, out) = (struct naming){alias, index};
    }
}

static int by_id(const void *x, const void *y)
{
    const struct naming *a = x, *b = y;
    int order = slice_cmp(a->id, b->id);
    return order != 0 ? order : (a->finding > b->finding) - (a->finding < b->finding);
}

static size_t root_of(size_t *parents, size_t i)
{
    while (parents[i] != i) {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    return i;
}

static bool is_cve(struct slice id)
{
    return slice_starts(id, SLICE("CVE-"));
}

// Do two findings that share an id speak of one flaw? CVEs number flaws one by one, while notices and projects put
// several together: XSA-313 is CVE-2020-11740 and CVE-2020-11741.
static bool is_one_flaw(const struct report_finding *a, const struct report_finding *b, struct slice shared)
{
    return is_cve(shared) || !is_cve(a->vulnerability) || !is_cve(b->vulnerability);
}

// For each finding the first one of its flaw.
static size_t *first_of_flaw(struct arena *a, const struct report_finding *findings, const naming_vec *names, size_t n)
{
    size_t *parents = ARENA_NEW(a, size_t, n);
    for (size_t i = 0; i < n; i++)
        parents[i] = i;
    for (size_t i = 1; i < names->n; i++) {
        const struct naming *one = &names->v[i], *other = &names->v[i - 1];
        if (!slice_eq(one->id, other->id) || !is_one_flaw(&findings[one->finding], &findings[other->finding], one->id))
            continue;
        size_t x = root_of(parents, one->finding), y = root_of(parents, other->finding);
        parents[x > y ? x : y] = x > y ? y : x;
    }
    for (size_t i = 0; i < n; i++)
        parents[i] = root_of(parents, i);
    return parents;
}

// Names the finding by its CVE, the first where it has several, and lists the others. `names` are its own, sorted.
static void name_finding(struct arena *a, struct report_finding *f, const naming_vec *names)
{
    struct buf aliases BUF_AUTO = {0};
    size_t chosen = 0;
    for (size_t i = 0; i < names->n; i++)
        if (slice_eq(names->v[i].id, f->vulnerability))
            chosen = i;
    for (size_t i = 0; i < names->n && !is_cve(names->v[chosen].id); i++)
        if (is_cve(names->v[i].id))
            chosen = i;
    for (size_t i = 0; i < names->n; i++) {
        if (slice_eq(names->v[i].id, names->v[chosen].id) || (i > 0 && slice_eq(names->v[i].id, names->v[i - 1].id)))
            continue;
        buf_addf(&aliases, "%s%.*s", aliases.n != 0 ? " " : "", SLICE_ARG(names->v[i].id));
    }
    f->vulnerability = names->v[chosen].id;
    f->aliases = arena_dup(a, buf_slice(&aliases));
}

// Of two fixes the later one leaves nothing of the flaw. A record that names none may only be older than the fix.
static bool is_later_fix(const struct report_finding *f, const struct report_finding *other)
{
    const struct version_scheme *scheme = f->statements[0].matcher->scheme;
    return other->fixed_in.n != 0 && (f->fixed_in.n == 0 || scheme->compare(other->fixed_in, f->fixed_in) > 0);
}

// Takes over what another finding of the flaw says.
static void absorb(struct arena *a, struct report_finding *f, const struct report_finding *other)
{
    struct report_statement *statements = ARENA_NEW(a, struct report_statement, f->statements_n + other->statements_n);
    memcpy(statements, f->statements, f->statements_n * sizeof *statements);
    memcpy(statements + f->statements_n, other->statements, other->statements_n * sizeof *statements);
    f->statements = statements;
    f->statements_n += other->statements_n;
    if (is_later_fix(f, other))
        f->fixed_in = other->fixed_in;
    if (f->links.n == 0)
        f->links = other->links;
}

// Those of one package. Answers how many are left.
static size_t merge_package(struct arena *a, struct report_finding *findings, size_t n)
{
    struct arena scratch ARENA_AUTO = {0};
    naming_vec names = {0};
    for (size_t i = 0; i < n; i++)
        add_names(&scratch, &findings[i], i, &names);
    if (names.n == n) // no aliases, so nothing to find
        return n;
    qsort(names.v, names.n, sizeof *names.v, by_id);
    const size_t *first = first_of_flaw(&scratch, findings, &names, n);
    naming_vec *of_flaw = ARENA_NEW(&scratch, naming_vec, n);
    for (size_t i = 0; i < names.n; i++)
        VEC_PUSH(&scratch, &of_flaw[first[names.v[i].finding]]) = names.v[i];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (first[i] != i)
            absorb(a, &findings[first[i]], &findings[i]);
    for (size_t i = 0; i < n; i++) {
        if (first[i] != i)
            continue;
        name_finding(a, &findings[i], &of_flaw[i]);
        findings[kept++] = findings[i];
    }
    return kept;
}

static int by_package(const void *x, const void *y)
{
    const struct report_finding *a = x, *b = y;
    if (a->package != b->package)
        return a->package < b->package ? -1 : 1;
    return slice_cmp(a->vulnerability, b->vulnerability);
}

size_t merge_aliases(struct arena *a, struct report_finding *findings, size_t n)
{
    size_t kept = 0;
    if (n > 1)
        qsort(findings, n, sizeof *findings, by_package);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && findings[end].package == findings[first].package; end++)
            ;
        size_t left = merge_package(a, findings + first, end - first);
        memmove(findings + kept, findings + first, left * sizeof *findings);
        kept += left;
    }
    return kept;
}
