// OVAL in general, by the feed that adds least of its own (Azure Linux): what criteria come down to, and what is left
// out.
#include "oval_maker.h"

// Packages p1 to p3; p<N> is earlier than <N>-1 by test <N>1, of every version by <N>2.
#define PACKAGES                                                                                                             \
    "<tests>" RPM_TEST("11", "1", "1") RPM_TEST("21", "2", "2") RPM_TEST("31", "3", "3") RPM_TEST(                           \
        "12", "1", "9") RPM_TEST("13", "1",                                                                                  \
                                 "8") RPM_TEST("14", "1",                                                                    \
                                               "7") RPM_TEST("15", "1",                                                      \
                                                             "6") RPM_TEST("16", "1",                                        \
                                                                           "5") RPM_TEST("17", "1",                          \
                                                                                         "4") RPM_TEST("18", "1",            \
                                                                                                       "10")                 \
        RPM_TEST("19", "1", "11") "<l:rpminfo_test id='" ID("tst", "10") "' check='at least one'><l:object object_ref='" ID( \
            "obj", "1") "'/></l:rpminfo_test></tests><objects>" RPM_OBJECT("1", "p1") RPM_OBJECT("2", "p2")                  \
            RPM_OBJECT("3", "p3") "</objects><states>" RPM_STATE("1", EVR("less than", "0:1-1"))                             \
                RPM_STATE("2", EVR("less than", "2:2-1")) RPM_STATE("3", EVR("less than or equal", "3-1"))                   \
                    RPM_STATE("4", EVR("equals", "0:7-1"))                                                                   \
                        RPM_STATE("5", FIELD("arch", "pattern match", "(aarch64|x86_64)") EVR("less than", "0:5-1"))         \
                            RPM_STATE("6", FIELD("version", "equals", "0"))                                                  \
                                RPM_STATE("7", FIELD("signature_keyid", "equals", "abc"))                                    \
                                    RPM_STATE("8", EVR("greater than or equal", "0:0.5-1"))                                  \
                                        RPM_STATE("9", EVR("greater than", "0:0-0"))                                         \
                                            RPM_STATE("10", EVR("6", "0:1-1"))                                               \
                                                RPM_STATE("11", FIELD("arch", "pattern match", "x86.*")                      \
                                                                    EVR("less than", "0:1-1")) "</states>"

static void read_criteria(struct fixture *f, const char *criteria)
{
    struct slice text = arena_printf(
        &f->arena, OVAL(DEFINITION("1", "vulnerability", "<title>t</title>" CVE("CVE-2024-0001"), "%s"), PACKAGES),
        criteria);
    must_parse(f, "azurelinux", "azurelinux:3.0", text.p);
}

static void test_criteria(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *criteria, *records;
        uint64_t left_out;
    } cases[] = {
        {AND(IS("11", "")), "azurelinux:3.0 source p1 fixed 1-1\n", 0},
        {AND(IS("21", "")), "azurelinux:3.0 source p2 fixed 2:2-1\n", 0},
        {AND(IS("31", "")), "azurelinux:3.0 source p3 last_affected 3-1\n", 0},
        {AND(IS("12", "")), "azurelinux:3.0 source p1 affected\n", 0},
        {AND(IS("10", "")), "azurelinux:3.0 source p1 affected\n", 0},
        {AND(IS("15", "")), "azurelinux:3.0 source p1 not_affected\n", 0},
        {AND(IS("16", "")), "azurelinux:3.0 source p1 fixed 5-1 <aarch64 x86_64>\n", 0},
        {AND(IS("17", "")), "azurelinux:3.0 source p1 [7-1] last_affected 7-1\n", 0},
        {AND(IS("11", "") IS("13", "")), "azurelinux:3.0 source p1 [0.5-1] fixed 1-1\n", 0},
        {AND(IS("11", "") IS("14", "")), "azurelinux:3.0 source p1 fixed 1-1\n", 0},
        {OR(IS("11", "") IS("21", "")), "azurelinux:3.0 source p1 fixed 1-1\nazurelinux:3.0 source p2 fixed 2:2-1\n",
         0},
        {AND(OR(IS("11", "") IS("21", "")) OR(AND(IS("11", "")) IS("21", ""))),
         "azurelinux:3.0 source p1 fixed 1-1\nazurelinux:3.0 source p2 fixed 2:2-1\n", 2},
        {"<criteria><criteria operator='OR'>" IS("11", "") "</criteria></criteria>",
         "azurelinux:3.0 source p1 fixed 1-1\n", 0},
        // Not (not a and not b) is a or b.
        {"<criteria negate='true'><criterion negate='true' test_ref='" ID(
             "tst", "11") "'/><criterion negate='1' "
                          "test_ref='" ID("tst", "21") "'/></criteria>",
         "azurelinux:3.0 source p1 fixed 1-1\nazurelinux:3.0 source p2 fixed 2:2-1\n", 0},
        {AND("<criterion negate='true' test_ref='" ID("tst", "11") "'/>"), "", 1},
        {"<criteria operator='OR' negate='true'>" IS("11", "") IS("21", "") "</criteria>", "", 1},
        {"<criteria operator='XOR'>" IS("11", "") IS("21", "") "</criteria>", "", 1},
        {"<criteria operator='ONE'>" IS("11", "") "</criteria>", "", 1},
        {AND(IS("11", "") IS("21", "")), "", 1}, // two packages at once
        {AND(IS("11", "") IS("16", "")), "", 1}, // two bounds
        {AND(IS("18", "")), "", 1},              // an operation that is none
        {AND(IS("19", "")), "", 1},              // a pattern of architectures
        {AND(IS("99", "")), "", 1},              // no such test
        {OR(IS("99", "") IS("11", "")), "azurelinux:3.0 source p1 fixed 1-1\n", 1},
        {AND("<criterion test_ref='oval:org.other:tst:11'/>"), "", 1},
        {AND("<criterion test_ref='tst:11'/>"), "", 1},
        {AND(IS("11", "") "<extend_definition definition_ref='" ID("def", "5") "'/>"), "", 1},
        {"<criteria/>", "", 1},
        {"", "", 1},
        {AND(IS("11", "") IS("11", "")), "azurelinux:3.0 source p1 fixed 1-1\n", 0},
        {AND(IS("11", "") IS("12", "") IS("13", "") IS("14", "") IS("15", "") IS("16", "") IS("17", "") IS("18", "")
                 IS("19", "")),
         "", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_criteria(f, cases[i].criteria);
        if (f->left_out != cases[i].left_out)
            fail_msg("%s: %llu left out", cases[i].criteria, (unsigned long long)f->left_out);
        assert_records(f, "CVE-2024-0001", cases[i].records);
        assert_true(segment_has_scope(f->segment, SLICE("azurelinux:3.0")));
    }
}

