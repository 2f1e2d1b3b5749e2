#include "base/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// An item that does not fit into one step of a swap.
struct large {
    uint32_t number;
    char text[100];
};

// Numbers that look like chance, many of them equal.
static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16 & 0x3ff;
}

static void test_numbers(void **state)
{
    (void)state;
    uint32_t seed = 1, numbers[600], expected[600];
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
        for (size_t i = 0; i < n; i++)
            numbers[i] = expected[i] = next(&seed);
        sort_items(numbers, n, sizeof numbers[0], by_number);
        if (n != 0)
            qsort(expected, n, sizeof expected[0], by_number);
        assert_memory_equal(numbers, expected, n * sizeof numbers[0]);
    }
}

static void test_orders(void **state)
{
    (void)state;
    uint32_t up[500], down[500], same[500];
    for (uint32_t i = 0; i < 500; i++) {
        up[i] = i;
        down[i] = 499 - i;
        same[i] = 7;
    }
    sort_items(up, 500, sizeof up[0], by_number);
    sort_items(down, 500, sizeof down[0], by_number);
    sort_items(same, 500, sizeof same[0], by_number);
    for (uint32_t i = 0; i < 500; i++) {
        assert_int_equal(up[i], i);
        assert_int_equal(down[i], i);
        assert_int_equal(same[i], 7);
    }
}

static void test_large_items(void **state)
{
    (void)state;
    uint32_t seed = 2;
    struct large items[200];
    for (size_t i = 0; i < 200; i++) {
        items[i].number = next(&seed);
        memset(items[i].text, (int)(items[i].number & 0x7f), sizeof items[i].text);
    }
    sort_items(items, 200, sizeof items[0], by_number);
    for (size_t i = 0; i < 200; i++) {
        assert_true(i == 0 || items[i - 1].number <= items[i].number);
        for (size_t j = 0; j < sizeof items[i].text; j++)
            assert_int_equal(items[i].text[j], items[i].number & 0x7f);
    }
}

static void test_nothing(void **state)
{
    (void)state;
    sort_items(NULL, 0, sizeof(uint32_t), by_number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_large_items),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
