// Header lines: ranges, validators and challenges.
#include "http/headers.h"

#include "http/retry.h"
#include "http/secret.h"
#include "http_test.h"

static void test_lines(void **state)
{
    (void)state;
    struct slice value;
    assert_true(header_line(SLICE("ETag:  \"x\" \r\n"), "etag", &value));
    slice_is(value, "\"x\"");
    assert_false(header_line(SLICE("etag2: x\r\n"), "etag", &value));
    assert_false(header_line(SLICE("etag\r\n"), "etag", &value));
    assert_true(header_value_is_safe(SLICE("a b\tc\xc3\xa4")));
    assert_false(header_value_is_safe(SLICE("a\r\nb: c")));
    assert_false(header_value_is_safe(SLICE("a\0b")));
    assert_false(header_value_is_safe(SLICE("a\x7f")));
}

static void test_names(void **state)
{
    (void)state;
    static const char *const given[] = {"Authorization", "accept", "X-Amz-Date", "a"};
    static const char *const kept[] = {
        "", "A b", "A:", "A\r\nB", "host", "Content-Length", "TRANSFER-ENCODING", "Range", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        assert_true(header_may_be_given(slice_str(given[i])));
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        assert_false(header_may_be_given(slice_str(kept[i])));
}

static void test_ranges(void **state)
{
    (void)state;
    struct content_range r;
    assert_true(content_range_parse(SLICE("bytes 5-9/10"), &r));
    assert_int_equal(r.first, 5);
    assert_int_equal(r.last, 9);
    assert_int_equal(r.total, 10);
    assert_true(content_range_parse(SLICE("bytes 5-9/*"), &r));
    assert_true(r.total == UINT64_MAX);
    static const char *const wrong[] = {"",
                                        "bytes",
                                        "bytes */10",
                                        "bytes 9-5/10",
                                        "bytes 5-10/10",
                                        "items 1-2/3",
                                        "bytes 1-2",
                                        "bytes -1-2/3",
                                        "bytes 1-18446744073709551616/*"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(content_range_parse(slice_str(wrong[i]), &r));
}

static void test_validators(void **state)
{
    (void)state;
    const struct slice noon = SLICE("Tue, 24 Nov 2026 12:00:00 GMT"), later = SLICE("Tue, 24 Nov 2026 12:00:01 GMT");
    slice_is(validators_strong(&(struct validators){.etag = SLICE("\"a\"")}), "\"a\"");
    slice_is(validators_strong(&(struct validators){.etag = SLICE("W/\"a\""), .last_modified = noon, .date = later}),
             "");
    slice_is(validators_strong(&(struct validators){.last_modified = noon, .date = later}), noon.p);
    slice_is(validators_strong(&(struct validators){.last_modified = noon, .date = noon}), "");
    slice_is(validators_strong(&(struct validators){.last_modified = noon}), "");
    slice_is(validators_strong(&(struct validators){.last_modified = SLICE("soon"), .date = later}), "");
    slice_is(validators_strong(&(struct validators){0}), "");
}

static void test_challenges(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *expected; // scheme|realm|service|scope, one a line
    } cases[] = {
        {"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull\"",
         "Bearer|https://auth.docker.io/token|registry.docker.io|repository:a/b:pull\n"},
        {"Basic realm=\"a \\\"b\\\\\"", "Basic|a \"b\\||\n"},
        {"basic REALM = x , charset=\"UTF-8\"", "basic|x||\n"},
        {"Negotiate, Basic realm=x", "Negotiate|||\nBasic|x||\n"},
        {"Basic realm=\"a, Bearer realm=b\", Bearer realm=\"c\",scope=\"a,b\"",
         "Basic|a, Bearer realm=b||\nBearer|c||a,b\n"},
        {"Bearer realm=\"a\" service=\"b\"", "Bearer|a|b|\n"},
        {"Bearer realm=a,realm=b", "Bearer|a||\n"},
        {"Bearer realm=\"open", "Bearer|open||\n"},
        {"Bearer realm=\"open\\", "Bearer|open\\||\n"},
        {"Bearer realm=", "Bearer|||\n"},
        {"Bearer", "Bearer|||\n"},
        {",, ,", ""},
        {"=x, Bearer realm=a", "Bearer|a||\n"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice rest = slice_str(cases[i].header);
        struct challenge c;
        struct buf got BUF_AUTO = {0};
        while (challenge_next(&rest, &arena, &c))
            buf_addf(&got, "%.*s|%.*s|%.*s|%.*s\n", SLICE_ARG(c.scheme), SLICE_ARG(c.realm), SLICE_ARG(c.service),
                     SLICE_ARG(c.scope));
        slice_is(buf_slice(&got), cases[i].expected);
    }
}

static void test_links(void **state)
{
    (void)state;
    static const struct {
        const char *header, *next; // NULL: there is none
    } cases[] = {
        {"</v2/_catalog?last=b&n=2>; rel=\"next\"", "/v2/_catalog?last=b&n=2"},
        {"<a>;rel=next", "a"},
        {"<a> ; REL = \"First NEXT\"", "a"},
        {"<a>; rel=prev, <b,c;d>; rel=next", "b,c;d"},
        {"<a>; title=\"x, <y>; rel=next\"; rel=next", "a"},
        {"<a>; crossorigin; rel=next", "a"},
        {"<a>; rel=prev; rel=next", NULL}, // the first one counts
        {"<a>; rel=nextone", NULL},
        {"<a>; rel=prev", NULL},
        {"<a>", NULL},
        {"<>; rel=next", NULL},
        {"<a; rel=next", NULL},
        {"a; rel=next", NULL},
        {"<a>; rel=prev <b>; rel=next", NULL},
        {"<a>; rel=\"next", "a"},
        {"<a>;;;", NULL},
        {",<a>; rel=next", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice got = {0};
        assert_int_equal(link_next(slice_str(cases[i].header), &arena, &got), cases[i].next != NULL);
        if (cases[i].next != NULL)
            slice_is(got, cases[i].next);
    }
}

static void test_waits(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        double first = retry_seconds(1, 1, 0), third = retry_seconds(1, 3, 0);
        assert_true(first >= 1 && first <= 1.25 && third >= 4 && third <= 5);
    }
    assert_true(retry_seconds(1, 1, 7) == 7);
    assert_true(retry_seconds(1, 1, 7200) == 60);
    assert_true(retry_seconds(1, 4000000000U, 0) == 60);
}

static void test_secrets(void **state)
{
    (void)state;
    struct secret *a = secret_join(SLICE("Bearer "), SLICE("x"), SLICE("")), *b = secret_copy(a);
    slice_is(secret_reveal(b), "Bearer x");
    assert_int_equal(secret_reveal(b).p[8], '\0');
    secret_free(&a);
    assert_null(a);
    slice_is(secret_reveal(b), "Bearer x");
    secret_free(&b);
    secret_free(&b);
    assert_null(secret_copy(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_names),      cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_validators), cmocka_unit_test(test_challenges), cmocka_unit_test(test_waits),
        cmocka_unit_test(test_secrets),    cmocka_unit_test(test_links),
    };
    int failed = cmocka_run_group_tests_name("headers", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
