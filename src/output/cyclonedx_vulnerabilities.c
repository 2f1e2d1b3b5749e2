// The vulnerabilities of a CycloneDX document.
//
// One stands for all packages of which the same is said: by one feed, in the same words, as severe, with the same
// decision on it. What differs from package to package, the version that is there and the one with the fix, is with the
// package in "affects".
#include "output/cyclonedx.h"

#include "base/clock.h"
#include "output/links.h"
#include "output/words.h"

#include <stdlib.h>

// ---- findings of one vulnerability ----------------------------------------------------------------------------------

struct numbered {
    struct bom_finding f;
    size_t number; // its place among all
};

static int by_number(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_ratings(const struct report_finding *f, const struct report_finding *g)
{
    int order = by_number(f->ratings_n, g->ratings_n);
    for (size_t i = 0; order == 0 && i < f->ratings_n; i++)
        order = slice_cmp(f->ratings[i].vector, g->ratings[i].vector);
    return order;
}

static int by_what_is_said(const struct bom_finding *x, const struct bom_finding *y)
{
    const struct report_finding *f = x->finding, *g = y->finding;
    const struct report_statement *s = &f->statements[0], *t = &g->statements[0];
    const struct slice left[] = {f->vulnerability, slice_str(s->feed), s->record.description,
                                 f->links,         f->aliases,         s->record.advisories,
                                 s->record.state,  s->record.severity, f->severity_source};
    const struct slice right[] = {g->vulnerability, slice_str(t->feed), t->record.description,
                                  g->links,         g->aliases,         t->record.advisories,
                                  t->record.state,  t->record.severity, g->severity_source};
    int order = slices_cmp(left, right, sizeof left / sizeof left[0]);
    if (order == 0)
        order = (int)f->severity - (int)g->severity;
    if (order == 0)
        order = (int)s->undetermined - (int)t->undetermined;
    if (order == 0)
        order = (int)x->suppressed - (int)y->suppressed;
    // Any order will do here, since groups are put in that of their first findings.
    if (order == 0)
        order = by_number((uintptr_t)f->decision.statement, (uintptr_t)g->decision.statement);
    if (order == 0)
        order = by_number((uintptr_t)f->decision.rule, (uintptr_t)g->decision.rule);
    return order != 0 ? order : by_ratings(f, g);
}

static int by_what_is_said_and_number(const void *x, const void *y)
{
    const struct numbered *a = x, *b = y;
    int order = by_what_is_said(&a->f, &b->f);
    return order != 0 ? order : by_number(a->number, b->number);
}

struct group {
    const struct numbered *first;
    size_t n;
};

static int by_first(const void *x, const void *y)
{
    const struct group *a = x, *b = y;
    return by_number(a->first->number, b->first->number);
}

static size_t make_groups(struct arena *a, const bom_findings *findings, struct group **out)
{
    VEC(struct group) groups = {0};
    struct numbered *v = ARENA_NEW(a, struct numbered, findings->n);
    for (size_t i = 0; i < findings->n; i++)
        v[i] = (struct numbered){findings->v[i], i};
    if (findings->n != 0)
        qsort(v, findings->n, sizeof *v, by_what_is_said_and_number);
    for (size_t i = 0; i < findings->n; i++) {
        if (i == 0 || by_what_is_said(&v[i - 1].f, &v[i].f) != 0)
            VEC_PUSH(a, &groups) = (struct group){.first = &v[i]};
        groups.v[groups.n - 1].n++;
    }
    if (groups.n != 0)
        qsort(groups.v, groups.n, sizeof *groups.v, by_first);
    *out = groups.v;
    return groups.n;
}

// ---- what is said of it ---------------------------------------------------------------------------------------------

static const char *severity_word(enum severity s)
{
    static const char *const words[] = {
        [SEVERITY_UNKNOWN] = "unknown", [SEVERITY_NEGLIGIBLE] = "info", [SEVERITY_LOW] = "low",
        [SEVERITY_MEDIUM] = "medium",   [SEVERITY_HIGH] = "high",       [SEVERITY_CRITICAL] = "critical"};
    return words[s];
}

static const char *method_word(enum cvss_version v)
{
    return v == CVSS_2_0 ? "CVSSv2" : v == CVSS_3_0 ? "CVSSv3" : v == CVSS_3_1 ? "CVSSv31" : "CVSSv4";
}

static void add_source(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice name)
{
    if (name.n != 0)
        json_add_str(doc, json_add_obj(doc, object, "source"), "name", name);
}

static void add_rating(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct report_rating *r)
{
    yyjson_mut_val *rating = yyjson_mut_arr_add_obj(doc, list);
    add_source(doc, rating, r->source);
    yyjson_mut_obj_add_real(doc, rating, "score", r->score / 10.0);
    json_add_str(doc, rating, "severity", slice_str(severity_word(r->severity)));
    json_add_str(doc, rating, "method", slice_str(method_word(r->version)));
    json_add_str(doc, rating, "vector", r->vector);
    if (r->by.n != 0) {
        struct buf by BUF_AUTO = {0};
        buf_adds(&by, "Given by ");
        buf_add(&by, r->by);
        json_add_str(doc, rating, "justification", buf_slice(&by));
    }
}

// The severity that counts comes first: readers that show one show that.
static void add_ratings(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = json_add_arr(doc, object, "ratings");
    if (f->rating != NULL && f->rating->severity == f->severity) {
        add_rating(doc, list, f->rating);
    } else {
        yyjson_mut_val *rating = yyjson_mut_arr_add_obj(doc, list);
        add_source(doc, rating, f->severity_source);
        json_add_str(doc, rating, "severity", slice_str(severity_word(f->severity)));
        json_add_str(doc, rating, "method", SLICE("other"));
    }
    for (size_t i = 0; i < f->ratings_n; i++)
        if (&f->ratings[i] != f->rating || f->rating->severity != f->severity)
            add_rating(doc, list, &f->ratings[i]);
}

// "CWE-79" is 79. Others, such as the NVD's "NVD-CWE-noinfo", name no weakness.
static void add_weaknesses(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < f->enrichments_n; i++) {
        struct slice words = f->enrichments[i].weaknesses, word;
        uint64_t number;
        while (words_next(&words, &word))
            if (slice_starts(word, SLICE("CWE-")) && slice_to_u64(slice_from(word, 4), &number) && number != 0 &&
                number <= INT32_MAX)
                yyjson_mut_arr_add_uint(doc, list, number);
    }
    if (yyjson_mut_arr_size(list) != 0)
        yyjson_mut_obj_add_val(doc, object, "cwes", list);
}

