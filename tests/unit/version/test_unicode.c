// Lower case and digits of Unicode, at the ends and in the gaps of both tables.
#include "version/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
// cmocka wants the above first
#include <cmocka.h>

static void test_lower(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {
        {'A', 'a'},       {'Z', 'z'},         {'@', '@'},         {'[', '['},           {'a', 'a'},
        {0xc0, 0xe0},     {0xd6, 0xf6},       {0xd7, 0xd7},       {0xd8, 0xf8},         {0xdf, 0xdf},
        {0x100, 0x101},   {0x101, 0x101},     {0x130, 'i'},       {0x178, 0xff},        {0x1c5, 0x1c6},
        {0x416, 0x436},   {0x1e9e, 0xdf},     {0x212a, 'k'},      {0xff21, 0xff41},     {0xff3a, 0xff5a},
        {0xff3b, 0xff3b}, {0x10400, 0x10428}, {0x1e921, 0x1e943}, {0x10ffff, 0x10ffff}, {0, 0},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (unicode_lower(pairs[i][0]) != pairs[i][1])
            fail_msg("U+%04X gives U+%04X, not U+%04X", pairs[i][0], unicode_lower(pairs[i][0]), pairs[i][1]);
}

static void test_lower_of_lower(void **state)
{
    (void)state;
    size_t capitals = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        uint32_t lower = unicode_lower(code);
        capitals += lower != code;
        if (unicode_lower(lower) != lower)
            fail_msg("U+%04X gives U+%04X, which gives another one", code, lower);
    }
    assert_int_equal(capitals, 1393); // Unicode 13
}

static void test_digit(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        int digit;
    } digits[] = {
        {'0', 0},     {'9', 9},    {'/', -1},   {':', -1},    {0xb2, -1},    {0x65f, -1},    {0x660, 0},
        {0x669, 9},   {0x66a, -1}, {0x96b, 5},  {0x1a80, 0},  {0x1a89, 9},   {0x1a8a, -1},   {0x1a90, 0},
        {0xff0f, -1}, {0xff10, 0}, {0xff19, 9}, {0xff1a, -1}, {0x1d7ce, -1}, {0x10ffff, -1},
    };
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
        if (unicode_digit(digits[i].code) != digits[i].digit)
            fail_msg("U+%04X is %d", digits[i].code, unicode_digit(digits[i].code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower),
        cmocka_unit_test(test_lower_of_lower),
        cmocka_unit_test(test_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
