// CVSS vectors: the examples that FIRST publishes with each version, and what is no vector.
#include "enrich/cvss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

// From a block of memory of its own size, so that a byte read past its end is seen.
static bool parse(struct slice vector, struct cvss *c, struct error *err)
{
    char *copy = malloc(vector.n != 0 ? vector.n : 1);
    assert_non_null(copy);
    if (vector.n != 0)
        memcpy(copy, vector.p, vector.n);
    *err = (struct error){0};
    bool read = cvss_parse(slice_of(copy, vector.n), c, err);
    free(copy);
    return read;
}

struct example {
    const char *vector;
    int base, score; // tenths
};

static void expect_scores(enum cvss_version version, const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct cvss c;
        struct error err;
        if (!parse(slice_str(examples[i].vector), &c, &err))
            fail_msg("%s: %s", examples[i].vector, err.text);
        if (c.version != version || cvss_base_score(&c) != examples[i].base || cvss_score(&c) != examples[i].score)
            fail_msg("%s: version %s, base score %d, score %d; not %s, %d, %d", examples[i].vector,
                     cvss_version_name(c.version), cvss_base_score(&c), cvss_score(&c), cvss_version_name(version),
                     examples[i].base, examples[i].score);
    }
}

#define EXPECT_SCORES(version, examples) expect_scores((version), (examples), sizeof(examples) / sizeof(examples)[0])

// The guide's section 3.3: CVE-2002-0392, CVE-2003-0818 and CVE-2003-0062.
static void version_2(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C", 78, 78},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C", 78, 64},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:N/TD:N/CR:M/IR:M/AR:H", 78, 0},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", 78, 92},
        {"AV:N/AC:L/Au:N/C:C/I:C/A:C", 100, 100},
        {"AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C", 100, 83},
        {"AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:L", 100, 90},
        {"AV:L/AC:H/Au:N/C:C/I:C/A:C", 62, 62},
        {"AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C", 62, 49},
        {"AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M", 62, 75},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:N", 0, 0},
        // Requirements can make an adjusted impact so small that the equations go below 0 on their way.
        {"AV:L/AC:H/Au:M/C:P/I:N/A:N/CR:L", 8, 0},
        {"AV:L/AC:H/Au:M/C:P/I:N/A:N/CR:L/CDP:H", 8, 49},
        // Not defined is as good as left out.
        {"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:ND/RL:ND/RC:ND/CDP:ND/TD:ND/CR:ND/IR:ND/AR:ND", 78, 78},
        // As NVD wrote them, and in another order.
        {"(AV:N/AC:L/Au:N/C:N/I:N/A:C)", 78, 78},
        {"A:C/I:N/C:N/Au:N/AC:L/AV:N", 78, 78},
    };
    EXPECT_SCORES(CVSS_2_0, examples);
}

static void version_3_0(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61, 61},
        {"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 99, 99},
        {"CVSS:3.0/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 68, 68},
        // Rounded up only where there is something to round: 5.0 times 0.92 is 4.6, 9.8 times 0.95 is 9.31.
        {"CVSS:3.0/AV:P/AC:H/PR:L/UI:R/S:U/C:L/I:L/A:H/E:H/RL:U/RC:U", 50, 46},
        {"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/RL:O", 98, 94},
        {"CVSS:3.0/AV:N/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:H/E:H/RL:U/RC:C/CR:H/IR:H/AR:H/MAV:N/MAC:L/MPR:N/MUI:N/MS:C/MC:H/"
         "MI:H/MA:H",
         60, 100},
        // A modified impact is as an impact here, not so in 3.1.
        {"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H/CR:M", 99, 99},
    };
    EXPECT_SCORES(CVSS_3_0, examples);
}

