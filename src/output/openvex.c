// OpenVEX 0.2.0 (openvex/spec, OPENVEX-SPEC.md and openvex_json_schema.json): what was found, as statements that
// others, and `clarion scan --vex`, can read and complete.
//
// A finding is "affected", with its update as the action; what a VEX document suppresses keeps that document's status
// and reason; what a feed does not know yet is "under investigation". What an ignore rule hides is "affected" all the
// same, with the rule as a note: a rule says that nobody wants to see it, not that it is not there.
#include "base/clock.h"
#include "base/json.h"
#include "output/gaps.h"
#include "output/output.h"
#include "output/words.h"

#include <stdlib.h>

#define CONTEXT "https://openvex.dev/ns/v0.2.0"

// What a statement says; findings of one vulnerability that say the same are one statement about several packages.
struct saying {
    const struct report_finding *finding;
    enum vex_status status;
    struct slice action, justification, impact, notes;
    struct slice purl;
};

struct openvex {
    const struct report *report;
    const struct output_options *options;
    struct arena *a;
    yyjson_mut_doc *doc;
};

typedef VEC(struct saying) saying_vec;

// ---- what is said ---------------------------------------------------------------------------------------------------

// Formats have words of their own for why something is not affected; CSAF's are OpenVEX's, CycloneDX has others.
static struct slice justification_of(struct slice word)
{
    static const char *const words[][2] = {
        {"component_not_present", "component_not_present"},
        {"vulnerable_code_not_present", "vulnerable_code_not_present"},
        {"vulnerable_code_not_in_execute_path", "vulnerable_code_not_in_execute_path"},
        {"vulnerable_code_cannot_be_controlled_by_adversary", "vulnerable_code_cannot_be_controlled_by_adversary"},
        {"inline_mitigations_already_exist", "inline_mitigations_already_exist"},
        {"code_not_present", "vulnerable_code_not_present"},
        {"code_not_reachable", "vulnerable_code_not_in_execute_path"},
        {"protected_at_perimeter", "inline_mitigations_already_exist"},
        {"protected_at_runtime", "inline_mitigations_already_exist"},
        {"protected_by_compiler", "inline_mitigations_already_exist"},
        {"protected_by_mitigating_control", "inline_mitigations_already_exist"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_eq(word, slice_str(words[i][0])))
            return slice_str(words[i][1]);
    return (struct slice){0};
}

// The schema takes a justification or an impact statement, not both.
static void say_not_affected(struct openvex *o, struct saying *s, const struct vex_statement *v)
{
    s->justification = justification_of(v->justification);
    if (s->justification.n != 0)
        s->notes = v->impact;
    else if (v->justification.n != 0)
        s->impact = arena_printf(o->a, "%.*s%s%.*s", SLICE_ARG(v->justification), v->impact.n != 0 ? ": " : "",
                                 SLICE_ARG(v->impact));
    else
        s->impact = v->impact;
}

static struct saying saying_of(struct openvex *o, const struct report_finding *f)
{
    const struct inventory *inventory = &o->report->image->inventory;
    const char *by = report_suppressed_by(f);
    struct saying s = {.finding = f,
                       .status = f->statements[0].undetermined ? VEX_UNDER_INVESTIGATION : VEX_AFFECTED,
                       .purl = package_purl(o->a, &words_package(o->report, f)->package, &inventory->distribution)};
    if (by != NULL && strcmp(by, "vex") == 0) {
        s.status = f->decision.statement->status;
        if (s.status == VEX_NOT_AFFECTED)
            say_not_affected(o, &s, f->decision.statement);
        return s;
    }
    if (by != NULL)
        s.notes = arena_printf(o->a, "Ignored by a rule (%.*s, line %u): %.*s", SLICE_ARG(f->decision.rule->file),
                               f->decision.rule->line, SLICE_ARG(f->decision.rule->reason));
    else if (s.status == VEX_UNDER_INVESTIGATION)
        s.notes = arena_printf(o->a, "The feed %s does not know yet whether it applies.", f->statements[0].feed);
    if (s.status == VEX_AFFECTED)
        s.action = words_advice(o->a, o->report, f);
    return s;
}

static void say(struct openvex *o, const struct report_finding *findings, size_t n,
                const struct output_options *options, saying_vec *out)
{
    for (size_t i = 0; i < n; i++)
        if (options == NULL || !output_leaves_out(options, &findings[i]))
            VEC_PUSH(o->a, out) = saying_of(o, &findings[i]);
}

static int compare_statements(const struct saying *a, const struct saying *b)
{
    const struct slice x[] = {a->finding->vulnerability, a->action, a->justification, a->impact, a->notes};
    const struct slice y[] = {b->finding->vulnerability, b->action, b->justification, b->impact, b->notes};
    int order = slice_cmp(x[0], y[0]);
    if (order == 0)
        order = (int)a->status - (int)b->status;
    return order != 0 ? order : slices_cmp(x + 1, y + 1, sizeof x / sizeof x[0] - 1);
}

static int by_statement(const void *x, const void *y)
{
    const struct saying *a = x, *b = y;
    int order = compare_statements(a, b);
    return order != 0 ? order : slice_cmp(a->purl, b->purl);
}

// ---- the document ---------------------------------------------------------------------------------------------------

// "pkg:oci/debian@sha256%3A…?repository_url=docker.io%2Flibrary%2Fdebian" (the purl type oci).
static struct slice image_purl(struct openvex *o)
{
    struct slice repository = words_repository(o->a, o->report);
    struct buf out BUF_AUTO = {0};
    buf_adds(&out, "pkg:oci/");
    match_add_encoded(&out, arena_dup_lower(o->a, slice_basename(repository)));
    if (o->report->image->manifest.text[0] != '\0') {
        buf_addc(&out, '@');
        match_add_encoded(&out, digest_slice(&o->report->image->manifest));
    }
    if (slice_find(repository, '/') >= 0) {
        buf_adds(&out, "?repository_url=");
        match_add_encoded(&out, repository);
    }
    return arena_dup(o->a, buf_slice(&out));
}

static void add_product(struct openvex *o, yyjson_mut_val *statement, struct slice purl, const struct saying *sayings,
                        size_t n)
{
    yyjson_mut_val *product = yyjson_mut_arr_add_obj(o->doc, json_add_arr(o->doc, statement, "products"));
    const struct digest *manifest = &o->report->image->manifest;
    json_add_str(o->doc, product, "@id", purl);
    if (manifest->text[0] != '\0') // "sha-256", "sha-512", as the schema calls them
        json_add_str(o->doc, json_add_obj(o->doc, product, "hashes"),
                     slice_starts(digest_slice(manifest), SLICE("sha512:")) ? "sha-512" : "sha-256",
                     slice_str(digest_hex(manifest)));
    yyjson_mut_val *parts = json_add_arr(o->doc, product, "subcomponents");
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !slice_eq(sayings[i].purl, sayings[i - 1].purl)) // the same package at several places
            json_add_str(o->doc, yyjson_mut_arr_add_obj(o->doc, parts), "@id", sayings[i].purl);
}

