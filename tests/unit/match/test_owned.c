// Packages of languages that the distribution ships, and packages without the code. The segments are real ones in a
// folder of their own.
#include "match/report.h"

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
    const char *scope, *package, *id, *aliases;
    enum advisory_status status;
    const char *bound;
    bool of_source;
};

static const struct record debian_records[] = {
    {"debian:bookworm", "jinja2", "CVE-2024-1", "", ADVISORY_NOT_AFFECTED, "", true},
    {"debian:bookworm", "jinja2", "CVE-2024-2", "", ADVISORY_FIXED, "3.1.2-2", true},
    {"debian:bookworm", "jinja2", "CVE-2024-3", "", ADVISORY_UNDETERMINED, "", true},
    {"debian:bookworm", "jinja2", "TEMP-4", "GHSA-4", ADVISORY_FIXED, "3.1.2-0", true},
    {"debian:bullseye", "jinja2", "CVE-2024-5", "", ADVISORY_NOT_AFFECTED, "", true},
    {"debian:bookworm", "other", "CVE-2024-5", "", ADVISORY_NOT_AFFECTED, "", true},
};

static const struct record pypi_records[] = {
    {"pypi", "jinja2", "GHSA-1", "CVE-2024-1", ADVISORY_FIXED, "3.1.3", false},
    {"pypi", "jinja2", "PYSEC-1", "CVE-2024-1 GHSA-1", ADVISORY_FIXED, "3.1.3", false},
    {"pypi", "jinja2", "GHSA-2", "CVE-2024-2", ADVISORY_FIXED, "3.1.3", false},
    {"pypi", "jinja2", "GHSA-3", "CVE-2024-3", ADVISORY_FIXED, "3.1.3", false},
    {"pypi", "jinja2", "GHSA-4", "", ADVISORY_FIXED, "3.1.3", false},
    {"pypi", "jinja2", "GHSA-5", "CVE-2024-5", ADVISORY_FIXED, "3.1.3", false},
};

struct world {
    char folder[64];
    struct store_home home;
    struct store store; // its segments alone
    struct generation generation;
    struct feed_state feeds[2];
    struct inventory_package packages[3];
    struct stored_image image;
    struct arena arena;
};

