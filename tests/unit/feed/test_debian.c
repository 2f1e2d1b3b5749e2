// The Debian tracker's file: each status and odd form, and what is no tracker file.
#include "fixture.h"

static bool parse(struct fixture *f, const char *text)
{
    return parse_pieces(f, "debian", "", slice_str(text), 7);
}

static void must_parse(struct fixture *f, const char *text)
{
    if (!parse(f, text))
        fail_msg("%s", f->err.text);
}

static void test_statuses(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "{\"bash\": {\"CVE-1\": {\"description\": \"Shellshock.\", \"scope\": \"remote\", \"releases\": {"
                  "\"a\": {\"status\": \"resolved\", \"fixed_version\": \"4.3-1+b1\", \"urgency\": \"high**\"},"
                  "\"b\": {\"status\": \"open\", \"urgency\": \"not yet assigned\", \"nodsa\": \"Minor issue\"},"
                  "\"c\": {\"status\": \"resolved\", \"fixed_version\": \"0\", \"urgency\": \"unimportant\"},"
                  "\"d\": {\"status\": \"resolved\", \"urgency\": \"low\"},"
                  "\"e\": {\"status\": \"undetermined\", \"urgency\": \"end-of-life\"},"
                  "\"f\": {\"status\": \"open\", \"fixed_version\": \"9\"},"
                  "\"g\": {\"status\": \"resolved\", \"fixed_version\": \"00\"}}}}}");
    assert_says(f, SLICE("CVE-1"),
                "debian:a|bash|fixed|4.3-1+b1|high**||Shellshock.\n"
                "debian:b|bash|affected||not yet assigned||Shellshock.\n"
                "debian:c|bash|not_affected||unimportant||Shellshock.\n"
                "debian:d|bash|not_affected||low||Shellshock.\n"
                "debian:e|bash|undetermined||end-of-life||Shellshock.\n"
                "debian:f|bash|affected||||Shellshock.\n" // what is open has no fix, whatever stands beside it
                "debian:g|bash|fixed|00|||Shellshock.\n");
    assert_int_equal(f->records, 7);
    assert_int_equal(f->left_out, 0);
}

static void test_several_packages(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "{\"b\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"open\"}}},"
                  "\"TEMP-0000001-ABCDEF\": {\"releases\": {\"x\": {\"status\": \"open\"}}}},"
                  "\"empty\": {}, \"silent\": {\"CVE-3\": {\"releases\": {}}},"
                  "\"a\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"resolved\", \"fixed_version\": \"2\"}}}}}");
    assert_says(f, SLICE("CVE-1"), "debian:x|a|fixed|2|||\ndebian:x|b|affected||||\n");
    assert_says(f, SLICE("TEMP-0000001-ABCDEF"), "debian:x|b|affected||||\n");
    assert_says(f, SLICE("CVE-3"), "");
    assert_true(segment_has_scope(f->segment, SLICE("debian:x")));
    assert_int_equal(f->left_out, 0);
}

static void test_empty(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "{}");
    assert_int_equal(f->records, 0);
}

// Escapes are what they stand for, also a NUL and what looks like the end of a text.
static void test_odd_text(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "{\"p\\u0000q\": {\"CVE-\\u00e4\\\"\": {\"description\": \"\\ud83d\\ude00\\n|\", \"releases\": "
                  "{\"\\u0078\": {\"status\": \"\\u006fpen\"}}}}}");
    struct arena a ARENA_AUTO = {0};
    advisory_vec got = {0};
    assert_true(segment_lookup(f->segment, SLICE("debian:x"), SLICE("p\0q"), &a, &got, &f->err));
    assert_int_equal(got.n, 1);
    assert_true(slice_eq(got.v[0].vulnerability, SLICE("CVE-\xc3\xa4\"")));
    assert_true(slice_eq(got.v[0].description, SLICE("\xf0\x9f\x98\x80\n|")));
}

// What is of another type than it should be is left out, counted, and costs nothing else.
static void test_wrong_types(void **state)
{
    struct fixture *f = *state;
    static const char *const values[] = {"null", "true", "7", "-1.5e300", "\"text\"", "[]", "[{\"releases\": {}}]"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *v = values[i];
        struct slice text =
            arena_printf(&f->arena,
                         "{\"package\": %s, \"p1\": {\"CVE-1\": %s}, \"p2\": {\"CVE-1\": {\"releases\": %s}},"
                         "\"p3\": {\"CVE-1\": {\"releases\": {\"x\": %s}}},"
                         "\"p4\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": %s}}}},"
                         "\"p5\": {\"CVE-1\": {\"description\": %s, \"releases\": {\"x\": {\"status\": \"open\"}}}},"
                         "\"good\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"open\"}}}}}",
                         v, v, v, v, v, v[0] == '"' ? "7" : v);
        if (!parse_pieces(f, "debian", "", text, 100))
            fail_msg("%s: %s", v, f->err.text);
        assert_says(f, SLICE("CVE-1"), "debian:x|good|affected||||\ndebian:x|p5|affected||||\n");
        assert_int_equal(f->left_out, 5);
    }
    // A fixed version or an urgency of another type is none.
    must_parse(f, "{\"p\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"resolved\", \"fixed_version\": 7, "
                  "\"urgency\": {}}}}}}");
    assert_says(f, SLICE("CVE-1"), "debian:x|p|not_affected||||\n");
}