// A test, an object or a state that asks for something unknown is not guessed at.
static void test_odd_parts(void **state)
{
    struct fixture *f = *state;
    static const char *const odd[] = {
        // Tests.
        "<l:rpminfo_test id='" ID("tst", "1") "' check='none satisfy'><l:object object_ref='" ID(
            "obj", "1") "'/></l:rpminfo_test>",
        "<l:rpminfo_test id='" ID("tst", "1") "' check_existence='none_exist'><l:object object_ref='" ID(
            "obj", "1") "'/></l:rpminfo_test>",
        "<l:rpminfo_test id='" ID("tst", "1") "' state_operator='OR'><l:object object_ref='" ID(
            "obj", "1") "'/></l:rpminfo_test>",
        "<l:rpminfo_test id='" ID("tst", "1") "'><l:object object_ref='" ID("obj", "9") "'/></l:rpminfo_test>",
        "<l:rpminfo_test id='" ID("tst", "1") "'/>",
        "<l:rpminfo_test id='" ID("tst", "1") "'><l:object object_ref='" ID("obj", "1") "'/><l:state state_ref='" ID(
            "ste", "9") "'/></l:rpminfo_test>",
        "<l:rpminfo_test id='" ID("tst", "1") "'><l:object object_ref='" ID("obj", "1") "'/><l:state state_ref='" ID(
            "ste", "1") "'/><l:state state_ref='" ID("ste", "2") "'/></l:rpminfo_test>",
        "<l:runlevel_test id='" ID("tst", "1") "'><l:object object_ref='" ID("obj", "1") "'/></l:runlevel_test>",
        "<l:textfilecontent54_test id='" ID("tst", "1") "'/>",
        // Objects.
        RPM_TEST("1", "2", "1") "<l:rpminfo_object id='" ID("obj", "2") "'><l:name operation='pattern match'>p.*"
                                                                        "</l:name></l:rpminfo_object>",
        RPM_TEST("1", "2", "1") "<l:rpminfo_object id='" ID("obj", "2") "'><l:name var_ref='" ID(
            "var", "9") "'/></l:rpminfo_object>",
        RPM_TEST("1", "2", "1") "<l:rpminfo_object id='" ID("obj", "2") "'><l:name>p</l:name><filter/>"
                                                                        "</l:rpminfo_object>",
        RPM_TEST("1", "2", "1") "<l:rpminfo_object id='" ID("obj", "2") "'/>",
        // States.
        RPM_TEST("1", "1", "2") RPM_STATE("2", "<l:evr operation='less than' var_ref='" ID("var", "1") "'/>"),
        RPM_TEST("1", "1", "2") RPM_STATE("2", EVR("less than", "1") EVR("less than", "2")),
        RPM_TEST("1", "1", "2") RPM_STATE("2", EVR("less than", "")),
        RPM_TEST("1", "1", "2") RPM_STATE("2", EVR("not equal", "1")),
        RPM_TEST("1", "1", "2") RPM_STATE("2", EVR("greater than", "1-1")),
        RPM_TEST("1", "1", "2") RPM_STATE("2", FIELD("extended_name", "equals", "p")),
        RPM_TEST("1", "1", "2") RPM_STATE("2", FIELD("version", "less than", "3")),
        RPM_TEST("1", "1", "2") RPM_STATE("2", FIELD("release", "pattern match", "el8")),
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct slice text =
            arena_printf(&f->arena,
                         OVAL(DEFINITION("1", "vulnerability", CVE("CVE-2024-0001"), AND(IS("1", "")))
                                  DEFINITION("2", "vulnerability", CVE("CVE-2024-0002"), AND(IS("9", ""))),
                              "<tests>%s" RPM_TEST("9", "1", "1") RPM_OBJECT("1", "p")
                                  RPM_STATE("1", EVR("less than", "1")) "</tests>"),
                         odd[i]);
        must_parse(f, "azurelinux", "azurelinux:3.0", text.p);
        assert_records(f, "CVE-2024-0001", "");
        assert_records(f, "CVE-2024-0002", "azurelinux:3.0 source p fixed 1\n");
        if (f->left_out != 1)
            fail_msg("%s: %llu left out", odd[i], (unsigned long long)f->left_out);
    }
}

