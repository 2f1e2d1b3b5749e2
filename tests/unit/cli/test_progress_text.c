// Bars: what they say, and that they never take more columns than there are.
#include "base/utf8.h"
#include "cli/progress_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const struct progress_bar *bar, size_t columns, const char *expected)
{
    struct buf out BUF_AUTO = {0};
    progress_bar_write(bar, columns, &out);
    if (!slice_eq(buf_slice(&out), slice_str(expected)))
        fail_msg("%zu columns: \"%.*s\", not \"%s\"", columns, (int)out.n, out.p, expected);
}

static void test_pieces(void **state)
{
    (void)state;
    const struct progress_bar half = {"debian json", 9250000, 18500000, 3600000, 2};
    check(&half, 70, "debian json  [#######--------]   50%  9.2/18.5 MB  3.6 MB/s  0:03 left");
    check(&half, 52, "debian json   50%  9.2/18.5 MB  3.6 MB/s  0:03 left");
    check(&half, 41, "debian json   50%  9.2/18.5 MB  3.6 MB/s");
    check(&half, 33, "debian json   50%  9.2/18.5 MB");
    check(&half, 18, "debian json   50%");
    check(&half, 11, "debian json");
    check(&half, 8, "debian..");
    check(&half, 1, "");
}

static void test_numbers(void **state)
{
    (void)state;
    const struct progress_bar unknown = {"files", 512, 0, 0, 75}, more = {"x", 3000, 2000, 10, 1},
                              stalled = {"x", 1000, 2000, 0, 9}, slow = {"x", 0, 2000000000000, 1000, 1},
                              nothing = {"x", 0, 0, 0, 0}, large = {"x", 999499999, 999500000, 999500, 1};
    check(&unknown, 80, "files  512 B  1:15");
    check(&more, 40, "x  [#########]  100%  3.0/2.0 kB  10 B/s");
    check(&stalled, 24, "x   50%  1.0/2.0 kB");
    check(&slow, 60, "x  [------------]    0%  0.0/2.0 TB  1.0 kB/s  99:59:59 left");
    check(&nothing, 80, "x  0 B  0:00");
    check(&large, 50, "x   99%  1.0/1.0 GB  1.0 MB/s  0:00 left");
}

static void test_width(void **state)
{
    (void)state;
    static const char *const names[] = {
        "", "a", "layer 12 of 127  0123456789ab", "\346\274\242\345\255\227\346\274\242\345\255\227 wide",
        "a name that is much longer than what a bar has room for, whatever the terminal is"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (size_t columns = 0; columns < 200; columns++)
            for (unsigned i = 0; i < 8; i++) {
                struct buf out BUF_AUTO = {0};
                const struct progress_bar bar = {names[n], UINT64_MAX / (i + 1), (i & 1) != 0 ? UINT64_MAX : 0,
                                                 (i & 2) != 0 ? 1e18 : 0, 1e12};
                progress_bar_write(&bar, columns, &out);
                assert_true(utf8_columns(buf_slice(&out)) <= columns);
                assert_true(utf8_valid(buf_slice(&out)));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
