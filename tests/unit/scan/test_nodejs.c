#include "fixture.h"

#define LODASH "app/node_modules/lodash/package.json"

static void test_packages(void **state)
{
    (void)state;
    const struct {
        const char *path, *text, *package;
    } examples[] = {
        {LODASH, "{\"name\": \"lodash\", \"version\": \"4.17.4\", \"scripts\": {\"test\": \"x\"}}", "lodash 4.17.4"},
        {"app/node_modules/@babel/core/package.json", "{\"name\":\"@babel/core\",\"version\":\"7.0.0\"}",
         "@babel/core 7.0.0"},
        // An alias: what was installed is what its package.json says.
        {"app/node_modules/old/package.json", "{\"name\":\"lodash\",\"version\":\"4.17.4\"}", "lodash 4.17.4"},
        {LODASH, "\xef\xbb\xbf{\"name\":\"lodash\",\"version\":\"1.0.0\"}\n", "lodash 1.0.0"},
        {LODASH, "{\"version\":\"1\",\"name\":\"x\",\"version\":\"2\",\"name\":\"y\"}", "y 2"},
        {LODASH, "{\"name\":\" x \",\"version\":\" 1\\n\"}", "x 1"},
        {LODASH, "{\"n\\u0061me\":\"l\\u00f6\",\"version\":\"1\"}", "l\xc3\xb6 1"},
        // One of the two is enough to know that there is something.
        {LODASH, "{\"name\":\"lodash\"}", "lodash "},
        {LODASH, "{\"name\":\"lodash\",\"version\":4}", "lodash "},
        {LODASH, "{\"version\":\"1.0.0\"}", "lodash 1.0.0"},
        {LODASH, "{\"name\":[\"lodash\"],\"version\":\"1.0.0\"}", "lodash 1.0.0"},
        {"node_modules/@scope/x/package.json", "{\"name\":null,\"version\":\"1.0.0\"}", "@scope/x 1.0.0"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct arena a ARENA_AUTO = {0};
        print_message("%s\n", examples[i].text);
        fixture_scan(&f, examples[i].path, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "nodejs");
        assert_int_equal(f.findings.dbs[0].n, 1);
        const struct package *p = &f.findings.dbs[0].packages[0];
        assert_slice(p->kind, "npm");
        struct slice both = arena_printf(&a, "%.*s %.*s", SLICE_ARG(p->name), SLICE_ARG(p->version));
        assert_slice(both, examples[i].package);
        assert_true(slice_eq(p->source_name, p->name) && slice_eq(p->source_version, p->version));
        assert_skips(&f.findings, "");
    }
}

static void test_no_packages(void **state)
{
    (void)state;
    const struct {
        const char *text, *skip;
    } examples[] = {
        {"", "not JSON: empty\n"},
        {"{\"name\":\"a\",\"version\":\"1\"", "not JSON: unexpected end of data at byte 25\n"},
        {"{\"type\":\"commonjs\"}", "neither a name nor a version\n"},
        {"{\"name\":{},\"version\":[1]}", "neither a name nor a version\n"},
        {"{\"name\":\"\",\"version\":\" \"}", "neither a name nor a version\n"},
        {"[{\"name\":\"a\",\"version\":\"1\"}]", "neither a name nor a version\n"},
        {"\"name\"", "neither a name nor a version\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        fixture_scan(&f, LODASH, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 0);
        assert_skips(&f.findings, examples[i].skip);
    }
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "node_modules/a/package.json",
        "app/node_modules/a/node_modules/b/package.json",
        "app/node_modules/@s/a/node_modules/@t/b/package.json",
        "app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
        "usr/local/lib/node_modules/npm/package.json",
        "usr/share/nodejs/semver/package.json",
        "usr/share/nodejs/@types/node/package.json",
        "usr/share/nodejs/npm/node_modules/a/package.json",
        "usr/lib/nodejs/semver/package.json",
        "usr/lib/x86_64-linux-gnu/nodejs/re2/package.json",
        "opt/yarn-v1.22.19/package.json",
    };
    static const char *const others[] = {
        "package.json",
        "app/package.json",
        "node_modules/package.json",
        "node_modules/a/package.json.bak",
        "node_modules/a/xpackage.json",
        "node_modules/a/test/package.json",
        "node_modules/a/dist/esm/package.json",
        "node_modules/@s/package.json",
        "node_modules/@s/a/lib/package.json",
        "node_modules/.cache/package.json",
        "node_modules/.package-lock.json",
        "node_modules/@s/.a-Xy12/package.json",
        "xnode_modules/a/package.json",
        "srv/nodejs/a/package.json",
        "usr/lib/a/b/nodejs/c/package.json",
        "usr/share/nodejs/a/lib/package.json",
        "opt/yarn/package.json",
        "opt/yarn-v1.22.19/lib/package.json",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!is_wanted(wanted[i]))
            fail_msg("%s", wanted[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (is_wanted(others[i]))
            fail_msg("%s", others[i]);
}

static void test_hostile(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf deep BUF_AUTO = {0};
    f.limits.field_bytes = 8;
    f.limits.packages = 2;
    buf_adds(&deep, "{\"name\":\"a\",\"version\":\"1\",\"x\":");
    for (int i = 0; i < 100000; i++)
        buf_addc(&deep, '[');
    fixture_scan(&f, LODASH, buf_slice(&deep));
    for (int i = 0; i < 100000; i++)
        buf_addc(&deep, ']');
    buf_addc(&deep, '}');
    fixture_scan(&f, LODASH, buf_slice(&deep));
    assert_packages(&f.findings.dbs[0], "a 1  a 1\n");
    fixture_scan(&f, LODASH, SLICE("{\"name\":\"123456789\",\"version\":\"1\"}"));
    fixture_scan(&f, LODASH, SLICE("{\"name\":\"a\",\"version\":\"1\"}"));
    assert_skips(&f.findings, "not JSON: unexpected end of data at byte 100030\n"
                              "lost: the package's name is longer than 8 bytes (limit field_bytes)\n"
                              "lost: more than 2 package databases in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packages),
        cmocka_unit_test(test_no_packages),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
