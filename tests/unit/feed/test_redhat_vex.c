// Red Hat's VEX documents: how components, products and statuses become records, and what is no such document.
#include "fixture.h"

static bool parse(struct fixture *f, const char *text)
{
    return parse_pieces(f, "redhat-vex", "", slice_str(text), 13);
}

// What the segment says of the vulnerability, a line for each record:
// scope|package, "src" for a source|status|introduced-bound|severity|state|arch|module|advisories|cvss
static void assert_records(struct fixture *f, const char *want)
{
    struct buf got BUF_AUTO = {0};
    advisory_vec records = {0};
    assert_true(segment_vulnerability(f->segment, SLICE("CVE-2024-1"), &f->arena, &records, &f->err));
    for (size_t i = 0; i < records.n; i++) {
        const struct advisory *r = &records.v[i];
        buf_addf(&got, "%.*s|%.*s%s|%s|%.*s-%.*s|", SLICE_ARG(r->scope), SLICE_ARG(r->package),
                 r->of_source ? " src" : "", advisory_status_name(r->status), SLICE_ARG(r->introduced),
                 SLICE_ARG(r->bound));
        buf_addf(&got, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s\n", SLICE_ARG(r->severity), SLICE_ARG(r->state),
                 SLICE_ARG(r->arch), SLICE_ARG(r->module), SLICE_ARG(r->advisories), SLICE_ARG(r->cvss));
    }
    if (!slice_eq(buf_slice(&got), slice_str(want)))
        fail_msg("%.*sinstead of\n%s", SLICE_ARG(buf_slice(&got)), want);
}

// A document with one product, "P", and for each component a purl; its id in the product is "P:" and its number from 0.
static void parse_components(struct fixture *f, const char *const *purls, size_t n, const char *vulnerability)
{
    struct buf text BUF_AUTO = {0};
    buf_adds(&text,
             "{\"document\":{\"category\":\"csaf_vex\",\"tracking\":{\"id\":\"CVE-2024-1\"}},\"product_tree\":{"
             "\"branches\":[{\"branches\":[{\"product\":{\"product_id\":\"P\",\"product_identification_helper\":{"
             "\"cpe\":\"cpe:/o:redhat:enterprise_linux:9::baseos\"}}}");
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, ",{\"product\":{\"product_id\":\"c%zu\",\"product_identification_helper\":{\"purl\":\"%s\"}}}",
                 i, purls[i]);
    buf_adds(&text, "]}],\"relationships\":[");
    for (size_t i = 0; i < n; i++)
        buf_addf(&text,
                 "%s{\"category\":\"default_component_of\",\"product_reference\":\"c%zu\","
                 "\"relates_to_product_reference\":\"P\",\"full_product_name\":{\"product_id\":\"P:%zu\"}}",
                 i != 0 ? "," : "", i, i);
    buf_addf(&text, "]},\"vulnerabilities\":[{\"cve\":\"CVE-2024-1\",%s}]}", vulnerability);
    buf_addc(&text, '\0');
    if (!parse(f, text.p))
        fail_msg("%s", f->err.text);
}

#define BASEOS "redhat:cpe:/o:redhat:enterprise_linux:9::baseos|"

static void test_architectures_are_one_record(void **state)
{
    struct fixture *f = *state;
    static const char *const purls[] = {
        "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=x86_64",  "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=aarch64",
        "pkg:rpm/redhat/expat@2.5.0-3.el9_5.1?arch=src",     "pkg:rpm/redhat/expat@2.5.0-4.el9_6?arch=x86_64",
        "pkg:rpm/redhat/openssl@3.0-1.el9?arch=src&epoch=1", "pkg:rpm/redhat/libtiff@4.4.0-12.el9?epoch=0",
    };
    parse_components(
        f, purls, 6,
        "\"product_status\":{\"fixed\":[\"P:0\",\"P:1\",\"P:2\",\"P:3\",\"P:4\",\"P:5\"]},"
        "\"threats\":[{\"category\":\"impact\",\"details\":\"Moderate\",\"product_ids\":[\"P:0\",\"P:1\"]},"
        "{\"category\":\"exploit_status\",\"details\":\"no\",\"product_ids\":[\"P:0\"]}],"
        "\"scores\":[{\"products\":[\"P:0\",\"P:1\",\"none\"],\"cvss_v2\":{\"vectorString\":\"AV:N\"},"
        "\"cvss_v3\":{\"vectorString\":\"CVSS:3.1/AV:N\"}}],"
        "\"remediations\":[{\"category\":\"vendor_fix\",\"url\":"
        "\"https://access.redhat.com/errata/RHSA-2024:9502\",\"product_ids\":[\"P:0\",\"P:1\"]}]");
    assert_records(f,
                   BASEOS "expat src|fixed|-0:2.5.0-3.el9_5.1||||||\n" BASEOS
                          "expat|fixed|-0:2.5.0-3.el9_5.1|Moderate||aarch64 x86_64||RHSA-2024:9502|CVSS:3.1/AV:N "
                          "AV:N\n" BASEOS "expat|fixed|-0:2.5.0-4.el9_6|||x86_64|||\n" BASEOS
                          "libtiff src|fixed|-0:4.4.0-12.el9||||||\n" BASEOS "openssl src|fixed|-1:3.0-1.el9||||||\n");
    assert_int_equal(f->left_out, 0);
}

