// The updates that fix the most, from reports made by hand.
#include "match/remedies.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MOST 16

static const struct matcher dpkg = {.name = "debian", .kind = "deb", .scheme = &version_dpkg};
static const struct matcher rpm = {.name = "oracle", .kind = "rpm", .scheme = &version_rpm};
static const struct matcher npm = {.name = "npm", .kind = "npm", .scheme = &version_semver};

struct world {
    struct arena arena;
    struct inventory_package packages[MOST];
    struct report_finding findings[MOST];
    struct report_statement statements[MOST];
    struct enrichment exploited;
    struct stored_image image;
    struct report report;
};

static void begin(struct world *w)
{
    *w = (struct world){.exploited = {.is_exploited = true}};
    w->image.inventory.packages = w->packages;
    w->report = (struct report){.image = &w->image, .findings = w->findings};
}

static void install(struct world *w, const char *kind, const char *name, const char *version, const char *source,
                    const char *source_version)
{
    w->packages[w->image.inventory.packages_n++].package =
        (struct package){.kind = slice_str(kind),
                         .name = slice_str(name),
                         .version = slice_str(version),
                         .source_name = slice_str(source),
                         .source_version = slice_str(source_version)};
}

static struct report_finding *find(struct world *w, size_t package, enum severity severity, const char *fixed_in)
{
    struct slice kind = w->packages[package].package.kind;
    size_t i = w->report.findings_n++;
    bool deb = slice_eq(kind, SLICE("deb"));
    w->statements[i] = (struct report_statement){.matcher = deb                            ? &dpkg
                                                            : slice_eq(kind, SLICE("rpm")) ? &rpm
                                                                                           : &npm,
                                                 .record = {.of_source = deb}};
    w->findings[i] = (struct report_finding){.package = package,
                                             .statements = &w->statements[i],
                                             .statements_n = 1,
                                             .severity = severity,
                                             .fixed_in = slice_str(fixed_in)};
    return &w->findings[i];
}

static void assert_slice(struct slice got, const char *want)
{
    if (!slice_eq(got, slice_str(want)))
        fail_msg("\"%.*s\", not \"%s\"", SLICE_ARG(got), want);
}

static void assert_update(const struct remedy *r, const char *name, const char *from, const char *to, size_t packages,
                          size_t findings)
{
    assert_slice(r->name, name);
    assert_slice(r->from, from);
    assert_slice(r->to, to);
    assert_int_equal(r->packages_n, packages);
    assert_int_equal(r->findings, findings);
}

static void test_nothing(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct remedies r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n + r.fixable + r.unfixable, 0);
    install(&w, "deb", "tar", "1.26", "tar", "1.26");
    find(&w, 0, SEVERITY_LOW, "");
    r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n + r.fixable, 0);
    assert_int_equal(r.unfixable, 1);
    assert_int_equal(r.unfixable_of[SEVERITY_LOW], 1);
    arena_free(&w.arena);
}

// Binaries of one source are one update, to the highest fix as dpkg compares: ~ before nothing, 10 after 9.
static void test_source(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    install(&w, "deb", "libssl3", "3.0.8-1+b1", "openssl", "3.0.8-1");
    install(&w, "deb", "openssl", "3.0.8-1", "openssl", "3.0.8-1");
    install(&w, "deb", "tar", "1.26", "", "");
    find(&w, 2, SEVERITY_HIGH, "");
    find(&w, 1, SEVERITY_HIGH, "3.0.8-9");
    find(&w, 0, SEVERITY_HIGH, "3.0.8-9")->enrichments = &w.exploited;
    w.findings[2].enrichments_n = 1;
    find(&w, 0, SEVERITY_MEDIUM, "3.0.8-10~deb12u1");
    find(&w, 2, SEVERITY_CRITICAL, "1.27");
    struct remedies r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.fixable, 4);
    assert_int_equal(r.unfixable, 1);
    assert_int_equal(r.unfixable_of[SEVERITY_HIGH], 1);
    assert_update(&r.v[0], "tar", "1.26", "1.27", 1, 1);
    assert_update(&r.v[1], "openssl", "3.0.8-1", "3.0.8-10~deb12u1", 2, 3);
    assert_slice(r.v[1].kind, "deb");
    assert_int_equal(r.v[1].by_severity[SEVERITY_HIGH], 2);
    assert_int_equal(r.v[1].by_severity[SEVERITY_MEDIUM], 1);
    assert_int_equal(r.v[1].exploited, 1);
    assert_int_equal(r.v[0].exploited, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(r.v[1].packages[i].package, i);
        assert_slice(r.v[1].packages[i].to, "3.0.8-10~deb12u1"); // also the one whose own findings need less
    }
    arena_free(&w.arena);
}

