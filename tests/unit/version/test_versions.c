// The version schemes: tables of our own, the shared vector files where there are any, and the laws of an order.
#include "version/version.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void expect_order(const struct version_scheme *s, struct slice a, int order, struct slice b)
{
    if (sign(s->compare(a, b)) != order || sign(s->compare(b, a)) != -order)
        fail_msg("%s: \"%.*s\" against \"%.*s\" gives %d and %d, not %d", s->name, SLICE_ARG(a), SLICE_ARG(b),
                 s->compare(a, b), s->compare(b, a), order);
}

struct pair {
    const char *a;
    int order;
    const char *b;
};

static void expect_pairs(const struct version_scheme *s, const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_order(s, slice_str(pairs[i].a), pairs[i].order, slice_str(pairs[i].b));
}

struct validity {
    const char *version;
    bool valid;
};

static void expect_validity(const struct version_scheme *s, const struct validity *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->valid(slice_str(v[i].version)) != v[i].valid)
            fail_msg("%s: \"%s\" is %s", s->name, v[i].version, v[i].valid ? "valid" : "not valid");
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_table(void **state)
{
    (void)state;
    assert_ptr_equal(version_scheme_named(SLICE("dpkg")), &version_dpkg);
    assert_ptr_equal(version_scheme_named(SLICE("apk")), &version_apk);
    assert_ptr_equal(version_scheme_named(SLICE("rpm")), &version_rpm);
    assert_ptr_equal(version_scheme_named(SLICE("semver")), &version_semver);
    assert_ptr_equal(version_scheme_named(SLICE("pep440")), &version_pep440);
    assert_ptr_equal(version_scheme_named(SLICE("gem")), &version_gem);
    assert_ptr_equal(version_scheme_named(SLICE("composer")), &version_composer);
    assert_ptr_equal(version_scheme_named(SLICE("maven")), &version_maven);
    assert_ptr_equal(version_scheme_named(SLICE("nuget")), &version_nuget);
    assert_ptr_equal(version_scheme_named(SLICE("cran")), &version_cran);
    assert_null(version_scheme_named(SLICE("")));
    assert_null(version_scheme_named(SLICE("dpk")));
}

// ---- dpkg -----------------------------------------------------------------------------------------------------------

static void test_dpkg_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.0.1e-2+deb7u4", -1, "1.0.1e-2+deb7u5"},
        {"1.0", 0, "1.0"},
        {"1.0", 0, "0:1.0"},
        {"1.0", 0, "1.0-0"},
        {"1.0", 0, "1.00"},
        {"1.0", -1, "1:0.1"},
        {"2:1", -1, "10:1"},
        {"1.0~rc1", -1, "1.0"},
        {"1.0~~", -1, "1.0~"},
        {"1.0~rc1-1", -1, "1.0-1"},
        {"1.0a", 1, "1.0"},
        {"1.0a", -1, "1.0+"}, // letters before all else
        {"1.0-1", -1, "1.0-1.1"},
        {"1.2-3-4", 1, "1.2-3"}, // upstream 1.2-3 against 1.2
        {"9", -1, "10"},
        {"0010", 0, "10"},
        {"1.99999999999999999999999999999999", -1, "1.100000000000000000000000000000000"},
        {"  1.0\t", 0, "1.0"},
        {"+1:5", 0, "1:5"},
        {"1:2:3", 1, "1:2-3"},
        {"", -1, "0a"},
        {"", 0, "0"},
    };
    expect_pairs(&version_dpkg, pairs, COUNT(pairs));
    expect_order(&version_dpkg, SLICE("1\0002"), -1, SLICE("1\0003"));
    expect_order(&version_dpkg, (struct slice){0}, 0, SLICE(""));
}

static void test_dpkg_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},
        {"1:1.2-3", true},
        {"1.2-3-4", true},
        {"1:1:1", true},
        {" 1.0 ", true},
        {"+1:1", true},
        {"-0:1", true},
        {"", false},
        {"a1", false},
        {"1 2", false},
        {":1", false},
        {"1:", false},
        {"-1:1", false},
        {"a:1", false},
        {"1-", false},
        {"1.0_1", false},
        {"1-1:1", false},
        {"1.0\n", false},
        {"-1", false},
        {"2147483647:1", true},
        {"2147483648:1", false},
        {"99999999999999999999:1", false},
    };
    expect_validity(&version_dpkg, v, COUNT(v));
    assert_false(version_dpkg.valid(SLICE("1\0")));
    assert_false(version_dpkg.valid((struct slice){0}));
}

// ---- apk ------------------------------------------------------------------------------------------------------------

