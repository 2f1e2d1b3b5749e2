// Reports: an inventory and segments in, findings and coverage out. The segments are real ones in a folder of their
// own.
#include "match/report.h"

#include "base/clock.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))
#define NOW        1764000000 // 2025-11-24

// ---- a world --------------------------------------------------------------------------------------------------------

struct record {
    const char *scope, *package, *id;
    enum advisory_status status;
    const char *fixed_in, *severity, *aliases;
};

static const struct record debian_records[] = {
    {"debian:wheezy", "openssl", "CVE-2014-0160", ADVISORY_FIXED, "1.0.1e-2+deb7u5", "high**", ""},
    {"debian:wheezy", "openssl", "CVE-2014-0224", ADVISORY_FIXED, "1.0.1e-2+deb7u10", "medium**", ""},
    {"debian:wheezy", "openssl", "CVE-2015-0291", ADVISORY_NOT_AFFECTED, "", "medium**", ""},
    {"debian:wheezy", "openssl", "CVE-2012-0001", ADVISORY_FIXED, "1.0.0-1", "high", ""},
    {"debian:bookworm", "openssl", "CVE-2014-0160", ADVISORY_FIXED, "9:9", "high**", ""},
    {"debian:wheezy", "tar", "CVE-2005-2541", ADVISORY_AFFECTED, "", "unimportant", "TAR-1 TAR-2"},
    {"debian:wheezy", "zlib", "CVE-2020-1", ADVISORY_UNDETERMINED, "", "not yet assigned", ""},
    {"debian:wheezy", "binutils", "CVE-2017-1", ADVISORY_FIXED, "2.30-1", "low", ""},
    {"debian:wheezy", "jinja2", "CVE-2019-1", ADVISORY_FIXED, "2.9-1", "low", ""},
    {"debian:wheezy", "jinja2", "GHSA-1", ADVISORY_FIXED, "2.10-1", "high", "PYSEC-1"},
    {"debian:wheezy", "jinja2", "PYSEC-1", ADVISORY_FIXED, "2.8-1", "", "CVE-2019-1"},
    {"debian:wheezy", "xen", "CVE-2020-11740", ADVISORY_FIXED, "4.13-1", "low", "XSA-313"},
    {"debian:wheezy", "xen", "CVE-2020-11741", ADVISORY_FIXED, "4.13-2", "low", "XSA-313"},
    {"debian:wheezy", "jinja2", "CVE-2019-2", ADVISORY_AFFECTED, "", "low", ""},
    {"debian:wheezy", "jinja2", "GHSA-2", ADVISORY_FIXED, "2.10-1", "", "CVE-2019-2"},
};
static const struct record alpine_records[] = {
    {"alpine:v3.18/main", "openssl", "CVE-2023-5363", ADVISORY_FIXED, "3.1.4-r0", "", ""},
    {"alpine:v3.18/community", "nodejs", "CVE-2023-44487", ADVISORY_FIXED, "18.18.2-r0", "", ""},
    {"alpine:v3.18/main", "nodejs", "CVE-2023-44487", ADVISORY_FIXED, "18.17.1-r0", "", ""},
    {"alpine:v3.18/main", "nodejs", "CVE-2023-1", ADVISORY_FIXED, "18.18.2-r0", "", ""},
};

struct world {
    char folder[64];
    struct store_home home;
    struct store store; // its segments alone
    struct generation generation;
    struct feed_state feeds[2];
    struct arena arena;
    struct stored_layer layers[2];
    struct stored_image image;
};

