#include "match/remedies.h"

#include <stdlib.h>

// A finding that has a fix, and what it is updated with.
struct closing {
    struct slice kind, name, version; // of the source
    const struct report_finding *finding;
};

static struct closing closing_of(const struct report *report, const struct report_finding *f)
{
    const struct package *p = &report->image->inventory.packages[f->package].package;
    return (struct closing){.kind = p->kind,
                            .name = p->source_name.n != 0 ? p->source_name : p->name,
                            .version = p->source_version.n != 0 ? p->source_version : p->version,
                            .finding = f};
}

static int by_source(const struct closing *a, const struct closing *b)
{
    const struct slice x[] = {a->kind, a->name, a->version}, y[] = {b->kind, b->name, b->version};
    return slices_cmp(x, y, 3);
}

static int by_source_and_package(const void *x, const void *y)
{
    const struct closing *a = x, *b = y;
    int order = by_source(a, b);
    if (order != 0)
        return order;
    if (a->finding->package != b->finding->package)
        return a->finding->package < b->finding->package ? -1 : 1;
    return (a->finding > b->finding) - (a->finding < b->finding); // in the report's order: the same bytes every time
}

// ---- where to -------------------------------------------------------------------------------------------------------

static struct slice later(const struct version_scheme *scheme, struct slice a, struct slice b)
{
    return a.n == 0 || (b.n != 0 && scheme->compare(b, a) > 0) ? b : a;
}

static int by_from(const void *x, const void *y)
{
    const struct remedy_package *a = x, *b = y;
    int order = slice_cmp(a->from, b->from);
    return order != 0 ? order : (a->package > b->package) - (a->package < b->package);
}

static int by_package(const void *x, const void *y)
{
    const struct remedy_package *a = x, *b = y;
    return (a->package > b->package) - (a->package < b->package);
}

// What was built from one source at once and has one version goes to one version, the highest that any of it needs: it
// is released together, and often demands its own version of each other. rpm's packages of one source can each have a
// version and an epoch of their own (those of perl do); then one's target says nothing of another's.
static void level(struct remedy *r, struct remedy_package *packages, const struct version_scheme *scheme)
{
    bool same_to = true;
    qsort(packages, r->packages_n, sizeof *packages, by_from);
    for (size_t first = 0, end; first < r->packages_n; first = end) {
        struct slice to = {0};
        for (end = first; end < r->packages_n && slice_eq(packages[end].from, packages[first].from); end++)
            to = later(scheme, to, packages[end].to);
        for (size_t i = first; i < end; i++)
            packages[i].to = to;
        same_to = same_to && slice_eq(to, packages[0].to);
    }
    if (slice_eq(packages[0].from, packages[r->packages_n - 1].from))
        r->from = packages[0].from;
    if (same_to)
        r->to = packages[0].to;
    qsort(packages, r->packages_n, sizeof *packages, by_package);
}

// The installed version that a finding's fix is to be compared with.
static struct slice installed(const struct package *p, const struct closing *c)
{
    // rpm notes of the source no epoch, and people know the package by the version that has it.
    bool is_own = slice_eq(p->kind, SLICE("rpm")) && slice_eq(match_without_epoch(p->version), c->version);
    return c->finding->statements[0].record.of_source && !is_own ? c->version : p->version;
}

// ---- an update ------------------------------------------------------------------------------------------------------

static void count(struct remedy *r, const struct report_finding *f)
{
    r->findings++;
    r->by_severity[f->severity]++;
    r->exploited += finding_exploited(f) != NULL;
}

// Of `n` findings of one source, ordered by package.
static struct remedy remedy_of(const struct report *report, const struct closing *closings, size_t n, struct arena *a)
{
    struct remedy r = {.kind = closings[0].kind, .name = closings[0].name};
    const struct version_scheme *scheme = closings[0].finding->statements[0].matcher->scheme;
    struct remedy_package *packages = ARENA_NEW(a, struct remedy_package, n);
    for (size_t i = 0; i < n; i++) {
        const struct report_finding *f = closings[i].finding;
        if (i == 0 || f->package != closings[i - 1].finding->package) {
            const struct package *p = &report->image->inventory.packages[f->package].package;
            packages[r.packages_n++] =
                (struct remedy_package){.package = f->package, .from = installed(p, &closings[i])};
        }
        struct remedy_package *package = &packages[r.packages_n - 1];
        package->to = later(scheme, package->to, f->fixed_in);
        count(&r, f);
    }
    level(&r, packages, scheme);
    r.packages = packages;
    return r;
}

static int by_closed(const void *x, const void *y)
{
    const struct remedy *a = x, *b = y;
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
        if (a->by_severity[s] != b->by_severity[s])
            return a->by_severity[s] > b->by_severity[s] ? -1 : 1;
    const struct slice left[] = {a->name, a->kind, a->packages[0].from};
    const struct slice right[] = {b->name, b->kind, b->packages[0].from};
    int order = slices_cmp(left, right, 3);
    return order != 0 ? order : by_package(&a->packages[0], &b->packages[0]);
}

struct remedies report_remedies(const struct report *report, remedies_counts_fn *counts, const void *context,
                                struct arena *a)
{
    struct remedies out = {0};
    struct arena scratch ARENA_AUTO = {0};
    struct closing *closings = ARENA_NEW(&scratch, struct closing, report->findings_n);
    for (size_t i = 0; i < report->findings_n; i++) {
        const struct report_finding *f = &report->findings[i];
        if (counts != NULL && !counts(context, f))
            continue;
        if (f->fixed_in.n != 0) {
            closings[out.fixable++] = closing_of(report, f);
        } else {
            out.unfixable++;
            out.unfixable_of[f->severity]++;
        }
    }
    if (out.fixable == 0)
        return out;
    qsort(closings, out.fixable, sizeof *closings, by_source_and_package);
    for (size_t first = 0, end; first < out.fixable; first = end) {
        for (end = first + 1; end < out.fixable && by_source(&closings[end], &closings[first]) == 0; end++)
            ;
        VEC_PUSH(a, &out) = remedy_of(report, closings + first, end - first, a);
    }
    qsort(out.v, out.n, sizeof *out.v, by_closed);
    return out;
}
