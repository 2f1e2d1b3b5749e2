// The NVD: what a year's file is read as.
#include "mapping_fixture.h"

#include "advisory/enrichments.h"

#define V2  "AV:N/AC:L/Au:N/C:P/I:N/A:N"
#define V31 "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
#define V40 "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"

#define METRIC(name, source, type, vector)                                                                             \
    "\"" name "\":[{\"source\":\"" source "\",\"type\":\"" type "\",\"cvssData\":{\"vectorString\":\"" vector "\"}}]"

static void test_cves(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "{\"resultsPerPage\":3,\"format\":\"NVD_CVE\",\"vulnerabilities\":["
        "{\"cve\":{\"id\":\"CVE-2014-0160\",\"vulnStatus\":\"Analyzed\",\"configurations\":[{\"nodes\":[]}],\"metrics\":{" METRIC(
            "cvssMetricV31", "nvd@nist.gov", "Primary",
            V31) "," METRIC("cvssMetricV2", "nvd@nist.gov", "Primary",
                            V2) "," METRIC("cvssMetricV40", "134c704f-9b21-4f2e-91b3-4a467353bcc0", "Secondary",
                                           V40) "},"
                                                "\"weaknesses\":[{\"source\":\"nvd@nist.gov\",\"description\":[{\"lang\":\"en\",\"value\":\"CWE-125\"}]},"
                                                "{\"description\":[{\"value\":\"NVD-CWE-Other\"}]}]}},"
                                                "{\"cve\":{\"id\":\"CVE-2014-0161\",\"metrics\":{}}},"
                                                "{\"cve\":{\"id\":\"CVE-2014-0162\",\"vulnStatus\":\"rejected\",\"metrics\":{" METRIC(
                                                    "cvssMetricV31", "nvd@nist.gov", "Primary",
                                                    V31) "}}},"
                                                         "{\"cve\":{\"id\":\"CVE-2014-0163\",\"metrics\":{\"ssvcV203\":[{\"source\":\"x\"}]," METRIC(
                                                             "cvssMetricV31", "a@b", "",
                                                             "CVSS:3.1/AV:N") ",\"cvssMetricV30\":[7],\"cvssMetricV2\":{}}}},"
                                                                              "{\"cve\":{\"metrics\":{}}},7],\"timestamp\":\"2026-08-22T00:00:00.000\"}";
    for (size_t piece = 1; piece < 50; piece += 7) {
        assert_true(parse_pieces(f, "nvd", "nvd:2014", slice_str(text), piece));
        assert_values(f, "nvd:2014", "CVE-2014-0160",
                      " " V2 " (Primary nvd@nist.gov) " V31 " (Primary nvd@nist.gov) " V40
                      " (Secondary 134c704f-9b21-4f2e-91b3-4a467353bcc0) CWE-125 (cwe)");
        assert_values(f, "nvd:2014", "CVE-2014-0161", "");
        assert_values(f, "nvd:2014", "CVE-2014-0162", "");
        assert_values(f, "nvd:2014", "CVE-2014-0163", "");
        assert_int_equal(f->records, 4);
        // No weakness; no score; rejected; SSVC, a cut vector, 7, no list; two without an id.
        assert_int_equal(f->left_out, 9);
    }
}

static void test_no_feed(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"vulnerabilities\":{}}",
                                        "{\"vulnerabilities\":[{\"cve\":{}}",
                                        "{\"vulnerabilities\":[{\"cve\":]}]}",
                                        "{\"vulnerabilities\":[{\"cve\":{\"id\":\"\xff\"}}]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(parse_pieces(f, "nvd", "nvd:2014", slice_str(texts[i]), 3));
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
    f->limits.feed_member_bytes = 20;
    assert_false(
        parse_pieces(f, "nvd", "nvd:2014", SLICE("{\"vulnerabilities\":[{\"cve\":{\"id\":\"CVE-2014-0160\"}}]}"), 3));
    assert_int_equal(f->err.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FEED_TEST(test_cves), FEED_TEST(test_no_feed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
