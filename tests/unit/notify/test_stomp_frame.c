// STOMP's frames, as the specification has them, and as it does not.
#include "notify/stomp_frame.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define TEXT(literal) ((struct slice){(literal), sizeof(literal) - 1})

static void frames(void **state)
{
    static const struct {
        struct slice text;
        const char *command, *name, *value;
        struct slice body;
        size_t left; // bytes behind it
    } cases[] = {
        {TEXT("CONNECTED\nversion:1.2\n\n\0"), "CONNECTED", "version", "1.2", TEXT(""), 0},
        {TEXT("\n\r\n\nRECEIPT\r\nreceipt-id:a\r\n\r\n\0"), "RECEIPT", "receipt-id", "a", TEXT(""), 0},
        {TEXT("MESSAGE\na:1\na:2\n\nbody\0more"), "MESSAGE", "a", "1", TEXT("body"), 4},
        {TEXT("MESSAGE\ncontent-length:3\n\na\0b\0\n\n"), "MESSAGE", "content-length", "3", TEXT("a\0b"), 2},
        {TEXT("MESSAGE\na\\cb:\\n\\r\\\\:c\n\n\0"), "MESSAGE", "a:b", "\n\r\\:c", TEXT(""), 0},
        {TEXT("CONNECTED\na:\\x\n\n\0"), "CONNECTED", "a", "\\x", TEXT(""), 0}, // where nothing is escaped
        {TEXT("ERROR\na:\n\n\0"), "ERROR", "a", "", TEXT(""), 0},
        {TEXT("ERROR\na: b \n\n\0"), "ERROR", "a", " b ", TEXT(""), 0},
    };
    const struct limits limits = limits_default();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct stomp_frame frame;
        struct error err;
        // Cut anywhere before its end, it is not there yet.
        for (size_t n = 0; n < cases[i].text.n - cases[i].left; n++) {
            struct slice part = slice_of(cases[i].text.p, n);
            assert_int_equal(stomp_frame_take(&part, &limits, &a, &frame, &err), STOMP_MORE);
        }
        struct slice bytes = cases[i].text;
        assert_int_equal(stomp_frame_take(&bytes, &limits, &a, &frame, &err), STOMP_FRAME);
        assert_int_equal(bytes.n, cases[i].left);
        assert_true(slice_eq(frame.command, slice_str(cases[i].command)));
        assert_true(slice_eq(stomp_frame_header(&frame, cases[i].name), slice_str(cases[i].value)));
        assert_true(slice_eq(frame.body, cases[i].body));
        assert_int_equal(stomp_frame_header(&frame, "none").n, 0);
    }
}

static void wrong_frames(void **state)
{
    static const struct {
        struct slice text;
        enum error_code code;
    } cases[] = {
        {TEXT("RECEIPT\nno colon\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\n:value\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\na:\\x\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\na:b\\\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\ncontent-length:x\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\ncontent-length:-1\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\ncontent-length:99999999999999999999\n\n\0"), ERR_FORMAT},
        {TEXT("RECEIPT\ncontent-length:2\n\nabc\0"), ERR_FORMAT},
        {TEXT("RECEIPT\ncontent-length:101\n\n\0"), ERR_LIMIT},
        {TEXT("RECEIPT\na:1\nb:2\nc:3\n\n\0"), ERR_LIMIT},
        {TEXT("RECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPTRECEIPT"
              "RECEIPTRECEIPT"),
         ERR_LIMIT},
    };
    struct limits limits = limits_default();
    (void)state;
    limits.stomp_headers = 2;
    limits.stomp_frame_bytes = 100;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        struct stomp_frame frame;
        struct error err = {0};
        struct slice bytes = cases[i].text;
        assert_int_equal(stomp_frame_take(&bytes, &limits, &a, &frame, &err), STOMP_WRONG);
        assert_int_equal(err.code, cases[i].code);
        assert_true(err.text[0] != '\0');
    }
}

static void written(void **state)
{
    static const char expected[] = "SEND\nplain:a:b\nescaped:\\c\\n\\r\\\\x\n\nbody";
    struct buf text BUF_AUTO = {0};
    (void)state;
    stomp_write_command(&text, "SEND");
    stomp_write_header(&text, "plain", SLICE("a:b"), false);
    stomp_write_header(&text, "escaped", SLICE(":\n\r\\x"), true);
    stomp_write_body(&text, SLICE("body"));
    assert_true(slice_eq(buf_slice(&text), slice_of(expected, sizeof expected))); // with its NUL
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),
        cmocka_unit_test(wrong_frames),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
