#include "fixture.h"

#define SITE  "usr/lib/python3/dist-packages/"
#define WHEEL SITE "a-1.dist-info/METADATA"

static void test_fields(void **state)
{
    (void)state;
    const struct {
        const char *path, *text, *packages;
    } examples[] = {
        {SITE "Jinja2-2.11.2.dist-info/METADATA",
         "Metadata-Version: 2.1\nName: Jinja2\nVersion: 2.11.2\nSummary: Templates.\nRequires-Dist: MarkupSafe\n\n"
         "Name: body\nVersion: 9\n",
         "Jinja2 2.11.2  Jinja2 2.11.2\n"},
        {SITE "zope.interface-5.4.0-py3.9.egg-info/PKG-INFO", "Name: zope.interface\nVersion: 5.4.0\n",
         "zope.interface 5.4.0  zope.interface 5.4.0\n"},
        {SITE "six-1.16.0.egg-info", "Name: six\nVersion: 1.16.0\n", "six 1.16.0  six 1.16.0\n"},
        {SITE "x-1-py3.9.egg/EGG-INFO/PKG-INFO", "Name: x\nVersion: 1\n", "x 1  x 1\n"},
        {"srv/app/my_app.egg-info/PKG-INFO", "Name: my-app\nVersion: 0.1.dev3+g1\n",
         "my-app 0.1.dev3+g1  my-app 0.1.dev3+g1\n"},
        // The header's form.
        {WHEEL, "name:  a  \r\nVERSION:\t1.0\r\n\r\n", "a 1.0  a 1.0\n"},
        {WHEEL, "\xef\xbb\xbfName: a\nVersion: 1.0", "a 1.0  a 1.0\n"},
        {WHEEL, "License: MIT\n        Name: wrong\n\tVersion: 7\n\n", "a 1  a 1\n"},
        {WHEEL, "Name: a\nName: b\nVersion: 1.0\nVersion: 2\n", "a 1.0  a 1.0\n"},
        {WHEEL, "Version: 1.0\nLicense: x\n  y\nName: a\n", "a 1.0  a 1.0\n"},
        {WHEEL, "Name: b\nno field\nVersion: 2\n", "b 1  b 1\n"},
        {WHEEL, "Name : c\nVersion: 2\n", "a 1  a 1\n"},
        {WHEEL, ": c\nVersion: 2\n", "a 1  a 1\n"},
        // What the text does not say, the folder's name does.
        {WHEEL, "", "a 1  a 1\n"},
        {WHEEL, "Name:\nVersion: \n", "a 1  a 1\n"},
        {SITE "ruamel_yaml-0.17-py3.9-linux-x86_64.egg-info", "\n", "ruamel_yaml 0.17  ruamel_yaml 0.17\n"},
        {SITE "x-1.2-py3.9.egg/EGG-INFO/PKG-INFO", "\n", "x 1.2  x 1.2\n"},
        {"srv/app/my_app.egg-info/PKG-INFO", "Metadata-Version: 1.0\n", "my_app   my_app \n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("%s: %s\n", examples[i].path, examples[i].text);
        fixture_scan(&f, examples[i].path, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "python");
        assert_slice(f.findings.dbs[0].path, examples[i].path);
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_slice(f.findings.dbs[0].packages[0].kind, "python");
        assert_skips(&f.findings, "");
    }
}

static void test_left_behind(void **state)
{
    (void)state;
    static const char *const paths[] = {SITE "~ip-20.0.dist-info/METADATA", SITE "~-etuptools-40.egg-info/PKG-INFO"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        fixture_scan(&f, paths[i], SLICE("Name: pip\nVersion: 20.0\n\n"));
        assert_int_equal(f.findings.dbs_n, 0);
        assert_int_equal(f.findings.skips_n, 1);
        assert_false(f.findings.skips[0].lost);
        assert_slice(f.findings.skips[0].reason, "left behind by a pip that was interrupted; it is not installed");
    }
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(is_wanted("a-1.dist-info/METADATA"));
    assert_true(is_wanted("opt/venv/lib/python3.9/site-packages/a-1.egg-info"));
    assert_false(is_wanted("a-1.dist-info/METADATA.bak"));
    assert_false(is_wanted("a-1.dist-info/x/METADATA"));
    assert_false(is_wanted("a-1.dist-info/PKG-INFO"));
    assert_false(is_wanted("METADATA"));
    assert_false(is_wanted("srv/a-1/METADATA"));
    assert_false(is_wanted("srv/a-1/PKG-INFO")); // of an unpacked source archive
    assert_false(is_wanted("a.egg-info/SOURCES.txt"));
    assert_false(is_wanted("EGG-INFO/PKG-INFO"));
    assert_false(is_wanted("a/EGG-INFO/PKG-INFO"));
    assert_false(is_wanted("a.egg/PKG-INFO"));
}

static void test_nameless(void **state)
{
    (void)state;
    static const char *const paths[] = {".egg-info", "srv/.dist-info/METADATA", ".egg/EGG-INFO/PKG-INFO",
                                        "-1.dist-info/METADATA"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        fixture_scan(&f, paths[i], SLICE("Version: 1\n"));
        assert_int_equal(f.findings.dbs_n, 0);
        assert_skips(&f.findings, "no Name\n");
    }
}

// Both fields in the first bytes are all that is needed; without them the file is lost, and half a version is none.
static void test_head(void **state)
{
    (void)state;
    const struct {
        const char *text, *packages, *skips;
    } examples[] = {
        {"Name: a\nVersion: 1\nLicense: 0123456789\n", "a 1  a 1\n", ""},
        {"Name: a\n\n0123456789012345678901234567890123456789", "a 1  a 1\n", ""},
        {"Name: a\nx\n0123456789012345678901234567890123456789", "a 1  a 1\n", ""},
        {"Name: a\nVersion: 1.234567890123456\n", "",
         "lost: its first 24 bytes (limit package_head_bytes) have no Version\n"},
        {"Name: a\nVersion: 1.23456\n", "", "lost: its first 24 bytes (limit package_head_bytes) have no Version\n"},
        {"Version: 1\nLicense: x\n  y\nName: a\n", "",
         "lost: its first 24 bytes (limit package_head_bytes) have no Name\n"},
        {"Version: 1\nLicense: x\n01234567: a\n", "",
         "lost: its first 24 bytes (limit package_head_bytes) have no Name\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        f.limits.package_head_bytes = 24;
        print_message("%s\n", examples[i].text);
        fixture_scan(&f, WHEEL, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, *examples[i].packages != '\0');
        if (f.findings.dbs_n != 0)
            assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_skips(&f.findings, examples[i].skips);
    }
}

static void test_hostile(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.field_bytes = 8;
    f.limits.packages = 2;
    fixture_scan(&f, WHEEL, SLICE("Name: \0\xff\nVersion: \x1b[1m\n"));
    assert_true(slice_eq(f.findings.dbs[0].packages[0].name, SLICE("\0\xff")));
    fixture_scan(&f, WHEEL, SLICE("Name: a\nVersion: 123456789\n"));
    fixture_scan(&f, WHEEL, SLICE("Name: a\nVersion: 1\n"));
    assert_skips(&f.findings, "lost: the package's version is longer than 8 bytes (limit field_bytes)\n"
                              "lost: more than 2 package databases in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields), cmocka_unit_test(test_paths),   cmocka_unit_test(test_nameless),
        cmocka_unit_test(test_head),   cmocka_unit_test(test_hostile), cmocka_unit_test(test_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
