// GitLab's container scanning report: security-report-schemas 15.2.4, container-scanning-report-format.json.
//
// Texts are Markdown to GitLab. What is not known stands in the messages of the scan.
#include "base/clock.h"
#include "base/json.h"
#include "output/gaps.h"
#include "output/links.h"
#include "output/output.h"
#include "output/words.h"

#define SCHEMA_VERSION "15.2.4"
#define SCHEMA                                                                                                         \
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v" SCHEMA_VERSION                   \
    "/dist/container-scanning-report-format.json"

// The schema's, in characters; here bytes, which are no fewer.
#define NAME_MOST     255
#define SOLUTION_MOST 7000
#define VECTORS_MOST  10

struct gitlab {
    const struct report *report;
    const struct output_options *options;
    struct arena *a;
    yyjson_mut_doc *doc;
    struct slice repository;
};

// At most `most` bytes, without a part of a character.
static struct slice cut(struct slice text, size_t most)
{
    if (text.n <= most)
        return text;
    while (most > 0 && ((unsigned char)text.p[most] & 0xc0) == 0x80)
        most--;
    return slice_of(text.p, most);
}

static struct slice markdown(struct gitlab *g, struct slice text)
{
    struct buf out BUF_AUTO = {0};
    words_add_markdown(&out, text);
    return arena_dup(g->a, buf_slice(&out));
}

static const char *severity_word(enum severity severity)
{
    return severity == SEVERITY_NEGLIGIBLE ? "Info" : severity_name(severity);
}

// ---- a vulnerability ------------------------------------------------------------------------------------------------

// "cve" of CVE-2014-0160: GitLab knows cve, ghsa, cwe, usn, rhsa and others, and takes any.
static void add_identifier(struct gitlab *g, yyjson_mut_val *list, struct slice id, struct slice url)
{
    struct slice type, rest;
    slice_cut(id, '-', &type, &rest);
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(g->doc, list);
    json_add_str(g->doc, object, "type", type.n != 0 && rest.n != 0 ? arena_dup_lower(g->a, type) : SLICE("other"));
    json_add_str(g->doc, object, "name", id);
    json_add_str(g->doc, object, "value", id);
    json_add_str_if(g->doc, object, "url", url);
}

static void add_identifiers(struct gitlab *g, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = json_add_arr(g->doc, object, "identifiers");
    struct slice link, alias, rest = f->aliases;
    slice_cut(f->links, ' ', &link, &(struct slice){0});
    add_identifier(g, list, f->vulnerability, is_plain_link(link) ? link : (struct slice){0});
    while (words_next(&rest, &alias))
        add_identifier(g, list, alias, (struct slice){0});
}

static void add_links(struct gitlab *g, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = json_add_arr(g->doc, object, "links");
    struct slice link, rest = f->links;
    while (words_next(&rest, &link))
        if (is_plain_link(link))
            json_add_str(g->doc, yyjson_mut_arr_add_obj(g->doc, list), "url", link);
}

// The one that counts first, for GitLab sorts by the first.
static void add_vectors(struct gitlab *g, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *list = yyjson_mut_arr(g->doc);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < f->ratings_n && yyjson_mut_arr_size(list) < VECTORS_MOST; i++) {
            const struct report_rating *r = &f->ratings[i];
            size_t most = r->version == CVSS_4_0 ? 256 : 128;
            if ((r == f->rating) != (pass == 0) || r->vector.n > most)
                continue;
            yyjson_mut_val *vector = yyjson_mut_arr_add_obj(g->doc, list);
            json_add_str(g->doc, vector, "vendor", r->by.n != 0 ? r->by : r->source);
            json_add_str(g->doc, vector, "vector", r->vector);
        }
    if (yyjson_mut_arr_size(list) != 0)
        yyjson_mut_obj_add_val(g->doc, object, "cvss_vectors", list);
}

static void add_detail(struct gitlab *g, yyjson_mut_val *details, const char *key, const char *name, struct slice value)
{
    if (value.n == 0)
        return;
    yyjson_mut_val *object = json_add_obj(g->doc, details, key);
    json_add_str(g->doc, object, "type", SLICE("text"));
    json_add_str(g->doc, object, "name", slice_str(name));
    json_add_str(g->doc, object, "value", value);
}

