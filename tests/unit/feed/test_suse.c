// SUSE's OVAL: products by their release packages, what is not affected, and architectures.
#include "oval_maker.h"

#define PARTS                                                                                                          \
    "<tests>" RPM_TEST("1", "1", "1") RPM_TEST("2", "2", "2") RPM_TEST("3", "3", "3") RPM_TEST("4", "4", "4")          \
        RPM_TEST("5", "1", "5") RPM_TEST("10", "10", "10") RPM_TEST("11", "10", "11") RPM_TEST("12", "10", "12")       \
            RPM_TEST("13", "10", "13") RPM_TEST("14", "1", "14") "</tests><objects>" RPM_OBJECT("1", "sles-release")   \
                RPM_OBJECT("2", "sles-ltss-release") RPM_OBJECT("3", "openSUSE-release")                               \
                    RPM_OBJECT("4", "SLES_SAP-release") RPM_OBJECT("10", "krb5") "</objects><state>" RPM_STATE(        \
                        "1", FIELD("version", "equals", "15.4")) RPM_STATE("2", FIELD("version", "equals", "15.1"))    \
                        RPM_STATE("3", EVR("greater than or equal", "0:20210101-0"))                                   \
                            RPM_STATE("4", FIELD("version", "equals", "15"))                                           \
                                RPM_STATE("5", FIELD("version", "pattern match", "15.*"))                              \
                                    RPM_STATE("10", FIELD("arch", "pattern match", "(aarch64|x86_64)")                 \
                                                        EVR("less than", "0:1.15-4.25"))                               \
                                        RPM_STATE("11", FIELD("version", "equals", "0"))                               \
                                            RPM_STATE("12", EVR("greater than", "0:0-0"))                              \
                                                RPM_STATE("13", FIELD("signature_keyid", "equals", "b8"))              \
                                                    RPM_STATE("14", EVR("less than", "0:15.4-9")) "</state>"

static void test_criteria(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *criteria, *records;
        uint64_t left_out;
    } cases[] = {
        {AND(OR(IS("1", "") IS("4", "") IS("99", "")) OR(IS("10", ""))),
         "suse:f/sles:15.4 krb5 fixed 1.15-4.25 (Moderate) <aarch64 x86_64>\n"
         "suse:f/sles_sap:15 krb5 fixed 1.15-4.25 (Moderate) <aarch64 x86_64>\n",
         1},
        {AND(IS("2", "") AND(IS("10", "") IS("13", ""))),
         "suse:f/sles-ltss:15.1 krb5 fixed 1.15-4.25 (Moderate) {LTSS} <aarch64 x86_64>\n", 0},
        {AND(IS("3", "") IS("12", "")), "suse:f/opensuse:tumbleweed krb5 affected (Moderate)\n", 0},
        {AND(IS("1", "") IS("11", "krb5 is not affected")), "suse:f/sles:15.4 krb5 not_affected (Moderate)\n", 0},
        // The release package itself, when it is to be mended.
        {AND(IS("1", "") IS("14", "")), "suse:f/sles:15.4 sles-release fixed 15.4-9 (Moderate)\n", 0},
        {AND(IS("10", "")), "", 1},
        {AND(IS("5", "") IS("10", "")), "", 1},
        {AND(IS("1", "") IS("4", "") IS("10", "")), "", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text = arena_printf(&f->arena,
                                         OVAL(DEFINITION("1", "vulnerability",
                                                         "<reference source='SUSE CVE' ref_id='SUSE CVE-2024-0001' "
                                                         "ref_url='https://s.example/1'/><reference source='SUSE-SU' "
                                                         "ref_id='SUSE-SU-2021:1-1' ref_url='https://s.example/su'/>"
                                                         "<advisory><severity>Moderate</severity></advisory>",
                                                         "%s"),
                                              PARTS),
                                         cases[i].criteria);
        must_parse(f, "suse", "suse:f", text.p);
        assert_records(f, "CVE-2024-0001", cases[i].records);
        if (f->left_out != cases[i].left_out)
            fail_msg("%s: %llu left out", cases[i].criteria, (unsigned long long)f->left_out);
        assert_true(segment_has_scope(f->segment, SLICE("suse:f")));
        if (f->records != 0)
            assert_text(f, first_record(f, "CVE-2024-0001").advisories, "SUSE-SU-2021:1-1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_criteria),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
