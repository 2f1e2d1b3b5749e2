#include "fixture.h"

#define STATUS    "var/lib/dpkg/status"
#define INSTALLED "Status: install ok installed\n"

struct example {
    const char *what, *text, *packages, *skips;
};

static void expect(const char *path, const struct example *e)
{
    struct fixture f FIXTURE_AUTO = fixture_new();
    print_message("%s\n", e->what);
    fixture_scan(&f, path, slice_str(e->text));
    assert_int_equal(f.findings.dbs_n, 1);
    assert_slice(f.findings.dbs[0].scanner, "dpkg");
    assert_slice(f.findings.dbs[0].path, path);
    assert_packages(&f.findings.dbs[0], e->packages);
    assert_skips(&f.findings, e->skips);
}

static void test_stanzas(void **state)
{
    (void)state;
    const struct example examples[] = {
        {"nothing", "", "", ""},
        {"blank lines only", "\n \n\t\n\n", "", ""},
        {"a package in full",
         "Package: libssl1.0.0\nStatus: install ok installed\nPriority: important\nSection: libs\n"
         "Architecture: amd64\nMulti-Arch: same\nSource: openssl\nVersion: 1.0.1e-2+deb7u4\n"
         "Depends: libc6 (>= 2.7)\nDescription: SSL\n Status: no field\n .\n Version: 9\n\n",
         "libssl1.0.0 1.0.1e-2+deb7u4 amd64 openssl 1.0.1e-2+deb7u4\n", ""},
        {"a source of another version", "Package: a\n" INSTALLED "Version: 1+b1\nSource: b (2:3-4)\n",
         "a 1+b1  b 2:3-4\n", ""},
        {"sources that are cut short",
         "Package: a\n" INSTALLED "Version: 1\nSource: b (2\n\nPackage: c\n" INSTALLED "Version: 1\nSource: (2)\n\n"
         "Package: d\n" INSTALLED "Version: 1\nSource: e ( )\n\nPackage: f\n" INSTALLED "Version: 1\nSource:\n",
         "a 1  b 2\nc 1  c 2\nd 1  e 1\nf 1  f 1\n", ""},
        {"the same package for two architectures, in order",
         "Package: libc6\n" INSTALLED "Architecture: i386\nVersion: 2\n\n"
         "Package: libc6\n" INSTALLED "Architecture: amd64\nVersion: 2\n",
         "libc6 2 i386 libc6 2\nlibc6 2 amd64 libc6 2\n", ""},
        {"names of fields in any case, blanks around the colon",
         "PACKAGE : a\nstatus:install ok installed\nversioN:\t 1 \n", "a 1  a 1\n", ""},
        {"lines that end with CR LF",
         "Package: a\r\n" INSTALLED "Version: 1\r\n\r\nPackage: b\r\n" INSTALLED "Version: 2\r\n",
         "a 1  a 1\nb 2  b 2\n", ""},
        {"several blank lines, and none at the end",
         "\n\nPackage: a\n" INSTALLED "Version: 1\n\n \n\nPackage: b\n" INSTALLED "Version: 2", "a 1  a 1\nb 2  b 2\n",
         ""},
        {"a continuation before any field", " Package: x\nPackage: a\n" INSTALLED "Version: 1\n", "a 1  a 1\n", ""},
        {"a field that stands twice", "Package: a\nPackage: b\n" INSTALLED "Version: 1\nVersion: 2\n", "a 1  a 1\n",
         ""},
        {"records that lack something",
         "Package: a\n" INSTALLED "\nVersion: 1\n" INSTALLED "\n:\n\nPackage:\nVersion:\n" INSTALLED
         "\nPackage: b\n" INSTALLED "Version: 2\n",
         "b 2  b 2\n", "line 1: no Version\nline 4: no Package\nline 7: no Status\nline 9: no Package\n"},
        {"names that are none",
         "Package: -a\n" INSTALLED "Version: 1\n\nPackage: a/b\n" INSTALLED "Version: 1\n\n"
         "Package: a b\n" INSTALLED "Version: 1\n\nPackage: 7z+a-b.c_d\n" INSTALLED "Version: 1\n",
         "7z+a-b.c_d 1  7z+a-b.c_d 1\n",
         "line 1: \"-a\" is no name of a package\nline 5: \"a/b\" is no name of a package\n"
         "line 9: \"a b\" is no name of a package\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        expect(STATUS, &examples[i]);
}

// dpkg(1), "Package states".
static void test_states(void **state)
{
    (void)state;
    const struct {
        const char *status;
        bool installed, told;
    } states[] = {
        {"install ok installed", true, false},
        {"hold ok installed", true, false},
        {"deinstall ok installed", true, false},
        {"install reinstreq installed", true, false},
        {"install  ok\tinstalled ", true, false},
        {"install ok triggers-awaited", true, false},
        {"install ok triggers-pending", true, false},
        {"install ok unpacked", false, true},
        {"install ok half-configured", false, true},
        {"install reinstreq half-installed", false, true},
        {"deinstall ok config-files", false, false},
        {"purge ok not-installed", false, false},
        {"unknown ok not-installed", false, false},
        {"installed", false, true},
        {"", false, true},
    };
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        struct slice text = arena_printf(&f.arena, "Package: a\nStatus: %s\nVersion: 1\n", states[i].status);
        print_message("%s\n", states[i].status);
        fixture_scan(&f, STATUS, text);
        assert_int_equal(f.findings.dbs[0].n, states[i].installed);
        assert_int_equal(f.findings.skips_n, states[i].told);
        if (states[i].told)
            assert_false(f.findings.skips[0].lost);
    }
}

static void test_status_folder(void **state)
{
    (void)state;
    const struct example one = {"a control file", "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n",
                                "base-files 12.4+deb12u5 amd64 base-files 12.4+deb12u5\n", ""};
    expect("var/lib/dpkg/status.d/base", &one);
    const struct example removed = {"one with a Status", "Package: a\nVersion: 1\nStatus: purge ok not-installed\n", "",
                                    ""};
    expect("var/lib/dpkg/status.d/a", &removed);
}

static void test_paths(void **state)
{
    (void)state;
    const struct {
        const char *path;
        bool wanted;
    } paths[] = {
        {"var/lib/dpkg/status", true},
        {"var/lib/dpkg/status.d/libc6", true},
        {"var/lib/dpkg/status.d/libc6.md5sums", true}, // by dpkg-files
        {"var/lib/dpkg/status.d/.libc6", false},
        {"var/lib/dpkg/status.d/a/b", false},
        {"var/lib/dpkg/status.d/", false},
        {"var/lib/dpkg/status.d", false},
        {"var/lib/dpkg/status-old", false},
        {"srv/var/lib/dpkg/status", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (is_wanted(paths[i].path) != paths[i].wanted)
            fail_msg("%s", paths[i].path);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    fixture_scan(
        &f, STATUS,
        SLICE("Package: nul\0name\n" INSTALLED "Version: 1\n\n\xff\xfe\n\n\0\0\n\nPackage: \xc3\xa4\n" INSTALLED
              "Version: 1\n\nPackage: a\n" INSTALLED "Version: 1\xff\nArchitecture: \0\n\nPackage: b\n" INSTALLED
              "Version: 2\nMaintainer: \xff\0\n"));
    assert_int_equal(f.findings.dbs[0].n, 2);
    assert_slice(f.findings.dbs[0].packages[0].version, "1\xff");
    assert_slice(f.findings.dbs[0].packages[1].name, "b");
    assert_int_equal(f.findings.skips_n, 4);
    for (size_t i = 0; i < f.findings.skips_n; i++)
        assert_false(f.findings.skips[i].lost);
}

static void test_long_lines(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.line_bytes = 40;
    fixture_scan(&f, STATUS,
                 SLICE("Package: a\n" INSTALLED "Version: 1\n\n"
                       "Package: b\n" INSTALLED "Version: 2\nDescription: 0123456789012345678901234567890123456789\n\n"
                       "Package: c\n" INSTALLED "Version: 3\nSource: 01234567890123456789012345678901234567890123\n\n"
                       "                                                       \n"
                       "Package: d\n" INSTALLED "Version: 4\n"));
    // What Description says is lost on nobody; without its Source a package would be judged by another name.
    assert_packages(&f.findings.dbs[0], "a 1  a 1\nb 2  b 2\nd 4  d 4\n");
    assert_skips(&f.findings, "lost: line 8: longer than 40 bytes (limit line_bytes), not read\n"
                              "lost: line 13: longer than 40 bytes (limit line_bytes), not read\n"
                              "lost: line 15: longer than 40 bytes (limit line_bytes), not read\n");
}

static void test_line_of_fifty_megabytes(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    struct buf text = {0};
    buf_adds(&text, "Package: a\n" INSTALLED "Version: 1\nDescription: ");
    buf_reserve(&text, 50 * MIB);
    memset(text.p + text.n, 'x', 50 * MIB);
    text.n += 50 * MIB;
    buf_adds(&text, "\n\nPackage: b\n" INSTALLED "Version: 2\n");
    fixture_scan(&f, STATUS, buf_slice(&text));
    buf_free(&text);
    assert_packages(&f.findings.dbs[0], "a 1  a 1\nb 2  b 2\n");
    assert_skips(&f.findings, "lost: line 4: longer than 1048576 bytes (limit line_bytes), not read\n");
    assert_true(f.arena.used < 64 * KIB);
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.field_bytes = 8;
    f.limits.packages = 2;
    fixture_scan(&f, STATUS,
                 SLICE("Package: a23456789\n" INSTALLED "Version: 1\n\nPackage: a\n" INSTALLED "Version: 123456789\n\n"
                       "Package: b\n" INSTALLED "Version: 1\n\nPackage: c\n" INSTALLED "Version: 1\n\n"
                       "Package: d\n" INSTALLED "Version: 1\n"));
    assert_packages(&f.findings.dbs[0], "b 1  b 1\nc 1  c 1\n");
    assert_skips(&f.findings, "lost: line 1: the package's name is longer than 8 bytes (limit field_bytes)\n"
                              "lost: line 5: the package's version is longer than 8 bytes (limit field_bytes)\n"
                              "lost: line 17: more than 2 packages in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stanzas),       cmocka_unit_test(test_states),
        cmocka_unit_test(test_status_folder), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bytes),         cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_line_of_fifty_megabytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
