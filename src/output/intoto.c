// An in-toto statement (Statement v1) with a predicate of vulnerabilities: https://in-toto.io/attestation/vulns/v0.2,
// as in-toto/attestation, spec/predicates/vulns_02.md, describes it. `cosign attest --statement` signs it.
//
// What is not known stands in "coverage", a member of our own: readers pass over those that they do not know.
#include "base/clock.h"
#include "base/json.h"
#include "output/gaps.h"
#include "output/output.h"
#include "output/words.h"

struct intoto {
    const struct report *report;
    struct arena *a;
    yyjson_mut_doc *doc;
};

static void add_subject(struct intoto *t, yyjson_mut_val *root)
{
    yyjson_mut_val *subject = yyjson_mut_arr_add_obj(t->doc, json_add_arr(t->doc, root, "subject"));
    const struct digest *manifest = &t->report->image->manifest;
    json_add_str(t->doc, subject, "name", words_repository(t->a, t->report));
    yyjson_mut_val *digests = json_add_obj(t->doc, subject, "digest");
    if (manifest->text[0] != '\0')
        json_add_str(t->doc, digests, slice_starts(digest_slice(manifest), SLICE("sha512:")) ? "sha512" : "sha256",
                     slice_str(digest_hex(manifest)));
}

// A list of objects with one member each, as the specification has them.
static void annotate(struct intoto *t, yyjson_mut_val *list, const char *key, struct slice value)
{
    if (value.n != 0)
        json_add_str(t->doc, yyjson_mut_arr_add_obj(t->doc, list), key, value);
}

static void add_severity(struct intoto *t, yyjson_mut_val *list, struct slice method, struct slice score)
{
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(t->doc, list);
    json_add_str(t->doc, object, "method", method);
    json_add_str(t->doc, object, "score", score);
}

static void add_result(struct intoto *t, yyjson_mut_val *list, const struct report_finding *f)
{
    const struct package *p = &words_package(t->report, f)->package;
    const struct report_epss *epss = finding_epss(f);
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(t->doc, list);
    json_add_str(t->doc, object, "id", f->vulnerability);
    yyjson_mut_val *severities = json_add_arr(t->doc, object, "severity");
    add_severity(t, severities, f->severity_source.n != 0 ? f->severity_source : SLICE("clarion"),
                 slice_str(severity_name(f->severity)));
    for (size_t i = 0; i < f->ratings_n; i++) {
        const struct report_rating *r = &f->ratings[i];
        add_severity(t, severities, arena_printf(t->a, "cvss_%s", cvss_version_name(r->version)),
                     arena_printf(t->a, "%d.%d", r->score / 10, r->score % 10));
    }
    if (epss != NULL)
        add_severity(t, severities, SLICE("epss"), arena_printf(t->a, "%.6f", epss->probability / 1e6));
    yyjson_mut_val *annotations = json_add_arr(t->doc, object, "annotations");
    annotate(t, annotations, "purl", package_purl(t->a, p, &t->report->image->inventory.distribution));
    annotate(t, annotations, "package", p->name);
    annotate(t, annotations, "installed", p->version);
    annotate(t, annotations, "fixed_in", f->fixed_in);
    annotate(t, annotations, "aliases", f->aliases);
    annotate(t, annotations, "feed", slice_str(f->statements[0].feed));
    if (finding_exploited(f) != NULL)
        annotate(t, annotations, "known_exploited_since", finding_exploited(f)->added);
}

static void add_scanner(struct intoto *t, yyjson_mut_val *predicate, const struct output_options *options)
{
    const struct report *report = t->report;
    yyjson_mut_val *scanner = json_add_obj(t->doc, predicate, "scanner");
    json_add_str(t->doc, scanner, "uri", SLICE("pkg:generic/clarion@" CLARION_VERSION));
    json_add_str(t->doc, scanner, "version", SLICE(CLARION_VERSION));
    if (report->generation.n != 0) {
        char created[CLOCK_TEXT];
        clock_format(report->generation_created, created);
        yyjson_mut_val *db = json_add_obj(t->doc, scanner, "db");
        json_add_str(t->doc, db, "version", report->generation);
        json_add_str(t->doc, db, "lastUpdate", slice_str(created));
    }
    yyjson_mut_val *list = json_add_arr(t->doc, scanner, "result");
    for (size_t i = 0; i < report->findings_n; i++)
        if (!output_leaves_out(options, &report->findings[i]))
            add_result(t, list, &report->findings[i]);
}

static void add_coverage(struct intoto *t, yyjson_mut_val *predicate, const struct output_options *options)
{
    static const char *const levels[] = {[GAP_ERROR] = "error", [GAP_WARNING] = "warning", [GAP_NOTE] = "note"};
    const struct report *report = t->report;
    yyjson_mut_val *coverage = json_add_obj(t->doc, predicate, "coverage");
    yyjson_mut_obj_add_bool(t->doc, coverage, "complete", report_is_whole(report));
    yyjson_mut_obj_add_uint(t->doc, coverage, "judged", report->judged);
    yyjson_mut_obj_add_uint(t->doc, coverage, "unjudged", report->unjudged);
    yyjson_mut_obj_add_uint(t->doc, coverage, "suppressed", report->suppressed_n);
    yyjson_mut_val *list = json_add_arr(t->doc, coverage, "gaps");
    const struct gaps gaps = report_gaps(report, options, t->a);
    for (size_t i = 0; i < gaps.n; i++) {
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(t->doc, list);
        json_add_str(t->doc, object, "level", slice_str(levels[gaps.v[i].level]));
        json_add_str(t->doc, object, "id", slice_str(gaps.v[i].id));
        json_add_str(t->doc, object, "text", gaps.v[i].text);
        json_add_str_if(t->doc, object, "layer", gaps.v[i].layer);
        json_add_str_if(t->doc, object, "path", gaps.v[i].path);
    }
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    char now[CLOCK_TEXT];
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct intoto t = {report, &scratch, doc};
    clock_format(clock_now(), now);
    json_add_str(doc, root, "_type", SLICE("https://in-toto.io/Statement/v1"));
    add_subject(&t, root);
    json_add_str(doc, root, "predicateType", SLICE("https://in-toto.io/attestation/vulns/v0.2"));
    yyjson_mut_val *predicate = json_add_obj(doc, root, "predicate");
    add_scanner(&t, predicate, options);
    add_coverage(&t, predicate, options);
    yyjson_mut_val *metadata = json_add_obj(doc, predicate, "metadata");
    json_add_str(doc, metadata, "scanStartedOn", slice_str(now));
    json_add_str(doc, metadata, "scanFinishedOn", slice_str(now));
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

extern const struct output output_intoto;
const struct output output_intoto = {
    .name = "intoto",
    .title = "an in-toto statement, for cosign to sign",
    .report = write_report,
};
