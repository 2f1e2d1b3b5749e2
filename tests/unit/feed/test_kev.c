// CISA's catalogue: what its file is read as.
#include "mapping_fixture.h"

#include "advisory/enrichments.h"

static void test_entries(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "{\"title\":\"t\",\"catalogVersion\":\"2025.08.25\",\"vulnerabilities\":["
        "{\"cveID\":\"CVE-2014-0160\",\"dateAdded\":\"2022-05-04\",\"dueDate\":\"2022-05-25\","
        "\"knownRansomwareCampaignUse\":\"Known\",\"vulnerabilityName\":\"A name\",\"shortDescription\":\"Some words\","
        "\"requiredAction\":\"Apply updates.\",\"notes\":\"https://example.org\",\"cwes\":[\"CWE-125\"]},"
        "{\"cveID\":\"CVE-2014-0161\",\"dateAdded\":\"2022-05-04\",\"dueDate\":\"\",\"requiredAction\":7},"
        "{\"cveID\":\"CVE-2014-0162\"},{\"dateAdded\":\"2022-05-04\"},7]}";
    assert_true(parse_pieces(f, "kev", "", slice_str(text), 7));
    assert_values(f, ENRICHMENT_KEV, ENRICHMENT_KEV_CATALOG, " 2025.08.25");
    assert_values(f, ENRICHMENT_KEV, "CVE-2014-0160",
                  " 2022-05-04 (dateAdded) 2022-05-25 (dueDate) A name (vulnerabilityName) Apply updates. "
                  "(requiredAction) Known (knownRansomwareCampaignUse) Some words (shortDescription)");
    assert_values(f, ENRICHMENT_KEV, "CVE-2014-0161", " 2022-05-04 (dateAdded)");
    assert_values(f, ENRICHMENT_KEV, "CVE-2014-0162", "");
    assert_int_equal(f->left_out, 3);
}

// A text that is too long costs itself only: that the flaw is exploited must not be lost.
static void test_long_text(void **state)
{
    struct fixture *f = *state;
    struct buf text BUF_AUTO = {0};
    buf_adds(&text, "{\"vulnerabilities\":[{\"cveID\":\"CVE-2014-0160\",\"dateAdded\":\"2022-05-04\","
                    "\"shortDescription\":\"");
    for (int i = 0; i < 5000; i++)
        buf_addc(&text, 'x');
    buf_adds(&text, "\"}]}");
    assert_true(parse_pieces(f, "kev", "", buf_slice(&text), 100));
    assert_values(f, ENRICHMENT_KEV, "CVE-2014-0160", " 2022-05-04 (dateAdded)");
    assert_int_equal(f->left_out, 1);
}

static void test_no_catalogue(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"vulnerabilities\":{}}",
                                        "{\"vulnerabilities\":[]} x",
                                        "{\"vulnerabilities\":[{\"cveID\":\"\xff\"}]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(parse_pieces(f, "kev", "", slice_str(texts[i]), 3));
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {FEED_TEST(test_entries), FEED_TEST(test_long_text),
                                       FEED_TEST(test_no_catalogue)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
