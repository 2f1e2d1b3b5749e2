// Photon's OVAL: the release must be the file's, and the title names the notice.
#include "oval_maker.h"

static void read_release(struct fixture *f, const char *package, const char *operation, const char *version)
{
    struct slice text = arena_printf(
        &f->arena,
        OVAL(DEFINITION("1", "patch",
                        "<title>PHSA-2020:00001 sqlite Security Update. (Important)</title><reference source='PHSA' "
                        "ref_id='PHSA:00001:3.0:0036' ref_url='https://p.example/36'/><reference source='CVE' "
                        "ref_id='CVE:00001:CVE-2019-16168' ref_url='https://c.example/1'/><advisory><severity>Important"
                        "</severity><cve>CVE-2019-16168</cve></advisory>",
                        AND(IS("1", "") OR(AND(IS("2", "") IS("3", ""))))),
             "<tests>" RPM_TEST("1", "1", "1") RPM_TEST("2", "2", "2")
                 RPM_TEST("3", "2", "3") "</tests><objects>" RPM_OBJECT("1", "%s")
                     RPM_OBJECT("2", "sqlite") "</objects><states>" RPM_STATE("1", FIELD("version", "%s", "%s"))
                         RPM_STATE("2", EVR("less than", "0:3.27.2-5.ph3"))
                             RPM_STATE("3", FIELD("signature_keyid", "equals", "c0b5")) "</states>"),
        package, operation, version);
    must_parse(f, "photon", "photon:3.0", text.p);
}

static void test_release(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *package, *operation, *version;
    } others[] = {
        {"photon-release", "pattern match", "^4[^\\d]"},
        {"photon-release", "pattern match", "^3"},
        {"photon-release", "equals", "3"},
        {"other-release", "pattern match", "^3[^\\d]"},
        {"photon-release", "pattern match", ""},
    };
    read_release(f, "photon-release", "pattern match", "^3[^\\d]");
    assert_records(f, "CVE-2019-16168", "photon:3.0 sqlite fixed 3.27.2-5.ph3 (Important)\n");
    assert_text(f, first_record(f, "CVE-2019-16168").advisories, "PHSA-2020:00001");
    assert_text(f, first_record(f, "CVE-2019-16168").links, "https://c.example/1 https://p.example/36");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        read_release(f, others[i].package, others[i].operation, others[i].version);
        assert_int_equal(f->records, 0);
        assert_int_equal(f->left_out, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