// Two versions of one source, or of one package, are two updates.
static void test_versions_apart(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    install(&w, "deb", "linux-image-5", "5.10-1", "linux", "5.10-1");
    install(&w, "deb", "linux-image-6", "6.1-1", "linux", "6.1-1");
    install(&w, "npm", "lodash", "4.17.10", "lodash", "4.17.10");
    install(&w, "npm", "lodash", "4.17.10", "lodash", "4.17.10"); // at another place
    install(&w, "npm", "lodash", "4.17.9", "lodash", "4.17.9");
    for (size_t i = 0; i < 5; i++)
        find(&w, i, SEVERITY_LOW, i < 2 ? "6.1-5" : "4.17.21");
    struct remedies r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n, 4);
    assert_update(&r.v[0], "lodash", "4.17.10", "4.17.21", 2, 2);
    assert_update(&r.v[1], "linux", "5.10-1", "6.1-5", 1, 1);
    assert_update(&r.v[2], "linux", "6.1-1", "6.1-5", 1, 1);
    assert_update(&r.v[3], "lodash", "4.17.9", "4.17.21", 1, 1);
    arena_free(&w.arena);
}

// rpm's packages of one source may have versions of their own: each has its target. Those with the same one share it.
static void test_rpm_own_versions(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    install(&w, "rpm", "perl-IO", "1.38-416.el8", "perl", "5.26.3-416.el8");
    install(&w, "rpm", "perl-interpreter", "4:5.26.3-416.el8", "perl", "5.26.3-416.el8");
    install(&w, "rpm", "perl-libs", "4:5.26.3-416.el8", "perl", "5.26.3-416.el8");
    find(&w, 0, SEVERITY_HIGH, "0:1.38-417.el8");
    find(&w, 1, SEVERITY_HIGH, "4:5.26.3-417.el8");
    find(&w, 2, SEVERITY_HIGH, "4:5.26.3-419.el8");
    struct remedies r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n, 1);
    assert_update(&r.v[0], "perl", "", "", 3, 3);
    assert_slice(r.v[0].packages[0].from, "1.38-416.el8");
    assert_slice(r.v[0].packages[0].to, "0:1.38-417.el8");
    assert_slice(r.v[0].packages[1].from, "4:5.26.3-416.el8");
    assert_slice(r.v[0].packages[1].to, "4:5.26.3-419.el8");
    assert_slice(r.v[0].packages[2].to, "4:5.26.3-419.el8");
    arena_free(&w.arena);
}

// What the feed says of an rpm's source is compared with the source's version: with the epoch, where that is known.
static void test_rpm_of_source(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    install(&w, "rpm", "bind-libs", "32:9.11-1.el8", "bind", "9.11-1.el8");
    install(&w, "rpm", "perl-IO", "1.38-416.el8", "perl", "5.26.3-416.el8");
    for (size_t i = 0; i < 2; i++)
        find(&w, i, SEVERITY_LOW, i == 0 ? "32:9.11-2.el8" : "5.26.3-417.el8")->statements[0].record.of_source = true;
    struct remedies r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n, 2);
    assert_update(&r.v[0], "bind", "32:9.11-1.el8", "32:9.11-2.el8", 1, 1);
    assert_update(&r.v[1], "perl", "5.26.3-416.el8", "5.26.3-417.el8", 1, 1);
    arena_free(&w.arena);
}

// More of the worst first, whatever else they close; then by name.
static void test_order(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d"};
    struct world w;
    begin(&w);
    for (size_t i = 0; i < 4; i++)
        install(&w, "npm", names[i], "1.0.0", names[i], "1.0.0");
    find(&w, 3, SEVERITY_CRITICAL, "1.0.1");
    for (size_t i = 0; i < 4; i++)
        find(&w, 2, SEVERITY_LOW, "1.0.1");
    find(&w, 2, SEVERITY_HIGH, "1.0.1");
    find(&w, 1, SEVERITY_HIGH, "1.0.1");
    find(&w, 0, SEVERITY_HIGH, "1.0.1");
    struct remedies r = report_remedies(&w.report, NULL, NULL, &w.arena);
    assert_int_equal(r.n, 4);
    assert_slice(r.v[0].name, "d");
    assert_slice(r.v[1].name, "c");
    assert_slice(r.v[2].name, "a");
    assert_slice(r.v[3].name, "b");
    arena_free(&w.arena);
}

static bool is_high(const void *context, const struct report_finding *f)
{
    return f->severity >= *(const enum severity *)context;
}

static void test_only_what_counts(void **state)
{
    (void)state;
    const enum severity least = SEVERITY_HIGH;
    struct world w;
    begin(&w);
    install(&w, "deb", "bash", "5", "bash", "5");
    find(&w, 0, SEVERITY_HIGH, "6");
    find(&w, 0, SEVERITY_HIGH, "");
    find(&w, 0, SEVERITY_LOW, "7");
    find(&w, 0, SEVERITY_LOW, "");
    struct remedies r = report_remedies(&w.report, is_high, &least, &w.arena);
    assert_int_equal(r.n, 1);
    assert_update(&r.v[0], "bash", "5", "6", 1, 1);
    assert_int_equal(r.fixable, 1);
    assert_int_equal(r.unfixable, 1);
    arena_free(&w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),          cmocka_unit_test(test_source),
        cmocka_unit_test(test_versions_apart),   cmocka_unit_test(test_rpm_own_versions),
        cmocka_unit_test(test_rpm_of_source),    cmocka_unit_test(test_order),
        cmocka_unit_test(test_only_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
