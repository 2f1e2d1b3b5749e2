// SARIF 2.1.0 (OASIS, with errata 01), as GitHub's code scanning reads it ("SARIF support for code scanning"): a rule
// for each vulnerability, a result for each package that has it.
//
// GitHub tells alerts of two runs apart by rule, place and fingerprint, so none of these names a version, a tag or a
// digest. It does not obey suppressions: what is suppressed is counted in a notification, and listed, marked as such,
// where --show-suppressed asks for it.
#include "output/sarif.h"

#include "output/gaps.h"
#include "output/words.h"

#include <stdlib.h>

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// GitHub's: a file with more results in a run, or more rules, is refused; of more results than SHOWN the worst are
// shown.
#define RESULTS ((size_t)25000)
#define SHOWN   ((size_t)5000)

// ---- what is written ------------------------------------------------------------------------------------------------

struct sarif_result {
    const struct report_finding *finding;
    size_t rule;
    struct digest fingerprint;
    size_t occurrence; // among those with the same fingerprint, from 1
};

static bool is_suppressed(const struct report_finding *f)
{
    return report_suppressed_by(f) != NULL;
}

// What the place and the rule do not tell: two packages of one name in one database have one fingerprint, and are told
// apart by number.
static struct digest fingerprint_of(const struct sarif *s, const struct report_finding *f)
{
    const struct inventory_package *p = words_package(s->report, f);
    const struct slice parts[] = {f->vulnerability, p->package.kind, p->package.name, p->db};
    return words_digest(parts, sizeof parts / sizeof parts[0]);
}

// The worst come in, in the report's order.
static void take(struct sarif *s, const struct report_finding *findings, size_t n, const struct output_options *options)
{
    size_t of[SEVERITY_CRITICAL + 1] = {0}, room = RESULTS - s->n;
    for (size_t i = 0; i < n; i++)
        if (!output_leaves_out(options, &findings[i]))
            of[findings[i].severity]++;
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_UNKNOWN; severity--) {
        size_t taken = of[severity] < room ? of[severity] : room;
        s->left_out += of[severity] - taken;
        of[severity] = taken;
        room -= taken;
    }
    for (size_t i = 0; i < n; i++) {
        const struct report_finding *f = &findings[i];
        if (output_leaves_out(options, f) || of[f->severity] == 0)
            continue;
        of[f->severity]--;
        s->results[s->n++] = (struct sarif_result){.finding = f, .fingerprint = fingerprint_of(s, f)};
    }
}

static int by_vulnerability(const void *x, const void *y)
{
    const struct sarif_result *a = *(struct sarif_result *const *)x, *b = *(struct sarif_result *const *)y;
    int order = slice_cmp(a->finding->vulnerability, b->finding->vulnerability);
    return order != 0 ? order : (a > b) - (a < b);
}

static int by_fingerprint(const void *x, const void *y)
{
    const struct sarif_result *a = *(struct sarif_result *const *)x, *b = *(struct sarif_result *const *)y;
    int order = strcmp(a->fingerprint.text, b->fingerprint.text);
    if (order != 0)
        return order;
    // Packages are in the order of the inventory, so that the order of the findings does not matter.
    return (a->finding->package > b->finding->package) - (a->finding->package < b->finding->package);
}

static void number(struct sarif *s)
{
    struct arena scratch ARENA_AUTO = {0};
    struct sarif_result **order = ARENA_NEW(&scratch, struct sarif_result *, s->n);
    for (size_t i = 0; i < s->n; i++)
        order[i] = &s->results[i];
    if (s->n == 0)
        return;
    qsort(order, s->n, sizeof(struct sarif_result *), by_fingerprint);
    for (size_t i = 0; i < s->n; i++) {
        bool again = i > 0 && digest_eq(&order[i]->fingerprint, &order[i - 1]->fingerprint);
        order[i]->occurrence = again ? order[i - 1]->occurrence + 1 : 1;
    }
    qsort(order, s->n, sizeof(struct sarif_result *), by_vulnerability);
    for (size_t i = 0; i < s->n; i++) {
        const struct report_finding *f = order[i]->finding;
        if (i == 0 || !slice_eq(f->vulnerability, order[i - 1]->finding->vulnerability))
            s->rules[s->rules_n++] = (struct sarif_rule){f, f->severity};
        struct sarif_rule *rule = &s->rules[s->rules_n - 1];
        if (f->severity > rule->severity)
            *rule = (struct sarif_rule){f, f->severity};
        order[i]->rule = s->rules_n - 1;
    }
}