static void test_apk_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"3.1.3-r0", -1, "3.1.4-r0"},
        {"1.2", -1, "1.10"},
        {"1.05", -1, "1.1"}, // a fraction
        {"1.050", 1, "1.05"},
        {"05", 0, "5"}, // but not in the first number
        {"1.2.3", 1, "1.2"},
        {"1.2a", 1, "1.2"},
        {"1.2b", 1, "1.2a"},
        {"1.2_alpha", -1, "1.2_beta"},
        {"1.2_beta", -1, "1.2_pre"},
        {"1.2_pre", -1, "1.2_rc"},
        {"1.2_rc1", -1, "1.2"},
        {"1.2", -1, "1.2_cvs"},
        {"1.2_cvs", -1, "1.2_svn"},
        {"1.2_svn", -1, "1.2_git"},
        {"1.2_git", -1, "1.2_hg"},
        {"1.2_hg", -1, "1.2_p"},
        {"1.2_p9", -1, "1.2_p10"},
        {"1.2_p1", 1, "1.2-r9"},
        {"1.2_alpha_pre2", -1, "1.2_alpha"},
        {"1.2-r1", 1, "1.2"},
        {"1.2-r2", -1, "1.2-r10"},
        {"1.2~0a", -1, "1.2~0b"},
        {"1.2~0a", 1, "1.2"},
        {"6.0.2p1-r0", -1, "6.0.2p2-r0"}, // apk-tools 2
        {"1.2-r", 0, "1.2-r0"},
        {"1.100000000000000000000", 1, "1.99999999999999999999"},
    };
    expect_pairs(&version_apk, pairs, COUNT(pairs));
    expect_order(&version_apk, (struct slice){0}, 0, SLICE(""));
}

static void test_apk_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},
        {"1.2.3a_pre1-r4", true},
        {"1_git20240101", true},
        {"1~0123abc-r1", true},
        {"1_p1_p2", true},
        {"2.25b-r5", true},
        {"6.0.2p1", true},
        {"", false},
        {"a", false},
        {".1", false},
        {"1.", false},
        {"1bc", false},
        {"1_", false},
        {"1_foo", false},
        {"1-1", false},
        {"1-r1-r2", false},
        {"1-r1.2", false},
        {"1~", false},
        {"1~xyz", false},
        {"1.2A", false},
        {"1-r0_p1", false},
        {"1 ", false},
    };
    expect_validity(&version_apk, v, COUNT(v));
    assert_false(version_apk.valid(SLICE("1\0")));
}

// ---- rpm ------------------------------------------------------------------------------------------------------------

static void test_rpm_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.0.1e-57.el6", -1, "1.0.1e-58.el6"},
        {"1.0-1.el9", -1, "1.0-1.el9_4.1"},
        {"1.0-1", 0, "0:1.0-1"},
        {"1.0-1", -1, "1:0.1-1"},
        {"2:1", -1, "10:1"},
        {"01:1", 0, "1:1"},
        {":1", 0, "1"},
        {"4294967296:1", -1, "18446744073709551616:1"},
        {"1.0", -1, "1.0-0"}, // without a release
        {"1.0", -1, "1.0-"},
        {"1.0-", -1, "1.0-0"},
        {"1.1", 1, "1.0-9"},
        {"1-2-3", 1, "1-3"}, // the last hyphen parts: version 1-2 against 1
        {"1-1:2", -1, "1-1:3"},
        {"a:1", -1, "b:1"}, // no epoch
        {"1.2", -1, "1.10"},
        {"1.05", 0, "1.5"},
        {"1.2.3", 1, "1.2"},
        {"1.2a", -1, "1.2.1"}, // letters before digits
        {"1.2a", 1, "1.2"},
        {"1.2a", 0, "1.2.a"},
        {"1.2_a", 0, "1.2+a"},
        {"1.", 0, "1"},
        {"1.ab", 1, "1.a"},
        {"1.a", 1, "1.B"}, // byte by byte
        {"1.0~rc1", -1, "1.0"},
        {"1.0~~", -1, "1.0~"},
        {"1.0~rc1-1", -1, "1.0-1"},
        {"1.0", -1, "1.0^git1"},
        {"1.0^", 1, "1.0"},
        {"1.0^git1", -1, "1.0.1"},
        {"1.0^git1", -1, "1.0a"},
        {"1.0^git1~pre", -1, "1.0^git1"},
        {"1.0^^", 1, "1.0^"},
        {"1.0~^", 1, "1.0~"},
        {"1.0~", -1, "1.0~^"},
        {"1.\xce\xb1", 0, "1.\xce\xb2"}, // only parts segments
        {"1.99999999999999999999999999999999", -1, "1.100000000000000000000000000000000"},
        {"", -1, "0"},
        {"", 0, "."},
    };
    expect_pairs(&version_rpm, pairs, COUNT(pairs));
    expect_order(&version_rpm, SLICE("1\0002"), -1, SLICE("1\0003"));
    expect_order(&version_rpm, (struct slice){0}, 0, SLICE(""));
}

static void test_rpm_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true}, {"1:1.2~rc1^git-3.el9", true}, {"-", true}, {"a b", true}, {"\xff", true}, {"", false},
    };
    expect_validity(&version_rpm, v, COUNT(v));
    assert_false(version_rpm.valid(SLICE("1\0")));
    assert_false(version_rpm.valid((struct slice){0}));
}