static void add_references(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    struct slice words = f->aliases, word;
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    while (words_next(&words, &word)) {
        yyjson_mut_val *reference = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, reference, "id", word);
        json_add_str(doc, json_add_obj(doc, reference, "source"), "name", slice_str(f->statements[0].feed));
    }
    if (yyjson_mut_arr_size(list) != 0)
        yyjson_mut_obj_add_val(doc, object, "references", list);
}

static void add_links(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f)
{
    struct slice words = f->links, word;
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    while (words_next(&words, &word))
        if (is_plain_link(word))
            json_add_str(doc, yyjson_mut_arr_add_obj(doc, list), "url", word);
    if (yyjson_mut_arr_size(list) != 0)
        yyjson_mut_obj_add_val(doc, object, "advisories", list);
}

// ---- what was decided on it -----------------------------------------------------------------------------------------

// The words of OpenVEX and CSAF that mean what one of CycloneDX's does, and CycloneDX's own.
static const struct {
    struct slice word;
    const char *justification;
} justifications[] = {
    {SLICE("component_not_present"), "code_not_present"},
    {SLICE("vulnerable_code_not_present"), "code_not_present"},
    {SLICE("vulnerable_code_not_in_execute_path"), "code_not_reachable"},
    {SLICE("inline_mitigations_already_exist"), "protected_by_mitigating_control"},
    {SLICE("code_not_present"), "code_not_present"},
    {SLICE("code_not_reachable"), "code_not_reachable"},
    {SLICE("requires_configuration"), "requires_configuration"},
    {SLICE("requires_dependency"), "requires_dependency"},
    {SLICE("requires_environment"), "requires_environment"},
    {SLICE("protected_by_compiler"), "protected_by_compiler"},
    {SLICE("protected_at_runtime"), "protected_at_runtime"},
    {SLICE("protected_at_perimeter"), "protected_at_perimeter"},
    {SLICE("protected_by_mitigating_control"), "protected_by_mitigating_control"},
};