static void add_statement(struct openvex *o, yyjson_mut_val *list, struct slice purl, const struct saying *sayings,
                          size_t n)
{
    const struct saying *s = &sayings[0];
    yyjson_mut_val *statement = yyjson_mut_arr_add_obj(o->doc, list);
    yyjson_mut_val *vulnerability = json_add_obj(o->doc, statement, "vulnerability");
    json_add_str(o->doc, vulnerability, "name", s->finding->vulnerability);
    if (s->finding->aliases.n != 0) {
        yyjson_mut_val *aliases = json_add_arr(o->doc, vulnerability, "aliases");
        struct slice alias, rest = s->finding->aliases;
        while (words_next(&rest, &alias))
            json_arr_add_str(o->doc, aliases, alias);
    }
    add_product(o, statement, purl, sayings, n);
    json_add_str(o->doc, statement, "status", slice_str(vex_status_name(s->status)));
    json_add_str_if(o->doc, statement, "status_notes", s->notes);
    json_add_str_if(o->doc, statement, "justification", s->justification);
    json_add_str_if(o->doc, statement, "impact_statement", s->impact);
    json_add_str_if(o->doc, statement, "action_statement", s->action);
}

// The only place for what is not known: a package that was not judged has no statement.
static struct slice tooling(struct openvex *o)
{
    const struct gaps gaps = report_gaps(o->report, o->options, o->a);
    struct buf out BUF_AUTO = {0};
    buf_addf(&out, "clarion %s, feeds of generation %.*s", CLARION_VERSION, SLICE_ARG(o->report->generation));
    for (size_t i = 0; i < gaps.n; i++)
        if (gaps.v[i].level != GAP_NOTE || strcmp(gaps.v[i].id, "left-out") == 0)
            buf_addf(&out, "; %s: %.*s", gaps.v[i].id, SLICE_ARG(gaps.v[i].text));
    return arena_dup(o->a, buf_slice(&out));
}

static void add_head(struct openvex *o, yyjson_mut_val *root)
{
    char now[CLOCK_TEXT], uuid[WORDS_UUID];
    clock_format(clock_now(), now);
    const struct slice identity[] = {digest_slice(&o->report->image->manifest), words_image(o->report),
                                     o->report->generation, slice_str(now)};
    words_uuid(uuid, identity, sizeof identity / sizeof identity[0]);
    json_add_str(o->doc, root, "@context", SLICE(CONTEXT));
    json_add_str(o->doc, root, "@id", arena_printf(o->a, "urn:uuid:%s", uuid));
    json_add_str(o->doc, root, "author", SLICE("Clarion"));
    json_add_str(o->doc, root, "role", SLICE("Vulnerability scanner"));
    json_add_str(o->doc, root, "timestamp", slice_str(now));
    yyjson_mut_obj_add_uint(o->doc, root, "version", 1);
    json_add_str(o->doc, root, "tooling", tooling(o));
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct openvex o = {report, options, &scratch, doc};
    saying_vec said = {0};
    const struct slice purl = image_purl(&o);
    say(&o, report->findings, report->findings_n, options, &said);
    say(&o, report->suppressed, report->suppressed_n, options, &said);
    say(&o, report->undetermined, report->undetermined_n, NULL, &said); // no options concern what is not known
    if (said.n == 0)                                                    // the schema wants a statement
        return;
    qsort(said.v, said.n, sizeof *said.v, by_statement);
    add_head(&o, root);
    yyjson_mut_val *list = json_add_arr(doc, root, "statements");
    for (size_t first = 0, end; first < said.n; first = end) {
        for (end = first + 1; end < said.n && compare_statements(&said.v[first], &said.v[end]) == 0; end++)
            ;
        add_statement(&o, list, purl, said.v + first, end - first);
    }
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

extern const struct output output_openvex;
const struct output output_openvex = {
    .name = "openvex",
    .title = "OpenVEX 0.2.0, a draft to complete",
    .report = write_report,
};