static void add_feed(struct world *w, const char *name, const struct record *records, size_t n)
{
    struct error err;
    struct limits limits = limits_default();
    struct segment_builder *b = segment_builder_new(name, NULL);
    for (size_t i = 0; i < n; i++) {
        segment_add_scope(b, slice_str(records[i].scope));
        assert_true(segment_add(b,
                                &(struct advisory){.scope = slice_str(records[i].scope),
                                                   .package = slice_str(records[i].package),
                                                   .vulnerability = slice_str(records[i].id),
                                                   .aliases = slice_str(records[i].aliases),
                                                   .status = records[i].status,
                                                   .bound = slice_str(records[i].fixed_in),
                                                   .of_source = true,
                                                   .severity = slice_str(records[i].severity),
                                                   .description = SLICE("Something.")},
                                &limits, &err));
    }
    struct feed_state *state = &w->feeds[w->generation.feeds_n++];
    *state = (struct feed_state){.feed = slice_str(name), .updated = NOW - 10, .checked = NOW - 10, .tried = NOW - 10};
    if (!segment_write(b, w->folder, &state->segment, &state->records, &err))
        fail_msg("%s", err.text);
    segment_builder_free(&b);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    const char *tmp = getenv("TMPDIR");
    snprintf(w->folder, sizeof w->folder, "%s/clarion-report-XXXXXX", tmp != NULL && strlen(tmp) < 30 ? tmp : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    struct error err;
    assert_true(store_home_make(w->folder, SLICE(""), 0, &w->home, &err));
    w->store.home = &w->home;
    w->store.segments = w->folder;
    w->generation = (struct generation){SLICE("0123456789abcdef"), NOW - 5, w->feeds, 0};
    add_feed(w, "alpine", alpine_records, ARRAY_N(alpine_records));
    add_feed(w, "debian", debian_records, ARRAY_N(debian_records));
    for (size_t i = 0; i < 2; i++) {
        memcpy(w->layers[i].digest.text, "sha256:", 7);
        memset(w->layers[i].digest.text + 7, 'a' + (int)i, 64);
    }
    w->image.layers = w->layers;
    w->image.layers_n = 2;
    w->image.inventory.distribution = (struct distribution){
        .known = true, .id = SLICE("debian"), .version_id = SLICE("7"), .codename = SLICE("wheezy")};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    DIR *dir = opendir(w->folder);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    rmdir(w->folder);
    store_home_free(&w->home);
    arena_free(&w->arena);
    free(w);
    return 0;
}

// Adds a package at its place in the inventory's order: callers add them by kind and name.
static void install(struct world *w, const char *kind, const char *name, const char *version, const char *source,
                    const char *source_version)
{
    struct inventory *inventory = &w->image.inventory;
    if (inventory->packages_n == inventory->packages_cap)
        inventory->packages = arena_grow(&w->arena, inventory->packages, sizeof *inventory->packages,
                                         inventory->packages_n, &inventory->packages_cap);
    inventory->packages[inventory->packages_n++] =
        (struct inventory_package){.package = {.kind = slice_str(kind),
                                               .name = slice_str(name),
                                               .version = slice_str(version),
                                               .source_name = slice_str(source),
                                               .source_version = slice_str(source_version)},
                                   .scanner = kind};
}

static struct report make(struct world *w)
{
    struct report report;
    struct error err;
    struct report_segments *segments = report_segments_open(&w->store, &w->generation);
    if (!report_make(&w->image, &w->generation, segments, NOW, &w->arena, &report, &err))
        fail_msg("%s", err.text);
    report_segments_close(&segments);
    return report;
}

// "package id fix severity" of each finding, in order.
static void assert_findings(const struct world *w, const struct report *r, const char *want)
{
    struct buf have BUF_AUTO = {0};
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct report_finding *f = &r->findings[i];
        const struct package *p = &w->image.inventory.packages[f->package].package;
        buf_addf(&have, "%.*s %.*s %.*s %s\n", SLICE_ARG(p->name), SLICE_ARG(f->vulnerability),
                 SLICE_ARG(f->fixed_in.n != 0 ? f->fixed_in : SLICE("-")), severity_name(f->severity));
    }
    buf_addc(&have, '\0');
    assert_string_equal(have.p, want);
}