// ---- texts ----------------------------------------------------------------------------------------------------------

void sarif_add_message(struct sarif *s, yyjson_mut_val *object, const char *key, struct slice text)
{
    json_add_str(s->doc, json_add_obj(s->doc, object, key), "text", text);
}

// As a message: what would be a link or a placeholder there (sections 3.11.5 and 3.11.6) is escaped.
static struct slice as_message(struct arena *a, struct slice text)
{
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '[' || c == ']' || c == '\\')
            buf_addc(&out, '\\');
        else if (c == '{' || c == '}')
            buf_addc(&out, c);
        buf_addc(&out, c);
    }
    return arena_dup(a, buf_slice(&out));
}

const char *sarif_level(enum severity severity)
{
    return severity >= SEVERITY_HIGH                                     ? "error"
           : severity == SEVERITY_MEDIUM || severity == SEVERITY_UNKNOWN ? "warning"
                                                                         : "note";
}

// ---- results --------------------------------------------------------------------------------------------------------

// "docker.io/library/debian/var/lib/dpkg/status", percent-encoded. In a folder the path alone: where that is the
// checkout of a repository, GitHub shows the file.
static struct slice place_of(struct sarif *s, struct slice path)
{
    bool is_folder = slice_eq(s->report->image->kind, SLICE("dir"));
    struct buf out BUF_AUTO = {0};
    if (path.n == 0 || !is_folder)
        words_add_path(&out, s->repository);
    if (path.n != 0 && !is_folder)
        buf_addc(&out, '/');
    words_add_path(&out, path);
    return arena_dup(s->a, buf_slice(&out));
}

static void add_physical(struct sarif *s, yyjson_mut_val *location, struct slice path)
{
    yyjson_mut_val *physical = json_add_obj(s->doc, location, "physicalLocation");
    json_add_str(s->doc, json_add_obj(s->doc, physical, "artifactLocation"), "uri", place_of(s, path));
    // Databases of packages have no lines; GitHub refuses a place without one.
    yyjson_mut_val *region = json_add_obj(s->doc, physical, "region");
    static const char *const keys[] = {"startLine", "startColumn", "endLine", "endColumn"};
    for (size_t i = 0; i < 4; i++)
        yyjson_mut_obj_add_uint(s->doc, region, keys[i], 1);
}

static void add_logical(struct sarif *s, yyjson_mut_val *list, const char *kind, struct slice name, struct slice full)
{
    if (name.n == 0)
        return;
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(s->doc, list);
    json_add_str(s->doc, object, "name", name);
    json_add_str_if(s->doc, object, "fullyQualifiedName", full);
    json_add_str(s->doc, object, "kind", slice_str(kind));
}

static void add_locations(struct sarif *s, yyjson_mut_val *object, const struct inventory_package *p)
{
    const struct stored_image *image = s->report->image;
    yyjson_mut_val *location = yyjson_mut_arr_add_obj(s->doc, json_add_arr(s->doc, object, "locations"));
    add_physical(s, location, p->db);
    yyjson_mut_val *logical = json_add_arr(s->doc, location, "logicalLocations");
    add_logical(s, logical, "package", p->package.name,
                package_purl(s->a, &p->package, &image->inventory.distribution));
    add_logical(s, logical, "layer", words_layer(image, p), (struct slice){0});
}

static void add_suppression(struct sarif *s, yyjson_mut_val *object, const struct report_finding *f)
{
    yyjson_mut_val *suppressions = json_add_arr(s->doc, object, "suppressions"); // empty: it is not suppressed
    if (!is_suppressed(f))
        return;
    const struct vex_statement *vex = f->decision.statement;
    bool by_vex = strcmp(report_suppressed_by(f), "vex") == 0;
    struct slice why =
        by_vex ? arena_printf(s->a, "VEX says %s%s%.*s%s%.*s (%.*s)", vex_status_name(vex->status),
                              vex->justification.n != 0 ? ", " : "", SLICE_ARG(vex->justification),
                              vex->impact.n != 0 ? ": " : "", SLICE_ARG(vex->impact), SLICE_ARG(vex->document->id))
               : arena_printf(s->a, "ignored by %.*s, line %u: %.*s", SLICE_ARG(f->decision.rule->file),
                              f->decision.rule->line, SLICE_ARG(f->decision.rule->reason));
    yyjson_mut_val *suppression = yyjson_mut_arr_add_obj(s->doc, suppressions);
    json_add_str(s->doc, suppression, "kind", SLICE("external"));
    json_add_str(s->doc, suppression, "status", SLICE("accepted"));
    json_add_str(s->doc, suppression, "justification", why);
}

