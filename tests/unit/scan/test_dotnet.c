#include "fixture.h"

#define DEPS "app/Shop.deps.json"

static void test_libraries(void **state)
{
    (void)state;
    const struct {
        const char *text, *packages, *skips;
    } examples[] = {
        {"{\"runtimeTarget\":{\"name\":\".NETCoreApp,Version=v6.0/linux-x64\",\"signature\":\"\"},"
         "\"targets\":{\".NETCoreApp,Version=v6.0\":{\"Shop/1.0.0\":{\"dependencies\":{\"Newtonsoft.Json\":\"12.0.1\"}},"
         "\"Newtonsoft.Json/12.0.1\":{\"runtime\":{\"lib/netstandard2.0/Newtonsoft.Json.dll\":{}}}}},"
         "\"libraries\":{\"Shop/1.0.0\":{\"type\":\"project\",\"serviceable\":false,\"sha512\":\"\"},"
         "\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.1\":{\"type\":\"runtimepack\"},"
         "\"Newtonsoft.Json/12.0.1\":{\"type\":\"package\",\"serviceable\":true,\"sha512\":\"sha512-x\"},"
         "\"Local.Reference/1.0.0.0\":{\"type\":\"reference\"},"
         "\"System.Text.Json/8.0.0-preview.1\":{\"type\":\"Package\"}}}",
         "Microsoft.NETCore.App.Runtime.linux-x64 6.0.1  Microsoft.NETCore.App.Runtime.linux-x64 6.0.1\n"
         "Newtonsoft.Json 12.0.1  Newtonsoft.Json 12.0.1\n"
         "System.Text.Json 8.0.0-preview.1  System.Text.Json 8.0.0-preview.1\n",
         ""},
        {"{\"libraries\":{}}", "", ""},
        {"{\"libraries\":{\"a/1\":{\"type\":\"project\",\"type\":\"package\"},\"b/1\":{\"type\":3},\"c/1\":7}}",
         "a 1  a 1\n", ""},
        {"{\"libraries\":{\"a\":{\"type\":\"package\"},\"/1\":{\"type\":\"package\"},\"b/\":{\"type\":\"package\"},"
         "\"\":{\"type\":\"package\"},\"runtimepack./1\":{\"type\":\"runtimepack\"}}}",
         "",
         "library \"a\" has no version\nlibrary \"/1\" has no name\nlibrary \"b/\" has no version\n"
         "library \"\" has no name\nlibrary \"runtimepack./1\" has no name\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("%s\n", examples[i].text);
        fixture_scan(&f, DEPS, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "dotnet");
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        for (size_t j = 0; j < f.findings.dbs[0].n; j++)
            assert_slice(f.findings.dbs[0].packages[j].kind, "nuget");
        assert_skips(&f.findings, examples[i].skips);
    }
}

static void test_others(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct error err = {0};
    fixture_scan(&f, DEPS, SLICE("{\"libraries\":[\"a/1\"]}"));
    fixture_scan(&f, DEPS, SLICE("[]"));
    assert_int_equal(f.findings.dbs_n, 0);
    assert_skips(&f.findings, "has no libraries\nhas no libraries\n");
    assert_true(fixture_refuses(&f, DEPS, SLICE("{\"libraries\":{"), &err));
    assert_string_equal(err.text, "not JSON: unexpected end of data at byte 14");
    assert_true(is_wanted("usr/share/dotnet/shared/Microsoft.NETCore.App/6.0.1/Microsoft.NETCore.App.deps.json"));
    assert_false(is_wanted("app/deps.json"));
    assert_false(is_wanted("app/Shop.runtimeconfig.json"));
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.field_bytes = 4;
    f.limits.packages = 1;
    fixture_scan(&f, DEPS,
                 SLICE("{\"libraries\":{\"abcde/1\":{\"type\":\"package\"},\"b/1\":{\"type\":\"package\"},"
                       "\"c/1\":{\"type\":\"package\"}}}"));
    fixture_scan(&f, DEPS, SLICE("{\"libraries\":{}}"));
    assert_packages(&f.findings.dbs[0], "b 1  b 1\n");
    assert_skips(&f.findings, "lost: the package's name is longer than 4 bytes (limit field_bytes)\n"
                              "lost: more than 1 packages in one layer (limit packages)\n"
                              "lost: more than 1 package databases in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libraries),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
