// Red Hat's mappings: what their files are read as, and looking names up.
#include "mapping_fixture.h"

static void test_repositories(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "{\"data\":{\"a-rpms\":{\"cpes\":[\"cpe:/o:redhat:enterprise_linux:9::baseos\",\"cpe:/a:b\"],"
        "\"repo_relative_urls\":[\"content/x\"]},\"b-rpms\":{\"cpes\":[]},\"c-rpms\":{},\"d-rpms\":7,"
        "\"e-rpms\":{\"cpes\":[\"cpe:/a:e\",\"\",3]},\"\":{\"cpes\":[\"cpe:/a:f\"]},\"x\":{\"cpes\":[\"cpe:/a:x\"]},"
        "\"a-rpm\xc3\xa4\":{\"cpes\":[\"cpe:/a:ae\"]},\"a-rpm\xc3\xb6\":{\"cpes\":[\"cpe:/a:oe\"]}}}";
    assert_true(parse_pieces(f, MAPPING_REDHAT_REPOSITORIES, "", slice_str(text), 7));
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "a-rpms", " cpe:/a:b cpe:/o:redhat:enterprise_linux:9::baseos");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "b-rpms", "");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "e-rpms", " cpe:/a:e");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "z-rpms", "");
    // Keys that differ in their last character only are told apart.
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "x", " cpe:/a:x");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "y", "");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "", "");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "a-rpm\xc3\xa4", " cpe:/a:ae");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "a-rpm\xc3\xb6", " cpe:/a:oe");
    assert_values(f, MAPPING_REDHAT_REPOSITORIES, "a-rpm", "");
    assert_int_equal(f->records, 6);
    assert_int_equal(f->left_out, 5); // c, d, two of e, the one without a name
}

static void test_containers(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "{\"data\":{\"ubi9/httpd-24\":[\"rhel9/httpd-24\",\"ubi9/httpd-24\"],\"x\":\"y\"}}";
    assert_true(parse_pieces(f, MAPPING_REDHAT_CONTAINERS, "", slice_str(text), 5));
    assert_values(f, MAPPING_REDHAT_CONTAINERS, "ubi9/httpd-24", " rhel9/httpd-24 ubi9/httpd-24");
    assert_int_equal(f->left_out, 1);
}

static void test_no_mapping(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"", "{", "[]", "{}", "{\"data\":[]}", "{\"data\":{}} x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(parse_pieces(f, MAPPING_REDHAT_CONTAINERS, "", slice_str(texts[i]), 3));
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
    f->limits.feed_member_bytes = 10;
    assert_false(parse_pieces(f, MAPPING_REDHAT_CONTAINERS, "", SLICE("{\"data\":{}}"), 3));
    assert_int_equal(f->err.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FEED_TEST(test_repositories), FEED_TEST(test_containers),
                                       FEED_TEST(test_no_mapping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
