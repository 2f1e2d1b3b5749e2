// Foreign text in the forms that outputs need, and what they say alike.
#include "output/gaps.h"
#include "output/words.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static void assert_slice(struct slice got, const char *want)
{
    if (!slice_eq(got, slice_str(want)))
        fail_msg("\"%.*s\", not \"%s\"", SLICE_ARG(got), want);
}

static void test_markdown(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"plain text, 1.0-2+b1 (x)", "plain text, 1.0-2+b1 (x)"},
        {"  a\n\n\tb\r\n", "a b"},
        {"<b>&amp;", "\\<b\\>\\&amp;"},
        {"[x](http://evil) ![y](z)", "\\[x\\](http://evil) \\!\\[y\\](z)"},
        {"# head", "\\# head"},
        {"- item", "\\- item"},
        {"`a` *b* _c_ ~d~ |e| @f $g$", "\\`a\\` \\*b\\* \\_c\\_ \\~d\\~ \\|e\\| \\@f \\$g\\$"},
        {"a\x1b[31m\xff", "a\\\\x1b\\[31m\\\\xff"},
        {"\xc3\xa4", "\xc3\xa4"},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct buf out BUF_AUTO = {0};
        words_add_markdown(&out, slice_str(cases[i][0]));
        assert_slice(buf_slice(&out), cases[i][1]);
    }
}

static void test_path(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""}, {"a/b", "a/b"}, {"/a b/", "/a%20b/"}, {"x:1/\xff?#%", "x%3A1/%FF%3F%23%25"}};
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct buf out BUF_AUTO = {0};
        words_add_path(&out, slice_str(cases[i][0]));
        assert_slice(buf_slice(&out), cases[i][1]);
    }
}

