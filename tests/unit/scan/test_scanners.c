// The table, and what all scanners use.
#include "fixture.h"

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; scanners[i] != NULL; i++) {
        const struct scanner *s = scanners[i];
        assert_ptr_equal(scanner_named(slice_str(s->name)), s);
        assert_non_null(s->scan);
        assert_non_null(s->wants);
        struct limits limits = limits_default();
        bool found = false;
        for (size_t j = 0; limits_entry(j) != NULL; j++)
            if (strcmp(limits_entry(j)->name, s->limit_name) == 0)
                found = limits_entry(j)->value == s->limit(&limits);
        if (!found)
            fail_msg("%s: %s is not the limit that it has", s->name, s->limit_name);
    }
    assert_null(scanner_named(SLICE("dpk")));
    assert_false(is_wanted("bin/sh"));
}

static void test_state(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct digest a = scanner_state(SUBJECT_LAYER, &limits), b = scanner_state(SUBJECT_LAYER, &limits);
    assert_true(digest_eq(&a, &b));
    struct digest parsed;
    struct error err;
    assert_true(digest_parse(digest_slice(&a), &parsed, &err));
    // Other limits, other findings; those of feeds have nothing to do with it.
    limits.feed_bytes--;
    b = scanner_state(SUBJECT_LAYER, &limits);
    assert_true(digest_eq(&a, &b));
    limits.field_bytes--;
    b = scanner_state(SUBJECT_LAYER, &limits);
    assert_false(digest_eq(&a, &b));
}

static void test_skips_are_bounded(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.skips = 3;
    f.limits.path_bytes = 4;
    struct scan_output out = {.arena = &f.arena, .findings = &f.findings, .limits = &f.limits};
    for (int i = 0; i < 10; i++)
        scan_skip(&out, SLICE("a/b/c"), false, "remark %d", i);
    for (int i = 0; i < 10; i++)
        scan_skip(&out, SLICE(""), true, "loss %d", i);
    assert_int_equal(f.findings.skips_n, 6);
    assert_int_equal(f.findings.skips_total, 20);
    assert_slice(f.findings.skips[0].path, "a/b/");
    assert_slice(f.findings.skips[2].reason, "remark 2");
    assert_slice(f.findings.skips[3].reason, "loss 0");
    assert_true(f.findings.skips[5].lost);
}

static void test_databases_are_bounded(void **state)
{
    (void)state;
    struct fixture f FIXTURE_AUTO = fixture_new();
    f.limits.packages = 2;
    for (int i = 0; i < 3; i++) {
        fixture_scan(&f, "lib/apk/db/installed", SLICE(""));
        fixture_scan(&f, "var/lib/dpkg/status", SLICE(""));
        fixture_scan(&f, "etc/os-release", SLICE("ID=x\n"));
        fixture_scan(&f, "etc/lsb-release", SLICE("DISTRIB_ID=x\n"));
        fixture_scan(&f, "etc/debian_version", SLICE("1\n"));
        fixture_scan(&f, "etc/alpine-release", SLICE("1\n"));
    }
    assert_int_equal(f.findings.dbs_n, 2);
    assert_int_equal(f.findings.releases_n, 2);
    assert_int_equal(f.findings.skips_n, 14);
    assert_true(f.findings.skips[0].lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_skips_are_bounded),
        cmocka_unit_test(test_databases_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
