// Red Hat's rules: which products an image has, which of several statements counts, how images are compared.
#include "match/redhat.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

// ---- products -------------------------------------------------------------------------------------------------------

#define RHEL8  "redhat:cpe:/o:redhat:enterprise_linux:8"
#define RHEL9  "redhat:cpe:/o:redhat:enterprise_linux:9"
#define BASE9  RHEL9 "::baseos"
#define APP9   "redhat:cpe:/a:redhat:enterprise_linux:9::appstream"
#define ANY9   "redhat:cpe:/a:redhat:enterprise_linux:9"
#define EUS9   "redhat:cpe:/o:redhat:rhel_eus:9.2::baseos"
#define OCP4   "redhat:cpe:/a:redhat:openshift:4"
#define OCP412 "redhat:cpe:/a:redhat:openshift:4.12::el8"

static const struct slice loaded[] = {{RHEL8, sizeof RHEL8 - 1}, {RHEL9, sizeof RHEL9 - 1},  {BASE9, sizeof BASE9 - 1},
                                      {APP9, sizeof APP9 - 1},   {ANY9, sizeof ANY9 - 1},    {EUS9, sizeof EUS9 - 1},
                                      {OCP4, sizeof OCP4 - 1},   {OCP412, sizeof OCP412 - 1}};

static void test_products_of_an_image(void **state)
{
    (void)state;
    static const struct {
        const char *version_id, *cpes[3];
        const char *scopes; // blank-separated
    } cases[] = {
        {"9.5", {NULL}, RHEL9 " " BASE9 " " APP9 " " ANY9},
        {"9.5", {"cpe:/o:redhat:enterprise_linux:9::baseos"}, RHEL9 " " BASE9 " " ANY9},
        {"9.2", {"cpe:/o:redhat:rhel_eus:9.2::baseos"}, RHEL9 " " EUS9},
        {"9.2", {"cpe:/a:redhat:openshift:4.12::el8"}, RHEL9 " " BASE9 " " APP9 " " ANY9 " " OCP4 " " OCP412},
        {"8.9",
         {"cpe:/a:redhat:openshift:4.13::el8", "cpe:/o:redhat:enterprise_linux:8::baseos", "odd"},
         RHEL8 " " OCP4},
        {"", {"cpe:/o:redhat:enterprise_linux:9::baseos"}, ""},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct buf got BUF_AUTO = {0};
        struct slice cpes[3];
        struct distribution d = {.known = true, .id = SLICE("rhel"), .version_id = slice_str(cases[i].version_id)};
        struct match_image image = {&d, cpes, 0};
        scope_vec scopes = {0};
        while (image.cpes_n < 3 && cases[i].cpes[image.cpes_n] != NULL) {
            cpes[image.cpes_n] = slice_str(cases[i].cpes[image.cpes_n]);
            image.cpes_n++;
        }
        matcher_redhat.scopes(&a, &image, loaded, ARRAY_N(loaded), &scopes);
        for (size_t s = 0; s < scopes.n; s++)
            buf_addf(&got, "%s%.*s", s != 0 ? " " : "", SLICE_ARG(scopes.v[s]));
        if (!slice_eq(buf_slice(&got), slice_str(cases[i].scopes)))
            fail_msg("%zu: %.*s", i, SLICE_ARG(buf_slice(&got)));
    }
}

// ---- statements -----------------------------------------------------------------------------------------------------

#define FIX    ADVISORY_FIXED
#define OPEN   ADVISORY_AFFECTED
#define NOT    ADVISORY_NOT_AFFECTED
#define NOTYET ADVISORY_UNDETERMINED

struct said {
    const char *scope, *package, *bound;
    enum advisory_status status;
    bool of_source;
    const char *arch, *module;
};

static struct advisory record_of(const struct said *s)
{
    return (struct advisory){.scope = slice_str(s->scope),
                             .package = slice_str(s->package),
                             .of_source = s->of_source,
                             .vulnerability = SLICE("CVE-2024-1"),
                             .status = s->status,
                             .bound = slice_str(s->bound),
                             .arch = slice_str(s->arch),
                             .module = slice_str(s->module)};
}