// ---- findings -------------------------------------------------------------------------------------------------------

static void test_findings(void **state)
{
    struct world *w = *state;
    install(w, "deb", "libssl1.0.0", "1.0.1e-2+deb7u4", "openssl", "1.0.1e-2+deb7u4");
    install(w, "deb", "openssl", "1.0.1e-2+deb7u4", "openssl", "1.0.1e-2+deb7u4");
    install(w, "deb", "openssl-new", "1.0.1e-2+deb7u7", "openssl", "1.0.1e-2+deb7u7");
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    install(w, "deb", "zlib1g", "1:1.2", "zlib", "1:1.2");
    struct report r = make(w);
    assert_findings(w, &r,
                    "libssl1.0.0 CVE-2014-0160 1.0.1e-2+deb7u5 High\n"
                    "openssl CVE-2014-0160 1.0.1e-2+deb7u5 High\n"
                    "libssl1.0.0 CVE-2014-0224 1.0.1e-2+deb7u10 Medium\n"
                    "openssl CVE-2014-0224 1.0.1e-2+deb7u10 Medium\n"
                    "openssl-new CVE-2014-0224 1.0.1e-2+deb7u10 Medium\n"
                    "tar CVE-2005-2541 - Negligible\n");
    assert_int_equal(r.undetermined_n, 1);
    assert_true(r.undetermined[0].statements[0].undetermined);
    assert_int_equal(r.judged, 5);
    assert_int_equal(r.unjudged, 0);
    assert_true(slice_eq(r.findings[0].statements[0].record.scope, SLICE("debian:wheezy")));
    assert_true(slice_eq(r.findings[0].statements[0].record.severity, SLICE("high**")));
    assert_true(slice_eq(r.findings[0].links, SLICE("https://security-tracker.debian.org/tracker/CVE-2014-0160")));
    assert_int_equal(r.layers_n, 2);
    assert_false(r.layers[0].now);
}

// binutils of Debian: the source's version is compared, whatever the binary calls itself.
static void test_source_version_decides(void **state)
{
    struct world *w = *state;
    install(w, "deb", "binutils-mingw", "2.29-1+10.3", "binutils", "2.31-1");
    install(w, "deb", "binutils-old", "2.31-1", "binutils", "2.29-1");
    install(w, "deb", "binutils-same", "2.30-1+b1", "binutils", "2.30-1");
    struct report r = make(w);
    assert_findings(w, &r, "binutils-old CVE-2017-1 2.30-1 Low\n");
}

// Records that name each other, also through a third one: one finding, fixed where the last of them is.
static void test_records_of_one_flaw(void **state)
{
    struct world *w = *state;
    install(w, "deb", "python-jinja2", "2.7-1", "jinja2", "2.7-1");
    install(w, "deb", "python-jinja2-new", "2.9-1", "jinja2", "2.9-1");
    struct report r = make(w);
    assert_findings(w, &r,
                    "python-jinja2 CVE-2019-1 2.10-1 High\n"
                    "python-jinja2-new GHSA-1 2.10-1 High\n"
                    "python-jinja2 CVE-2019-2 2.10-1 Low\n"
                    "python-jinja2-new CVE-2019-2 2.10-1 Low\n");
    assert_true(slice_eq(r.findings[0].aliases, SLICE("GHSA-1 PYSEC-1")));
    assert_int_equal(r.findings[0].statements_n, 3);
}

// A notice about two flaws makes none of them the other.
static void test_flaws_of_one_notice(void **state)
{
    struct world *w = *state;
    install(w, "deb", "xen", "4.12-1", "xen", "4.12-1");
    struct report r = make(w);
    assert_findings(w, &r, "xen CVE-2020-11740 4.13-1 Low\nxen CVE-2020-11741 4.13-2 Low\n");
    assert_true(slice_eq(r.findings[0].aliases, SLICE("XSA-313")));
    assert_true(slice_eq(r.findings[1].aliases, SLICE("XSA-313")));
}

