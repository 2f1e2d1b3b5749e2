// The word that is probably meant by a misspelt one.
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_words(void **state)
{
    (void)state;
    static const char words[] = "scan index report images update feeds explain advisories check-config version";
    static const struct {
        const char *asked, *meant;
    } cases[] = {
        {"scna", "scan"},
        {"sca", "scan"},
        {"can", "scan"},
        {"udpate", "update"},
        {"updaet", "update"},
        {"reprot", "report"},
        {"imags", "images"},
        {"checkconfig", "check-config"},
        {"advisores", "advisories"},
        {"explane", "explain"},
        {"scan", "scan"},
        {"pull", ""},
        {"login", ""},
        {"", ""},
        {"x", ""},
        {"vresoin", "version"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct nearest n = nearest_to(slice_str(cases[i].asked));
        nearest_offer_list(&n, words);
        if (!slice_eq(n.best, slice_str(cases[i].meant)))
            fail_msg("\"%s\": \"%.*s\", not \"%s\"", cases[i].asked, SLICE_ARG(n.best), cases[i].meant);
    }
}

static void test_ties_and_lengths(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'a', sizeof text);
    struct nearest n = nearest_to(SLICE("feeed"));
    nearest_offer_list(&n, "feed feeds");
    assert_true(slice_eq(n.best, SLICE("feed"))); // the first of two that are one step away
    n = nearest_to(slice_of(text, sizeof text));
    nearest_offer(&n, slice_of(text, sizeof text));
    assert_int_equal(n.best.n, 0); // too long to be compared
    n = nearest_to(slice_of(text, 64));
    nearest_offer(&n, slice_of(text, 63));
    assert_int_equal(n.best.n, 63);
    n = nearest_to(SLICE("ab"));
    nearest_offer_list(&n, "b");
    assert_int_equal(n.best.n, 0); // nothing of it would be left
}

static void test_hint(void **state)
{
    (void)state;
    struct nearest n = nearest_to(SLICE("jsno"));
    assert_string_equal(nearest_hint(&n).text, "");
    nearest_offer_list(&n, "table json clair");
    assert_string_equal(nearest_hint(&n).text, "; is \"json\" meant?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_ties_and_lengths),
        cmocka_unit_test(test_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