static void test_definitions(void **state)
{
    struct fixture *f = *state;
    must_parse(f, "azurelinux", "azurelinux:3.0",
               OVAL(DEFINITION("100", "inventory", "<title>It is installed</title>", AND(IS("77", "")))
                    // Several CVEs, by references and by the advisory, in odd spellings; each once.
                    DEFINITION("1", "patch",
                               "<title>One</title><reference source='CVE' ref_id='Mitre CVE-2024-0001' "
                               "ref_url='https://a.example/1'/><reference source='CVE' "
                               "ref_id='CVE:00001:CVE-2024-00022' ref_url='https://a.example/2'/><reference "
                               "source='NOTE' ref_id='NOTE-1' ref_url='https://a.example/n'/><description> It is "
                               "&lt;bad&gt;. </description><advisory><severity>High</severity><cve "
                               "href='https://b.example/1' cvss3='7/CVSS:3.1/AV:L/AC:H' "
                               "cvss2='1.2/AV:L/AC:L'>CVE-2024-0001</cve><cve>CVE-2024-0003 at NVD</cve></advisory>",
                               AND("<extend_definition definition_ref='" ID("def", "100") "'/>" IS("11", "")))
                    // None: the notice stands for itself.
                    DEFINITION("2", "patch", "<reference source='NOTE' ref_id='NOTE-2'/>", AND(IS("21", "")))
                    // Nothing to go by.
                    DEFINITION("3", "patch", "<title>Three</title>", AND(IS("21", "")))
                        DEFINITION("4", "compliance", CVE("CVE-2024-0004"), AND(IS("21", ""))),
                    PACKAGES));
    assert_records(f, "CVE-2024-0001", "azurelinux:3.0 source p1 fixed 1-1 (High)\n");
    assert_records(f, "CVE-2024-00022", "azurelinux:3.0 source p1 fixed 1-1 (High)\n");
    assert_records(f, "CVE-2024-0003", "azurelinux:3.0 source p1 fixed 1-1 (High)\n");
    assert_records(f, "NOTE-2", "azurelinux:3.0 source p2 fixed 2:2-1\n");
    assert_records(f, "CVE-2024-0004", "");
    assert_int_equal(f->records, 4);
    assert_int_equal(f->left_out, 2);
    struct advisory r = first_record(f, "CVE-2024-0001");
    assert_text(f, r.description, "It is <bad>.");
    assert_text(f, r.cvss, "CVSS:3.1/AV:L/AC:H AV:L/AC:L");
    assert_text(f, r.advisories, "NOTE-1");
    assert_text(f, r.links, "https://b.example/1 https://a.example/1 https://a.example/n");
    r = first_record(f, "CVE-2024-00022");
    assert_text(f, r.links, "https://a.example/2 https://a.example/n");
    assert_text(f, r.cvss, "");
    assert_text(f, first_record(f, "NOTE-2").advisories, "");
}