// What was judged before is answered from memory: the same, also when there is more than memory is given for.
static void test_judged_before(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 13000; i++) {
        char *name = arena_alloc(&w->arena, 16);
        snprintf(name, 16, "a%05d", i);
        install(w, "deb", name, "1", name, "1");
    }
    install(w, "deb", "libssl1.0.0", "1.0.1e-2+deb7u4", "openssl", "1.0.1e-2+deb7u4");
    install(w, "deb", "openssl", "1.0.1e-2+deb7u7", "openssl", "1.0.1e-2+deb7u7");
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    install(w, "deb", "zlib1g", "1:1.2", "zlib", "1:1.2");
    struct report r[3];
    struct error err;
    struct report_segments *segments = report_segments_open(&w->store, &w->generation);
    for (size_t i = 0; i < ARRAY_N(r); i++)
        assert_true(report_make(&w->image, &w->generation, segments, NOW, &w->arena, &r[i], &err));
    // Another release of the same packages is another question.
    w->image.inventory.distribution.codename = SLICE("bookworm");
    struct report other;
    assert_true(report_make(&w->image, &w->generation, segments, NOW, &w->arena, &other, &err));
    report_segments_close(&segments);
    for (size_t i = 0; i < ARRAY_N(r); i++) {
        assert_findings(w, &r[i],
                        "libssl1.0.0 CVE-2014-0160 1.0.1e-2+deb7u5 High\n"
                        "libssl1.0.0 CVE-2014-0224 1.0.1e-2+deb7u10 Medium\n"
                        "openssl CVE-2014-0224 1.0.1e-2+deb7u10 Medium\n"
                        "tar CVE-2005-2541 - Negligible\n");
        assert_int_equal(r[i].undetermined_n, 1);
        assert_true(slice_eq(r[i].findings[3].aliases, SLICE("TAR-1 TAR-2")));
        assert_true(slice_eq(r[i].findings[0].statements[0].record.description, SLICE("Something.")));
    }
    assert_findings(w, &other, "libssl1.0.0 CVE-2014-0160 9:9 High\nopenssl CVE-2014-0160 9:9 High\n");
}

static void test_both_repositories_of_a_branch(void **state)
{
    struct world *w = *state;
    w->image.inventory.distribution =
        (struct distribution){.known = true, .id = SLICE("alpine"), .version_id = SLICE("3.18.4")};
    install(w, "apk", "libcrypto3", "3.1.3-r0", "openssl", "3.1.3-r0");
    install(w, "apk", "nodejs", "18.17.1-r0", "nodejs", "18.17.1-r0");
    struct report r = make(w);
    // CVE-2023-44487 stands in both files; the lower version is reached.
    assert_findings(w, &r, "nodejs CVE-2023-1 18.18.2-r0 Unknown\nlibcrypto3 CVE-2023-5363 3.1.4-r0 Unknown\n");
    assert_int_equal(r.feeds_n, 1);
    assert_true(slice_eq(r.feeds[0].feed, SLICE("alpine")));
}

// ---- coverage -------------------------------------------------------------------------------------------------------

static void test_unknown_distribution(void **state)
{
    struct world *w = *state;
    install(w, "deb", "openssl", "1.0.1e-2+deb7u4", "openssl", "1.0.1e-2+deb7u4");
    w->image.inventory.distribution = (struct distribution){0};
    struct report r = make(w);
    assert_int_equal(r.coverage, COVERAGE_UNKNOWN);
    assert_int_equal(r.findings_n, 0);
    assert_int_equal(r.judged, 0);
    assert_int_equal(r.unjudged, 1);
    assert_int_equal(r.unmatched_n, 1);
    assert_true(slice_eq(r.unmatched[0].kind, SLICE("deb")));
    assert_int_equal(r.feeds_n, 0);
}

