// Pieces of HTML: numbers, ages, links and pages as they are to be read.
#include "ui/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(struct buf *out, const char *text)
{
    buf_addc(out, '\0');
    assert_string_equal(out->p, text);
    out->n = 0;
}

static void numbers(void **state)
{
    (void)state;
    struct buf out BUF_AUTO = {0};
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {{0, "0 images"},
                 {1, "1 image"},
                 {999, "999 images"},
                 {1000, "1,000 images"},
                 {1020003, "1,020,003 images"},
                 {UINT64_MAX, "18,446,744,073,709,551,615 images"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        html_count(&out, cases[i].n, "image");
        expect(&out, cases[i].text);
    }
    html_score(&out, 98);
    expect(&out, "9.8");
    html_percent(&out, 943000);
    expect(&out, "94.3%");
    html_percent(&out, 420);
    expect(&out, "0.04%");
}

static void ages(void **state)
{
    (void)state;
    struct buf out BUF_AUTO = {0};
    static const struct {
        int64_t age;
        const char *text;
    } cases[] = {{-5, "0 seconds ago"},  {1, "1 second ago"},         {119, "119 seconds ago"},
                 {120, "2 minutes ago"}, {7199, "119 minutes ago"},   {7200, "2 hours ago"},
                 {172800, "2 days ago"}, {86400000, "1,000 days ago"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        html_age(&out, 1795492195 - cases[i].age, 1795492195);
        expect(&out, cases[i].text);
    }
    html_age(&out, 0, 1795492195);
    expect(&out, "never");
    html_time(&out, 1795492195);
    expect(&out, "<time datetime=\"2026-11-24T03:49:55Z\">2026-11-24 03:49 UTC</time>");
}

// What is no address of the web stays text; what is one cannot leave its attribute.
static void links(void **state)
{
    (void)state;
    struct buf out BUF_AUTO = {0};
    html_external(&out, SLICE("javascript:alert(1)"), SLICE(""));
    expect(&out, "javascript:alert(1)");
    html_external(&out, SLICE("https://x/\"onclick=\"a"), SLICE("<b>"));
    expect(&out, "<a rel=\"noreferrer noopener\" href=\"https://x/&quot;onclick=&quot;a\">&lt;b&gt;</a>");
    html_link(&out, "../", "vulnerabilities/", SLICE("a/b\"<"), SLICE("a/b\"<"));
    expect(&out, "<a href=\"../vulnerabilities/a%2Fb%22%3C\">a/b&quot;&lt;</a>");
    html_externals(&out, SLICE("https://a  https://b https://c"), 2);
    expect(&out, "<ul class=\"links\"><li><a rel=\"noreferrer noopener\" href=\"https://a\">https://a</a></li><li>"
                 "<a rel=\"noreferrer noopener\" href=\"https://b\">https://b</a></li></ul><p>and 1 more</p>");
    html_digest(&out, SLICE("sha256:0123456789abcdef"));
    expect(&out, "<code title=\"sha256:0123456789abcdef\">sha256:0123456789ab…</code>");
}

static void pages(void **state)
{
    (void)state;
    struct buf out BUF_AUTO = {0};
    struct html_pages p = {.name = "page", .total = 100, .per = 100, .path = "./x"};
    html_pager(&out, &p);
    assert_int_equal(out.n, 0);
    p.total = 101;
    p.query = SLICE("&q=a");
    html_pager(&out, &p);
    expect(&out,
           "<nav class=\"pager\" aria-label=\"Pages of the list\"><span>1–100 of 101</span><a class=\"btn btn-sm\" "
           "rel=\"next\" href=\"./x?page=1&amp;q=a\">Next →</a></nav>");
    p.page = 1;
    html_pager(&out, &p);
    expect(&out, "<nav class=\"pager\" aria-label=\"Pages of the list\"><a class=\"btn btn-sm\" rel=\"prev\" "
                 "href=\"./x?page=0&amp;q=a\">← Previous</a><span>101–101 of 101</span></nav>");
    p.page = UINT32_MAX; // beyond the end there is a way to the last page, and nothing else
    html_pager(&out, &p);
    expect(&out, "<nav class=\"pager\" aria-label=\"Pages of the list\"><a class=\"btn btn-sm\" rel=\"prev\" "
                 "href=\"./x?page=1&amp;q=a\">← Last page</a><span>There is nothing here: the list ends with "
                 "101</span></nav>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(ages), cmocka_unit_test(links),
                                       cmocka_unit_test(pages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
