// JUnit XML, for the pages that CI systems make of tests: a test suite for each kind of packages, in which every
// finding is a test that failed, and one for what is not known, in which what keeps the report from being whole is an
// error and what was not judged is skipped.
//
// There is no standard: the elements and attributes are those of Jenkins' schema (xunit plugin, junit-10.xsd), which
// GitLab, GitHub's actions, Azure DevOps and others read.
#include "base/clock.h"
#include "base/markup.h"
#include "output/gaps.h"
#include "output/output.h"
#include "output/words.h"

#include <stdlib.h>

struct junit {
    const struct report *report;
    const struct output_options *options;
    struct arena *a;
    struct buf *out;
};

// What a suite holds, counted before it is written: the numbers stand in its first line.
struct suite {
    struct slice kind;
    size_t packages, packages_hit; // with a finding
    size_t failures, skipped;
};

static void add_attribute(struct buf *out, const char *name, struct slice value)
{
    buf_addf(out, " %s=\"", name);
    markup_add(out, value);
    buf_addc(out, '"');
}

static void add_count(struct buf *out, const char *name, size_t n)
{
    buf_addf(out, " %s=\"%zu\"", name, n);
}

static void add_property(struct buf *out, const char *name, struct slice value)
{
    buf_adds(out, "      <property");
    add_attribute(out, "name", slice_str(name));
    add_attribute(out, "value", value);
    buf_adds(out, "/>\n");
}

static void open_suite(struct junit *j, struct slice name, size_t tests, size_t failures, size_t errors, size_t skipped)
{
    char time[CLOCK_TEXT];
    clock_format(clock_now(), time);
    buf_adds(j->out, "  <testsuite");
    add_attribute(j->out, "name", name);
    add_count(j->out, "tests", tests);
    add_count(j->out, "failures", failures);
    add_count(j->out, "errors", errors);
    add_count(j->out, "skipped", skipped);
    add_attribute(j->out, "timestamp", slice_of(time, sizeof "2026-11-24T04:45:10" - 1)); // without a zone
    add_attribute(j->out, "time", SLICE("0"));
    buf_adds(j->out, ">\n");
}

static void open_test(struct junit *j, struct slice class, struct slice name)
{
    buf_adds(j->out, "    <testcase");
    add_attribute(j->out, "classname", class);
    add_attribute(j->out, "name", name);
    add_attribute(j->out, "time", SLICE("0"));
    buf_adds(j->out, ">\n");
}

static void add_result(struct junit *j, const char *element, const char *type, struct slice message, struct slice text)
{
    buf_addf(j->out, "      <%s", element);
    if (type != NULL)
        add_attribute(j->out, "type", slice_str(type));
    add_attribute(j->out, "message", message);
    buf_addc(j->out, '>');
    markup_add(j->out, text);
    buf_addf(j->out, "</%s>\n    </testcase>\n", element);
}

// ---- findings -------------------------------------------------------------------------------------------------------

static bool is_of(const struct junit *j, const struct report_finding *f, struct slice kind)
{
    return slice_eq(words_package(j->report, f)->package.kind, kind) && !output_leaves_out(j->options, f);
}

static struct slice details(struct junit *j, const struct report_finding *f)
{
    const struct inventory_package *p = words_package(j->report, f);
    struct buf text BUF_AUTO = {0};
    struct slice link, rest = f->links, layer = words_layer(j->report->image, p);
    buf_add(&text, f->statements[0].record.description);
    buf_adds(&text, "\n\nListed in: ");
    buf_add(&text, p->db);
    buf_adds(&text, "\nLayer: ");
    buf_add(&text, layer.n != 0 ? layer : SLICE("not known"));
    buf_addf(&text, "\nFeed: %s", f->statements[0].feed);
    if (finding_exploited(f) != NULL)
        buf_adds(&text, "\nKnown to be exploited (CISA's catalogue)");
    while (words_next(&rest, &link)) {
        buf_addc(&text, '\n');
        buf_add(&text, link);
    }
    return arena_dup(j->a, buf_slice(&text));
}

// Two packages of one name in one place have the same name here; CI systems show both.
static void open_finding(struct junit *j, const struct report_finding *f)
{
    const struct package *p = &words_package(j->report, f)->package;
    open_test(j, arena_printf(j->a, "%.*s.%.*s", SLICE_ARG(p->kind), SLICE_ARG(p->name)),
              arena_printf(j->a, "%.*s in %.*s %.*s", SLICE_ARG(f->vulnerability), SLICE_ARG(p->name),
                           SLICE_ARG(p->version)));
}

static void add_finding(struct junit *j, const struct report_finding *f)
{
    const char *severity = severity_name(f->severity);
    open_finding(j, f);
    add_result(j, "failure", severity,
               arena_printf(j->a, "%s. %.*s", severity, SLICE_ARG(words_advice(j->a, j->report, f))), details(j, f));
}

static void add_suppressed(struct junit *j, const struct report_finding *f)
{
    bool by_vex = strcmp(report_suppressed_by(f), "vex") == 0;
    open_finding(j, f);
    add_result(j, "skipped", NULL,
               by_vex ? arena_printf(j->a, "suppressed by VEX: %s %.*s", vex_status_name(f->decision.statement->status),
                                     SLICE_ARG(f->decision.statement->justification))
                      : arena_printf(j->a, "ignored: %.*s", SLICE_ARG(f->decision.rule->reason)),
               (struct slice){0});
}