// ---- semver ---------------------------------------------------------------------------------------------------------

static void test_semver_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.0.0-alpha", -1, "1.0.0-alpha.1"}, // the specification's own row
        {"1.0.0-alpha.1", -1, "1.0.0-alpha.beta"},
        {"1.0.0-alpha.beta", -1, "1.0.0-beta"},
        {"1.0.0-beta", -1, "1.0.0-beta.2"},
        {"1.0.0-beta.2", -1, "1.0.0-beta.11"},
        {"1.0.0-beta.11", -1, "1.0.0-rc.1"},
        {"1.0.0-rc.1", -1, "1.0.0"},
        {"1.2.3", -1, "1.2.10"},
        {"1.2.3", -1, "1.10.0"},
        {"2.0.0", -1, "10.0.0"},
        {"1.2.3+a", 0, "1.2.3+b"},
        {"1.2.3-rc.1+a", 0, "1.2.3-rc.1"},
        {"1.2.3-a", -1, "1.2.3-a-"},
        {"1.2.3-A", -1, "1.2.3-a"},
        {"1.2.3-9a", 1, "1.2.3-10"}, // a word
        {"v1.2.3", 0, "1.2.3"},
        {"V1.2.3", 0, "1.2.3"},
        {" =v 1.2.3\t", 0, "1.2.3"},
        {"v1", 0, "v1.0.0"},
        {"v1.2", 0, "1.2.0"},
        {"0", 0, "0.0.0"},
        {"0", 1, "0.0.0-0"}, // what OSV calls "all", before which there are pre-releases
        {"v2.0.0+incompatible", 0, "2.0.0"},
        {"v0.0.0-20210226172049-e18ecbb05110", -1, "v0.0.0-20210226172050-000000000000"},
        {"v0.0.0-20210226172049-e18ecbb05110", -1, "0.0.0"},
        {"v1.2.4-0.20210226172049-e18ecbb05110", 1, "v1.2.3"},
        {"v1.2.4-0.20210226172049-e18ecbb05110", -1, "v1.2.4-pre"},
        {"1.2.3beta", 0, "1.2.3-beta"}, // loose
        {"01.02.03-04", 0, "1.2.3-4"},
        {"1.2.3-", 1, "1.2.3-9"},
        {"1.2.3-.a", 1, "1.2.3-"},
        {"1.2.3--", 0, "1.2.3-"},
        {"99999999999999999999.0.0", -1, "100000000000000000000.0.0"},
        {"1.2.3-99999999999999999998", -1, "1.2.3-99999999999999999999"},
        {"zzz", -1, "0.0.0-0"}, // no version
        {"1.2.34.5", -1, "0.0.0"},
        {"1.2.3.4", -1, "1.2.3.5"},
        {"1.2.3.4", 0, "1.2.3.4"},
        {"", -1, "(devel)"},
    };
    expect_pairs(&version_semver, pairs, COUNT(pairs));
    expect_order(&version_semver, SLICE("1.2.3\0001"), -1, SLICE("1.2.3\0002"));
    expect_order(&version_semver, (struct slice){0}, 0, SLICE(""));
}

static void test_semver_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1.2.3", true},
        {"v1.2.3-rc.1+build.01", true},
        {"V1", true},
        {"==1.2", true},
        {"01.2.3", true},
        {"1.2.3-01", true},
        {"1.2.3beta", true},
        {"1.2.3-", true},
        {"1.2.3 ", true},
        {"", false},
        {"v", false},
        {"x1.2.3", false},
        {"1.", false},
        {"1..2", false},
        {"1.2.", false},
        {"1.2.x", false},
        {"1-rc", false},
        {"1.2-rc", false},
        {"1.2+build", false},
        {"1.2.3.4", false},
        {"1.2.34.5", false},
        {"1.2.3-a..b", false},
        {"1.2.3-a.", false},
        {"1.2.3+", false},
        {"1.2.3+a+b", false},
        {"1.2.3-a_b", false},
        {"1.2.3-\xc3\xa4", false},
        {"1.2.3 4", false},
        {"(devel)", false},
    };
    expect_validity(&version_semver, v, COUNT(v));
    assert_false(version_semver.valid(SLICE("1.2.3\0")));
    assert_false(version_semver.valid((struct slice){0}));
}

// ---- pep440 ---------------------------------------------------------------------------------------------------------