static void test_statuses(void **state)
{
    struct fixture *f = *state;
    static const char *const purls[] = {
        "pkg:rpm/redhat/a?arch=src",        "pkg:rpm/redhat/b",          "pkg:rpm/redhat/c",
        "pkg:rpm/redhat/d@1-1?arch=x86_64", "pkg:rpm/redhat/e?arch=src", "pkg:rpm/redhat/f",
    };
    parse_components(
        f, purls, 6,
        "\"product_status\":{\"known_affected\":[\"P:0\",\"P:1\"],\"known_not_affected\":[\"P:2\",\"P:3\"],"
        "\"under_investigation\":[\"P:4\"],\"recommended\":[\"P:5\"],\"fixed\":[\"P:0\"]},"
        "\"remediations\":[{\"category\":\"no_fix_planned\",\"details\":\"Will not fix\",\"product_ids\":[\"P:0\"]},"
        "{\"category\":\"none_available\",\"details\":\"Fix deferred\",\"product_ids\":[\"P:1\"]},"
        "{\"category\":\"workaround\",\"details\":\"Do not\",\"product_ids\":[\"P:0\"]}],"
        "\"flags\":[{\"label\":\"component_not_present\",\"product_ids\":[\"P:2\"]}]");
    assert_records(f, BASEOS "a src|affected|-||Will not fix||||\n" BASEOS "b|affected|-||Fix deferred||||\n" BASEOS
                             "b src|affected|-||Fix deferred||||\n" BASEOS
                             "c|not_affected|-||component_not_present||||\n" BASEOS
                             "d|not_affected|-|||x86_64|||\n" BASEOS "e src|undetermined|-||||||\n");
    assert_int_equal(f->left_out, 2); // a status that says nothing, and a second one
}

static void test_modules(void **state)
{
    struct fixture *f = *state;
    static const char *const purls[] = {
        "pkg:rpm/redhat/redis@6.2-1.module%2Bel8?arch=x86_64&rpmmod=redis%3A6:8100020250113083959:489197e6",
        "pkg:rpm/redhat/redis@6.2-2.module%2Bel8.10?arch=x86_64",
        "pkg:rpm/redhat/firefox?arch=src&rpmmod=rhel10",
    };
    parse_components(f, purls, 3, "\"product_status\":{\"fixed\":[\"P:0\",\"P:1\"],\"known_affected\":[\"P:2\"]}");
    assert_records(f, BASEOS "redis|fixed|-0:6.2-1.module+el8|||x86_64|redis:6||\n");
    assert_int_equal(f->left_out, 2);
}

static void test_images(void **state)
{
    struct fixture *f = *state;
#define URL "&repository_url=registry.redhat.io/"
    static const char *const purls[] = {
        "pkg:oci/ose-cli@sha256:aa?arch=amd64" URL "openshift4/ose-cli&tag=v4.12.0-202301",
        "pkg:oci/ose-cli@sha256:ab?arch=s390x" URL "openshift4/ose-cli&tag=v4.12.0-202301",
        "pkg:oci/ose-cli@sha256:ac?arch=amd64" URL "openshift4/ose-cli&tag=v4.13.1-202302",
        "pkg:oci/rhceph-8-rhel9@sha256:ad?arch=amd64" URL "rhceph&tag=1770630907",
        "pkg:oci/openshift3/metrics-cassandra",
        "pkg:oci/ose-web"
        "?repository_url=registry.redhat.io/openshift4/ose-web",
        "pkg:oci/untagged@sha256:ae?arch=amd64" URL "x/untagged",
    };
#undef URL
    parse_components(f, purls, 7,
                     "\"product_status\":{\"fixed\":[\"P:0\",\"P:1\",\"P:2\",\"P:3\",\"P:6\"],"
                     "\"known_affected\":[\"P:4\"],\"known_not_affected\":[\"P:5\"]}");
    assert_records(f, "rhcc|openshift3/metrics-cassandra|affected|-||||||\n"
                      "rhcc|openshift4/ose-cli|fixed|-v4.12.0-202301||||||\n"
                      "rhcc|openshift4/ose-cli|fixed|v4.13-v4.13.1-202302||||||\n"
                      "rhcc|openshift4/ose-web|not_affected|-||||||\n"
                      "rhcc|rhceph/rhceph-8-rhel9|fixed|-1770630907||||||\n");
    assert_int_equal(f->left_out, 1); // a fix without a tag
}

