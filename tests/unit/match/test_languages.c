// Packages of languages and of AlmaLinux and Rocky Linux: by which name and version they are looked up, how severe
// their records are, which module a record is for, and what Clair's documents have of them.
#include "match/matcher.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static const struct matcher *named(const char *id, const char *kind)
{
    struct distribution d = {.known = id[0] != '\0', .id = slice_str(id)};
    const struct matcher *m = matcher_for(&d, slice_str(kind));
    assert_non_null(m);
    return m;
}

static void assert_text(struct slice have, const char *want)
{
    struct arena a ARENA_AUTO = {0};
    assert_string_equal(arena_dup(&a, have).p, want);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *name, *version, *want; // NULL: none, so it is not judged
        const char *want_version;
    } cases[] = {
        {"python", "Foo__Bar.baz", "1.0", "foo-bar-baz", "1.0"},
        {"python", "foo", "", NULL, NULL},
        {"python", "foo", "of my own", NULL, NULL},
        {"npm", "@Scope/Name", "1.2.3", "@Scope/Name", "1.2.3"},
        {"npm", "name", "latest", NULL, NULL},
        {"go", "example.test/m", "v1.2.3+incompatible", "example.test/m", "v1.2.3+incompatible"},
        {"go", "example.test/m", "(devel)", NULL, NULL},
        {"go", "stdlib", "go1.21.3", "stdlib", "1.21.3"},
        {"go", "stdlib", "go1.21", "stdlib", "1.21"},
        {"go", "stdlib", "go1.22rc1", "stdlib", "1.22.0-rc.1"},
        {"go", "stdlib", "go1.9.2rc2", "stdlib", "1.9.2-rc.2"},
        {"go", "stdlib", "go1.4beta1", "stdlib", "1.4.0-beta.1"},
        {"go", "stdlib", "go1.21.3 X:boringcrypto", "stdlib", "1.21.3"},
        {"go", "stdlib", "go1.21.3 (Red Hat 1.21.3-1.el9)", "stdlib", "1.21.3"},
        {"go", "stdlib", "go1.21.3-fips", "stdlib", "1.21.3"},
        {"go", "stdlib", "devel go1.23-abcdef", NULL, NULL},
        {"go", "toolchain", "go1.21.3", "toolchain", "1.21.3"},
        {"maven", "org.acme:thing", "1.0", "org.acme:thing", "1.0"},
        {"maven", "thing", "1.0", NULL, NULL},
        {"cargo", "my_crate", "1.0.0", "my_crate", "1.0.0"},
        {"gem", "rack", "2.0.1", "rack", "2.0.1"},
        {"composer", "Acme/Thing", "1.0.0", "acme/thing", "1.0.0"},
        {"nuget", "Newtonsoft.Json", "12.0.1", "newtonsoft.json", "12.0.1"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        const struct matcher *m = named("", cases[i].kind);
        struct package p = {
            .kind = slice_str(cases[i].kind), .name = slice_str(cases[i].name), .version = slice_str(cases[i].version)};
        struct match_package package = {.package = &p};
        name_vec names = {0};
        m->names(&a, &package, &names);
        assert_int_equal(names.n, cases[i].want != NULL);
        if (names.n == 1) {
            assert_text(names.v[0].name, cases[i].want);
            assert_text(names.v[0].version, cases[i].want_version);
            assert_false(names.v[0].of_source);
        }
        assert_true(m->unnamed != NULL);
    }
}

#define HIGH_3   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" // 7.5
#define NONE_3   "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N" // 0.0
#define MEDIUM_2 "AV:N/AC:L/Au:N/C:P/I:N/A:N"                   // 5.0
#define WRONG_3  "CVSS:3.1/AV:X"