static void test_pep440_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.0.dev1", -1, "1.0a1"}, // the order of one release, from its first development release on
        {"1.0a1.dev1", -1, "1.0a1"},
        {"1.0a1", -1, "1.0a1.post1.dev1"},
        {"1.0a1.post1.dev1", -1, "1.0a1.post1"},
        {"1.0a1.post1", -1, "1.0a2"},
        {"1.0a2", -1, "1.0b1"},
        {"1.0b1", -1, "1.0rc1"},
        {"1.0rc1", -1, "1.0"},
        {"1.0", -1, "1.0+a"},
        {"1.0+a", -1, "1.0+a.1"},
        {"1.0+a.1", -1, "1.0+b"},
        {"1.0+b", -1, "1.0+0"},
        {"1.0+0", -1, "1.0.post0.dev0"},
        {"1.0.post0.dev0", -1, "1.0.post0"},
        {"1.0.post0", -1, "1.0.0.1"},
        {"9.0", -1, "1!0.1"},
        {"1.0", 0, "1"},
        {"1.0.0", 0, "0!1"},
        {"1.9", -1, "1.10"},
        {"01.02", 0, "1.2"},
        {"1.99999999999999999999999999999999", -1, "1.100000000000000000000000000000000"},
        {"1.0-ALPHA.1", 0, "1.0a1"}, // normalisation
        {"1.0_beta_2", 0, "1.0b2"},
        {"1.0c1", 0, "1.0rc1"},
        {"1.0pre", 0, "1.0-preview-0"},
        {"1.0a", 0, "1.0a0"},
        {"1.0-1", 0, "1.0.post1"},
        {"1.0r4", 0, "1.0-rev.4"},
        {"1.0a--1", 0, "1.0a0.post1"},
        {"1.0DEV", 0, "1.0.dev0"},
        {"v1.0", 0, " V1.0\n"},
        {"\xe3\x80\x80"
         "1.0\xc2\xa0",
         0, "1.0"},
        {"1.0+ABC-1_01", 0, "1.0+abc.1.1"},
        {"1.0+1a", -1, "1.0+1"},     // not a number
        {"0.8.7p1", -1, "0.0.dev0"}, // no version
        {"", -1, "0.8.7p1"},
        {"0.8.7p1", -1, "0.8.7p2"},
    };
    expect_pairs(&version_pep440, pairs, COUNT(pairs));
    expect_order(&version_pep440, (struct slice){0}, 0, SLICE(""));
}

static void test_pep440_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},
        {"1!1.2.3a4.post5.dev6+local.7", true},
        {"1.0-", false},
        {"1.0a-", true},
        {"1.0.post.", true},
        {"1.0--1", false},
        {"1.0a1b1", false},
        {"1.0.dev1.post1", false},
        {"1..0", false},
        {"1.", false},
        {".1", false},
        {"1!", false},
        {"!1", false},
        {"1!2!3", false},
        {"vv1", false},
        {"v 1", false},
        {"1.0+", false},
        {"1.0+a..b", false},
        {"1.0+a.", false},
        {"1.0+\xc3\xa4", false},
        {"1.0po\xc5\xbft1", false}, // the long s is an s for patterns that are not of ASCII only
        {"1.0 1", false},
        {"1.0*", false},
        {"2004d", false},
        {"", false},
        {" ", false},
    };
    expect_validity(&version_pep440, v, COUNT(v));
    assert_false(version_pep440.valid(SLICE("1\0")));
    assert_false(version_pep440.valid((struct slice){0}));
}

// ---- gem ------------------------------------------------------------------------------------------------------------

static void test_gem_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.0", 0, "1"},
        {"", 0, "0.0"},
        {"1.9", -1, "1.10"},
        {"1.0.a", -1, "1.0"},
        {"1.0.a", 0, "1.a"}, // zeros before the first word
        {"1.0.a", 0, "1.0.0.a"},
        {"10.a", -1, "10.1.a"},
        {"1.a.0.b", 1, "1.a.b"}, // but not behind it
        {"1.a.0", 0, "1.a"},
        {"1.0.a10", 1, "1.0.a9"},
        {"1.0.a10", 0, "1.0.a.10"},
        {"1.0.a", -1, "1.0.b"},
        {"1.0.A", -1, "1.0.a"},
        {"1.0.ab", -1, "1.0.b"},
        {"1.0.a", -1, "1.0.a.1"},
        {"1.0-1", 0, "1.0.pre.1"},
        {"1.0--a", 0, "1.pre.pre.a"},
        {"1.0-1", -1, "1.0"},
        {"1.0rc1", -1, "1.0"},
        {"1.2b", -1, "1.2"},
        {" 1.0\n", 0, "1.0"},
        {"1.99999999999999999999999999999999", -1, "1.100000000000000000000000000000000"},
        {"1_0", -1, "0.a"}, // no version
        {"1_0", -1, "1_1"},
    };
    expect_pairs(&version_gem, pairs, COUNT(pairs));
    expect_order(&version_gem, (struct slice){0}, 0, SLICE("0"));
}

static void test_gem_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},   {"1.2.3.rc1", true},   {"1.0a", true},    {"1.2-java.1", true}, {"1--", true},  {"", true}, // 0
        {" \t", true}, {"a", false},          {"1a", false},     {"1.", false},        {".1", false},  {"1..2", false},
        {"1-", false}, {"1-a.", false},       {"1-a..b", false}, {"1.2 3", false},     {"1_2", false}, {"1+2", false},
        {"v1", false}, {"1.\xc3\xa4", false},
    };
    expect_validity(&version_gem, v, COUNT(v));
    assert_false(version_gem.valid(SLICE("1\0")));
}

