// Clair v4's IndexReport and VulnerabilityReport.
//
// Where Clair reads a feed differently these documents follow it, since its clients are made for it: severities are one
// level higher for Debian, and what a feed has not determined yet counts as affected without a fix.
#include "output/clair.h"
#include "output/output.h"

#include <stdlib.h>

// ---- vulnerabilities ------------------------------------------------------------------------------------------------

struct clair_finding {
    const struct report_finding *finding;
    const struct report_statement *statement; // one of the finding's
    size_t number; // of its record, from 1: findings of several packages of one source share a record
};

// The findings that are written, those that are undetermined among them, each of their statements by itself as Clair
// has them, in the order of their records.
struct clair_findings {
    const struct report *report;
    struct clair_finding *v;
    size_t n;
};

static int by_record(const void *x, const void *y)
{
    const struct clair_finding *a = x, *b = y;
    const struct advisory *r = &a->statement->record, *s = &b->statement->record;
    int order = slice_cmp(r->vulnerability, s->vulnerability);
    if (order == 0)
        order = slice_cmp(r->scope, s->scope);
    if (order == 0)
        order = slice_cmp(r->package, s->package);
    if (order == 0)
        order = (int)r->of_source - (int)s->of_source;
    if (order == 0)
        order = slice_cmp(r->arch, s->arch);
    if (order == 0)
        order = slice_cmp(r->module, s->module);
    if (order == 0)
        order = slice_cmp(r->introduced, s->introduced);
    if (order == 0)
        order = slice_cmp(r->bound, s->bound);
    return order != 0 ? order : slice_cmp(a->statement->fixed_in, b->statement->fixed_in);
}

static const struct report_finding *any_finding(const struct report *report, size_t i)
{
    return i < report->findings_n ? &report->findings[i] : &report->undetermined[i - report->findings_n];
}

static struct clair_findings collect(const struct report *report, const struct output_options *options, struct arena *a)
{
    struct clair_findings c = {.report = report};
    size_t findings_n = report->findings_n + report->undetermined_n, most = 0;
    for (size_t i = 0; i < findings_n; i++)
        most += any_finding(report, i)->statements_n;
    c.v = ARENA_NEW(a, struct clair_finding, most);
    for (size_t i = 0; i < findings_n; i++) {
        const struct report_finding *f = any_finding(report, i);
        for (size_t s = 0; !output_leaves_out(options, f) && s < f->statements_n; s++)
            c.v[c.n++] = (struct clair_finding){f, &f->statements[s], 0};
    }
    if (c.n > 1)
        qsort(c.v, c.n, sizeof *c.v, by_record);
    for (size_t i = 0, number = 0; i < c.n; i++)
        c.v[i].number = i != 0 && by_record(&c.v[i - 1], &c.v[i]) == 0 ? number : ++number;
    return c;
}

// "CVE-2022-28391" as {"space":"CVE","name":"2022-28391"}; null when there is none.
static void add_aliases(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice aliases)
{
    if (aliases.n == 0) {
        yyjson_mut_obj_add_null(doc, object, "Aliases");
        return;
    }
    yyjson_mut_val *list = json_add_arr(doc, object, "Aliases");
    while (aliases.n != 0) {
        struct slice alias, space, name;
        slice_cut(aliases, ' ', &alias, &aliases);
        if (!slice_cut(alias, '-', &space, &name)) {
            name = alias;
            space = (struct slice){0};
        }
        yyjson_mut_val *value = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, value, "space", space);
        json_add_str(doc, value, "name", name);
    }
}

// "x86_64 aarch64" as the pattern that Clair makes of it.
static struct slice arch_pattern(struct arena *a, struct slice arches)
{
    struct buf out BUF_AUTO = {0};
    while (arches.n != 0) {
        struct slice arch;
        slice_cut(arches, ' ', &arch, &arches);
        buf_addf(&out, "%s%.*s", out.n != 0 ? "|" : "", SLICE_ARG(arch));
    }
    return arena_dup(a, buf_slice(&out));
}

// What the record says of its package, and of where that comes from: a distribution, or a repository.
static void add_origin(yyjson_mut_doc *doc, yyjson_mut_val *value, const struct clair_vulnerability *v,
                       const struct match_clair *clair, struct arena *a)
{
    static const struct distribution none = {0};
    const struct advisory *r = v->record;
    bool of_repository = clair->repository.n != 0;
    const struct clair_package package = {.kind = r->of_source ? "source" : "binary",
                                          .name = r->package,
                                          .module = r->module,
                                          .arch = arch_pattern(a, r->arch)};
    clair_add_source(doc, value, "package", &package);
    clair_add_distribution(doc, value, "distribution", "", of_repository ? &none : v->distribution);
    yyjson_mut_val *repository = json_add_obj(doc, value, "repository");
    clair_add_repository(doc, repository, clair->repository, clair->key, clair->uri, clair->cpe);
    if (package.arch.n != 0)
        json_add_str(doc, value, "arch_op", SLICE("pattern match"));
}