// ---- suites ---------------------------------------------------------------------------------------------------------

// Packages stand together by kind in an inventory. Answers where the next kind begins.
static size_t count_suite(const struct junit *j, size_t first, const bool *hit, struct suite *suite)
{
    const struct inventory *inventory = &j->report->image->inventory;
    size_t end = first;
    *suite = (struct suite){.kind = inventory->packages[first].package.kind};
    for (; end < inventory->packages_n && slice_eq(inventory->packages[end].package.kind, suite->kind); end++) {
        suite->packages++;
        suite->packages_hit += hit[end];
    }
    for (size_t i = 0; i < j->report->findings_n; i++)
        suite->failures += is_of(j, &j->report->findings[i], suite->kind);
    for (size_t i = 0; j->options->show_suppressed && i < j->report->suppressed_n; i++)
        suite->skipped += is_of(j, &j->report->suppressed[i], suite->kind);
    return end;
}

static void add_suite(struct junit *j, const struct suite *suite)
{
    open_suite(j, suite->kind, suite->failures + suite->skipped + 1, suite->failures, 0, suite->skipped);
    for (size_t i = 0; i < j->report->findings_n; i++)
        if (is_of(j, &j->report->findings[i], suite->kind))
            add_finding(j, &j->report->findings[i]);
    for (size_t i = 0; j->options->show_suppressed && i < j->report->suppressed_n; i++)
        if (is_of(j, &j->report->suppressed[i], suite->kind))
            add_suppressed(j, &j->report->suppressed[i]);
    // A suite without a test is a failure to some CI systems.
    open_test(j, suite->kind, SLICE("packages without a finding"));
    buf_addf(j->out, "      <system-out>%zu of %zu packages</system-out>\n    </testcase>\n  </testsuite>\n",
             suite->packages - suite->packages_hit, suite->packages);
}

static void add_gap(struct junit *j, const struct gap *gap)
{
    const char *sort = gap->level == GAP_ERROR ? "error" : "skipped";
    struct buf text BUF_AUTO = {0};
    if (gap->path.n != 0 || gap->layer.n != 0) {
        buf_add(&text, gap->path);
        buf_adds(&text, " in layer ");
        buf_add(&text, gap->layer);
    }
    open_test(j, SLICE("coverage"), arena_printf(j->a, "%s: %.*s", gap->id, SLICE_ARG(gap->text)));
    add_result(j, sort, gap->level == GAP_ERROR ? gap->id : NULL, gap->text, buf_slice(&text));
}

// What is not known, and what the report was made of.
static void add_coverage(struct junit *j, const struct gaps *gaps, size_t errors)
{
    const struct report *report = j->report;
    open_suite(j, SLICE("coverage"), gaps->n + 1, 0, errors, gaps->n - errors);
    buf_adds(j->out, "    <properties>\n");
    add_property(j->out, "image", words_image(report));
    add_property(j->out, "manifest", digest_slice(&report->image->manifest));
    add_property(j->out, "distribution", words_distribution(j->a, &report->image->inventory.distribution));
    add_property(j->out, "generation", report->generation);
    add_property(j->out, "clarion", SLICE(CLARION_VERSION));
    buf_adds(j->out, "    </properties>\n");
    for (size_t i = 0; i < gaps->n; i++)
        add_gap(j, &gaps->v[i]);
    open_test(j, SLICE("coverage"), SLICE("packages judged"));
    buf_addf(j->out, "      <system-out>%zu of %zu packages", report->judged, report->judged + report->unjudged);
    if (report->suppressed_n != 0)
        buf_addf(j->out, "; %zu findings are suppressed by VEX and ignore rules", report->suppressed_n);
    buf_adds(j->out, "</system-out>\n    </testcase>\n  </testsuite>\n");
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    struct junit j = {report, options, &scratch, out};
    const struct inventory *inventory = &report->image->inventory;
    const struct gaps gaps = report_gaps(report, options, &scratch);
    VEC(struct suite) suites = {0};
    size_t tests = gaps.n + 1, failures = 0, errors = 0;
    bool *hit = ARENA_NEW(&scratch, bool, inventory->packages_n);
    for (size_t i = 0; i < report->findings_n; i++)
        hit[report->findings[i].package] |= !output_leaves_out(options, &report->findings[i]);
    for (size_t first = 0; first < inventory->packages_n;)
        first = count_suite(&j, first, hit, &VEC_PUSH(&scratch, &suites));
    for (size_t i = 0; i < suites.n; i++) {
        tests += suites.v[i].failures + suites.v[i].skipped + 1;
        failures += suites.v[i].failures;
    }
    for (size_t i = 0; i < gaps.n; i++)
        errors += gaps.v[i].level == GAP_ERROR;
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name", arena_printf(&scratch, "clarion %.*s", SLICE_ARG(words_image(report))));
    add_count(out, "tests", tests);
    add_count(out, "failures", failures);
    add_count(out, "errors", errors);
    buf_adds(out, ">\n");
    for (size_t i = 0; i < suites.n; i++)
        add_suite(&j, &suites.v[i]);
    add_coverage(&j, &gaps, errors);
    buf_adds(out, "</testsuites>\n");
}

extern const struct output output_junit;
const struct output output_junit = {
    .name = "junit",
    .title = "JUnit XML, for CI systems",
    .report = write_report,
};