// ---- composer -------------------------------------------------------------------------------------------------------

static void test_composer_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.0-STABLE", -1, "1.0-dev"}, // the order of one release; the first is a word that version_compare() lacks
        {"1.0-dev", -1, "1.0-alpha-dev"},
        {"1.0-alpha-dev", -1, "1.0-alpha"},
        {"1.0-alpha", -1, "1.0-alpha1"},
        {"1.0-alpha1", -1, "1.0-beta"},
        {"1.0-beta2", -1, "1.0-beta10"},
        {"1.0-beta", -1, "1.0-RC1"},
        {"1.0-RC1", -1, "1.0"},
        {"1.0", -1, "1.0-patch1"},
        {"1.0-patch1", -1, "1.0.0.1"},
        {"1.0", 0, "v1.0.0.0"},
        {"1.0a1", 0, "1.0-alpha.1"},
        {"1.0.b", 0, "1.0_BETA"},
        {"1.0pl1", 0, "1.0-p1"},
        {"1.0beta.1-2", 0, "1.0-beta1.2"},
        {"1.0-stable5-dev", 0, "1.0"},
        {"1.0+build", 0, "1.0+other+one"},
        {"1.0@beta", 0, "1.0"},
        {"1.0 as 2.0", 0, "1.0"},
        {"1.0@dev as 2.0", 0, "1.0"},
        {"\n1.0 \v", 0, "1.0"},
        {"1.0\n@dev", 0, "1.0"},
        {"1.9", -1, "1.10"},
        {"1.x-dev", 0, "1.9999999.9999999.9999999-dev"},
        {"1.x-dev", 1, "1.9999.0"},
        {"1.*.2.X.dev", 0, "1.9999999.2.9999999-dev"},
        {"1.2.x-dev", -1, "1.x-dev"},
        {"junk\n2.x-dev", 0, "2.x-dev"}, // on its last line
        {"20240131", -1, "20240131.0"},  // dates have as many numbers as they have
        {"2024.01.31.12.30", -1, "2024.01.31.12.30.1"},
        {"2024-01:31", 0, "2024-01-31-stable"},
        {"2024-01:31", 1, "2024.1.30"},
        {"2024-01:31", -1, "2024.1.31"}, // three numbers against four
        {"20240131-beta1", -1, "20240131"},
        {"1.9223372036854775807", 0, "1.99999999999999999999"}, // 64 bits
        {"1.9223372036854775806", -1, "1.99999999999999999999"},
        {"dev-main", -1, "0.0-STABLE"},
        {"DEV-main", 0, "dev-main"},
        {"dev-dev-main", -1, "dev-main"},
        {"dev-a", -1, "dev-b"},
        {"master", 0, "dev-master"},
        {"main", -1, "dev-"}, // no version
        {"main", -1, "main2"},
    };
    expect_pairs(&version_composer, pairs, COUNT(pairs));
    expect_order(&version_composer, (struct slice){0}, 0, SLICE(""));
}

static void test_composer_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},
        {"v1.2.3.4-beta5-dev", true},
        {"1.0-", true},
        {"1.0.-", false},
        {"1.0-.dev", true},
        {"1.-dev", true},
        {"1.2.3.4.5", false},
        {"1.2.3.4.5-dev", false},
        {"12345.1", true},
        {"123456", true}, // a date
        {"1234567.8", true},
        {"12345678.9012", true},
        {"123456.x", false},
        {"20240131120000.1", true},
        {"2010-01-02T10", false},
        {"20100102030405060708", true}, // six pairs and two counters
        {"2010010203040506070809", true},
        {"20100102030405060708091", false},
        {"2024.01.31.1.1", true},
        {"2024.01.31.1.1.1", false},
        {"1.x", false},
        {"x.dev", false},
        {"1.x-dev", true},
        {"dev", false},
        {"dev-", true},
        {"trunk", true},
        {"Trunk", false},
        {"main", false},
        {"1.0\n\n@dev", false},
        {"1.0 @dev", false},
        {"1.0@dev@dev", false},
        {"1.0@p", false},
        {"1.0+", false},
        {"1.0+a b", false},
        {"1.0 as\t2.0", false},
        {"1.0 as ", false},
        {"1.0 as 2.0 3", false},
        {"1.0,2.0", false},
        {"1.x-\ndev", false},
        {"\f1.0", false}, // PHP's trim() leaves it
        {"vv1", false},
        {"1.0-foo", false},
        {"1.0-1", false},
        {"", false},
    };
    expect_validity(&version_composer, v, COUNT(v));
    expect_order(&version_composer,
                 SLICE("\0"
                       "1.0\0"),
                 0, SLICE("1.0"));
    assert_false(version_composer.valid(SLICE("1.0\0"
                                              "1")));
}

// ---- maven ----------------------------------------------------------------------------------------------------------

