// EPSS: what its file is read as.
#include "mapping_fixture.h"

#include "advisory/enrichments.h"

#define HEAD "#model_version:v2025.03.14,score_date:2026-08-22T00:00:00+0000\ncve,epss,percentile\n"

static void test_rows(void **state)
{
    struct fixture *f = *state;
    static const char text[] = HEAD "CVE-2014-0160,0.94358,0.99999\r\n"
                                    "CVE-2014-0161,0,1\n"
                                    "CVE-2014-0162,1.0,0.000001234\n"
                                    "CVE-2014-0163,4.3e-04,9E-9\n"
                                    "\n"
                                    "CVE-2024-12345,0.1,0.25";
    for (size_t piece = 1; piece < 20; piece++) {
        assert_true(parse_pieces(f, "epss", ENRICHMENT_EPSS, slice_str(text), piece));
        assert_values(f, ENRICHMENT_EPSS, ENRICHMENT_EPSS_MODEL, " 2026-08-22T00:00:00+0000 (v2025.03.14)");
        assert_values(f, ENRICHMENT_EPSS, "CVE-2014-0160", " 943580 999990");
        assert_values(f, ENRICHMENT_EPSS, "CVE-2014-0161", " 0 1000000");
        assert_values(f, ENRICHMENT_EPSS, "CVE-2014-0162", " 1000000 1");
        assert_values(f, ENRICHMENT_EPSS, "CVE-2014-0163", " 430 0");
        assert_values(f, ENRICHMENT_EPSS, "CVE-2024-12345", " 100000 250000");
        assert_int_equal(f->left_out, 0);
    }
}

static void test_bad_rows(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[] = {
        "CVE-2014-0160",
        "CVE-2014-0160,0.5",
        "CVE-2014-0160,0.5,",
        "CVE-2014-0160,,0.5",
        "CVE-2014-0160,1.1,0.5",
        "X,0.5,0.5",
        ",0.5,0.5",
        "CVE-2014-0160,-0.5,0.5",
        "CVE-2014-0160,0.5,1e5",
        "CVE-2014-0160,.5,0.5",
        "CVE-\xff,0,0",
        "CVE-2014-0160,5.,1",
        "CVE-2014-0160,0.5x,0.5",
        "CVE-2014-0160,0.5,0.5,",
        "CVE-2014-0160,0.5,1e-x",
        "CVE-2014-0160,0.0000001x,0.5",
        "CVE-2014-0160,99999999999999999999,0.5",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text BUF_AUTO = {0};
        buf_addf(&text, HEAD "%s\nCVE-2014-0161,0.5,0.25\n", rows[i]);
        assert_true(parse_pieces(f, "epss", ENRICHMENT_EPSS, buf_slice(&text), 11));
        assert_values(f, ENRICHMENT_EPSS, "CVE-2014-0160", "");
        assert_values(f, ENRICHMENT_EPSS, "CVE-2014-0161", " 500000 250000");
        if (f->left_out != 1)
            fail_msg("%s: %llu left out", rows[i], (unsigned long long)f->left_out);
    }
}

static void test_no_scores(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "",
        "\n",
        "cve,epss,percentile\nCVE-2014-0160,0.5,0.5\n",
        "#model_version:v1\ncve,epss,percentile\n",
        "#score_date:2026-08-22\ncve,epss,percentile\n",
        "#model_version:\xff,score_date:2026-08-22\ncve,epss,percentile\n",
        "#model_version:v1,score_date:2026-08-22",
        "#model_version:v1,score_date:2026-08-22\n",
        "#model_version:v1,score_date:2026-08-22\nCVE-2014-0160,0.5,0.5\n",
        "#model_version:v1,score_date:2026-08-22\ncve,percentile,epss\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (parse_pieces(f, "epss", ENRICHMENT_EPSS, slice_str(texts[i]), 5))
            fail_msg("%s was read", texts[i]);
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
    f->limits.field_bytes = 20;
    assert_false(parse_pieces(f, "epss", ENRICHMENT_EPSS, SLICE(HEAD), 5));
    assert_int_equal(f->err.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FEED_TEST(test_rows), FEED_TEST(test_bad_rows), FEED_TEST(test_no_scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