// The package is "lib", built from "src".
static void test_which_statement_counts(void **state)
{
    (void)state;
    static const struct {
        const char *version, *source_version;
        struct said said[3];
        const char *verdict; // "no", "?", "open", or the fix
    } cases[] = {
        {"1-1.el9", "1-1.el9", {{BASE9, "lib", "0:2-1", FIX, false, NULL, NULL}}, "0:2-1"},
        {"2-1", "2-1", {{BASE9, "lib", "0:2-1", FIX, false, NULL, NULL}}, "no"},
        {"1-1", "1-1", {{BASE9, "lib", "0:2-1", FIX, false, "s390x", NULL}}, "no"},
        {"1-1", "1-1", {{BASE9, "lib", "0:2-1", FIX, false, "s390x x86_64", NULL}}, "0:2-1"},
        {"1-1", "1-1", {{BASE9, "lib", "0:2-1", FIX, false, NULL, "m:1"}}, "no"},
        // Of several fixes the highest, unless the package has that of its own minor release.
        {"1-1.el9_3",
         "1-1.el9_3",
         {{BASE9, "lib", "0:1-2.el9_3", FIX, false, NULL, NULL}, {BASE9, "lib", "0:2-1.el9_4", FIX, false, NULL, NULL}},
         "0:2-1.el9_4"},
        {"1-3.el9_3",
         "1-3.el9_3",
         {{BASE9, "lib", "0:1-2.el9_3", FIX, false, NULL, NULL}, {BASE9, "lib", "0:2-1.el9_4", FIX, false, NULL, NULL}},
         "no"},
        {"1-3.el9_2",
         "1-3.el9_2",
         {{BASE9, "lib", "0:1-2.el9_3", FIX, false, NULL, NULL}, {BASE9, "lib", "0:2-1.el9_4", FIX, false, NULL, NULL}},
         "0:2-1.el9_4"},
        // A fix overrules an open statement of the same product, not of another.
        {"1-1",
         "1-1",
         {{RHEL9, "src", "", OPEN, true, NULL, NULL}, {BASE9, "lib", "0:2-1", FIX, false, NULL, NULL}},
         "0:2-1"},
        {"2-1",
         "2-1",
         {{ANY9, "src", "", OPEN, true, NULL, NULL}, {BASE9, "lib", "0:2-1", FIX, false, NULL, NULL}},
         "no"},
        {"2-1",
         "2-1",
         {{RHEL9, "src", "", OPEN, true, NULL, NULL}, {OCP412, "lib", "0:2-1", FIX, false, NULL, NULL}},
         "open"},
        // What is said of the package overrules what is said of its source.
        {"1-1", "1-1", {{RHEL9, "src", "", OPEN, true, NULL, NULL}, {RHEL9, "lib", "", NOT, false, NULL, NULL}}, "no"},
        {"1-1",
         "1-1",
         {{BASE9, "src", "0:2-1", FIX, true, NULL, NULL}, {RHEL9, "lib", "", NOT, false, NULL, NULL}},
         "no"},
        {"1-1",
         "1-1",
         {{RHEL9, "src", "", OPEN, true, NULL, NULL}, {OCP412, "lib", "", NOT, false, NULL, NULL}},
         "open"},
        // Alike in that, the narrower product counts, and in one product the worse.
        {"1-1", "1-1", {{RHEL9, "lib", "", OPEN, false, NULL, NULL}, {BASE9, "lib", "", NOT, false, NULL, NULL}}, "no"},
        {"1-1",
         "1-1",
         {{BASE9, "lib", "", OPEN, false, NULL, NULL}, {RHEL9, "lib", "", NOT, false, NULL, NULL}},
         "open"},
        {"1-1",
         "1-1",
         {{BASE9, "lib", "", OPEN, false, NULL, NULL}, {BASE9, "lib", "", NOT, false, NULL, NULL}},
         "open"},
        {"1-1",
         "1-1",
         {{BASE9, "lib", "0:2-1", FIX, false, NULL, NULL}, {BASE9, "lib", "", NOT, false, NULL, NULL}},
         "0:2-1"},
        {"1-1", "1-1", {{BASE9, "src", "", NOTYET, true, NULL, NULL}}, "?"},
        // A source's version has no epoch: with the package's version it has its epoch too, else none is compared.
        {"1-1", "1-1", {{BASE9, "src", "1:0-1", FIX, true, NULL, NULL}}, "1:0-1"},
        {"1:1-1", "1-1", {{BASE9, "src", "1:0-1", FIX, true, NULL, NULL}}, "no"},
        {"1:9-1", "1-1", {{BASE9, "src", "4:1-1", FIX, true, NULL, NULL}}, "no"},
        {"1:9-1", "1-1", {{BASE9, "src", "4:1-2", FIX, true, NULL, NULL}}, "4:1-2"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct advisory records[3];
        struct package p = {.name = SLICE("lib"),
                            .version = slice_str(cases[i].version),
                            .source_name = SLICE("src"),
                            .source_version = slice_str(cases[i].source_version)};
        struct match_package package = {.package = &p};
        name_vec names = {0};
        struct verdict v;
        size_t n = 0;
        while (n < 3 && cases[i].said[n].scope != NULL) {
            records[n] = record_of(&cases[i].said[n]);
            n++;
        }
        matcher_redhat.names(&a, &package, &names);
        struct match_key key = {.names = names.v, .names_n = names.n, .arch = SLICE("x86_64")};
        matcher_redhat.judge(&a, &key, records, n, true, &v);
        struct slice got = v.kind == VERDICT_UNDETERMINED   ? SLICE("?")
                           : v.kind == VERDICT_NOT_AFFECTED ? SLICE("no")
                           : v.fixed_in.n == 0              ? SLICE("open")
                                                            : v.fixed_in;
        if (!slice_eq(got, slice_str(cases[i].verdict)))
            fail_msg("%zu: %.*s instead of %s (%.*s)", i, SLICE_ARG(got), cases[i].verdict, SLICE_ARG(v.why));
        assert_true(v.why.n != 0);
        assert_true(v.decided_by == NULL || (v.decided_by >= records && v.decided_by < records + n));
    }
}

// ---- images ---------------------------------------------------------------------------------------------------------

static void test_images(void **state)
{
    (void)state;
    static const struct {
        const char *version, *moment;
        struct advisory records[2];
        const char *verdict;
    } cases[] = {
#define TAG(from, tag) {.package = SLICE("x/y"), .status = FIX, .introduced = SLICE(from), .bound = SLICE(tag)}
        {"v4.12.0-202301", "", {TAG("", "v4.12.0-202302")}, "v4.12.0-202302"},
        {"v4.12.0-202303", "", {TAG("", "v4.12.0-202302"), TAG("v4.13", "v4.13.0-202305")}, "no"},
        {"v4.13.0-202304", "", {TAG("", "v4.12.0-202302"), TAG("v4.13", "v4.13.0-202305")}, "v4.13.0-202305"},
        {"v4.11.0-202304", "", {TAG("", "v4.12.0-202302"), TAG("v4.13", "v4.13.0-202305")}, "v4.12.0-202302"},
        {"4.12.0-202301", "", {TAG("", "v4.12.0-202302")}, "v4.12.0-202302"},
        {"9.5-1", "1770000000", {TAG("", "1770632233")}, "1770632233"},
        {"9.5-1", "1770700000", {TAG("", "1770632233")}, "no"},
        {"v4.12.0-202301", "1770700000", {TAG("", "v4.12.0-202302")}, "v4.12.0-202302"},
        {"1-191", "1-191", {TAG("", "1770632233")}, "1770632233"},
        {"1-1", "", {TAG("", "1-2"), TAG("", "1-3")}, "1-3"},
        {"1-1", "", {TAG("", "1-2"), {.package = SLICE("x/y"), .status = OPEN}}, "open"},
        {"1-1", "", {{.package = SLICE("x/y"), .status = NOT}}, "no"},
        {"1-1", "", {{.package = SLICE("x/y"), .status = NOTYET}}, "?"},
        {"1-1", "", {{.package = SLICE("x/z"), .status = OPEN}}, "no"},
#undef TAG
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct arena a ARENA_AUTO = {0};
        struct slice published[] = {SLICE("w/y"), SLICE("x/y")};
        struct package p = {.version = slice_str(cases[i].version), .source_version = slice_str(cases[i].moment)};
        struct match_package package = {&p, published, 2};
        name_vec names = {0};
        struct verdict v;
        size_t n = cases[i].records[1].package.n != 0 ? 2 : 1;
        matcher_redhat_container.names(&a, &package, &names);
        struct match_key key = {.names = names.v, .names_n = names.n, .arch = SLICE("x86_64")};
        matcher_redhat_container.judge(&a, &key, cases[i].records, n, true, &v);
        struct slice got = v.kind == VERDICT_UNDETERMINED   ? SLICE("?")
                           : v.kind == VERDICT_NOT_AFFECTED ? SLICE("no")
                           : v.fixed_in.n == 0              ? SLICE("open")
                                                            : v.fixed_in;
        if (!slice_eq(got, slice_str(cases[i].verdict)))
            fail_msg("%zu: %.*s instead of %s", i, SLICE_ARG(got), cases[i].verdict);
        assert_true(v.why.n != 0);
    }
}

static void test_severities_and_links(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    static const struct {
        const char *word;
        enum severity severity;
    } cases[] = {{"Low", SEVERITY_LOW},           {"Moderate", SEVERITY_MEDIUM}, {"important", SEVERITY_HIGH},
                 {"Critical", SEVERITY_CRITICAL}, {"None", SEVERITY_UNKNOWN},    {"", SEVERITY_UNKNOWN}};
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct advisory r = {.severity = slice_str(cases[i].word)};
        assert_int_equal(matcher_redhat.severity(&r), cases[i].severity);
        assert_int_equal(matcher_redhat.severity_clair(&r), cases[i].severity);
    }
    struct advisory r = {.vulnerability = SLICE("CVE-2024-1"),
                         .advisories = SLICE("RHSA-2024:1 RHBA-2024:2"),
                         .links = SLICE("https://access.redhat.com/security/cve/CVE-2024-1 https://a/b")};
    assert_true(
        slice_eq(matcher_redhat.links(&a, &r), SLICE("https://access.redhat.com/security/cve/CVE-2024-1 "
                                                     "https://access.redhat.com/errata/RHSA-2024:1 "
                                                     "https://access.redhat.com/errata/RHBA-2024:2 https://a/b")));
    struct distribution d = {.known = true, .id = SLICE("rhel"), .version_id = SLICE("7.9")};
    assert_true(slice_eq(matcher_redhat.end_of_life(&d), SLICE("2024-06-30")));
    assert_ptr_equal(matcher_for(&d, SLICE("rpm")), &matcher_redhat);
    d.id = SLICE("centos");
    assert_ptr_not_equal(matcher_for(&d, SLICE("rpm")), &matcher_redhat);
    assert_ptr_equal(matcher_for(&d, SLICE("container")), &matcher_redhat_container);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_of_an_image),
        cmocka_unit_test(test_which_statement_counts),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_severities_and_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