// The order of the file does not matter, nor does the size of its pieces.
static void test_pieces(void **state)
{
    struct fixture *f = *state;
    static const char text[] = OVAL("", PACKAGES "<definitions>" DEFINITION("1", "patch", CVE("CVE-2024-0001"),
                                                                            AND(IS("11", ""))) "</definitions>");
    for (size_t p = 0; p < PIECE_SIZES; p++) {
        assert_true(parse_pieces(f, "azurelinux", "azurelinux:3.0", slice_of(text, sizeof text - 1), piece_sizes[p]));
        assert_records(f, "CVE-2024-0001", "azurelinux:3.0 source p1 fixed 1-1\n");
    }
}

// More definitions than are kept unpacked.
static void test_many_definitions(void **state)
{
    struct fixture *f = *state;
    struct buf text BUF_AUTO = {0};
    buf_adds(&text, "<oval_definitions>");
    for (int i = 1; i <= 5000; i++)
        buf_addf(
            &text,
            DEFINITION("%d", "patch", CVE("CVE-2024-%d") "<description>Text of %d.</description>", AND(IS("11", ""))),
            i, 10000 + i, 10000 + i, i);
    buf_adds(&text, PACKAGES "</oval_definitions>");
    assert_true(parse_pieces(f, "azurelinux", "azurelinux:3.0", buf_slice(&text), 4096));
    assert_int_equal(f->records, 5000);
    assert_text(f, first_record(f, "CVE-2024-10001").description, "Text of 1.");
    assert_text(f, first_record(f, "CVE-2024-15000").description, "Text of 5000.");
}

static void test_no_oval(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "<html/>",
        "<oval_definitions>",
        "<!DOCTYPE oval_definitions [<!ENTITY a 'b'>]><oval_definitions/>",
        OVAL(DEFINITION("1", "patch", "", AND("") AND("")), ""),
        OVAL(DEFINITION("1", "patch", "", IS("1", "")), ""),
        OVAL(DEFINITION("1", "patch", "<title>\xff</title>", ""), ""),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse_oval(f, "azurelinux", "azurelinux:3.0", bad[i]))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(f->err.code, ERR_FORMAT);
    }
    must_parse(f, "azurelinux", "azurelinux:3.0", "<oval_definitions><definitions/><tests/></oval_definitions>");
    assert_int_equal(f->records, 0);
    assert_true(segment_has_scope(f->segment, SLICE("azurelinux:3.0")));
}

static void assert_limit(struct fixture *f, const char *text, const char *limit)
{
    assert_false(parse_oval(f, "azurelinux", "azurelinux:3.0", text));
    assert_int_equal(f->err.code, ERR_LIMIT);
    assert_non_null(strstr(f->err.text, limit));
    f->limits = limits_default();
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        OVAL(DEFINITION("1", "patch", CVE("CVE-2024-0001") CVE("CVE-2024-0002"),
                        AND(OR(IS("11", "") IS("21", "")) OR(IS("11", "") IS("21", "")) OR(IS("11", "") IS("21", "")))),
             PACKAGES);
    f->limits.oval_parts = 10;
    assert_limit(f, text, "oval_parts");
    f->limits.oval_references = 1;
    assert_limit(f, text, "oval_references");
    // Nor more notices or vectors, each of which is a word in a list.
    f->limits.oval_references = 4;
    assert_limit(
        f,
        OVAL(DEFINITION("1", "patch",
                        CVE("CVE-2024-0001") "<advisory><cve usns='1-1,1-2,1-3,1-4'>CVE-2024-0001</cve></advisory>",
                        ""),
             ""),
        "oval_references");
    f->limits.xml_depth = 4;
    assert_limit(f, text, "xml_depth");
    f->limits.feed_member_bytes = 10;
    assert_limit(f, text, "feed_member_bytes");
    f->limits.feed_text_bytes = 2;
    assert_limit(f, text, "feed_text_bytes");
    // Too many ways cost the definition alone.
    // Three times two for the parts, one, two, four and eight as they are put together, and eight in the end.
    f->limits.oval_alternatives = 28;
    must_parse(f, "azurelinux", "azurelinux:3.0", text);
    assert_int_equal(f->records, 0);
    assert_int_equal(f->left_out, 2);
    f->limits.oval_alternatives = 29;
    must_parse(f, "azurelinux", "azurelinux:3.0", text);
    assert_int_equal(f->records, 4);
    f->limits.oval_file_alternatives = 28;
    assert_limit(f, text, "oval_file_alternatives");
    // One criterion of a test that the file lacks leaves out a record for each of two CVEs.
    f->limits.feed_records = 1;
    assert_limit(f,
                 OVAL(DEFINITION("1", "patch", CVE("CVE-2024-0001") CVE("CVE-2024-0002"), AND(IS("99", ""))), PACKAGES),
                 "feed_records");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FEED_TEST(test_criteria), FEED_TEST(test_odd_parts),        FEED_TEST(test_definitions),
        FEED_TEST(test_pieces),   FEED_TEST(test_many_definitions), FEED_TEST(test_no_oval),
        FEED_TEST(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
