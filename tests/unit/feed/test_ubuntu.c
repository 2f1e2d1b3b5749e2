// Ubuntu's OVAL: sources by comments, binaries by variables, kernels, states, and what is of Ubuntu Pro.
#include "oval_maker.h"

#define DPKG_TEST(n, object, state)                                                                                    \
    "<l:dpkginfo_test id='" ID("tst", n) "' check='at least one' check_existence='at_least_one_exists'><l:object "     \
                                         "object_ref='" ID("obj", object) "'/><l:state state_ref='" ID(                \
                                             "ste", state) "'/></l:dpkginfo_test>"
#define DPKG_EXISTS(n, object)                                                                                         \
    "<l:dpkginfo_test id='" ID("tst", n) "' check='all' check_existence='at_least_one_exists'><l:object "              \
                                         "object_ref='" ID("obj", object) "'/></l:dpkginfo_test>"
#define PARTS                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              \
    "<tests>" DPKG_TEST("1", "1", "1") DPKG_TEST(                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          \
        "2", "1", "2") DPKG_EXISTS("3", "1") "<u:uname_test xmlns:u='urn:u' id='" ID("tst",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                \
                                                                                     "4") "'><u:object object_ref='" ID("obj", "9") "'/><u:state state_ref='" ID("ste", "9") "'/></u:uname_test><i:variable_test xmlns:i='urn:i' id='" ID("tst", "5") "'><i:object object_ref='" ID("obj", "8") "'/><i:state state_ref='" ID("ste", "8") "'/></i:variable_test></tests><objects><l:dpkginfo_object id='" ID("obj",                                                                                                                                                                                                                                                                                                         \
                                                                                                                                                                                                                                                                                                                                                                                                            "1") "'><l:name var_ref='" ID("var",                                                                                                                                                                                                                                                                           \
                                                                                                                                                                                                                                                                                                                                                                                                                                          "1") "' var_check='at least one'/></l:dpkginfo_object></objects>"                                                                                                                                                                                                                \
                                                                                                                                                                                                                                                                                                                                                                                                                                               "<states><l:dpkginfo_state id='" ID(                                                                                                                                                                                                                                        \
                                                                                                                                                                                                                                                                                                                                                                                                                                                   "ste", "1") "'><l:evr datatype='debian_evr_string' operation='less than'>0:2.1-1ubuntu1</l:evr>"                                                                                                                                                                        \
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "</l:dpkginfo_state><l:dpkginfo_state id='" ID("ste",                                                                                                                                                                                                       \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              "2") "'><l:evr datatype='debian_evr_string' operation='less than'>1:3.0-1~esm1</l:evr>"                                                                                                                      \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "</l:dpkginfo_state><i:variable_state xmlns:i='urn:i' id='" ID("ste",                                                                                                                                   \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "8") "'><i:value datatype='debian_evr_string' operation='less than'>0:6.8.0-84.84"                                                       \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "</i:value></i:variable_state></states><variables><constant_variable id='" ID("var",                                                \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     "1") "'><value>libexpat1</value><value>expat</value>" \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          "</constant_variable></variables>"

static void read_criteria(struct fixture *f, const char *criteria, const char *description)
{
    struct slice text = arena_printf(&f->arena,
                                     OVAL(DEFINITION("100", "inventory", "", AND(IS("77", "")))
                                              DEFINITION("1", "vulnerability",
                                                         CVE("CVE-2024-0001") "<description>%s</description><advisory>"
                                                                              "<severity>Medium</severity></advisory>",
                                                         "%s"),
                                          PARTS),
                                     description, criteria);
    must_parse(f, "ubuntu", "ubuntu:jammy", text.p);
}