static void add_statement(yyjson_mut_doc *doc, yyjson_mut_val *analysis, const struct vex_statement *s)
{
    static const char *const states[] = {[VEX_NOT_AFFECTED] = "not_affected",
                                         [VEX_FIXED] = "resolved",
                                         [VEX_AFFECTED] = "exploitable",
                                         [VEX_UNDER_INVESTIGATION] = "in_triage"};
    json_add_str(doc, analysis, "state", slice_str(states[s->status]));
    for (size_t i = 0; i < sizeof justifications / sizeof justifications[0]; i++)
        if (slice_eq(s->justification, justifications[i].word))
            json_add_str(doc, analysis, "justification", slice_str(justifications[i].justification));
    if (s->timestamp != 0) {
        char when[CLOCK_TEXT];
        clock_format(s->timestamp, when);
        json_add_str(doc, analysis, "lastUpdated", slice_str(when));
    }
}

// A rule to ignore a finding says nothing about the vulnerability, so it sets no state.
static void add_analysis(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report_finding *f, struct arena *a)
{
    const struct report_statement *s = &f->statements[0];
    if (f->decision.statement == NULL && f->decision.rule == NULL && !s->undetermined)
        return;
    yyjson_mut_val *analysis = json_add_obj(doc, object, "analysis");
    struct slice detail = bom_decision(a, f);
    if (f->decision.statement != NULL)
        add_statement(doc, analysis, f->decision.statement);
    else if (s->undetermined)
        json_add_str(doc, analysis, "state", SLICE("in_triage"));
    if (s->undetermined)
        detail = arena_printf(a, "The feed %s has not determined yet whether it is affected.%s%.*s", s->feed,
                              detail.n != 0 ? " " : "", (int)detail.n, detail.n != 0 ? detail.p : "");
    json_add_str(doc, analysis, "detail", detail);
}

// ---- the packages ---------------------------------------------------------------------------------------------------

static bool fits(struct slice version)
{
    return version.n != 0 && version.n <= CYCLONEDX_VERSION_MAX;
}

static void add_version(yyjson_mut_doc *doc, yyjson_mut_val *list, struct slice version, const char *status)
{
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "version", version);
    json_add_str(doc, item, "status", slice_str(status));
}

static void add_affected(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct report *report,
                         const struct report_finding *f)
{
    char ref[CYCLONEDX_REF];
    struct slice version = report->image->inventory.packages[f->package].package.version;
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list), *versions = yyjson_mut_arr(doc);
    json_add_str(doc, item, "ref", cyclonedx_ref(ref, "package", f->package));
    if (fits(version))
        add_version(doc, versions, version, f->statements[0].undetermined ? "unknown" : "affected");
    if (fits(f->fixed_in) && !slice_eq(f->fixed_in, version))
        add_version(doc, versions, f->fixed_in, "unaffected");
    if (yyjson_mut_arr_size(versions) != 0)
        yyjson_mut_obj_add_val(doc, item, "versions", versions);
}

// "Update openssl to 3.0.9-1, libssl3 to 3.0.9-1."
static void add_recommendation(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct report *report,
                               const struct group *g)
{
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < g->n; i++) {
        const struct report_finding *f = g->first[i].f.finding;
        if (f->fixed_in.n == 0)
            continue;
        buf_adds(&text, text.n == 0 ? "Update " : ", ");
        buf_add(&text, report->image->inventory.packages[f->package].package.name);
        buf_adds(&text, " to ");
        buf_add(&text, f->fixed_in);
    }
    if (text.n == 0)
        return;
    buf_addc(&text, '.');
    json_add_str(doc, object, "recommendation", buf_slice(&text));
}

// ---- what CycloneDX has no room for ---------------------------------------------------------------------------------