// The document of examples: CVE-2013-1937, CVE-2013-0375, CVE-2014-3566, CVE-2012-1516, CVE-2009-0783, CVE-2012-0384,
// CVE-2014-0160, CVE-2014-6271, CVE-2008-1447, CVE-2014-2005, CVE-2010-0467, CVE-2013-6014, CVE-2009-0658,
// CVE-2014-0224; then what shows single equations.
static void version_3_1(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61, 61},
        {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 64, 64},
        {"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 31, 31},
        {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 99, 99},
        {"CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 42, 42},
        {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 88, 88},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 75, 75},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98, 98},
        {"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 68, 68},
        {"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 68, 68},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 58, 58},
        {"CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 93, 93},
        {"CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 78, 78},
        {"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N", 74, 74},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N", 0, 0},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N/E:P/RL:W/RC:C", 61, 56},
        {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H/CR:M", 99, 100},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MC:N/MI:N/MA:N", 98, 0},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MPR:H", 98, 72},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MPR:H/MS:C", 98, 91},
        {"CVSS:3.1/S:U/UI:N/PR:N/AC:L/AV:N/MS:X/A:H/E:X/I:H/C:H", 98, 98},
    };
    EXPECT_SCORES(CVSS_3_1, examples);
}

// The document of examples: CVE-2022-41741, CVE-2020-3549, CVE-2023-3089 (also as it was judged with Environmental
// metrics), CVE-2021-44714, CVE-2022-21830, CVE-2022-22186, CVE-2023-21989, CVE-2014-0160, CVE-2021-44228; then what
// shows single rules.
static void version_4_0(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 73, 73},
        {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 77, 77},
        {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 83, 83},
        {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/CR:H/IR:L/AR:L/MAV:N/MAC:H/MVC:H/MVI:L/MVA:L",
         83, 81},
        {"CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 46, 46},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 51, 51},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:L/SA:N", 69, 69},
        {"CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N", 59, 59},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 87, 87},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 100, 100},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0, 0},
        {"CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:H/CR:X", 41, 41},
        // The lowest macro vector, which has none below it in any class.
        {"CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:L/VA:L/SC:L/SI:L/SA:L/E:U/CR:L/IR:L/AR:L", 10, 1},
        // 5.65, whose half rounds up.
        {"CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:A/VC:L/VI:H/VA:N/SC:N/SI:N/SA:N", 57, 57},
        // Only modified impacts can be on safety; supplemental metrics are in no score.
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/MSI:S", 93, 100},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/S:P/AU:Y/R:I/V:C/RE:H/U:Red", 87, 87},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 93, 81},
    };
    EXPECT_SCORES(CVSS_4_0, examples);
}