static void test_maven_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"2.14.1", -1, "2.15.0"},
        {"2.9.10.8", 1, "2.9.10"},
        {"1", 0, "1.0-ga.0"},
        {"1", 0, "1.0.RELEASE"},
        {"1.0.x", -1, "1.0.1"},
        {"1-alpha", -1, "1-beta"},
        {"1-beta", -1, "1-milestone"},
        {"1-milestone", -1, "1-rc"},
        {"1-rc", -1, "1-snapshot"},
        {"1-snapshot", -1, "1"},
        {"1", -1, "1-sp"},
        {"1-sp", -1, "1-abc"},
        {"1-abc", -1, "1-abd"},
        {"1-abd", -1, "1-1"},
        {"1-1", -1, "1.1"},
        {"1-cr1", 0, "1-RC1"},
        {"1.a1", 0, "1-alpha-1"},
        {"1.a", 1, "1-alpha"}, // not before digits
        {"5.3.0.Final", 0, "5.3"},
        {"5.3.0.Final", -1, "5.3.0.Final-redhat-1"},
        {"1.0.0-jre", 1, "1.0.0-android"},
        {"1-1.foo-bar-1-baz-0.1", 0, "1-1.foo-bar1baz-.1"},
        {"1.0.0-0-ga.1", -1, "1.0.0-0-1"},
        {"1-0.1", 1, "1-0-1"}, // a zero counts where another number follows it in its list
        {"1-1", 1, "1-ga-1"},  // a list in a list
        {"", 0, "0"},
        {"-", 0, ".."},
        {"99999999999999999999", -1, "100000000000000000000"},
        {"1.0000000000.1", 1, "1.0.1"}, // ten digits are no int any more, for Maven
        {"1.0000000001", 0, "1.1"},
        {"1-\xc3\x84x", 0, "1-\xc3\xa4X"},
        {"1-\xc4\xb0", 0, "1-i\xcc\x87"},            // a capital I with a dot has two letters in lower case
        {"1.\xd9\xa3", 0, "1.3"},                    // an Arabic digit
        {"1-\xee\x80\x80", 1, "1-\xf0\x90\x90\x80"}, // UTF-16 has surrogates before U+E000
        {"1-\xff", 0, "1-\xef\xbf\xbd"},
        // Maven's own circle
        {"1-alpha", -1, "1"},
        {"1", -1, "1.sp.1"},
        {"1.sp.1", -1, "1-alpha"},
    };
    expect_pairs(&version_maven, pairs, COUNT(pairs));
    expect_order(&version_maven, (struct slice){0}, 0, SLICE(""));
    assert_true(version_maven.valid(SLICE("")) && version_maven.valid(SLICE("latest\0!")));
}

// Lists in lists and zeros before zeros, as many as a text has room for: neither depth nor looking ahead may cost more
// than their number.
static void test_maven_deep(void **state)
{
    (void)state;
    static const char *const steps[] = {"-", "-1", "a1", ".0", "-0", ".ga", "0", "-a"};
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct buf a BUF_AUTO = {0}, b BUF_AUTO = {0};
        for (size_t n = 0; n < 200000; n++) {
            buf_adds(&a, steps[i]);
            buf_adds(&b, steps[i]);
        }
        buf_adds(&a, "-1.2");
        buf_adds(&b, "-1.3");
        expect_order(&version_maven, buf_slice(&a), -1, buf_slice(&b));
    }
}

// ---- nuget ----------------------------------------------------------------------------------------------------------

static void test_nuget_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"12.0.3", -1, "13.0.1"},
        {"1.0.0", -1, "1.0.0.1"},
        {"1", 0, "1.0.0.0"},
        {"1.01.1", 0, "1.1.1"},
        {" 1 . 2 ", 0, "1.2"},
        {"\xe2\x80\x83"
         "1.2\xc2\xa0-a",
         0, "1.2-a"},
        {"1.0.0-alpha", -1, "1.0.0"},
        {"1.0.0-alpha", 0, "1.0.0-ALPHA"},
        {"1.0.0-alpha", -1, "1.0.0-alpha.1"},
        {"1.0.0-alpha.1", -1, "1.0.0-alpha.beta"},
        {"1.0.0-beta", -1, "1.0.0-beta.2"},
        {"1.0.0-beta.2", -1, "1.0.0-beta.11"},
        {"1.0.0-rc1", 1, "1.0.0-rc.2"},
        {"1.0.0-a+1", 0, "1.0.0-a+2"},
        {"1.0+01", 0, "1.0"},
        {"1.0-a-b", 1, "1.0-a"},
        {"1.0-Z", 1, "1.0-a"},
        {"1.0--5", -1, "1.0--4"}, // numbers with a sign
        {"1.0--0", 0, "1.0-0"},
        {"1.0-2147483647", -1, "1.0-10000000000"}, // beyond 32 bits it is text
        {"1.0-3000000000", 1, "1.0-10000000000"},
        {"2147483646", -1, "2147483647"},
        // what is no version
        {"zzz", -1, "0.0.0.0-0"},
        {"1.2.3.4.5", -1, "1.2.3.4.6"},
        {"", -1, "1."},
    };
    expect_pairs(&version_nuget, pairs, COUNT(pairs));
    expect_order(&version_nuget, (struct slice){0}, 0, SLICE(""));
}