static void add_feed(struct world *w, const char *name, const struct record *records, size_t n)
{
    struct error err;
    struct limits limits = limits_default();
    struct segment_builder *b = segment_builder_new(name, w->folder);
    for (size_t i = 0; i < n; i++) {
        segment_add_scope(b, slice_str(records[i].scope));
        assert_true(segment_add(b,
                                &(struct advisory){.scope = slice_str(records[i].scope),
                                                   .package = slice_str(records[i].package),
                                                   .vulnerability = slice_str(records[i].id),
                                                   .aliases = slice_str(records[i].aliases),
                                                   .status = records[i].status,
                                                   .bound = slice_str(records[i].bound),
                                                   .of_source = records[i].of_source},
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
    snprintf(w->folder, sizeof w->folder, "%s/clarion-owned-XXXXXX", tmp != NULL && strlen(tmp) < 30 ? tmp : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    struct error err;
    assert_true(store_home_make(w->folder, SLICE(""), 0, &w->home, &err));
    w->store.home = &w->home;
    w->store.segments = w->folder;
    w->generation = (struct generation){SLICE("0123456789abcdef"), NOW - 5, w->feeds, 0};
    add_feed(w, "debian", debian_records, ARRAY_N(debian_records));
    add_feed(w, "osv-pypi", pypi_records, ARRAY_N(pypi_records));
    w->packages[0] = (struct inventory_package){.package = {.kind = SLICE("deb"),
                                                            .name = SLICE("python3-jinja2"),
                                                            .version = SLICE("3.1.2-1"),
                                                            .source_name = SLICE("jinja2"),
                                                            .source_version = SLICE("3.1.2-1")},
                                                .scanner = "dpkg"};
    w->packages[1] = (struct inventory_package){
        .package = {.kind = SLICE("python"), .name = SLICE("Jinja2"), .version = SLICE("3.1.2")},
        .db = SLICE("usr/lib/python3/dist-packages/Jinja2-3.1.2.egg-info"),
        .owner = SLICE("deb:python3-jinja2"),
        .scanner = "python"};
    w->packages[2] = (struct inventory_package){
        .package = {.kind = SLICE("python"), .name = SLICE("Jinja2"), .version = SLICE("3.1.2")},
        .db = SLICE("opt/app/Jinja2-3.1.2.dist-info/METADATA"),
        .scanner = "python"};
    w->image.inventory.packages = w->packages;
    w->image.inventory.packages_n = 3;
    w->image.inventory.distribution = (struct distribution){
        .known = true, .id = SLICE("debian"), .version_id = SLICE("12"), .codename = SLICE("bookworm")};
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

static void make(struct world *w, struct report *report)
{
    struct error err;
    struct report_segments *segments = report_segments_open(&w->store, &w->generation);
    if (!report_make(&w->image, &w->generation, segments, NOW, &w->arena, report, &err))
        fail_msg("%s", err.text);
    report_segments_close(&segments);
}

// The ids that are found in one of the packages, in order.
static void assert_found(const struct report *report, size_t package, const char *want)
{
    struct buf have BUF_AUTO = {0};
    for (size_t i = 0; i < report->findings_n; i++)
        if (report->findings[i].package == package)
            buf_addf(&have, "%s%.*s", have.n != 0 ? " " : "", SLICE_ARG(report->findings[i].vulnerability));
    buf_addc(&have, '\0');
    assert_string_equal(have.p, want);
}

// ---- tests ----------------------------------------------------------------------------------------------------------

// Whatever the distribution says, affected or not, goes above the language's own feed in what it ships, and only there.
static void test_the_distribution_decides(void **state)
{
    struct world *w = *state;
    struct report r;
    make(w, &r);
    assert_found(&r, 0, "CVE-2024-2");
    assert_found(&r, 1, "CVE-2024-5");
    assert_found(&r, 2, "CVE-2024-1 CVE-2024-2 CVE-2024-3 CVE-2024-5 GHSA-4");
    assert_int_equal(r.decided_by_distribution, 4);
}

static void test_without_the_distributions_word(void **state)
{
    struct world *w = *state;
    struct report r;
    w->packages[1].owner = SLICE("deb:python3-nothing"); // not installed under that name
    make(w, &r);
    assert_found(&r, 1, "CVE-2024-1 CVE-2024-2 CVE-2024-3 CVE-2024-5 GHSA-4");
    w->packages[1].owner = SLICE("deb:python3-jinja2");
    w->image.inventory.distribution.codename = SLICE("duke"); // of which the feed knows nothing
    w->image.inventory.distribution.version_id = SLICE("");
    make(w, &r);
    assert_found(&r, 1, "CVE-2024-1 CVE-2024-2 CVE-2024-3 CVE-2024-5 GHSA-4");
    assert_int_equal(r.decided_by_distribution, 0);
}

static void test_explanations(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *id;
        bool answered;
        enum verdict_kind kind;
        size_t of_packages[3]; // explanations
    } cases[] = {
        {"CVE-2024-1", true, VERDICT_NOT_AFFECTED, {1, 2, 2}}, {"CVE-2024-2", true, VERDICT_AFFECTED, {1, 1, 1}},
        {"GHSA-3", true, VERDICT_UNDETERMINED, {0, 1, 1}},     {"GHSA-4", true, VERDICT_NOT_AFFECTED, {1, 1, 1}},
        {"CVE-2024-5", false, VERDICT_AFFECTED, {0, 1, 1}},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct report r;
        struct error err;
        explanation_vec found = {0};
        size_t of_packages[3] = {0};
        struct report_segments *segments = report_segments_open(&w->store, &w->generation);
        assert_true(report_make(&w->image, &w->generation, segments, NOW, &w->arena, &r, &err));
        assert_true(report_explain(&r, segments, slice_str(cases[i].id), (struct slice){0}, &w->arena, &found, &err));
        report_segments_close(&segments);
        for (size_t x = 0; x < found.n; x++) {
            const struct owned_question *q = &found.v[x].by_distribution;
            of_packages[found.v[x].package]++;
            assert_int_equal(q->answered, found.v[x].package == 1 && cases[i].answered);
            if (q->answered) {
                assert_int_equal(q->kind, cases[i].kind);
                assert_true(slice_starts(q->why, SLICE("the Debian tracker says")));
            }
        }
        assert_memory_equal(of_packages, cases[i].of_packages, sizeof of_packages);
    }
}

static void test_packages_without_the_code(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *name, *source;
        bool missing;
        const char *what;
    } cases[] = {
        {"deb", "linux-libc-dev", "linux", true, "headers of the kernel"},
        {"deb", "linux-headers-6.1.0-9-amd64", "linux", true, "headers of the kernel"},
        {"deb", "linux-image-6.1.0-9-amd64", "linux", false, NULL},
        {"rpm", "kernel-headers", "kernel", true, "headers of the kernel"},
        {"rpm", "kernel-uek-devel", "kernel-uek", true, "headers of the kernel"},
        {"apk", "linux-headers", "linux-headers", false, NULL}, // a source of its own
        {"deb", "libssl-doc", "openssl", true, "documentation"},
        {"deb", "libssl-dev", "openssl", false, "development files"},
        {"rpm", "openssl-devel", "openssl", false, "development files"},
        {"apk", "openssl-dev", "openssl", false, "development files"},
        {"apk", "openssl-dbg", "openssl", true, "debugging symbols"},
        {"rpm", "nodejs-filesystem", "nodejs", true, "empty folders"},
        {"rpm", "bash-doc", "bash", true, "documentation"},
        {"deb", "doc", "", false, NULL},
        {"deb", "-doc", "x", true, "documentation"},
        {"deb", "mysql-common", "mysql", false, NULL}, // may hold scripts
        {"deb", "fonts-dejavu", "fonts-dejavu", false, NULL},
        {"deb", "fonts-opensymbol", "libreoffice", true, "fonts"},
        {"deb", "libreoffice-l10n-de", "libreoffice", true, "translations"},
        {"python", "x-doc", "y", false, NULL},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct package_code code = package_code(&(struct package){.kind = slice_str(cases[i].kind),
                                                                  .name = slice_str(cases[i].name),
                                                                  .source_name = slice_str(cases[i].source)});
        bool same = code.what == cases[i].what ||
                    (code.what != NULL && cases[i].what != NULL && strcmp(code.what, cases[i].what) == 0);
        if (!same || code.missing != cases[i].missing)
            fail_msg("%s: %s", cases[i].name, code.what != NULL ? code.what : "code");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(test_the_distribution_decides),
        TEST(test_without_the_distributions_word),
        TEST(test_explanations),
        cmocka_unit_test(test_packages_without_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
