// A file of Alpine's security database: each form of its entries, and what is no such file.
#include "fixture.h"

#define SCOPE "alpine:v3.18/main"

static bool parse(struct fixture *f, struct slice text)
{
    return parse_pieces(f, "alpine", SCOPE, text, 11);
}

// A file with one package whose fixes are `secfixes`.
static void parse_fixes(struct fixture *f, const char *secfixes)
{
    struct slice text = arena_printf(&f->arena,
                                     "{\"distroversion\": \"v3.18\", \"reponame\": \"main\", \"packages\": "
                                     "[{\"pkg\": {\"name\": \"p\", \"secfixes\": %s}}]}",
                                     secfixes);
    if (!parse(f, text))
        fail_msg("%s: %s", secfixes, f->err.text);
}

static void test_versions(void **state)
{
    struct fixture *f = *state;
    parse_fixes(f,
                "{\"1.2-r0\": [\"CVE-2020-0001\", \"CVE-2020-0002\"], \"1.3-r1\": [\"CVE-2020-0001\"],"
                "\"0\": [\"CVE-2020-0003\"], \" 1.4-r0 \": [\"CVE-2020-0004\"], \"2\": [], \"\": [\"CVE-2020-0005\"]}");
    assert_says(f, SLICE("CVE-2020-0001"), SCOPE "|p|fixed|1.2-r0|||\n" SCOPE "|p|fixed|1.3-r1|||\n");
    assert_says(f, SLICE("CVE-2020-0002"), SCOPE "|p|fixed|1.2-r0|||\n");
    assert_says(f, SLICE("CVE-2020-0003"), SCOPE "|p|not_affected||||\n");
    assert_says(f, SLICE("CVE-2020-0004"), SCOPE "|p|fixed|1.4-r0|||\n");
    assert_says(f, SLICE("CVE-2020-0005"), "");
    assert_int_equal(f->records, 5);
    assert_int_equal(f->left_out, 1);
}

// What an entry is read as: ids, one a blank, with "=" and the aliases behind each. "" is left out.
static const struct {
    const char *entry, *ids, *aliases;
} entries[] = {
    {"CVE-2019-1234", "CVE-2019-1234", ""},
    {"CVE-2019-1234567", "CVE-2019-1234567", ""},
    {"cve-2019-1234", "CVE-2019-1234", ""},
    {"CVE_2019_1234", "CVE-2019-1234", ""},
    {"CVE 2025-48379", "CVE-2025-48379", ""},
    {"CVE-2019-1234.patch", "CVE-2019-1234", ""},
    {"CVE-2019-1234-1", "CVE-2019-1234", ""},
    {" CVE-2019-1234 ", "CVE-2019-1234", ""},
    {"CVE-2017-2616 (+ regression fix)", "CVE-2017-2616", ""},
    {"CVE-2020-11740 CVE-2020-11741 XSA-313", "CVE-2020-11740 CVE-2020-11741", "XSA-313"},
    {"CVE-2019-0001, CVE-2019-0002", "CVE-2019-0001 CVE-2019-0002", ""},
    {"CVE-2019-0001/CVE-2019-0002;CVE-2019-0003", "CVE-2019-0001 CVE-2019-0002 CVE-2019-0003", ""},
    {"CVE-2019-0001\\tXSA-1 GHSA-xxxx-1", "CVE-2019-0001", "XSA-1 GHSA-xxxx-1"},
    {"XSA-313", "XSA-313", ""},
    {"XSA-313 ALPINE-13661", "XSA-313 ALPINE-13661", ""},
    {"GHSA-9cx6-7qj7-8q3g", "GHSA-9cx6-7qj7-8q3g", ""},
    {"GHSA-cxrm-jqfv-hwvp", "GHSA-cxrm-jqfv-hwvp", ""}, // without a digit
    {"CGA-gqvv-vxvf-cxcj", "CGA-gqvv-vxvf-cxcj", ""},
    {"TROVE-2021-001", "TROVE-2021-001", ""},
    {"CVE-\?\?\?\?-\?\?\?\?\?", "", ""},
    {"CVE-2019", "", ""},
    {"CVE-2019-", "", ""},
    {"CVE-2019-123", "", ""},
    {"CVE-20190-1234", "", ""},
    {"CVE-2019-1234x", "", ""},
    {"CVE-2019-1234-12", "", ""},
    {"CVE2019-1234", "CVE2019-1234", ""},
    {"(CVE-2019-1234)", "", ""},
    {"regression", "", ""},
    {"1.2.3-r0", "", ""},
    {"A-1", "", ""},
    {"", "", ""},
    {"   ", "", ""},
    {"XSA-313<script>", "", ""},
    {"XSA-313\\u0000", "", ""},
};

static void test_entries(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct slice ids = slice_str(entries[i].ids), id;
        size_t n = 0;
        parse_fixes(f, arena_printf(&f->arena, "{\"7-r0\": [\"%s\"]}", entries[i].entry).p);
        while (ids.n != 0) {
            slice_cut(ids, ' ', &id, &ids);
            assert_says(f, id, arena_printf(&f->arena, SCOPE "|p|fixed|7-r0||%s|\n", entries[i].aliases).p);
            n++;
        }
        if (f->records != n || f->left_out != (n == 0))
            fail_msg("\"%s\": %d records, %d left out", entries[i].entry, (int)f->records, (int)f->left_out);
    }
}