static void add_details(struct gitlab *g, yyjson_mut_val *object, const struct report_finding *f,
                        const struct inventory_package *p)
{
    yyjson_mut_val *details = json_add_obj(g->doc, object, "details");
    const struct report_epss *epss = finding_epss(f);
    struct slice link, rest = f->links;
    struct buf others BUF_AUTO = {0};
    while (words_next(&rest, &link))
        if (!is_plain_link(link))
            buf_addf(&others, "%s%.*s", others.n != 0 ? " " : "", SLICE_ARG(link));
    add_detail(g, details, "kind", "Kind of package", p->package.kind);
    add_detail(g, details, "fixed_in", "Fixed in", f->fixed_in);
    add_detail(g, details, "path", "Listed in", p->db);
    add_detail(g, details, "layer", "Layer", words_layer(g->report->image, p));
    add_detail(g, details, "feed", "Feed", slice_str(f->statements[0].feed));
    if (epss != NULL)
        add_detail(g, details, "epss", "EPSS", arena_printf(g->a, "%.2f%%", epss->probability / 1e4));
    if (finding_exploited(f) != NULL)
        add_detail(g, details, "known_exploited", "Known to be exploited since", finding_exploited(f)->added);
    if (f->code.missing)
        add_detail(g, details, "carries_code", "Carries the code", arena_printf(g->a, "no: %s", f->code.what));
    add_detail(g, details, "references", "Further references", arena_dup(g->a, buf_slice(&others)));
}

static void add_location(struct gitlab *g, yyjson_mut_val *object, const struct package *p)
{
    const struct distribution *d = &g->report->image->inventory.distribution;
    yyjson_mut_val *location = json_add_obj(g->doc, object, "location");
    yyjson_mut_val *dependency = json_add_obj(g->doc, location, "dependency");
    json_add_str(g->doc, json_add_obj(g->doc, dependency, "package"), "name", p->name);
    json_add_str(g->doc, dependency, "version", p->version);
    json_add_str(g->doc, location, "operating_system",
                 d->known && d->id.n != 0 ? arena_printf(g->a, "%.*s %.*s", SLICE_ARG(d->id),
                                                         SLICE_ARG(d->version_id.n != 0 ? d->version_id : d->codename))
                                          : SLICE("unknown"));
    json_add_str(g->doc, location, "image", words_image(g->report));
}

static void add_flag(struct gitlab *g, yyjson_mut_val *object, const struct report_finding *f)
{
    const char *by = report_suppressed_by(f);
    if (by == NULL)
        return;
    yyjson_mut_val *flag = yyjson_mut_arr_add_obj(g->doc, json_add_arr(g->doc, object, "flags"));
    json_add_str(g->doc, flag, "type", SLICE("flagged-as-likely-false-positive"));
    json_add_str(g->doc, flag, "origin", SLICE("Clarion"));
    json_add_str(g->doc, flag, "description",
                 strcmp(by, "vex") == 0
                     ? arena_printf(g->a, "VEX (%.*s) says %s.", SLICE_ARG(f->decision.statement->document->id),
                                    vex_status_name(f->decision.statement->status))
                     : arena_printf(g->a, "Ignored: %.*s", SLICE_ARG(f->decision.rule->reason)));
}

static void add_vulnerability(struct gitlab *g, yyjson_mut_val *list, const struct report_finding *f)
{
    const struct inventory_package *p = words_package(g->report, f);
    const struct slice identity[] = {
        g->repository, f->vulnerability, p->package.kind, p->package.name, p->package.version, p->package.arch, p->db};
    char uuid[WORDS_UUID];
    words_uuid(uuid, identity, sizeof identity / sizeof identity[0]);
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(g->doc, list);
    json_add_str(g->doc, object, "id", slice_str(uuid));
    json_add_str(g->doc, object, "name", cut(f->vulnerability, NAME_MOST));
    json_add_str(g->doc, object, "description", markdown(g, f->statements[0].record.description));
    json_add_str(g->doc, object, "severity", slice_str(severity_word(f->severity)));
    json_add_str(g->doc, object, "solution", cut(markdown(g, words_advice(g->a, g->report, f)), SOLUTION_MOST));
    add_identifiers(g, object, f);
    add_links(g, object, f);
    add_vectors(g, object, f);
    add_details(g, object, f, p);
    add_flag(g, object, f);
    add_location(g, object, &p->package);
}