static void not_vectors(void **state)
{
    (void)state;
#define V3_METRICS                                                                                                     \
    "the metrics are AV, AC, PR, UI, S, C, I, A, E, RL, RC, CR, IR, AR, MAV, MAC, MPR, MUI, MS, MC, MI, MA"
    static const struct {
        struct slice vector;
        enum error_code code;
        const char *text;
    } cases[] = {
        {SLICE("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H"), ERR_FORMAT,
         "CVSS 3.1 vector: it has no A; all Base metrics must be there"},
        {SLICE("AV:N/AC:L/C:N/A:C"), ERR_FORMAT, "CVSS 2.0 vector: it has no Au, I; all Base metrics must be there"},
        {SLICE("CVSS:3.1/AV:N/AC:L/AV:N"), ERR_FORMAT,
         "CVSS 3.1 vector: byte 19: \"AV:N\": AV was there before; each metric stands once"},
        {SLICE("CVSS:3.0/AV:Z"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 9: \"AV:Z\" has no value of AV; the values are N, A, L, P"},
        {SLICE("CVSS:3.0/AV:n"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 9: \"AV:n\" has no value of AV; the values are N, A, L, P"},
        {SLICE("CVSS:3.0/AV"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 9: \"AV\" has no value of AV; the values are N, A, L, P"},
        {SLICE("CVSS:3.0/AV:N:N"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 9: \"AV:N:N\" has no value of AV; the values are N, A, L, P"},
        {SLICE("CVSS:3.0/E:P/av:N"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 13: \"av:N\" is no metric with its value; " V3_METRICS},
        {SLICE("CVSS:3.0/Au:N"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 9: \"Au:N\" is no metric with its value; " V3_METRICS},
        {SLICE("CVSS:3.0/AV:N/"), ERR_FORMAT,
         "CVSS 3.0 vector: byte 14: \"\" is no metric with its value; " V3_METRICS},
        {SLICE("CVSS:3.0"), ERR_FORMAT, "CVSS 3.0 vector: byte 9: \"\" is no metric with its value; " V3_METRICS},
        {SLICE("CVSS:4.0/AV:N\0"), ERR_FORMAT,
         "CVSS 4.0 vector: byte 9: \"AV:N\" has no value of AV; the values are N, A, L, P"},
        {SLICE("CVSS:4.0/SI:S"), ERR_FORMAT,
         "CVSS 4.0 vector: byte 9: \"SI:S\" has no value of SI; the values are H, L, N"},
        {SLICE("AV:N/AC:L/Au:N/C:N/I:N/A:C/CDP:X"), ERR_FORMAT,
         "CVSS 2.0 vector: byte 27: \"CDP:X\" has no value of CDP; the values are ND, N, L, LM, MH, H"},
        {SLICE("(AV:Z)"), ERR_FORMAT, "CVSS 2.0 vector: byte 1: \"AV:Z\" has no value of AV; the values are L, A, N"},
        {SLICE("(AV:N"), ERR_FORMAT,
         "CVSS 2.0 vector: byte 0: \"(AV:N\" is no metric with its value; the metrics are AV, AC, Au, C, I, A, E, RL, RC, "
         "CDP, TD, CR, IR, AR"},
        {SLICE("("), ERR_FORMAT,
         "CVSS 2.0 vector: byte 0: \"(\" is no metric with its value; the metrics are AV, AC, Au, C, I, A, E, RL, RC, "
         "CDP, TD, CR, IR, AR"},
        {{NULL, 0},
         ERR_FORMAT,
         "CVSS 2.0 vector: byte 0: \"\" is no metric with its value; the metrics are AV, AC, Au, C, I, A, E, RL, RC, CDP, "
         "TD, CR, IR, AR"},
        {SLICE("cvss:3.1/AV:N"), ERR_FORMAT, "CVSS vector: byte 0: \"cvss:3.1\" is not in capitals, as \"CVSS:\" is"},
        {SLICE("CVSS:5.0/AV:N"), ERR_UNSUPPORTED, "CVSS vector: \"CVSS:5.0\" is none of CVSS:3.0, CVSS:3.1, CVSS:4.0"},
        {SLICE("CVSS:"), ERR_UNSUPPORTED, "CVSS vector: \"CVSS:\" is none of CVSS:3.0, CVSS:3.1, CVSS:4.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cvss c;
        struct error err;
        if (parse(cases[i].vector, &c, &err))
            fail_msg("\"%.*s\" is taken for a vector", SLICE_ARG(cases[i].vector));
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.code, cases[i].code);
    }
}

static void every_metric_is_named(void **state)
{
    (void)state;
    struct cvss c;
    struct error err;
    assert_false(parse(SLICE("CVSS:4.0/XX:N"), &c, &err));
    assert_string_equal(
        err.text, "CVSS 4.0 vector: byte 9: \"XX:N\" is no metric with its value; the metrics are AV, AC, AT, PR, "
                  "UI, VC, VI, VA, SC, SI, SA, E, CR, IR, AR, MAV, MAC, MAT, MPR, MUI, MVC, MVI, MVA, MSC, MSI, "
                  "MSA, S, AU, R, V, RE, U");
}

static void levels(void **state)
{
    (void)state;
    static const struct {
        int score;
        const char *v2, *others;
    } cases[] = {
        {0, "Low", "None"},       {1, "Low", "Low"},        {39, "Low", "Low"},
        {40, "Medium", "Medium"}, {69, "Medium", "Medium"}, {70, "High", "High"},
        {89, "High", "High"},     {90, "High", "Critical"}, {100, "High", "Critical"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int v = CVSS_2_0; v <= CVSS_4_0; v++)
            assert_string_equal(cvss_severity_name(cvss_severity((enum cvss_version)v, cases[i].score)),
                                v == CVSS_2_0 ? cases[i].v2 : cases[i].others);
    assert_string_equal(cvss_version_name(CVSS_2_0), "2.0");
    assert_string_equal(cvss_version_name(CVSS_3_0), "3.0");
    assert_string_equal(cvss_version_name(CVSS_3_1), "3.1");
    assert_string_equal(cvss_version_name(CVSS_4_0), "4.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2),   cmocka_unit_test(version_3_0), cmocka_unit_test(version_3_1),
        cmocka_unit_test(version_4_0), cmocka_unit_test(not_vectors), cmocka_unit_test(every_metric_is_named),
        cmocka_unit_test(levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
