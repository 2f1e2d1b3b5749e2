#include "fixture.h"

#define INSTALLED "var/www/vendor/composer/installed.json"
#define TWO                                                                                                            \
    "[{\"name\":\"symfony/console\",\"version\":\"v5.4.0\",\"version_normalized\":\"5.4.0.0\",\"type\":\"library\","   \
    "\"replace\":{\"a/b\":\"self.version\"}},{\"name\":\"acme/app\",\"version\":\"dev-main\",\"name\":\"acme/tool\"}]"

static void test_packages(void **state)
{
    (void)state;
    const struct {
        const char *text, *packages, *skips;
    } examples[] = {
        {TWO, "symfony/console v5.4.0  symfony/console v5.4.0\nacme/tool dev-main  acme/tool dev-main\n", ""},
        {"{\"packages\":" TWO ",\"dev\":true,\"dev-package-names\":[\"acme/tool\"]}",
         "symfony/console v5.4.0  symfony/console v5.4.0\nacme/tool dev-main  acme/tool dev-main\n", ""},
        {"[]", "", ""},
        {"{\"packages\":[]}", "", ""},
        {"[{\"name\":\"a/b\"},1,null,[\"name\"],{\"name\":3,\"version\":\"1\"},{\"name\":\"c/d\",\"version\":\"1\"}]",
         "c/d 1  c/d 1\n",
         "package 1 has no version\npackage 2 has no name\npackage 3 has no name\npackage 4 has no name\n"
         "package 5 has no name\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("%s\n", examples[i].text);
        fixture_scan(&f, INSTALLED, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "php");
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        for (size_t j = 0; j < f.findings.dbs[0].n; j++)
            assert_slice(f.findings.dbs[0].packages[j].kind, "composer");
        assert_skips(&f.findings, examples[i].skips);
    }
}

static void test_others(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err = {0};
    fixture_scan(&f, INSTALLED, SLICE("{\"packages\":{\"name\":\"a/b\",\"version\":\"1\"}}"));
    fixture_scan(&f, INSTALLED, SLICE("3"));
    assert_int_equal(f.findings.dbs_n, 0);
    assert_skips(&f.findings, "has no list of packages\nhas no list of packages\n");
    assert_true(fixture_refuses(&f, INSTALLED, SLICE("[{\"name\":\"a/b\""), &err));
    assert_string_equal(err.text, "not JSON: unexpected end of data at byte 14");
    assert_true(is_wanted("root/.composer/vendor/composer/installed.json"));
    assert_true(is_wanted("app/lib/composer/installed.json"));
    assert_false(is_wanted("app/vendor/composer/installed.php"));
    assert_false(is_wanted("app/vendor/installed.json"));
    assert_false(is_wanted("app/xcomposer/installed.json"));
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.field_bytes = 4;
    f.limits.packages = 1;
    fixture_scan(&f, INSTALLED,
                 SLICE("[{\"name\":\"a/b\",\"version\":\"12345\"},{\"name\":\"c/d\",\"version\":\"1\"},"
                       "{\"name\":\"e/f\",\"version\":\"1\"}]"));
    fixture_scan(&f, INSTALLED, SLICE("[]"));
    assert_packages(&f.findings.dbs[0], "c/d 1  c/d 1\n");
    assert_skips(&f.findings, "lost: the package's version is longer than 4 bytes (limit field_bytes)\n"
                              "lost: more than 1 packages in one layer (limit packages)\n"
                              "lost: more than 1 package databases in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packages),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