static void test_no_fixes(void **state)
{
    struct fixture *f = *state;
    parse_fixes(f, "[]"); // as the database writes "none"
    assert_int_equal(f->records + f->left_out, 0);
    parse_fixes(f, "{}");
    assert_int_equal(f->records + f->left_out, 0);
    assert_true(segment_has_scope(f->segment, slice_str(SCOPE)));
    assert_true(parse(f, SLICE("{\"packages\": []}")));
    assert_true(segment_has_scope(f->segment, slice_str(SCOPE)));
}

// What is of another type than it should be is left out, counted, and costs nothing else.
static void test_wrong_types(void **state)
{
    struct fixture *f = *state;
    static const char *const values[] = {"null", "false", "7", "-1.5e300", "\"CVE-2020-0001\"", "[\"CVE-2020-0001\"]"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *v = values[i], *array = v[0] == '[' ? "{\"x\": [\"CVE-2020-0001\"]}" : v;
        struct slice text =
            arena_printf(&f->arena,
                         "{\"packages\": [%s, {\"pkg\": %s}, {\"pkg\": {\"name\": %s, \"secfixes\": {}}},"
                         "{\"pkg\": {\"name\": \"p1\", \"secfixes\": %s}},"
                         "{\"pkg\": {\"name\": \"p2\", \"secfixes\": {\"1\": %s}}},"
                         "{\"pkg\": {\"name\": \"p3\", \"secfixes\": {\"1\": [%s]}}},"
                         "{\"pkg\": {\"name\": \"good\", \"secfixes\": {\"1\": [\"CVE-2020-0001\"]}}}]}",
                         v, v, v[0] == '"' ? "7" : v, v, array, v[0] == '"' ? "7" : v);
        if (!parse(f, text))
            fail_msg("%s: %s", v, f->err.text);
        assert_says(f, SLICE("CVE-2020-0001"), SCOPE "|good|fixed|1|||\n");
        assert_int_equal(f->left_out, 6);
    }
}

static void test_empty_names(void **state)
{
    struct fixture *f = *state;
    assert_true(parse(
        f, SLICE("{\"packages\": [{\"pkg\": {\"name\": \"\", \"secfixes\": {\"1\": [\"CVE-2020-0001\"]}}},"
                 "{}, {\"pkg\": {}}, {\"pkg\": {\"name\": \"p\", \"secfixes\": {\" \": [\"CVE-2020-0001\"]}}}]}")));
    assert_int_equal(f->records, 0);
    assert_int_equal(f->left_out, 4);
}

static void test_long_text(void **state)
{
    struct fixture *f = *state;
    enum { LENGTH = 100000 };
    char *x = arena_alloc(&f->arena, LENGTH + 1), *digits = arena_alloc(&f->arena, LENGTH + 1);
    memset(x, 'x', LENGTH);
    memset(digits, '7', LENGTH);
    struct slice text =
        arena_printf(&f->arena,
                     "{\"packages\": [{\"pkg\": {\"name\": \"%s\", \"secfixes\": {\"1\": [\"CVE-2020-0001\"]}}},"
                     "{\"pkg\": {\"name\": \"p\", \"secfixes\": {\"%s\": [\"CVE-2020-0001\"],"
                     "\"1\": [\"CVE-2020-%s\", \"XSA-%s\", \"%s\", \"CVE-2020-0002 XSA-%s XSA-1\"]}}}]}",
                     x, x, digits, digits, x, digits);
    assert_true(parse_pieces(f, "alpine", SCOPE, text, 4096));
    assert_says(f, SLICE("CVE-2020-0001"), "");
    assert_int_equal(f->left_out, 5);
    // Aliases beyond what a record holds go, the record stays.
    assert_says(f, SLICE("CVE-2020-0002"), SCOPE "|p|fixed|1|||\n");
    assert_int_equal(f->records, 1);
}

static void test_no_secdb_file(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "{}",
        "<html>Sorry.</html>",
        "{\"packages\": {}}",
        "{\"packages\": \"none\"}",
        "{\"packages\": [}",
        "{\"packages\": [",
        "{\"packages\": []} x",
        "{\"packages\": [{\"pkg\": {\"name\": \"\xff\"}}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(f, slice_str(bad[i])))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    struct slice text = SLICE("{\"packages\": [{\"pkg\": {\"name\": \"p\", \"secfixes\": {\"1\": [\"CVE-2020-0001\", "
                              "\"CVE-2020-0002\"]}}}]}");
    f->limits.feed_records = 1;
    assert_false(parse(f, text));
    assert_int_equal(f->err.code, ERR_LIMIT);
    assert_non_null(strstr(f->err.text, "feed_records"));
    f->limits = limits_default();
    f->limits.feed_member_bytes = text.n;
    assert_true(parse(f, text));
    f->limits.feed_member_bytes--;
    assert_false(parse(f, text));
    assert_int_equal(f->err.code, ERR_LIMIT);
    assert_non_null(strstr(f->err.text, "feed_member_bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_versions),      FEED_TEST(test_entries),     FEED_TEST(test_no_fixes),
        FEED_TEST(test_wrong_types),   FEED_TEST(test_empty_names), FEED_TEST(test_long_text),
        FEED_TEST(test_no_secdb_file), FEED_TEST(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