static void test_what_is_left_out(void **state)
{
    struct fixture *f = *state;
    static const char *const purls[] = {
        "pkg:maven/org.x/y@1",
        "pkg:rpm/fedora/expat@1-1?arch=x86_64",
        "nonsense",
        "pkg:rpm/redhat/a%ff@1-1?arch=x86_64",
        "pkg:rpm/redhat/expat?arch=x86_64",
    };
    parse_components(f, purls, 5,
                     "\"product_status\":{\"fixed\":[\"P:0\",\"P:1\",\"P:2\",\"P:3\",\"P:4\",\"P\",\"unknown\",7]}");
    assert_records(f, "");
    assert_int_equal(f->left_out, 8);
}

static void test_texts(void **state)
{
    struct fixture *f = *state;
    static const char *const purls[] = {"pkg:rpm/redhat/a?arch=src"};
    advisory_vec records = {0};
    parse_components(
        f, purls, 1,
        "\"product_status\":{\"known_affected\":[\"P:0\"]},\"notes\":[{\"category\":\"summary\",\"text\":\"s\"},"
        "{\"category\":\"description\",\"text\":\"It \\u00e9chappe.\"}],\"references\":[{\"url\":\"https://a/b\"},"
        "{\"url\":\"https://pkg.go.dev/vuln/GO-2024-2609\"},{\"url\":\"https://a/ b\"},{}]");
    assert_true(segment_vulnerability(f->segment, SLICE("CVE-2024-1"), &f->arena, &records, &f->err));
    assert_int_equal(records.n, 1);
    assert_true(slice_eq(records.v[0].description, SLICE("It \xc3\xa9"
                                                         "chappe.")));
    assert_true(slice_eq(records.v[0].links, SLICE("https://a/b https://pkg.go.dev/vuln/GO-2024-2609")));
    assert_true(slice_eq(records.v[0].aliases, SLICE("GO-2024-2609")));
}

#define DOCUMENT "{\"document\":{\"category\":\"csaf_vex\",\"tracking\":{\"id\":\"CVE-2024-1\"}},"

static void test_component_in_module_in_product(void **state)
{
    struct fixture *f = *state;
    assert_true(parse(
        f, DOCUMENT "\"product_tree\":{\"full_product_names\":[{\"product_id\":\"P\",\"product_identification_helper\":"
                    "{\"cpe\":\"cpe:/a:redhat:rhel_eus:9.2\"}},{\"product_id\":\"M\"},{\"product_id\":\"c\","
                    "\"product_identification_helper\":{\"purl\":\"pkg:rpm/redhat/a@1-1?arch=x86_64\"}}],"
                    "\"relationships\":[{\"category\":\"default_component_of\",\"product_reference\":\"c\","
                    "\"relates_to_product_reference\":\"P:M\",\"full_product_name\":{\"product_id\":\"P:M:c\"}},"
                    "{\"category\":\"default_component_of\",\"product_reference\":\"M\","
                    "\"relates_to_product_reference\":\"P\",\"full_product_name\":{\"product_id\":\"P:M\"}},"
                    "{\"category\":\"default_component_of\",\"product_reference\":\"L\","
                    "\"relates_to_product_reference\":\"L\",\"full_product_name\":{\"product_id\":\"L\"}}]},"
                    "\"vulnerabilities\":[{\"cve\":\"CVE-2024-1\",\"product_status\":{\"fixed\":[\"P:M:c\",\"L\"]}},"
                    "{\"cve\":\"CVE-2024-2\",\"product_status\":{\"fixed\":[\"P:M:c\"]}}]}"));
    assert_records(f, "redhat:cpe:/a:redhat:rhel_eus:9.2|a|fixed|-0:1-1|||x86_64|||\n");
    assert_int_equal(f->left_out, 2); // a circle, and another document's vulnerability
}

static void test_no_document(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "empty"},
        {"[]", "no VEX document"},
        {"{}", "no VEX document"},
        {"{\"document\":{\"category\":\"csaf_security_advisory\",\"tracking\":{\"id\":\"CVE-2024-1\"}}}",
         "no VEX document"},
        {"{\"document\":{\"category\":\"csaf_vex\"}}", "no VEX document"},
        {DOCUMENT "\"vulnerabilities\":[", "not JSON"},
        {DOCUMENT "\"x\":\"\xff\"}", "not JSON"},
        {DOCUMENT "\"product_tree\":{\"branches\":[{\"branches\":[{\"branches\":[{}]}]}]}}", "limit csaf_depth"},
    };
    f->limits.csaf_depth = 2;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(parse(f, cases[i].text));
        assert_non_null(strstr(f->err.text, cases[i].error));
    }
    f->limits.feed_member_bytes = 100;
    assert_false(parse(f, DOCUMENT "\"title\":\"a long one that is over the limit\"}                  "));
    assert_non_null(strstr(f->err.text, "feed_member_bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_architectures_are_one_record),
        FEED_TEST(test_statuses),
        FEED_TEST(test_modules),
        FEED_TEST(test_images),
        FEED_TEST(test_what_is_left_out),
        FEED_TEST(test_texts),
        FEED_TEST(test_component_in_module_in_product),
        FEED_TEST(test_no_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