static void test_kinds_that_nobody_judges(void **state)
{
    struct world *w = *state;
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    install(w, "npm", "a", "1", "a", "1");
    install(w, "npm", "b", "1", "b", "1");
    install(w, "python", "c", "1", "c", "1");
    struct report r = make(w);
    assert_int_equal(r.judged, 1);
    assert_int_equal(r.unjudged, 3);
    assert_int_equal(r.unmatched_n, 2);
    assert_true(slice_eq(r.unmatched[0].kind, SLICE("npm")));
    assert_int_equal(r.unmatched[0].packages, 2);
    assert_int_equal(r.unmatched[1].packages, 1);
}

static void test_release_that_cannot_be_told(void **state)
{
    struct world *w = *state;
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    w->image.inventory.distribution = (struct distribution){.known = true, .id = SLICE("debian")};
    struct report r = make(w);
    assert_int_equal(r.coverage, COVERAGE_UNKNOWN);
    assert_int_equal(r.unjudged, 1);
    assert_true(slice_find_slice(r.unmatched[0].reason, SLICE("which release")) >= 0);
}

static void test_end_of_life(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *version_id, *codename, *support_end;
        enum coverage_distribution want;
        const char *date;
    } cases[] = {
        {"7", "wheezy", "", COVERAGE_END_OF_LIFE, "2018-05-31"},
        {"7", "wheezy", "2099-01-01", COVERAGE_END_OF_LIFE, "2018-05-31"}, // the vendor's table goes before the image
        {"12", "bookworm", "", COVERAGE_RECOGNISED, ""},
        {"", "sid", "", COVERAGE_RECOGNISED, ""},
        {"", "duke", "2025-11-23", COVERAGE_END_OF_LIFE, "2025-11-23"},
        {"", "duke", "2025-11-24", COVERAGE_RECOGNISED, ""}, // the last day is still a day of support
        {"", "duke", "tomorrow", COVERAGE_RECOGNISED, ""},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct distribution *d = &w->image.inventory.distribution;
        d->version_id = slice_str(cases[i].version_id);
        d->codename = slice_str(cases[i].codename);
        d->support_end = slice_str(cases[i].support_end);
        struct report r = make(w);
        assert_int_equal(r.coverage, cases[i].want);
        assert_true(slice_eq(r.end_of_life, slice_str(cases[i].date)));
    }
}

static void test_conditions_of_a_feed(void **state)
{
    struct world *w = *state;
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    struct feed_state good = w->feeds[1];
    static const struct {
        int64_t checked;
        const char *error, *codename;
        bool no_segment, lost_segment, no_state;
        enum feed_condition want;
        const char *says;
        size_t judged;
    } cases[] = {
        {NOW - 10, "", "wheezy", false, false, false, FEED_LOADED, "", 1},
        {NOW - FEED_STALE_SECONDS, "", "wheezy", false, false, false, FEED_LOADED, "", 1},
        {NOW - FEED_STALE_SECONDS - 1, "", "wheezy", false, false, false, FEED_STALE, "", 1},
        {NOW + 1000, "", "wheezy", false, false, false, FEED_LOADED, "", 1},
        {NOW - 10, "HTTP 500", "wheezy", false, false, false, FEED_LOADED, "HTTP 500", 1},
        {0, "HTTP 500", "wheezy", false, false, false, FEED_STALE, "HTTP 500", 1},
        {0, "HTTP 500", "wheezy", true, false, false, FEED_IN_ERROR, "HTTP 500", 0},
        {0, "", "wheezy", true, false, false, FEED_MISSING, "never loaded", 0},
        {0, "", "wheezy", true, false, true, FEED_MISSING, "never loaded", 0},
        {NOW - 10, "", "wheezy", false, true, false, FEED_IN_ERROR, "segment", 0},
        {NOW - 10, "", "potato", false, false, false, FEED_MISSING, "no data for debian potato", 0},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        w->feeds[1] = good;
        w->feeds[1].checked = cases[i].checked;
        w->feeds[1].error = slice_str(cases[i].error);
        if (cases[i].no_segment)
            w->feeds[1].segment.text[0] = '\0';
        if (cases[i].lost_segment)
            memset(w->feeds[1].segment.text + 7, 'f', 64);
        w->generation.feeds_n = cases[i].no_state ? 1 : 2;
        w->image.inventory.distribution.codename = slice_str(cases[i].codename);
        struct report r = make(w);
        assert_int_equal(r.feeds_n, 1);
        if (r.feeds[0].state != cases[i].want || slice_find_slice(r.feeds[0].error, slice_str(cases[i].says)) < 0)
            fail_msg("case %zu: %s, \"%.*s\"", i, feed_condition_name(r.feeds[0].state), SLICE_ARG(r.feeds[0].error));
        assert_int_equal(r.judged, cases[i].judged);
        assert_int_equal(r.findings_n, cases[i].judged);
        assert_int_equal(r.unmatched_n, 1 - cases[i].judged);
    }
}