static void test_nuget_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},
        {"1.2.3.4", true},
        {"001.2", true},
        {"\xe3\x80\x80"
         "1.0\t",
         true},
        {"1.0-0a.-.--", true},
        {"1.0+00.x-y", true},
        {"2147483647.0", true},
        {"00000000000000000000000000001", true},
        {"", false},
        {" ", false},
        {"a", false},
        {"v1.0", false},
        {"1.", false},
        {".1", false},
        {"1..2", false},
        {"1. .2", false},
        {"1.2.3.4.5", false},
        {"2147483648", false},
        {"18446744073709551617", false},
        {"1.0-", false},
        {"1.0-01", false},
        {"1.0-a..b", false},
        {"1.0-a_b", false},
        {"1.0-a b", false},
        {"1.0+", false},
        {"1.0-+a", false},
        {"1.0+a+b", false},
        {"1 2", false},
        {"+1.0", false},
        {"\xe2\x80\x8b"
         "1.0",
         false}, // a space of no width is none
        {"1.0\xff", false},
        {"\xd9\xa3.0", false},
    };
    expect_validity(&version_nuget, v, COUNT(v));
    assert_false(version_nuget.valid(SLICE("1\0")));
}

// ---- cran -----------------------------------------------------------------------------------------------------------

static void test_cran_order(void **state)
{
    (void)state;
    const struct pair pairs[] = {
        {"1.2-3", 0, "1.2.3"},
        {"1.2-3", -1, "1.2-10"},
        {"7.3-60", -1, "7.3-60.1"},
        {"1.0", -1, "1.0.0"}, // what is missing is older
        {"1", -1, "1.0"},
        {"0.9.9", -1, "1"},
        {"1.02", 0, "1.2"},
        {"2147483648", -1, "2147483649"}, // too large for R
        {"1.99999999999999999999", -1, "1.100000000000000000000"},
        // what is no version
        {"1.", -1, "0"},
        {"1.a", -1, "1.b"},
        {"", -1, "a"},
    };
    expect_pairs(&version_cran, pairs, COUNT(pairs));
    expect_order(&version_cran, (struct slice){0}, 0, SLICE(""));
}

static void test_cran_valid(void **state)
{
    (void)state;
    const struct validity v[] = {
        {"1", true},
        {"1.2-3", true},
        {"1-2-3-4.5", true},
        {"2147483647", true},
        {"00000000000000000000001.0", true},
        {"", false},
        {".", false},
        {"1.", false},
        {"-1", false},
        {"1..2", false},
        {"1.2a", false},
        {"1_2", false},
        {" 1.2", false},
        {"1.2147483648", false},
        {"1.\xd9\xa3", false},
    };
    expect_validity(&version_cran, v, COUNT(v));
    assert_false(version_cran.valid(SLICE("1\0")));
}

// ---- the shared vectors: "A < B", one a line ------------------------------------------------------------------------

static size_t expect_vectors(const struct version_scheme *s, const char *shared, const char *file)
{
    struct buf text BUF_AUTO = {0};
    struct error err = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/versions/%s", shared, file);
    if (!file_read(path, 64 * MIB, &text, &err))
        fail_msg("%s", err.text);
    struct slice rest = buf_slice(&text), line, a, relation, b;
    size_t n = 0;
    while (slice_next_line(&rest, &line)) {
        line = slice_trim(line);
        if (line.n == 0 || line.p[0] == '#' || slice_starts(line, SLICE("//")))
            continue;
        if (s == &version_maven && slice_eq(line, SLICE("1-1 = 1-ga-1"))) // Maven itself, 3.9 as 4.0, has it greater
            continue;
        assert_true(slice_cut(line, ' ', &a, &b));
        assert_true(slice_cut(slice_trim(b), ' ', &relation, &b));
        ptrdiff_t order = slice_find(SLICE("<=>"), relation.p[0]);
        assert_true(order >= 0 && relation.n == 1);
        expect_order(s, a, (int)order - 1, slice_trim(b));
        n++;
    }
    return n;
}

static void test_vectors(void **state)
{
    (void)state;
    const char *shared = getenv("CLARION_SHARED");
    if (shared == NULL)
        skip();
    assert_true(expect_vectors(&version_dpkg, shared, "debian-versions.txt") > 0);
    assert_true(expect_vectors(&version_dpkg, shared, "debian-versions-generated.txt") > 10000);
    assert_true(expect_vectors(&version_apk, shared, "alpine-versions.txt") > 0);
    assert_true(expect_vectors(&version_apk, shared, "alpine-versions-generated.txt") > 10000);
    assert_true(expect_vectors(&version_rpm, shared, "redhat-versions.txt") > 100);
    assert_true(expect_vectors(&version_semver, shared, "semver-versions.txt") > 80);
    assert_true(expect_vectors(&version_maven, shared, "maven-versions.txt") > 80);
    assert_true(expect_vectors(&version_pep440, shared, "pypi-versions.txt") > 0);
    assert_true(expect_vectors(&version_pep440, shared, "pypi-versions-generated.txt") > 10000);
    assert_true(expect_vectors(&version_gem, shared, "rubygems-versions.txt") > 0);
}

