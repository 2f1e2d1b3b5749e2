// Trace Context's headers: what is one, and what is none.
#include "telemetry/traceparent.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define IDS "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"

static void parents(void **state)
{
    static const struct {
        const char *text;
        int flags; // -1: not one
    } cases[] = {
        {"00-" IDS "-01", 1},
        {"00-" IDS "-00", 0},
        {"00-" IDS "-ff", 255},
        {"01-" IDS "-01", 1},
        {"cc-" IDS "-01-what-the-future-will-be-like", 1},
        {"cc-" IDS "-01-", 1},
        {"cc-" IDS "-01.what", -1},
        {"00-" IDS "-01-", -1},
        {"00-" IDS "-01-more", -1},
        {"ff-" IDS "-01", -1},
        {"0g-" IDS "-01", -1},
        {"00-" IDS "-0", -1},
        {"00-" IDS "-0G", -1},
        {"00-" IDS, -1},
        {"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", -1},
        {"00-00000000000000000000000000000000-b7ad6b7169203331-01", -1},
        {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", -1},
        {"00-0af7651916cd43dd8448eb211c80319c.b7ad6b7169203331-01", -1},
        {"00.0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", -1},
        {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331.01", -1},
        {" 00-" IDS "-01", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trace_context c;
        bool ok = traceparent_parse(slice_str(cases[i].text), &c);
        if (ok != (cases[i].flags >= 0))
            fail_msg("%s is %s", cases[i].text, ok ? "taken" : "refused");
        if (!ok)
            continue;
        assert_int_equal(c.flags, cases[i].flags);
        assert_memory_equal(c.trace_id, "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c", 16);
        assert_memory_equal(c.span_id, "\xb7\xad\x6b\x71\x69\x20\x33\x31", 8);
    }
}

// Every text that is one byte different, or shorter, is another parent or none, and nothing is read beyond its end.
static void mutations(void **state)
{
    static const char text[] = "00-" IDS "-01";
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct trace_context c;
        char *copy = memcpy(test_malloc(n + 1), text, n);
        assert_false(traceparent_parse(slice_of(copy, n), &c));
        test_free(copy);
    }
    for (size_t i = 0; i < sizeof text - 1; i++)
        for (unsigned byte = 0; byte < 256; byte++) {
            char copy[sizeof text];
            struct trace_context c;
            memcpy(copy, text, sizeof text);
            copy[i] = (char)byte;
            bool hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
            bool dash = text[i] == '-';
            assert_int_equal(traceparent_parse(slice_of(copy, sizeof text - 1), &c), dash ? byte == '-' : hex);
        }
}

static void states(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"congo=t61rcWkgMzE", true},
        {"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true},
        {"a=1, \t,b=2,", true},
        {"a=1,\n,b=2", false},
        {"a=1\r", false},
        {"fw529a3039@dt=FfD0zdOk", true},
        {"0a_-*/b=with blank inside", true},
        {"", false},
        {",,", false},
        {"a", false},
        {"a=", false},
        {"=1", false},
        {"A=1", false},
        {"_a=1", false},
        {"a@b@c=1", false},
        {"a=1=2", false},
        {"a=\t", false},
        {"a=\303\244", false},
        {"a=1,b", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (tracestate_valid(slice_str(cases[i].text)) != cases[i].valid)
            fail_msg("%s", cases[i].text);
    char large[TRACESTATE_BYTES + 2];
    memset(large, 'a', sizeof large);
    large[1] = '=';
    assert_false(tracestate_valid(slice_of(large, TRACESTATE_BYTES + 1)));
    assert_false(tracestate_valid(slice_of(large, 259)));
    assert_true(tracestate_valid(slice_of(large, 258)));
}

static void members(void **state)
{
    char text[4 * (TRACESTATE_MEMBERS + 1)];
    (void)state;
    for (size_t i = 0; i <= TRACESTATE_MEMBERS; i++)
        memcpy(text + 4 * i, "a=1,", 4);
    assert_true(tracestate_valid(slice_of(text, sizeof text - 4)));
    assert_false(tracestate_valid(slice_of(text, sizeof text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parents),
        cmocka_unit_test(mutations),
        cmocka_unit_test(states),
        cmocka_unit_test(members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