static void test_no_packages(void **state)
{
    struct world *w = *state;
    struct report r = make(w);
    assert_int_equal(r.findings_n + r.judged + r.unjudged + r.feeds_n + r.errors_n, 0);
    assert_int_equal(r.coverage, COVERAGE_END_OF_LIFE);
}

static void test_losses_are_errors(void **state)
{
    struct world *w = *state;
    struct inventory_skip skips[] = {
        {1, {SLICE("var/lib/dpkg/status"), SLICE("line 3: too long"), true}},
        {0, {SLICE("var/lib/dpkg/status"), SLICE("line 9: no Version"), false}},
        {0, {{0}, SLICE("ends oddly"), true}},
        {9, {{0}, SLICE("of no layer"), true}},
    };
    w->image.inventory.skips = skips;
    w->image.inventory.skips_n = w->image.inventory.skips_total = ARRAY_N(skips);
    struct report r = make(w);
    assert_int_equal(r.errors_n, 3);
    char want[256];
    snprintf(want, sizeof want, "layer %s: var/lib/dpkg/status: line 3: too long", w->layers[1].digest.text);
    assert_true(slice_eq(r.errors[0], slice_str(want)));
    assert_true(slice_ends(r.errors[1], SLICE(": ends oddly")));
}

// ---- explanations ---------------------------------------------------------------------------------------------------

static explanation_vec explain(struct world *w, const char *id, const char *package)
{
    explanation_vec out = {0};
    struct error err;
    struct report_segments *segments = report_segments_open(&w->store, &w->generation);
    struct report report;
    assert_true(report_make(&w->image, &w->generation, segments, NOW, &w->arena, &report, &err));
    assert_true(report_explain(&report, segments, slice_str(id), slice_str(package), &w->arena, &out, &err));
    report_segments_close(&segments);
    return out;
}