yyjson_mut_val *clair_vulnerability(yyjson_mut_doc *doc, const struct clair_vulnerability *v)
{
    const struct matcher *m = v->matcher;
    const struct advisory *r = v->record;
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *value = yyjson_mut_obj(doc);
    struct match_clair clair = {.severity = r->severity, .fixed_in = v->fixed_in};
    if (m->clair != NULL)
        m->clair(&scratch, r, &clair);
    json_add_str(doc, value, "id", v->id);
    json_add_str(doc, value, "updater", m->clair_updater(&scratch, r->scope));
    json_add_str(doc, value, "name", r->vulnerability);
    json_add_str(doc, value, "description", r->description);
    json_add_str(doc, value, "issued", SLICE("0001-01-01T00:00:00Z")); // Go's zero time: the feed gives none
    json_add_str(doc, value, "links", m->links != NULL ? m->links(&scratch, r) : r->links);
    json_add_str(doc, value, "severity", clair.severity);
    json_add_str(doc, value, "normalized_severity", slice_str(severity_name(m->severity_clair(r))));
    add_origin(doc, value, v, &clair, &scratch);
    json_add_str(doc, value, "fixed_in_version", clair.fixed_in);
    yyjson_mut_val *part = json_add_obj(doc, value, "Self");
    json_add_str(doc, part, "space", clair.self_space);
    json_add_str(doc, part, "name", clair.self_name);
    add_aliases(doc, value, r->aliases);
    yyjson_mut_obj_add_bool(doc, value, "Invert", false);
    return value;
}

static void add_vulnerabilities(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct clair_findings *c)
{
    yyjson_mut_val *map = json_add_obj(doc, root, "vulnerabilities");
    for (size_t i = 0; i < c->n; i++) {
        char text[CLAIR_ID];
        struct slice id = clair_id(text, c->v[i].number);
        const struct report_statement *statement = c->v[i].statement;
        const struct clair_vulnerability v = {id, statement->matcher, &statement->record, statement->fixed_in,
                                              &c->report->image->inventory.distribution};
        if (i == 0 || c->v[i].number != c->v[i - 1].number)
            clair_add_member(doc, map, id, clair_vulnerability(doc, &v));
    }
}

static void add_package_vulnerabilities(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct clair_findings *c,
                                        struct arena *a)
{
    yyjson_mut_val *map = json_add_obj(doc, root, "package_vulnerabilities");
    size_t packages = c->report->image->inventory.packages_n;
    yyjson_mut_val **lists = ARENA_NEW(a, yyjson_mut_val *, packages);
    for (size_t i = 0; i < c->n; i++) {
        yyjson_mut_val **list = &lists[c->v[i].finding->package];
        char id[CLAIR_ID];
        if (*list == NULL)
            *list = yyjson_mut_arr(doc);
        json_arr_add_str(doc, *list, clair_id(id, c->v[i].number));
    }
    for (size_t i = 0; i < packages; i++) {
        char id[CLAIR_ID];
        if (lists[i] != NULL)
            clair_add_member(doc, map, clair_id(id, i + 1), lists[i]);
    }
}

static void add_enrichments(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct clair_findings *c, struct arena *a)
{
    struct clair_enriched *enriched = ARENA_NEW(a, struct clair_enriched, c->n);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (i == 0 || c->v[i].number != c->v[i - 1].number)
            enriched[n++] = (struct clair_enriched){c->v[i].finding, c->v[i].number};
    clair_add_enrichments(doc, root, enriched, n);
}

// ---- documents ------------------------------------------------------------------------------------------------------

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct clair_findings findings = collect(report, options, &scratch);
    clair_add_inventory(doc, root, report);
    add_vulnerabilities(doc, root, &findings);
    add_package_vulnerabilities(doc, root, &findings, &scratch);
    json_add_obj(doc, root, "PackageNotVulnerable");
    add_enrichments(doc, root, &findings, &scratch);
    json_write(doc, false, out);
    buf_addc(out, '\n');
}

// Clair knows no report of a part: an image of which something could not be read is one in error, and `err` says why.
static void add_state(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report)
{
    struct buf err BUF_AUTO = {0};
    for (size_t i = 0; i < report->errors_n; i++) {
        buf_adds(&err, i != 0 ? "; " : "");
        buf_add(&err, report->errors[i]);
    }
    json_add_str(doc, root, "state", err.n == 0 ? SLICE("IndexFinished") : SLICE("IndexError"));
    yyjson_mut_obj_add_bool(doc, root, "success", err.n == 0);
    json_add_str(doc, root, "err", buf_slice(&err));
}

static void write_inventory(const struct report *report, const struct output_options *options, struct buf *out)
{
    (void)options;
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    clair_add_inventory(doc, root, report);
    add_state(doc, root, report);
    json_write(doc, false, out);
    buf_addc(out, '\n');
}

extern const struct output output_clair;
const struct output output_clair = {
    .name = "clair",
    .title = "Clair v4's VulnerabilityReport and IndexReport",
    .report = write_report,
    .inventory = write_inventory,
};