static void add_facts(struct sarif *s, yyjson_mut_val *object, const struct report_finding *f,
                      const struct inventory_package *p)
{
    yyjson_mut_val *properties = json_add_obj(s->doc, object, "properties");
    json_add_str(s->doc, properties, "severity", slice_str(severity_name(f->severity)));
    json_add_str(s->doc, properties, "kind", p->package.kind);
    json_add_str(s->doc, properties, "package", p->package.name);
    json_add_str(s->doc, properties, "version", p->package.version);
    json_add_str(s->doc, properties, "fixed_in", f->fixed_in);
    json_add_str(s->doc, properties, "feed", slice_str(f->statements[0].feed));
    if (p->layer < s->report->image->layers_n)
        json_add_str(s->doc, properties, "created_by", s->report->image->layers[p->layer].created_by);
    yyjson_mut_obj_add_bool(s->doc, properties, "kev", finding_exploited(f) != NULL);
    yyjson_mut_obj_add_bool(s->doc, properties, "carries_code", !f->code.missing);
}

static void add_result(struct sarif *s, yyjson_mut_val *list, const struct sarif_result *r)
{
    const struct report_finding *f = r->finding;
    const struct inventory_package *p = words_package(s->report, f);
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(s->doc, list);
    struct slice text =
        arena_printf(s->a, "%.*s %.*s has %.*s. %.*s", SLICE_ARG(p->package.name), SLICE_ARG(p->package.version),
                     SLICE_ARG(f->vulnerability), SLICE_ARG(words_advice(s->a, s->report, f)));
    json_add_str(s->doc, object, "ruleId", f->vulnerability);
    yyjson_mut_obj_add_uint(s->doc, object, "ruleIndex", r->rule);
    json_add_str(s->doc, object, "level", slice_str(sarif_level(f->severity)));
    sarif_add_message(s, object, "message", as_message(s->a, text));
    add_locations(s, object, p);
    json_add_str(s->doc, json_add_obj(s->doc, object, "partialFingerprints"), "primaryLocationLineHash",
                 arena_printf(s->a, "%.16s:%zu", digest_hex(&r->fingerprint), r->occurrence));
    add_suppression(s, object, f);
    add_facts(s, object, f, p);
}

// ---- what is not known ----------------------------------------------------------------------------------------------

static const char *level_of_gap(enum gap_level level)
{
    return level == GAP_ERROR ? "error" : level == GAP_WARNING ? "warning" : "note";
}

static yyjson_mut_val *add_notification(struct sarif *s, yyjson_mut_val *list, const char *level, struct slice text)
{
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(s->doc, list);
    json_add_str(s->doc, object, "level", slice_str(level));
    sarif_add_message(s, object, "message", as_message(s->a, text));
    return object;
}

static size_t index_of_kind(const char *id)
{
    size_t i = 0;
    while (strcmp(gap_kinds[i].id, id) != 0)
        i++;
    return i;
}

static void add_gap(struct sarif *s, yyjson_mut_val *list, const struct gap *gap)
{
    yyjson_mut_val *object = add_notification(s, list, level_of_gap(gap->level), gap->text);
    yyjson_mut_val *descriptor = json_add_obj(s->doc, object, "descriptor");
    json_add_str(s->doc, descriptor, "id", slice_str(gap->id));
    yyjson_mut_obj_add_uint(s->doc, descriptor, "index", index_of_kind(gap->id));
    if (gap->path.n == 0 && gap->layer.n == 0)
        return;
    yyjson_mut_val *location = yyjson_mut_arr_add_obj(s->doc, json_add_arr(s->doc, object, "locations"));
    add_physical(s, location, gap->path);
    if (gap->layer.n != 0)
        add_logical(s, json_add_arr(s->doc, location, "logicalLocations"), "layer", gap->layer, (struct slice){0});
}