static void test_explanations(void **state)
{
    struct world *w = *state;
    install(w, "deb", "libssl1.0.0", "1.0.1e-2+deb7u4", "openssl", "1.0.1e-2+deb7u4");
    install(w, "deb", "openssl", "1.0.1e-2+deb7u4", "openssl", "1.0.1e-2+deb7u4");
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    install(w, "deb", "zlib1g", "1:1.2", "zlib", "1:1.2");
    install(w, "npm", "openssl.js", "1", "openssl", "1");
    static const struct {
        const char *id, *package;
        size_t n;
        const char *first;
        enum verdict_kind kind;
        const char *says;
    } cases[] = {
        {"CVE-2014-0160", "", 2, "libssl1.0.0", VERDICT_AFFECTED,
         "is older than 1.0.1e-2+deb7u5 (dpkg order): affected"},
        {"cve-2014-0160", "openssl", 1, "openssl", VERDICT_AFFECTED, "fixed in 1.0.1e-2+deb7u5"},
        {"CVE-2012-0001", "openssl", 1, "openssl", VERDICT_NOT_AFFECTED,
         "is newer than 1.0.0-1 (dpkg order): not affected"},
        {"CVE-2015-0291", "", 2, "libssl1.0.0", VERDICT_NOT_AFFECTED, "no version is affected"},
        {"CVE-2020-1", "", 1, "zlib1g", VERDICT_UNDETERMINED, "nobody has found out yet"},
        {"CVE-2020-1", "zlib", 1, "zlib1g", VERDICT_UNDETERMINED, "nobody has found out yet"}, // by the source's name
        {"CVE-2014-0160", "tar", 1, "tar", VERDICT_NOT_AFFECTED,
         "the feed debian (15 records, updated 2025-11-24T15:59:50Z) has no record of CVE-2014-0160 for the source "
         "package tar in debian:wheezy"},
        {"CVE-2014-0160", "openssl.js", 1, "openssl.js", VERDICT_NOT_AFFECTED, "the feed osv-npm is missing"},
        {"CVE-2014-0160", "nothing", 0, NULL, VERDICT_NOT_AFFECTED, NULL},
        {"tar-2", "", 1, "tar", VERDICT_AFFECTED, "there is no fix yet"}, // by an alias
        {"CVE-2014-9999", "", 0, NULL, VERDICT_NOT_AFFECTED, NULL},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        explanation_vec found = explain(w, cases[i].id, cases[i].package);
        assert_int_equal(found.n, cases[i].n);
        if (found.n == 0)
            continue;
        const struct package *p = &w->image.inventory.packages[found.v[0].package].package;
        assert_true(slice_eq(p->name, slice_str(cases[i].first)));
        assert_int_equal(found.v[0].verdict.kind, cases[i].kind);
        if (slice_find_slice(found.v[0].verdict.why, slice_str(cases[i].says)) < 0)
            fail_msg("case %zu: %.*s", i, (int)found.v[0].verdict.why.n, found.v[0].verdict.why.p);
        assert_int_equal(found.v[0].matcher != NULL, slice_eq(p->kind, SLICE("deb")));
    }
}

// What explain says is what the report says, for every package and every record.
static void test_explanations_agree_with_the_report(void **state)
{
    struct world *w = *state;
    install(w, "deb", "openssl", "1.0.1e-2+deb7u7", "openssl", "1.0.1e-2+deb7u7");
    install(w, "deb", "tar", "1.26", "tar", "1.26");
    install(w, "deb", "zlib1g", "1:1.2", "zlib", "1:1.2");
    struct report r = make(w);
    size_t affected = 0, undetermined = 0;
    for (size_t i = 0; i < ARRAY_N(debian_records); i++) {
        if (strcmp(debian_records[i].scope, "debian:bookworm") == 0)
            continue;
        explanation_vec found = explain(w, debian_records[i].id, "");
        for (size_t x = 0; x < found.n; x++) {
            affected += found.v[x].verdict.kind == VERDICT_AFFECTED;
            undetermined += found.v[x].verdict.kind == VERDICT_UNDETERMINED;
        }
    }
    assert_int_equal(affected, r.findings_n);
    assert_int_equal(undetermined, r.undetermined_n);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(test_findings),
        TEST(test_source_version_decides),
        TEST(test_records_of_one_flaw),
        TEST(test_flaws_of_one_notice),
        TEST(test_judged_before),
        TEST(test_both_repositories_of_a_branch),
        TEST(test_unknown_distribution),
        TEST(test_kinds_that_nobody_judges),
        TEST(test_release_that_cannot_be_told),
        TEST(test_end_of_life),
        TEST(test_conditions_of_a_feed),
        TEST(test_no_packages),
        TEST(test_losses_are_errors),
        TEST(test_explanations),
        TEST(test_explanations_agree_with_the_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