// ---- the laws of an order, for any texts ----------------------------------------------------------------------------

static uint64_t draw(uint64_t *state, uint64_t n)
{
    // xorshift64*, by Marsaglia and Vigna
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * 0x2545f4914f6cdd1dU >> 33) % n;
}

#define TEXTS 160

static void test_laws(void **state)
{
    (void)state;
    static const char *const pieces[] = {"0",    "1", "01", "9",  "10",    ".", "a",   "z",    "p", "_rc",   "_p",
                                         "_foo", "~", "-",  "-r", "-1",    ":", "+",   "\xff", " ", "\xc3",  "A",
                                         "~a",   "_", "v",  "=",  "1.2.3", "^", "dev", "dev-", "!", "@beta", "x"};
    uint64_t seed = 20241124;
    struct arena arena ARENA_AUTO = {0};
    struct slice texts[TEXTS];
    static int order[TEXTS][TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        struct slice text = SLICE("");
        for (uint64_t j = draw(&seed, 6); j > 0; j--)
            text = arena_printf(&arena, "%.*s%s", SLICE_ARG(text), pieces[draw(&seed, COUNT(pieces))]);
        texts[i] = text;
    }
    for (const struct version_scheme *const *s = version_schemes; *s != NULL; s++) {
        for (size_t i = 0; i < TEXTS; i++)
            for (size_t j = 0; j < TEXTS; j++)
                order[i][j] = sign((*s)->compare(texts[i], texts[j]));
        for (size_t i = 0; i < TEXTS; i++)
            for (size_t j = 0; j < TEXTS; j++) {
                if (order[i][j] != -order[j][i])
                    fail_msg("%s: not antisymmetric: \"%s\", \"%s\"", (*s)->name, texts[i].p, texts[j].p);
                for (size_t k = 0; k < TEXTS && *s != &version_maven; k++) // nor is Maven transitive
                    if (order[i][j] <= 0 && order[j][k] <= 0 &&
                        order[i][k] != (order[i][j] < order[j][k] ? order[i][j] : order[j][k]))
                        fail_msg("%s: not transitive: \"%s\", \"%s\", \"%s\"", (*s)->name, texts[i].p, texts[j].p,
                                 texts[k].p);
            }
    }
}

static void test_pep440_numbers(void **state)
{
    static const struct {
        const char *version;
        int32_t numbers[VERSION_NUMBERS]; // of no version: all zero
    } cases[] = {
        {"0.0", {0}},
        {"1!2.3.4.5.6.7", {1, 2, 3, 4, 5, 6}},
        {"1.0a2", {0, 1, 0, 0, 0, 0, -3, 2}},
        {"1.0.beta3.post4", {0, 1, 0, 0, 0, 0, -2, 3, 4}},
        {"1.0rc1.dev5", {0, 1, 0, 0, 0, 0, -1, 1, 0, -5}},
        {"1.0.dev5", {0, 1, 0, 0, 0, 0, INT32_MIN + 5}},
        {"1.0.post1.dev5", {0, 1, 0, 0, 0, 0, 0, 0, 1, -5}},
        {"99999999999.1", {0, INT32_MAX, 1}},
        {"0.8.7p1", {0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t numbers[VERSION_NUMBERS];
        bool ok = version_pep440_numbers(slice_str(cases[i].version), numbers);
        assert_int_equal(ok, version_pep440.valid(slice_str(cases[i].version)));
        assert_memory_equal(numbers, cases[i].numbers, sizeof numbers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),          cmocka_unit_test(test_dpkg_order),
        cmocka_unit_test(test_dpkg_valid),     cmocka_unit_test(test_apk_order),
        cmocka_unit_test(test_apk_valid),      cmocka_unit_test(test_rpm_order),
        cmocka_unit_test(test_rpm_valid),      cmocka_unit_test(test_semver_order),
        cmocka_unit_test(test_semver_valid),   cmocka_unit_test(test_pep440_order),
        cmocka_unit_test(test_pep440_valid),   cmocka_unit_test(test_gem_order),
        cmocka_unit_test(test_gem_valid),      cmocka_unit_test(test_composer_order),
        cmocka_unit_test(test_composer_valid), cmocka_unit_test(test_maven_order),
        cmocka_unit_test(test_maven_deep),     cmocka_unit_test(test_nuget_order),
        cmocka_unit_test(test_nuget_valid),    cmocka_unit_test(test_cran_order),
        cmocka_unit_test(test_cran_valid),     cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_laws),           cmocka_unit_test(test_pep440_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
