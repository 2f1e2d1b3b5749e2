// Oracle's OVAL: releases, architectures of the machine, modules and variants.
#include "oval_maker.h"

#define PARTS                                                                                                                                \
    "<tests>" RPM_TEST("1", "1", "1") RPM_TEST("2", "1", "2") RPM_TEST("3", "1", "3") RPM_TEST(                                              \
        "10", "2", "10") RPM_TEST("11", "2", "11") RPM_TEST("12", "2", "12") RPM_TEST("13", "3", "1")                                        \
        RPM_TEST("14", "1", "4") "<i:textfilecontent54_test xmlns:i='urn:i' id='" ID("tst", "20") "' check='all'><i:object object_ref='" ID( \
            "obj",                                                                                                                           \
            "20") "'/><i:state state_ref='" ID("ste",                                                                                        \
                                               "20") "'/></i:textfilecontent54_test></tests><objects>" RPM_OBJECT("1",                       \
                                                                                                                  "oraclelinux-release")     \
            RPM_OBJECT("2", "openssl") RPM_OBJECT("3", "ovs-release") "</objects><states>" RPM_STATE(                                        \
                "1", FIELD("version", "pattern match", "^8")) RPM_STATE("2", FIELD("arch", "pattern match", "x86_64"))                       \
                RPM_STATE("3", FIELD("arch", "pattern match", "aarch64"))                                                                    \
                    RPM_STATE("4", FIELD("version", "equals", "8"))                                                                          \
                        RPM_STATE("10", EVR("less than", "2:1.1.1g-15.ksplice1.el8_3"))                                                      \
                            RPM_STATE("11", FIELD("signature_keyid", "equals", "82562ea9ad986da3"))                                          \
                                RPM_STATE("12", FIELD("release", "pattern match", "ksplice")) "</states>"

static void test_criteria(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *criteria, *records;
    } cases[] = {
        {AND(IS("1", "") AND(IS("10", "") IS("11", "") IS("12", ""))),
         "oracle:8 openssl fixed 2:1.1.1g-15.ksplice1.el8_3 (IMPORTANT)\n"},
        {AND(IS("1", "") OR(AND(IS("2", "") OR(AND(IS("10", "") IS("11", "")))))),
         "oracle:8 openssl fixed 2:1.1.1g-15.ksplice1.el8_3 (IMPORTANT) <x86_64 i386 i486 i586 i686 athlon noarch>\n"},
        {AND(IS("1", "") AND(IS("3", "") IS("10", ""))),
         "oracle:8 openssl fixed 2:1.1.1g-15.ksplice1.el8_3 (IMPORTANT) <aarch64 noarch>\n"},
        {AND(IS("1", "") IS("20", "Module virt:kvm_utils is enabled") IS("10", "")),
         "oracle:8 openssl fixed 2:1.1.1g-15.ksplice1.el8_3 (IMPORTANT) +virt:kvm_utils\n"},
        {AND(IS("1", "") IS("20", "A file has a text") IS("10", "")), ""},
        {AND(IS("1", "") IS("20", "Module  is enabled") IS("10", "")), ""},
        {AND(IS("10", "")), ""},              // of no product
        {AND(IS("13", "") IS("10", "")), ""}, // of another one
        {AND(IS("14", "") IS("10", "")), ""}, // whose release is told otherwise
        {AND(IS("1", "") IS("14", "") IS("10", "")), ""},
        {AND(IS("1", "")), ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text =
            arena_printf(&f->arena,
                         OVAL(DEFINITION("1", "patch",
                                         "<title>ELSA-2021-9151: openssl (IMPORTANT)</title><reference source='elsa' "
                                         "ref_id='ELSA-2021-9151' ref_url='https://e.example/9151'/>" CVE(
                                             "CVE-2024-0001") "<advisory><severity>IMPORTANT</severity></advisory>",
                                         "%s"),
                              PARTS),
                         cases[i].criteria);
        must_parse(f, "oracle", "", text.p);
        assert_records(f, "CVE-2024-0001", cases[i].records);
        assert_int_equal(f->left_out, cases[i].records[0] == '\0');
        if (f->records != 0) {
            assert_text(f, first_record(f, "CVE-2024-0001").advisories, "ELSA-2021-9151");
            assert_text(f, first_record(f, "CVE-2024-0001").links,
                        "https://cve.example/CVE-2024-0001 https://e.example/9151");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_criteria),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
