// Failed tries by address: counted each for itself, and waited for.
#include "http/tries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void count_to_the_limit(void **state)
{
    (void)state;
    struct tries *t = tries_new(3);
    struct slice mine = SLICE("192.0.2.7");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tries_wait(t, mine), 0);
        tries_failed(t, mine);
    }
    assert_in_range(tries_wait(t, mine), 1, 61);
    tries_free(&t);
    assert_null(t);
    tries_free(&t);
}

// Some addresses share a count with it, since memory is bounded; of a hundred most do not.
static void others_may_try(void **state)
{
    (void)state;
    struct tries *t = tries_new(1);
    int held_up = 0;
    tries_failed(t, SLICE("192.0.2.7"));
    for (int i = 0; i < 100; i++) {
        char address[] = "198.51.100.00";
        address[11] = (char)('0' + i / 10);
        address[12] = (char)('0' + i % 10);
        held_up += tries_wait(t, slice_str(address)) != 0;
    }
    assert_in_range(held_up, 0, 10);
    tries_free(&t);
}

static void without_a_limit(void **state)
{
    (void)state;
    struct tries *t = tries_new(0);
    for (int i = 0; i < 100; i++)
        tries_failed(t, SLICE("::1"));
    assert_int_equal(tries_wait(t, SLICE("::1")), 0);
    tries_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(count_to_the_limit), cmocka_unit_test(others_may_try),
                                       cmocka_unit_test(without_a_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