static void add_invocation(struct sarif *s, yyjson_mut_val *run, const struct output_options *options)
{
    const struct report *report = s->report;
    yyjson_mut_val *invocation = yyjson_mut_arr_add_obj(s->doc, json_add_arr(s->doc, run, "invocations"));
    yyjson_mut_obj_add_bool(s->doc, invocation, "executionSuccessful", report_is_whole(report));
    yyjson_mut_val *list = json_add_arr(s->doc, invocation, "toolExecutionNotifications");
    const struct gaps gaps = report_gaps(report, options, s->a);
    for (size_t i = 0; i < gaps.n; i++)
        add_gap(s, list, &gaps.v[i]);
    if (s->left_out != 0)
        add_notification(s, list, "warning",
                         arena_printf(s->a,
                                      "%zu results, the least severe, are left out, since GitHub refuses a run with "
                                      "more than %zu: --format json has all of them.",
                                      s->left_out, RESULTS));
    if (s->n > SHOWN)
        add_notification(s, list, "note",
                         arena_printf(s->a, "GitHub shows the %zu most severe of these %zu results.", SHOWN, s->n));
    if (report->suppressed_n != 0 && !options->show_suppressed)
        add_notification(s, list, "note",
                         arena_printf(s->a, "%zu suppressed by VEX and ignore rules; --show-suppressed lists them.",
                                      report->suppressed_n));
}

static void add_driver(struct sarif *s, yyjson_mut_val *run)
{
    yyjson_mut_val *driver = json_add_obj(s->doc, json_add_obj(s->doc, run, "tool"), "driver");
    json_add_str(s->doc, driver, "name", SLICE("Clarion"));
    json_add_str(s->doc, driver, "version", SLICE(CLARION_VERSION));
    yyjson_mut_val *rules = json_add_arr(s->doc, driver, "rules");
    for (size_t i = 0; i < s->rules_n; i++)
        sarif_add_rule(s, rules, &s->rules[i]);
    yyjson_mut_val *notifications = json_add_arr(s->doc, driver, "notifications");
    for (size_t i = 0; gap_kinds[i].id != NULL; i++) {
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(s->doc, notifications);
        json_add_str(s->doc, object, "id", slice_str(gap_kinds[i].id));
        sarif_add_message(s, object, "shortDescription", slice_str(gap_kinds[i].title));
        sarif_add_message(s, object, "fullDescription", slice_str(gap_kinds[i].title));
        sarif_add_message(s, object, "help", slice_str(gap_kinds[i].next));
    }
}

static void add_subject(struct sarif *s, yyjson_mut_val *run)
{
    const struct report *report = s->report;
    // GitHub takes what stands before the last slash for the category: images do not replace each other's alerts.
    json_add_str(s->doc, json_add_obj(s->doc, run, "automationDetails"), "id",
                 arena_printf(s->a, "clarion/%.*s/", SLICE_ARG(s->repository)));
    yyjson_mut_val *properties = json_add_obj(s->doc, run, "properties");
    json_add_str(s->doc, properties, "image", words_image(report));
    json_add_str(s->doc, properties, "manifest", digest_slice(&report->image->manifest));
    json_add_str(s->doc, properties, "distribution", words_distribution(s->a, &report->image->inventory.distribution));
    json_add_str(s->doc, properties, "generation", report->generation);
    yyjson_mut_obj_add_uint(s->doc, properties, "judged", report->judged);
    yyjson_mut_obj_add_uint(s->doc, properties, "unjudged", report->unjudged);
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    struct sarif s = {.report = report, .a = &scratch, .doc = doc, .repository = words_repository(&scratch, report)};
    s.results = ARENA_NEW(&scratch, struct sarif_result, report->findings_n + report->suppressed_n);
    s.rules = ARENA_NEW(&scratch, struct sarif_rule, report->findings_n + report->suppressed_n);
    take(&s, report->findings, report->findings_n, options);
    if (options->show_suppressed)
        take(&s, report->suppressed, report->suppressed_n, options);
    number(&s);
    json_add_str(doc, root, "$schema", SLICE(SCHEMA));
    json_add_str(doc, root, "version", SLICE("2.1.0"));
    yyjson_mut_val *run = yyjson_mut_arr_add_obj(doc, json_add_arr(doc, root, "runs"));
    add_driver(&s, run);
    add_invocation(&s, run, options);
    add_subject(&s, run);
    json_add_str(doc, run, "columnKind", SLICE("unicodeCodePoints"));
    yyjson_mut_val *results = json_add_arr(doc, run, "results");
    for (size_t i = 0; i < s.n; i++)
        add_result(&s, results, &s.results[i]);
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

extern const struct output output_sarif;
const struct output output_sarif = {
    .name = "sarif",
    .title = "SARIF 2.1.0, for code scanning",
    .report = write_report,
};
