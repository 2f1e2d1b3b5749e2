#include "fixture.h"

#define INSTALLED "lib/apk/db/installed"

static void test_records(void **state)
{
    (void)state;
    const struct {
        const char *what, *text, *packages, *skips;
    } examples[] = {
        {"nothing", "", "", ""},
        {"blank lines only", "\n\r\n\n", "", ""},
        {"packages in full",
         "C:Q1abc=\nP:libcrypto3\nV:3.1.3-r0\nA:x86_64\nS:1\nI:2\nT:Crypto\nU:https://example.test/\nL:Apache-2.0\n"
         "o:openssl\nm:A <a@example.test>\nt:1\nc:abc\nD:so:libc.musl-x86_64.so.1\np:so:libcrypto.so.3=3\n"
         "F:etc\nF:lib\nR:libcrypto.so.3\na:0:0:755\nZ:Q1abc=\n\n"
         "P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\nF:lib\nM:0:0:1777\n\n",
         "libcrypto3 3.1.3-r0 x86_64 openssl 3.1.3-r0\nmusl 1.2.4-r2 x86_64 musl 1.2.4-r2\n", ""},
        {"no origin, no architecture", "P:a\nV:1\n", "a 1  a 1\n", ""},
        {"lines that end with CR LF", "P:a\r\nV:1\r\n\r\nP:b\r\nV:2\r\no:c", "a 1  a 1\nb 2  c 2\n", ""},
        {"unknown fields", "P:a\n?:b\nV:1\nx:\nPP:c\n", "a 1  a 1\n", "line 5: no field\n"},
        {"records that lack something", "V:1\nA:x\n\nP:b\n\nP:\nV:1\n\nP:d\nV:4\n", "d 4  d 4\n",
         "line 1: no name (P:)\nline 4: no version (V:)\nline 6: no name (P:)\n"},
        {"a field that stands twice", "P:a\nP:b\nV:1\nV:2\n", "b 2  b 2\n", ""},
        {"no database at all", "SQLite format 3\nfoo\n", "", "line 2: no field\nline 1: no name (P:)\n"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct fixture f FIXTURE_AUTO = fixture_new();
        print_message("%s\n", examples[i].what);
        fixture_scan(&f, INSTALLED, slice_str(examples[i].text));
        assert_int_equal(f.findings.dbs_n, 1);
        assert_slice(f.findings.dbs[0].scanner, "apk");
        assert_packages(&f.findings.dbs[0], examples[i].packages);
        assert_skips(&f.findings, examples[i].skips);
        for (size_t j = 0; j < f.findings.dbs[0].n; j++)
            assert_slice(f.findings.dbs[0].packages[j].kind, "apk");
    }
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(is_wanted("lib/apk/db/installed"));
    assert_true(is_wanted("usr/lib/apk/db/installed"));
    assert_false(is_wanted("lib/apk/db/installed.old"));
    assert_false(is_wanted("srv/lib/apk/db/installed"));
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.line_bytes = 20;
    f.limits.field_bytes = 10;
    f.limits.packages = 2;
    fixture_scan(&f, INSTALLED,
                 SLICE("P:a\nV:1\nD:0123456789012345678901\n\nP:b\nV:2\no:0123456789012345678901\n\n"
                       "P:c\nV:12345678901\n\nP:\0\xff\nV:1\n\nP:e\nV:1\n"));
    assert_int_equal(f.findings.dbs[0].n, 2);
    assert_slice(f.findings.dbs[0].packages[0].name, "a");
    assert_true(slice_eq(f.findings.dbs[0].packages[1].name, SLICE("\0\xff")));
    assert_skips(&f.findings, "lost: line 3: longer than 20 bytes (limit line_bytes), not read\n"
                              "lost: line 7: longer than 20 bytes (limit line_bytes), not read\n"
                              "lost: line 9: the package's version is longer than 10 bytes (limit field_bytes)\n"
                              "lost: line 15: more than 2 packages in one layer (limit packages)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
