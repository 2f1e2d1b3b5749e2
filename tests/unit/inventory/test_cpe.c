// CPE names: both bindings, and which name includes which.
#include "inventory/cpe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

// Does each attribute of the pattern include the name's?
static bool includes(const char *pattern, const char *name)
{
    struct arena a ARENA_AUTO = {0};
    struct cpe p, n;
    bool all = true;
    assert_true(cpe_parse(slice_str(pattern), &a, &p));
    assert_true(cpe_parse(slice_str(name), &a, &n));
    for (int i = 0; i < CPE_ATTRIBUTES; i++)
        all = all && cpe_includes(p.attribute[i], n.attribute[i]);
    return all;
}

static void test_cpe_formatted(void **state)
{
    static const struct {
        const char *name, *formatted;
    } cases[] = {
        {"cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*"},
        {"cpe:/a:redhat:rhel_eus:9.2::AppStream", "cpe:2.3:a:redhat:rhel_eus:9.2:*:appstream:*:*:*:*:*"},
        {"cpe:/a:v:p-q:-:%02:~~sw", "cpe:2.3:a:v:p-q:-:*:*:*:sw:*:*:*"},
        {"cpe:/a:v:p%21q", "cpe:2.3:a:v:p\\!q:*:*:*:*:*:*:*:*"},
        {"cpe:2.3:a:v:p\\:q:\\-:*:*:*:*:*:*:*", "cpe:2.3:a:v:p\\:q:\\-:*:*:*:*:*:*:*"},
        {"cpe:2.3:o:x", ""}, // cut short
        {"cpe:/a:v:%03", ""},
        {"redhat", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct slice formatted = cpe_formatted(slice_str(cases[i].name), &a);
        if (!slice_eq(formatted, slice_str(cases[i].formatted)))
            fail_msg("%s: %.*s", cases[i].name, SLICE_ARG(formatted));
    }
}

static void test_cpe_includes(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool includes;
    } cases[] = {
        {"cpe:/o:redhat:enterprise_linux:9", "cpe:/o:redhat:enterprise_linux:9::baseos", true},
        {"cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/o:redhat:enterprise_linux:9", false},
        {"cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/o:RedHat:Enterprise_Linux:9::BaseOS", true},
        {"cpe:/o:redhat:enterprise_linux:1", "cpe:/o:redhat:enterprise_linux:10", false},
        {"cpe:/a:redhat:openshift:4", "cpe:2.3:a:redhat:openshift:4:*:*:*:*:*:*:*", true},
        {"cpe:2.3:a:redhat:openshift:4\\.1?:*:el8:*:*:*:*:*", "cpe:/a:redhat:openshift:4.13::el8", true},
        {"cpe:2.3:a:redhat:openshift:4\\.*:*:*:*:*:*:*:*", "cpe:/a:redhat:openshift:4.13::el8", true},
        {"cpe:/a:redhat:openshift:4.%02", "cpe:/a:redhat:openshift:4.13::el8", true},
        {"cpe:/a:redhat:openshift:4.%01", "cpe:/a:redhat:openshift:4.13::el8", false},
        {"cpe:/a:redhat:openshift:%02", "cpe:/a:redhat:openshift:4.%02", false},
        {"cpe:/a:redhat:a:-", "cpe:/a:redhat:a:-", true},
        {"cpe:/a:redhat:a:-", "cpe:/a:redhat:a:1", false},
        {"cpe:/a:redhat:a", "cpe:/a:redhat:a:-", true},
        {"cpe:/a:redhat:a:%02", "cpe:/a:redhat:a:-", false},
        {"cpe:/a:redhat:a%21", "cpe:2.3:a:redhat:a\\!:*:*:*:*:*:*:*:*", true},
        {"cpe:/a:redhat:a:1::~el8~~~x86~", "cpe:/a:redhat:a:1::~el8~~~x86~", true},
        {"cpe:/a:redhat:a:1::~el8~~~x86~", "cpe:/a:redhat:a:1::el8", false},
    };
    for (size_t i = 0; i < ARRAY_N(cases); i++)
        if (includes(cases[i].pattern, cases[i].name) != cases[i].includes)
            fail_msg("%s and %s", cases[i].pattern, cases[i].name);
}

static void test_no_cpe(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "cpe:",
                                        "cpe:2.3:o:redhat",
                                        "cpe:2.3:a:b:c:d:e:f:g:h:i:j:k:l",
                                        "cpe:2.3:a:b::d:e:f:g:h:i:j:k",
                                        "cpe:2.3:a:b:c:d:e:f:g:h:i:j:k\\",
                                        "cpe:/a:b:c:d:e:f:g:h",
                                        "cpe:/a:%2",
                                        "cpe:/a:%zz",
                                        "cpe:/a:\x02"};
    struct arena a ARENA_AUTO = {0};
    struct cpe cpe;
    for (size_t i = 0; i < ARRAY_N(cases); i++)
        if (cpe_parse(slice_str(cases[i]), &a, &cpe))
            fail_msg("%s", cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpe_formatted),
        cmocka_unit_test(test_cpe_includes),
        cmocka_unit_test(test_no_cpe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