static void test_comments(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *criteria, *records;
    } cases[] = {
        {IS("1", "expat package in jammy was vulnerable but has been fixed (note: '2.1-1ubuntu1')."),
         "ubuntu:jammy source expat fixed 2.1-1ubuntu1 (Medium)\n"},
        {IS("1", "The 'expat' package in xenial was vulnerable but has been fixed (note: '0:2.1-1ubuntu1 ')."),
         "ubuntu:jammy source expat fixed 2.1-1ubuntu1 (Medium)\n"},
        {IS("1", "expat source package in noble, is affected and has been fixed (note: '2.1-1ubuntu1')."),
         "ubuntu:jammy source expat fixed 2.1-1ubuntu1 (Medium)\n"},
        // The binaries have a version of their own.
        {IS("1", "expat package in jammy was vulnerable but has been fixed (note: '1.0-1')."),
         "ubuntu:jammy expat fixed 2.1-1ubuntu1 (Medium)\nubuntu:jammy libexpat1 fixed 2.1-1ubuntu1 (Medium)\n"},
        // No source is named.
        {IS("1", "Long Term Release"),
         "ubuntu:jammy expat fixed 2.1-1ubuntu1 (Medium)\nubuntu:jammy libexpat1 fixed 2.1-1ubuntu1 (Medium)\n"},
        {IS("3", "a b package in jammy is affected and needs fixing."),
         "ubuntu:jammy expat affected (Medium) {needed}\nubuntu:jammy libexpat1 affected (Medium) {needed}\n"},
        {IS("3", "expat package in jammy is affected and needs fixing."),
         "ubuntu:jammy source expat affected (Medium) {needed}\n"},
        {IS("3", "expat package in jammy is affected and may need fixing."),
         "ubuntu:jammy source expat affected (Medium) {needs-triage}\n"},
        {IS("3", "expat package in jammy is affected, but a decision has been made to defer addressing it."),
         "ubuntu:jammy source expat affected (Medium) {deferred}\n"},
        {IS("3", "expat: while related to the CVE in some way, a decision has been made to ignore this issue."),
         "ubuntu:jammy source expat affected (Medium) {ignored}\n"},
        {IS("3", "expat package in jammy is affected. An update containing the fix is pending."),
         "ubuntu:jammy source expat affected (Medium) {pending}\n"},
        // Kernels: which one runs, with or without a version that mends it.
        {IS("4", "Is kernel 'linux-riscv' running?"), "ubuntu:jammy source linux-riscv affected (Medium)\n"},
        {AND(IS("4", "Is kernel 'linux' running?")
                 IS("5", "'linux' kernel in noble was vulnerable but has been fixed (note: '6.8.0-84.84').")),
         "ubuntu:jammy source linux fixed 6.8.0-84.84 (Medium)\n"},
        {AND(IS("4", "Is kernel 5.4.0-[0-9]+ running?")
                 IS("5", "linux-aws package in noble was vulnerable but has been fixed (note: '6.8.0-84.84').")),
         "ubuntu:jammy source linux-aws fixed 6.8.0-84.84 (Medium)\n"},
        {IS("4", "kernel"), ""},
        {AND(IS("4", "Is kernel 'linux' running?") IS("1", "")), ""},
        // Ubuntu Pro.
        {IS("2", "expat package in jammy was vulnerable but has been fixed (note: '1:3.0-1~esm1')."),
         "ubuntu:jammy/pro source expat fixed 1:3.0-1~esm1 (Medium) {Ubuntu Pro}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice criteria =
            arena_printf(&f->arena, "<criteria><extend_definition definition_ref='" ID("def", "100") "'/>%s</criteria>",
                         cases[i].criteria);
        read_criteria(f, criteria.p, "");
        assert_records(f, "CVE-2024-0001", cases[i].records);
        assert_int_equal(f->left_out, cases[i].records[0] == '\0');
    }
}

static void test_description(void **state)
{
    struct fixture *f = *state;
    const char *criteria =
        AND(IS("1", "expat package in jammy was vulnerable but has been fixed (note: '2.1-1ubuntu1')."));
    read_criteria(
        f, criteria,
        "It is bad.\n\n    Update Instructions:\n\n    Run this.\n\nexpat - 2.1-1ubuntu1\nlibexpat1 - "
        "2.1-1ubuntu1\nNo subscription required\n\nother - 9\nAvailable with Ubuntu Pro: https://ubuntu.com/pro\n");
    assert_records(f, "CVE-2024-0001", "ubuntu:jammy source expat fixed 2.1-1ubuntu1 (Medium)\n");
    assert_text(f, first_record(f, "CVE-2024-0001").description, "It is bad.");
    read_criteria(
        f, criteria,
        "It is bad. Update Instructions:\nother - 9\nNo subscription required\n\nexpat - 2.1-1ubuntu1\nAvailable "
        "with Ubuntu Pro (Infra-only): https://ubuntu.com/pro\n");
    assert_records(f, "CVE-2024-0001", "ubuntu:jammy/pro source expat fixed 2.1-1ubuntu1 (Medium) {Ubuntu Pro}\n");
    read_criteria(f, criteria, "expat - 2.1-1ubuntu1\n\nother - 9\nAvailable with Ubuntu Pro: x");
    assert_records(f, "CVE-2024-0001", "ubuntu:jammy source expat fixed 2.1-1ubuntu1 (Medium)\n");
}

static void test_notices(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "ubuntu", "ubuntu:jammy",
               OVAL(DEFINITION("1", "vulnerability",
                               CVE("CVE-2024-0001") "<advisory><cve href='https://ubuntu.com/security/CVE-2024-0001' "
                                                    "cvss_vector='CVSS:3.1/AV:N' usns='6561-1,6560-2'>CVE-2024-0001"
                                                    "</cve></advisory>",
                               AND(IS("3", "expat package in jammy is affected and needs fixing."))),
                    PARTS));
    struct advisory r = first_record(f, "CVE-2024-0001");
    assert_text(f, r.advisories, "USN-6561-1 USN-6560-2");
    assert_text(f, r.cvss, "CVSS:3.1/AV:N");
    assert_text(f, r.links, "https://ubuntu.com/security/CVE-2024-0001 https://cve.example/CVE-2024-0001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_comments),
        FEED_TEST(test_description),
        FEED_TEST(test_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