// ---- the scan -------------------------------------------------------------------------------------------------------

static void add_program(struct gitlab *g, yyjson_mut_val *scan, const char *key)
{
    yyjson_mut_val *object = json_add_obj(g->doc, scan, key);
    json_add_str(g->doc, object, "id", SLICE("clarion"));
    json_add_str(g->doc, object, "name", SLICE("Clarion"));
    json_add_str(g->doc, object, "version", SLICE(CLARION_VERSION));
    json_add_str(g->doc, json_add_obj(g->doc, object, "vendor"), "name", SLICE("Clarion"));
}

static void add_messages(struct gitlab *g, yyjson_mut_val *scan)
{
    static const char *const levels[] = {[GAP_ERROR] = "fatal", [GAP_WARNING] = "warn", [GAP_NOTE] = "info"};
    yyjson_mut_val *list = json_add_arr(g->doc, scan, "messages");
    const struct gaps gaps = report_gaps(g->report, g->options, g->a);
    for (size_t i = 0; i < gaps.n; i++) {
        const struct gap *gap = &gaps.v[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(g->doc, list);
        struct slice before = gap->path.n != 0 ? gap->path : gap->layer;
        json_add_str(g->doc, object, "level", slice_str(levels[gap->level]));
        json_add_str(g->doc, object, "value",
                     arena_printf(g->a, "%s: %.*s%s%.*s", gap->id, SLICE_ARG(before), before.n != 0 ? ": " : "",
                                  SLICE_ARG(gap->text)));
    }
    if (g->report->suppressed_n != 0) {
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(g->doc, list);
        json_add_str(g->doc, object, "level", SLICE("info"));
        json_add_str(
            g->doc, object, "value",
            arena_printf(g->a, "%zu findings are suppressed by VEX and ignore rules", g->report->suppressed_n));
    }
}

static void add_scan(struct gitlab *g, yyjson_mut_val *root)
{
    char now[CLOCK_TEXT];
    clock_format(clock_now(), now);
    struct slice time = slice_of(now, sizeof "2026-11-24T04:45:10" - 1); // without a zone
    yyjson_mut_val *scan = json_add_obj(g->doc, root, "scan");
    add_program(g, scan, "analyzer");
    add_program(g, scan, "scanner");
    json_add_str(g->doc, scan, "type", SLICE("container_scanning"));
    json_add_str(g->doc, scan, "start_time", time);
    json_add_str(g->doc, scan, "end_time", time);
    json_add_str(g->doc, scan, "status", report_is_whole(g->report) ? SLICE("success") : SLICE("failure"));
    add_messages(g, scan);
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct gitlab g = {report, options, &scratch, doc, words_repository(&scratch, report)};
    json_add_str(doc, root, "version", SLICE(SCHEMA_VERSION));
    json_add_str(doc, root, "schema", SLICE(SCHEMA));
    add_scan(&g, root);
    yyjson_mut_val *list = json_add_arr(doc, root, "vulnerabilities");
    for (size_t i = 0; i < report->findings_n; i++)
        if (!output_leaves_out(options, &report->findings[i]))
            add_vulnerability(&g, list, &report->findings[i]);
    for (size_t i = 0; options->show_suppressed && i < report->suppressed_n; i++)
        if (!output_leaves_out(options, &report->suppressed[i]))
            add_vulnerability(&g, list, &report->suppressed[i]);
    json_add_arr(doc, root, "remediations"); // patches of sources: an image has none
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

extern const struct output output_gitlab;
const struct output output_gitlab = {
    .name = "gitlab",
    .title = "GitLab's container scanning report",
    .report = write_report,
};