// Eight digits and so on, version 8, and of other texts another one: also where they read the same in a row.
static void test_uuid(void **state)
{
    (void)state;
    const struct slice one[] = {SLICE("a"), SLICE("bc")}, other[] = {SLICE("ab"), SLICE("c")};
    char first[WORDS_UUID], again[WORDS_UUID], second[WORDS_UUID];
    words_uuid(first, one, 2);
    words_uuid(again, one, 2);
    words_uuid(second, other, 2);
    assert_string_equal(first, again);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(first), 36);
    assert_int_equal(first[14], '8');
    assert_non_null(strchr("89ab", first[19]));
    for (size_t i = 0; i < 36; i++)
        assert_int_equal(first[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
}

struct sample {
    struct inventory_package package;
    struct stored_image image;
    struct report_statement statement;
    struct report_finding finding;
    struct report report;
};

static void make_sample(struct sample *s)
{
    *s = (struct sample){
        .package = {.package = {.kind = SLICE("deb"), .name = SLICE("libssl3"), .source_name = SLICE("openssl")}},
        .statement = {.feed = "debian"}};
    s->image.inventory.packages = &s->package;
    s->image.inventory.packages_n = 1;
    s->finding = (struct report_finding){.statements = &s->statement, .statements_n = 1};
    s->report = (struct report){.image = &s->image, .judged = 1, .generation = SLICE("g")};
}

static void test_advice(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    assert_slice(words_advice(&a, &s.report, &s.finding), "No version with a fix is known.");
    s.statement.record.state = SLICE("Will not fix");
    assert_slice(words_advice(&a, &s.report, &s.finding),
                 "No version with a fix is known; the feed debian says: Will not fix.");
    s.finding.fixed_in = SLICE("3.0.9-1");
    assert_slice(words_advice(&a, &s.report, &s.finding), "Update libssl3 to 3.0.9-1.");
    s.statement.record.of_source = true;
    assert_slice(words_advice(&a, &s.report, &s.finding),
                 "Update libssl3 to 3.0.9-1 (version of the source package openssl).");
    s.package.package.name = SLICE("openssl");
    assert_slice(words_advice(&a, &s.report, &s.finding), "Update openssl to 3.0.9-1.");
}

static void test_image(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    struct sample s;
    make_sample(&s);
    assert_slice(words_image(&s.report), "image");
    memcpy(s.image.manifest.text, "sha256:", 8);
    memset(s.image.manifest.text + 7, 'a', 64);
    assert_int_equal(words_image(&s.report).n, 71);
    s.image.reference = SLICE("/");
    assert_slice(words_repository(&a, &s.report), "image");
    assert_slice(words_distribution(&a, &s.image.inventory.distribution), "unknown distribution");
    s.image.inventory.distribution = (struct distribution){.known = true, .id = SLICE("x"), .version_id = SLICE("1")};
    assert_slice(words_distribution(&a, &s.image.inventory.distribution), "x 1");
}

// ---- gaps -----------------------------------------------------------------------------------------------------------

static void assert_gaps(const struct report *report, const char *const *ids, const enum gap_level *levels, size_t n)
{
    struct arena a ARENA_AUTO = {0};
    const struct gaps gaps = report_gaps(report, &(struct output_options){0}, &a);
    assert_int_equal(gaps.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(gaps.v[i].id, ids[i]);
        assert_int_equal(gaps.v[i].level, levels[i]);
        assert_true(gaps.v[i].text.n != 0);
        size_t kind = 0;
        while (gap_kinds[kind].id != NULL && strcmp(gap_kinds[kind].id, ids[i]) != 0)
            kind++;
        assert_non_null(gap_kinds[kind].id); // each is one of the kinds
    }
}

static void test_gaps(void **state)
{
    (void)state;
    static const char *const ids[] = {"incomplete",  "not-judged",  "end-of-life",  "layer-not-read",
                                      "feed-stale",  "feed-stale",  "undetermined", "scores-lacking",
                                      "passed-over", "passed-over", "passed-over"};
    static const enum gap_level levels[] = {GAP_ERROR,   GAP_WARNING, GAP_WARNING, GAP_WARNING,
                                            GAP_WARNING, GAP_WARNING, GAP_WARNING, GAP_NOTE,
                                            GAP_NOTE,    GAP_NOTE,    GAP_NOTE};
    struct sample s;
    make_sample(&s);
    assert_gaps(&s.report, NULL, NULL, 0);
    assert_true(report_is_whole(&s.report));
    struct slice text = SLICE("something");
    struct report_unmatched unmatched = {SLICE("npm"), 3, SLICE("no such feed")};
    struct stored_layer layer = {.skip_reason = SLICE("foreign")};
    struct report_feed feed = {.feed = SLICE("debian"), .state = FEED_STALE, .updated = 1, .error = SLICE("it broke")};
    struct inventory_skip skip = {0, {SLICE("a/b"), SLICE("odd"), false}};
    s.report.errors = s.image.remarks = &text;
    s.report.errors_n = s.image.remarks_n = 1;
    s.report.unmatched = &unmatched;
    s.report.unmatched_n = s.report.unjudged = 1;
    s.report.coverage = COVERAGE_END_OF_LIFE;
    s.report.end_of_life = SLICE("2018-05-31");
    s.image.layers = &layer;
    s.image.layers_n = 1;
    s.report.feeds = &feed;
    s.report.feeds_n = 1;
    s.report.findings = s.report.undetermined = &s.finding;
    s.report.findings_n = s.report.undetermined_n = 1;
    s.report.enriching[ENRICHING_EPSS] = (struct report_feed){.feed = SLICE("epss"), .state = FEED_MISSING};
    s.image.inventory.skips = &skip;
    s.image.inventory.skips_n = 1;
    s.image.inventory.skips_total = 5;
    assert_gaps(&s.report, ids, levels, ARRAY_N(ids));
    assert_false(report_is_whole(&s.report));
}

static void test_gaps_of_nothing(void **state)
{
    (void)state;
    static const char *const ids[] = {"no-data", "no-packages"}, *const unpacked[] = {"no-packages"};
    static const enum gap_level levels[] = {GAP_ERROR, GAP_ERROR}, note[] = {GAP_NOTE};
    struct sample s;
    make_sample(&s);
    s.report.judged = 0;
    assert_gaps(&s.report, unpacked, note, 1);
    s.image.inventory.distribution.known = true;
    s.report.generation = (struct slice){0};
    assert_gaps(&s.report, ids, levels, 2);
    assert_false(report_is_whole(&s.report));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markdown),        cmocka_unit_test(test_path),  cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_advice),          cmocka_unit_test(test_image), cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_gaps_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
