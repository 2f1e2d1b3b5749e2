#include "base/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

#define LOST "\xef\xbf\xbd"

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"plain", "plain"},
        {"<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"},
        {"\"a\" & b", "&quot;a&quot; &amp; b"},
        {"\xc3\xa9\xf0\x9f\x90\x98", "\xc3\xa9\xf0\x9f\x90\x98"},
        {"two\r\n\tlines", "two\r\n\tlines"},
        {"\xff", LOST},                          // not UTF-8
        {"\xef\xbf\xbd", LOST},                  // stays what it is
        {"a\x1b[31m\x7f", "a" LOST "[31m" LOST}, // what a terminal obeys
        {"\xc2\x85", LOST},                      // C1
        {"\xe2\x80\xae"
         "gpj.exe",
         LOST "gpj.exe"},       // right to left
        {"\xef\xbf\xbf", LOST}, // no character of XML
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out BUF_AUTO = {0};
        markup_add(&out, slice_str(cases[i].bytes));
        buf_addc(&out, '\0');
        assert_string_equal(out.p, cases[i].expected);
    }
    struct buf out BUF_AUTO = {0};
    markup_add(&out, slice_of("a\0b", 3));
    assert_true(slice_eq(buf_slice(&out), SLICE("a" LOST "b")));
}

static void test_links(void **state)
{
    (void)state;
    assert_true(markup_is_link(SLICE("https://security-tracker.debian.org/tracker/CVE-2014-0160")));
    assert_true(markup_is_link(SLICE("HTTP://example.org/")));
    static const char *const not [] = {"",         "javascript:alert(1)", "data:text/html,x", "//example.org",
                                       "https:/x", " https://x"};
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        assert_false(markup_is_link(slice_str(not [i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
