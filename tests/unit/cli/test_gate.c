// --fail-on: what is read as a condition, and which findings meet it.
#include "cli/gate.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static struct report_rating rating = {.score = 98};
static struct enrichment enrichment = {
    .has_epss = true, .is_exploited = true, .epss = {.probability = 500000, .percentile = 990000}};
static const struct report_finding none = {.severity = SEVERITY_MEDIUM};
static const struct report_finding all = {
    .severity = SEVERITY_MEDIUM, .rating = &rating, .enrichments = &enrichment, .enrichments_n = 1};

static const struct {
    const char *text;
    bool by_none, by_all; // met by the findings above
} good[] = {
    {"medium", true, true},
    {"Low", true, true},
    {"high", false, false},
    {"critical,unknown", true, true},
    {"kev", false, true},
    {"KEV,high", false, true},
    {"cvss>=9.8", false, true},
    {"cvss>9.8", false, false},
    {"cvss>9.7", false, true},
    {"cvss>=0", false, true},
    {"cvss>=10.0", false, false},
    {"CVSS >= 9", false, true},
    {"epss>0.5", false, false},
    {"epss>=0.5", false, true},
    {"epss>0.499999", false, true},
    {"epss>=1", false, false},
    {" high , epss>0.6 , cvss>9 ", false, true},
    {"cvss>10,cvss>9.9,cvss>9", false, true},
};

static void test_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_N(good); i++) {
        struct gate gate;
        struct error err;
        if (!gate_parse(slice_str(good[i].text), &gate, &err))
            fail_msg("%s: %s", good[i].text, err.text);
        if (gate_is_met(&gate, &none) != good[i].by_none || gate_is_met(&gate, &all) != good[i].by_all)
            fail_msg("%s", good[i].text);
    }
}

static void test_no_conditions(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "high,",
        ",high",
        "high kev",
        "cvss",
        "cvss>",
        "cvss>=",
        "cvss>x",
        "cvss=9",
        "cvss<9",
        "cvss>10.1",
        "cvss>9.81",
        "cvss>-1",
        "cvss>9.",
        "cvss>.5",
        "epss>1.1",
        "epss>2",
        "epss>50%",
        "epss>0.1234567",
        "epss",
        "kev>1",
        "cvssx>1",
        "epss>0.5x",
        "cvss>1,cvss>1,cvss>1,cvss>1,cvss>1,cvss>1,cvss>1,cvss>1,cvss>1",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct gate gate;
        struct error err;
        if (gate_parse(slice_str(bad[i]), &gate, &err))
            fail_msg("\"%s\" was read", bad[i]);
        assert_int_equal(err.code, ERR_USAGE);
        assert_true(strstr(err.text, "epss>=SHARE") != NULL);
    }
}

static void test_lacking_feeds(void **state)
{
    static const struct {
        const char *text;
        int missing;
    } cases[] = {{"cvss>1", ENRICHING_NVD}, {"high,epss>0.1", ENRICHING_EPSS}, {"kev", ENRICHING_KEV}};
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++)
        for (int feed = 0; feed < ENRICHING_FEEDS; feed++) {
            struct report report = {0};
            struct gate gate;
            struct error err;
            assert_true(gate_parse(slice_str(cases[i].text), &gate, &err));
            assert_null(gate_lacks(&gate, &report));
            report.enriching[feed].state = i % 2 == 0 ? FEED_MISSING : FEED_IN_ERROR;
            const struct report_feed *lacking = gate_lacks(&gate, &report);
            assert_ptr_equal(lacking, feed == cases[i].missing ? &report.enriching[feed] : NULL);
            report.enriching[feed].state = FEED_STALE;
            assert_null(gate_lacks(&gate, &report));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conditions), cmocka_unit_test(test_no_conditions),
                                       cmocka_unit_test(test_lacking_feeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
