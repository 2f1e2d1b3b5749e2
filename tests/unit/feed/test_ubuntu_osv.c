// Ubuntu's OSV records: releases by package URLs, Ubuntu Pro, priorities, notices.
#include "fixture.h"

static const char record[] =
    "{\"id\": \"UBUNTU-CVE-2024-6387\", \"details\": \"A race.\", \"upstream\": [\"CVE-2024-6387\"],"
    " \"related\": [\"USN-6859-1\"], \"severity\": [{\"type\": \"CVSS_V3\", \"score\": "
    "\"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H\"}, {\"type\": \"Ubuntu\", \"score\": \"high\"}], \"affected\": ["
    "{\"package\": {\"ecosystem\": \"Ubuntu:22.04:LTS\", \"name\": \"openssh\", \"purl\": "
    "\"pkg:deb/ubuntu/openssh@1:8.9p1-3ubuntu0.10?arch=source&distro=jammy\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", "
    "\"events\": [{\"introduced\": \"0\"}, {\"fixed\": \"1:8.9p1-3ubuntu0.10\"}]}], \"versions\": [\"1:8.8p1-1\"]},"
    "{\"package\": {\"ecosystem\": \"Ubuntu:Pro:18.04:LTS\", \"name\": \"openssh\", \"purl\": "
    "\"pkg:deb/ubuntu/openssh@1:7.6p1-4ubuntu0.7+esm4?arch=source&distro=esm-infra/bionic\"}, \"ranges\": [{\"type\": "
    "\"ECOSYSTEM\", \"events\": [{\"introduced\": \"0\"}]}]},"
    "{\"package\": {\"ecosystem\": \"Ubuntu:Pro:FIPS:18.04:LTS\", \"name\": \"openssh\", \"purl\": "
    "\"pkg:deb/ubuntu/openssh?arch=source&distro=fips%2Fbionic\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": "
    "[{\"introduced\": \"0\"}]}]},"
    "{\"package\": {\"ecosystem\": \"Ubuntu:24.04:LTS\", \"name\": \"openssh\"}, \"versions\": [\"1\"]},"
    "{\"package\": {\"ecosystem\": \"Debian:12\", \"name\": \"openssh\"}, \"versions\": [\"1\"]}]}";

static const char notice[] = "{\"id\": \"USN-6859-1\", \"upstream\": [\"CVE-2024-6387\"], \"affected\": [{\"package\": "
                             "{\"ecosystem\": \"Ubuntu:22.04:LTS\", \"name\": \"openssh\"}, \"versions\": [\"1\"]}]}";

static void test_records(void **state)
{
    struct fixture *f = *state;
    struct buf tar BUF_AUTO = {0};
    add_file(&tar, "osv/cve/2024/UBUNTU-CVE-2024-6387.json", record);
    add_file(&tar, "osv/usn/USN-6859-1.json", notice);
    add_file(&tar, "osv/README", "text");
    add_end(&tar);
    if (!parse_pieces(f, "ubuntu-osv", "", buf_slice(&tar), 700))
        fail_msg("%s", f->err.text);
    assert_says(f, SLICE("CVE-2024-6387"),
                "ubuntu:bionic/pro|openssh|affected||high||A race.\n"
                "ubuntu:jammy|openssh|fixed|1:8.9p1-3ubuntu0.10|high||A race.\n");
    advisory_vec records = {0};
    assert_true(segment_lookup(f->segment, SLICE("ubuntu:bionic/pro"), SLICE("openssh"), &f->arena, &records, &f->err));
    assert_int_equal(records.n, 1);
    assert_true(records.v[0].of_source);
    assert_true(slice_eq(records.v[0].state, SLICE("Ubuntu Pro")));
    assert_true(slice_eq(records.v[0].advisories, SLICE("USN-6859-1")));
    assert_true(slice_starts(records.v[0].cvss, SLICE("CVSS:3.1/")));
    // The variant, the one without a release, the other ecosystem, the notice, the text.
    assert_int_equal(f->left_out, 5);
}

static void test_damaged(void **state)
{
    struct fixture *f = *state;
    struct buf tar BUF_AUTO = {0};
    add_file(&tar, "osv/cve/2024/UBUNTU-CVE-2024-6387.json", "{\"id\": ");
    assert_false(parse_pieces(f, "ubuntu-osv", "", buf_slice(&tar), 512));
    assert_non_null(strstr(f->err.text, "UBUNTU-CVE-2024-6387.json"));
    assert_false(parse_pieces(f, "ubuntu-osv", "", slice_of(tar.p, 700), 512));
}

int main(void)
{
    const struct CMUnitTest tests[] = {FEED_TEST(test_records), FEED_TEST(test_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