static void test_severity(void **state)
{
    (void)state;
    static const struct {
        const char *word, *state, *cvss;
        enum severity clarion, clair;
        const char *written; // by Clair
    } cases[] = {
        {"", "", "", SEVERITY_UNKNOWN, SEVERITY_UNKNOWN, ""},
        {"MODERATE", "", "", SEVERITY_MEDIUM, SEVERITY_MEDIUM, "MODERATE"},
        {"critical", "", "", SEVERITY_CRITICAL, SEVERITY_CRITICAL, "critical"},
        {"Important", "", "", SEVERITY_HIGH, SEVERITY_UNKNOWN, "Important"},
        {"odd", "", HIGH_3, SEVERITY_HIGH, SEVERITY_HIGH, HIGH_3},
        {"LOW", "", HIGH_3, SEVERITY_LOW, SEVERITY_HIGH, HIGH_3},
        {"", "", HIGH_3 " " MEDIUM_2, SEVERITY_MEDIUM, SEVERITY_MEDIUM, MEDIUM_2},
        {"", "", HIGH_3 " " WRONG_3, SEVERITY_HIGH, SEVERITY_HIGH, WRONG_3},
        {"HIGH", "", WRONG_3, SEVERITY_HIGH, SEVERITY_UNKNOWN, WRONG_3},
        {"", "", NONE_3, SEVERITY_NEGLIGIBLE, SEVERITY_NEGLIGIBLE, NONE_3},
        {"", "unmaintained", "", SEVERITY_NEGLIGIBLE, SEVERITY_UNKNOWN, ""},
        {"", "notice", "", SEVERITY_NEGLIGIBLE, SEVERITY_UNKNOWN, ""},
        {"", "unsound", "", SEVERITY_UNKNOWN, SEVERITY_UNKNOWN, ""},
    };
    const struct matcher *m = named("", "cargo");
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct advisory r = {
            .severity = slice_str(cases[i].word), .state = slice_str(cases[i].state), .cvss = slice_str(cases[i].cvss)};
        struct match_clair clair = {.severity = r.severity};
        m->clair(&a, &r, &clair);
        assert_int_equal(m->severity(&r), cases[i].clarion);
        assert_int_equal(m->severity_clair(&r), cases[i].clair);
        assert_text(clair.severity, cases[i].written);
    }
    const struct matcher *rocky = named("rocky", "rpm"), *almalinux = named("almalinux", "rpm");
    struct advisory notice = {.severity = SLICE("Important"), .cvss = SLICE(MEDIUM_2)};
    assert_int_equal(rocky->severity(&notice), SEVERITY_HIGH);
    assert_int_equal(almalinux->severity(&notice), SEVERITY_HIGH);
    notice.severity = SLICE("");
    assert_int_equal(rocky->severity(&notice), SEVERITY_MEDIUM);
}

static void test_clair(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *introduced;
        enum advisory_status status;
        const char *bound, *fixed_in, *repository, *updater;
    } cases[] = {
        {"python", "", ADVISORY_FIXED, "2.2.23", "fixed=2.2.23", "pypi", "osv/pypi"},
        {"gem", "1.6", ADVISORY_FIXED, "2.0.0", "fixed=2.0.0&introduced=1.6", "rubygems", "osv/rubygems"},
        {"maven", "", ADVISORY_LAST_AFFECTED, "1.0", "lastAffected=1.0", "maven", "osv/maven"},
        {"maven", "1!1", ADVISORY_AFFECTED, "", "introduced=1%211", "maven", "osv/maven"},
        {"python", "", ADVISORY_AFFECTED, "", "", "pypi", "osv/pypi"},
        {"npm", "1.0.0", ADVISORY_FIXED, "2.0.0", "2.0.0", "npm", "osv/npm"},
        {"go", "1.0.0", ADVISORY_LAST_AFFECTED, "2.0.0", "", "go", "osv/go"},
        {"cargo", "", ADVISORY_FIXED, "2.0.0", "2.0.0", "crates.io", "osv/crates.io"},
        {"composer", "", ADVISORY_FIXED, "2.0.0", "2.0.0", "packagist", "osv/packagist"},
        {"nuget", "", ADVISORY_FIXED, "2.0.0", "2.0.0", "nuget", "osv/nuget"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        const struct matcher *m = named("debian", cases[i].kind);
        struct advisory r = {.introduced = slice_str(cases[i].introduced),
                             .status = cases[i].status,
                             .bound = slice_str(cases[i].bound)};
        struct match_clair clair = {0};
        struct match_image image = {0};
        scope_vec scopes = {0};
        m->clair(&a, &r, &clair);
        m->scopes(&a, &image, NULL, 0, &scopes);
        assert_text(clair.fixed_in, cases[i].fixed_in);
        assert_true(slice_eq(clair.repository, slice_str(cases[i].repository)));
        assert_int_equal(scopes.n, 1);
        assert_text(m->clair_updater(&a, scopes.v[0]), cases[i].updater);
    }
}