static void test_empty_names(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "{\"\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"open\"}}}},"
                  "\"p\": {\"\": {\"releases\": {\"x\": {\"status\": \"open\"}}},"
                  "\"CVE-1\": {\"releases\": {\"\": {\"status\": \"open\"}, \"x\": {\"status\": \"open\"}}}}}");
    assert_says(f, SLICE("CVE-1"), "debian:x|p|affected||||\n");
    assert_int_equal(f->left_out, 3);
}

static void test_long_text(void **state)
{
    struct fixture *f = *state;
    char *long_text = arena_alloc(&f->arena, 200001), *fitting = arena_alloc(&f->arena, ADVISORY_FIELD_BYTES + 1);
    memset(long_text, 'x', 200000);
    memset(fitting, 'v', ADVISORY_FIELD_BYTES);
    struct slice text = arena_printf(
        &f->arena,
        "{\"%s\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"open\"}}}},"
        "\"p\": {\"%s\": {\"releases\": {\"x\": {\"status\": \"open\"}}}, \"CVE-1\": {\"releases\": {"
        "\"%s\": {\"status\": \"open\"}, \"x\": {\"status\": \"resolved\", \"fixed_version\": \"%s\"},"
        "\"y\": {\"status\": \"open\", \"urgency\": \"%s\"}}}, \"CVE-2\": {\"description\": \"%s\", \"releases\": {"
        "\"x\": {\"status\": \"resolved\", \"fixed_version\": \"%s\"}}}}}",
        long_text, long_text, long_text, long_text, long_text, long_text, fitting);
    assert_true(parse_pieces(f, "debian", "", text, 4096));
    assert_says(f, SLICE("CVE-1"), "");
    assert_int_equal(f->left_out, 5);
    struct arena a ARENA_AUTO = {0};
    advisory_vec got = {0};
    assert_true(segment_lookup(f->segment, SLICE("debian:x"), SLICE("p"), &a, &got, &f->err));
    assert_int_equal(got.n, 1);
    assert_true(slice_eq(got.v[0].bound, slice_of(fitting, ADVISORY_FIELD_BYTES)));
    assert_int_equal(got.v[0].description.n, ADVISORY_TEXT_BYTES); // cut, and says so
    assert_true(slice_ends(got.v[0].description, SLICE("x\xe2\x80\xa6")));
}

static void test_no_tracker_file(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "<html>Sorry.</html>",
        "{\"p\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"open\"}}}}",
        "{\"p\": {\"CVE-1\": }}",
        "{\"p\": {\"CVE-1\": {\"description\": \"\xff\"}}}",
        "{\"p\": {\"CVE-1\": {\"description\": \"\\ud800\"}}}",
        "{\"p\": {\"CVE-1\": {\"description\": \"a\nb\"}}}",
        "{\"p\": [}}",
        "{\"p\": {}} {}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(f, bad[i]))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    const char *text = "{\"p\": {\"CVE-1\": {\"releases\": {\"x\": {\"status\": \"open\"}, \"y\": {\"status\": "
                       "\"open\"}}}}}";
    f->limits.feed_records = 2;
    must_parse(f, text);
    f->limits.feed_records = 1;
    assert_false(parse(f, text));
    assert_int_equal(f->err.code, ERR_LIMIT);
    assert_non_null(strstr(f->err.text, "feed_records"));
    f->limits = limits_default();
    f->limits.feed_member_bytes = 20;
    assert_false(parse(f, text));
    assert_int_equal(f->err.code, ERR_LIMIT);
    assert_non_null(strstr(f->err.text, "feed_member_bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_statuses),  FEED_TEST(test_several_packages), FEED_TEST(test_empty),
        FEED_TEST(test_odd_text),  FEED_TEST(test_wrong_types),      FEED_TEST(test_empty_names),
        FEED_TEST(test_long_text), FEED_TEST(test_no_tracker_file),  FEED_TEST(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
