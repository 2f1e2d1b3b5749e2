#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

static void test_compare(void **state)
{
    (void)state;
    assert_true(slice_eq(SLICE("abc"), SLICE("abc")));
    assert_false(slice_eq(SLICE("abc"), SLICE("abd")));
    assert_false(slice_eq(SLICE("abc"), SLICE("ab")));
    assert_true(slice_eq((struct slice){NULL, 0}, SLICE("")));
    assert_true(slice_cmp(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_cmp(SLICE("b"), SLICE("ab")) > 0);
    assert_true(slice_cmp(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_cmp(SLICE("x"), SLICE("x")), 0);
    const struct slice first[] = {SLICE("a"), SLICE("z")}, second[] = {SLICE("b"), SLICE("a")};
    assert_true(slices_cmp(first, second, 2) < 0);
    assert_true(slices_cmp(first + 1, second + 1, 1) > 0);
    assert_int_equal(slices_cmp(first, first, 2), 0);
    assert_int_equal(slices_cmp(first, second, 0), 0);
    assert_true(slice_eq_nocase(SLICE("Version"), SLICE("vERSION")));
    assert_false(slice_eq_nocase(SLICE("Version"), SLICE("Versio")));
    assert_false(slice_eq_nocase(SLICE("\xc4"), SLICE("\xe4"))); // ASCII only
}

static void test_ends(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("sha256:ab"), SLICE("sha256:")));
    assert_false(slice_starts(SLICE("sha"), SLICE("sha256:")));
    assert_false(slice_starts(SLICE("cve-1"), SLICE("CVE-")));
    assert_true(slice_starts_nocase(SLICE("cVe-1"), SLICE("CVE-")));
    assert_false(slice_starts_nocase(SLICE("cve"), SLICE("CVE-")));
    assert_true(slice_ends(SLICE("a.tar"), SLICE(".tar")));
    assert_false(slice_ends(SLICE("tar"), SLICE(".tar")));
    assert_true(slice_starts(SLICE(""), SLICE("")));
}

static void test_trim(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_trim(SLICE(" \t a b\r\n")), SLICE("a b")));
    assert_int_equal(slice_trim(SLICE(" \n ")).n, 0);
    assert_int_equal(slice_from(SLICE("ab"), 5).n, 0);
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(slice_find(SLICE("a:b:c"), ':'), 1);
    assert_int_equal(slice_rfind(SLICE("a:b:c"), ':'), 3);
    assert_int_equal(slice_find(SLICE("abc"), ':'), -1);
    assert_int_equal(slice_rfind((struct slice){NULL, 0}, ':'), -1);
    assert_int_equal(slice_find_slice(SLICE("a, b, c"), SLICE(", c")), 4);
    assert_int_equal(slice_find_slice(SLICE("abc"), SLICE("abcd")), -1);
    assert_int_equal(slice_find_slice(SLICE(""), SLICE("")), 0);
}

static void test_cut_and_lines(void **state)
{
    (void)state;
    struct slice before, after;
    assert_true(slice_cut(SLICE("name=value=x"), '=', &before, &after));
    assert_true(slice_eq(before, SLICE("name")));
    assert_true(slice_eq(after, SLICE("value=x")));
    assert_false(slice_cut(SLICE("name"), '=', &before, &after));
    assert_true(slice_eq(before, SLICE("name")));
    assert_int_equal(after.n, 0);

    struct slice rest = SLICE("one\n\nthree"), line;
    assert_true(slice_next_line(&rest, &line) && slice_eq(line, SLICE("one")));
    assert_true(slice_next_line(&rest, &line) && line.n == 0);
    assert_true(slice_next_line(&rest, &line) && slice_eq(line, SLICE("three")));
    assert_false(slice_next_line(&rest, &line));
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t v = 0;
    assert_true(slice_to_u64(SLICE("18446744073709551615"), &v));
    assert_true(v == UINT64_MAX);
    assert_false(slice_to_u64(SLICE("18446744073709551616"), &v));
    assert_false(slice_to_u64(SLICE(""), &v));
    assert_false(slice_to_u64(SLICE("-1"), &v));
    assert_false(slice_to_u64(SLICE("1 "), &v));
    assert_true(slice_to_u64(SLICE("007"), &v));
    assert_true(v == 7);
}

static void test_paths(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_basename(SLICE("var/lib/dpkg/status")), SLICE("status")));
    assert_true(slice_eq(slice_dirname(SLICE("var/lib/dpkg/status")), SLICE("var/lib/dpkg")));
    assert_true(slice_eq(slice_basename(SLICE("status")), SLICE("status")));
    assert_int_equal(slice_dirname(SLICE("status")).n, 0);
}

static void test_hash(void **state)
{
    (void)state;
    assert_true(slice_hash(SLICE("openssl")) == slice_hash(SLICE("openssl")));
    assert_true(slice_hash(SLICE("openssl")) != slice_hash(SLICE("openssk")));
    assert_true(slice_hash(SLICE("")) != slice_hash(SLICE("\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare), cmocka_unit_test(test_ends),          cmocka_unit_test(test_trim),
        cmocka_unit_test(test_find),    cmocka_unit_test(test_cut_and_lines), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_paths),   cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