static void add_fact(struct arena *a, bom_facts *facts, const char *key, struct slice value)
{
    if (value.n != 0)
        VEC_PUSH(a, facts) = (struct bom_fact){key, value};
}

static void add_exploitation(struct arena *a, bom_facts *facts, const struct report_finding *f)
{
    const struct report_epss *epss = finding_epss(f);
    const struct report_exploited *x = finding_exploited(f);
    if (epss != NULL) {
        add_fact(a, facts, "epss:probability", arena_printf(a, "%.6f", epss->probability / 1e6));
        add_fact(a, facts, "epss:percentile", arena_printf(a, "%.6f", epss->percentile / 1e6));
        add_fact(a, facts, "epss:date", epss->date);
    }
    if (x == NULL)
        return;
    add_fact(a, facts, "kev:added", x->added);
    add_fact(a, facts, "kev:due", x->due);
    add_fact(a, facts, "kev:ransomware", x->ransomware);
    add_fact(a, facts, "kev:action", x->action);
}

static void add_facts(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct group *g, struct arena *a)
{
    const struct bom_finding *first = &g->first->f;
    const struct report_finding *f = first->finding;
    const struct advisory *r = &f->statements[0].record;
    const char *by = report_suppressed_by(f);
    struct slice words = r->advisories, word;
    bom_facts facts = {0};
    add_fact(a, &facts, "severity", slice_str(severity_name(f->severity)));
    add_fact(a, &facts, "published_severity", r->severity);
    add_fact(a, &facts, "state", r->state);
    add_fact(a, &facts, "suppressed_by", slice_str(first->suppressed ? by : NULL));
    while (words_next(&words, &word))
        add_fact(a, &facts, "advisory", word);
    for (words = f->links; words_next(&words, &word);)
        if (!is_plain_link(word))
            add_fact(a, &facts, "link", word);
    for (size_t i = 0; i < g->n; i++) {
        const struct report_finding *p = g->first[i].f.finding;
        if (p->code.missing)
            add_fact(a, &facts, "carries_no_code", arena_printf(a, "package:%zu %s", p->package + 1, p->code.what));
    }
    add_exploitation(a, &facts, f);
    cyclonedx_add_properties(doc, object, &facts);
}

// ---- all of them ----------------------------------------------------------------------------------------------------

static void add_vulnerability(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct report *report,
                              const struct group *g)
{
    struct arena scratch ARENA_AUTO = {0};
    char ref[CYCLONEDX_REF];
    const struct report_finding *f = g->first->f.finding;
    size_t place = yyjson_mut_arr_size(list);
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, object, "bom-ref", cyclonedx_ref(ref, "vulnerability", place));
    json_add_str(doc, object, "id", f->vulnerability);
    add_source(doc, object, slice_str(f->statements[0].feed));
    add_references(doc, object, f);
    add_ratings(doc, object, f);
    add_weaknesses(doc, object, f);
    json_add_str_if(doc, object, "description", f->statements[0].record.description);
    add_recommendation(doc, object, report, g);
    add_links(doc, object, f);
    add_analysis(doc, object, f, &scratch);
    yyjson_mut_val *affects = json_add_arr(doc, object, "affects");
    for (size_t i = 0; i < g->n; i++) {
        const struct report_finding *p = g->first[i].f.finding, *before = i != 0 ? g->first[i - 1].f.finding : NULL;
        if (before == NULL || before->package != p->package || !slice_eq(before->fixed_in, p->fixed_in))
            add_affected(doc, affects, report, p);
    }
    add_facts(doc, object, g, &scratch);
}

size_t cyclonedx_add_vulnerabilities(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report,
                                     const struct output_options *options)
{
    struct arena scratch ARENA_AUTO = {0};
    bom_findings findings = {0};
    struct group *groups;
    bom_take_findings(&scratch, report, options, &findings);
    size_t n = make_groups(&scratch, &findings, &groups);
    yyjson_mut_val *list = json_add_arr(doc, root, "vulnerabilities");
    for (size_t i = 0; i < n; i++)
        add_vulnerability(doc, list, report, &groups[i]);
    return n;
}