// The name of a source rpm has no epoch, notices have: it is that of a package with the source's version and release,
// and does not count for others, which may have one of their own.
static void test_epochs_of_sources(void **state)
{
    (void)state;
    static const struct {
        const char *installed, *source, *fixed;
        bool affected;
    } cases[] = {
        {"1:3.0.7-27.el9", "3.0.7-27.el9", "1:3.0.7-16.el9_2", false},
        {"1:3.0.7-6.el9", "3.0.7-6.el9", "1:3.0.7-16.el9_2", true},
        {"3.0.7-27.el9", "3.0.7-27.el9", "1:3.0.7-16.el9_2", true}, // of before the epoch
        {"3.0.7-27.el9", "3.0.7-27.el9", "3.0.7-16.el9_2", false},
        {"1:3.0.7-6.el9", "3.0.7-6.el9", "3.0.7-16.el9_2", false},
        {"1.30-481.el9", "5.32.1-481.el9", "4:5.32.1-480.el9", false}, // perl-Errno
        {"1.30-479.el9", "5.32.1-479.el9", "4:5.32.1-480.el9", true},
        {"2:1.30-479.el9", "5.32.1-479.el9", "4:5.32.1-480.el9", true},
    };
    static const char *const ids[] = {"rocky", "azurelinux"};
    for (size_t i = 0; i < ARRAY_N(cases) * ARRAY_N(ids); i++) {
        struct arena a ARENA_AUTO = {0};
        size_t c = i / ARRAY_N(ids);
        const struct matcher *m = named(ids[i % ARRAY_N(ids)], "rpm");
        const struct package p = {.name = SLICE("sub"),
                                  .version = slice_str(cases[c].installed),
                                  .source_name = SLICE("source"),
                                  .source_version = slice_str(cases[c].source)};
        const struct advisory r = {.package = SLICE("source"),
                                   .of_source = true,
                                   .status = ADVISORY_FIXED,
                                   .bound = slice_str(cases[c].fixed)};
        name_vec names = {0};
        struct verdict v;
        m->names(&a, &(struct match_package){.package = &p}, &names);
        m->judge(&a, &(struct match_key){.names = names.v, .names_n = names.n}, &r, 1, false, &v);
        assert_true(v.decided_by == &r);
        assert_int_equal(v.kind, cases[c].affected ? VERDICT_AFFECTED : VERDICT_NOT_AFFECTED);
        assert_text(v.fixed_in, cases[c].affected ? cases[c].fixed : "");
    }
}

static void test_modules(void **state)
{
    (void)state;
    static const struct {
        const char *record, *package;
        bool applies;
    } cases[] = {
        {"", "", true},
        {"nodejs:18", "nodejs:18", true},
        {"nodejs:18", "nodejs:16", false},
        {"nodejs:18", "", false},
        {"", "nodejs:18", false},
        {"nodejs:18 npm:2", "npm:2", true},
        {"nodejs:18 npm:2", "npm:21", false},
        {"varnish", "varnish:6", true},
        {"varnish", "varnish-modules:6", false},
        {"varnish", "", false},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct match_name name = {SLICE("p"), SLICE("1"), false};
        struct match_key key = {.names = &name, .names_n = 1, .module = slice_str(cases[i].package)};
        struct advisory r = {.package = SLICE("p"), .module = slice_str(cases[i].record)};
        assert_int_equal(match_applies(&key, &r) != NULL, cases[i].applies);
    }
}

static void test_releases(void **state)
{
    (void)state;
    static const struct {
        const char *id, *version_id, *scope, *end_of_life;
    } cases[] = {
        {"almalinux", "8.5", "almalinux:8", "2029-03-01"},
        {"almalinux", "9", "almalinux:9", "2032-05-31"},
        {"almalinux", "10.0", "almalinux:10", "2035-05-31"},
        {"almalinux", "11", "almalinux:11", ""},
        {"almalinux", "", "", ""},
        {"rocky", "8.8", "rocky:8", "2029-05-31"},
        {"rocky", "9.3", "rocky:9", "2032-05-31"},
        {"rocky", "", "", ""},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        const struct matcher *m = named(cases[i].id, "rpm");
        struct distribution d = {
            .known = true, .id = slice_str(cases[i].id), .version_id = slice_str(cases[i].version_id)};
        struct match_image image = {.distribution = &d};
        scope_vec scopes = {0};
        m->scopes(&a, &image, NULL, 0, &scopes);
        assert_text(scopes.n != 0 ? scopes.v[0] : SLICE(""), cases[i].scope);
        assert_text(m->end_of_life(&d), cases[i].end_of_life);
        assert_text(m->clair_updater(&a, SLICE("almalinux:8")), "osv/almalinux:8");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_severity),
        cmocka_unit_test(test_clair),   cmocka_unit_test(test_epochs_of_sources),
        cmocka_unit_test(test_modules), cmocka_unit_test(test_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
