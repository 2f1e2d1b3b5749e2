// utf8, error, log-safe text, clock, digest, json, limits.
#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

static void test_utf8_valid(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool valid;
    } cases[] = {
        {"plain", true},
        {"\xc3\xa9", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x90\x98", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xff", false},
        {"\xc3", false},             // cut short
        {"\xc0\x80", false},         // overlong
        {"\xe0\x80\x80", false},     // overlong
        {"\xed\xa0\x80", false},     // a surrogate
        {"\xf4\x90\x80\x80", false}, // beyond U+10FFFF
        {"\xf5\x80\x80\x80", false}, //
        {"\x80", false},             // a continuation alone
        {"a\xe2\x28\xa1", false},    //
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(utf8_valid(slice_str(cases[i].bytes)), cases[i].valid);
}

static void test_utf8_clean(void **state)
{
    (void)state;
    struct arena a ARENA_AUTO = {0};
    assert_true(slice_eq(utf8_shorten(&a, SLICE("0123456789"), 10), SLICE("0123456789")));
    assert_true(slice_eq(utf8_shorten(&a, SLICE("0123456789abc"), 10), SLICE("012\xe2\x80\xa6"
                                                                             "9abc")));
    assert_true(slice_eq(utf8_clean(&a, SLICE("a\xff"
                                              "b\xc3")),
                         SLICE("a\xef\xbf\xbd"
                               "b\xef\xbf\xbd")));
    assert_true(slice_eq(utf8_clean(&a, SLICE("a\0b\0")), SLICE("a\xef\xbf\xbd"
                                                                "b\xef\xbf\xbd")));
    struct slice good = SLICE("caf\xc3\xa9");
    assert_ptr_equal(utf8_clean(&a, good).p, good.p);
}

static void test_utf8_printable(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"plain", "plain"},
        {"\033[31mred", "\\x1b[31mred"},
        {"a\nb\tc", "a\\x0ab\\x09c"},
        {"\xc2\x9b", "\\xc2\\x9b"},          // C1: CSI
        {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, // right-to-left override
        {"\xd8\x9c", "\\xd8\\x9c"},          // Arabic letter mark
        {"caf\xc3\xa9", "caf\xc3\xa9"},      //
        {"\xff", "\\xff"},                   //
        {"\x7f", "\\x7f"},                   //
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        utf8_printable(out, sizeof out, slice_str(cases[i].bytes));
        assert_string_equal(out, cases[i].shown);
    }
    // Cut between characters, never in one.
    assert_int_equal(utf8_printable(out, 5, SLICE("abc\xc3\xa9")), 3);
    assert_string_equal(out, "abc");
    assert_int_equal(utf8_columns(SLICE("caf\xc3\xa9")), 4);
    assert_int_equal(utf8_columns(SLICE("a\xef\xbf\xbf\xef\xbf\xbe")),
                     3); // no characters, and terminals draw something
}

static void test_error(void **state)
{
    (void)state;
    struct error err;
    assert_false(error_set(&err, ERR_FORMAT, "no %s in \"%.*s\"", "Version", SLICE_ARG(SLICE("a\033b"))));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_string_equal(err.text, "no Version in \"a\\x1bb\"");
    assert_false(error_wrap(&err, "line %d", 812));
    assert_string_equal(err.text, "line 812: no Version in \"a\\x1bb\"");
    char longer[3000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    error_set(&err, ERR_IO, "%s", longer);
    assert_int_equal(strlen(err.text), ERROR_TEXT - 1);
    error_wrap(&err, "front");
    assert_int_equal(strncmp(err.text, "front: xxx", 10), 0);
}

static void test_clock(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; // -1: no time
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29", 951782400},
        {"1900-03-01", -2203891200},
        {"0000-01-01", -62167219200},
        {"9999-12-31", 253402214400},
        {"2026-11-24T04:45:10Z", 1795495510},
        {"2026-11-24T04:45:10.123456Z", 1795495510},
        {"2026-11-24T05:45:10+01:00", 1795495510},
        {"2026-11-23T23:15:10-05:30", 1795495510},
        {"2026-11-24", 1795478400},
        {"2026-11-24T04:45:10", -1},
        {"2026-13-24", -1},
        {"2026-11-24T24:00:00Z", -1},
        {"2026-11-24T04:45:10.Z", -1},
        {"yesterday", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t seconds = -1;
        bool ok = clock_parse(slice_str(cases[i].text), &seconds);
        assert_int_equal(ok, cases[i].seconds != -1);
        if (ok)
            assert_int_equal(seconds, cases[i].seconds);
    }
    char text[CLOCK_TEXT];
    clock_format(1795495510, text);
    assert_string_equal(text, "2026-11-24T04:45:10Z");
    setenv("SOURCE_DATE_EPOCH", "12", 1);
    assert_int_equal(clock_now(), 12);
    unsetenv("SOURCE_DATE_EPOCH");
    assert_true(clock_now() > 1700000000);
}

static void test_digest(void **state)
{
    (void)state;
    // FIPS 180-2, appendix B.1.
    struct digest abc = digest_of(SLICE("abc"));
    assert_string_equal(abc.text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct digest parsed;
    struct error err;
    assert_true(
        digest_parse(SLICE("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"), &parsed, &err));
    assert_true(digest_eq(&abc, &parsed));
    assert_string_equal(digest_hex(&abc), abc.text + 7);
    static const char *const bad[] = {
        "",
        "sha256",
        "sha256:",
        "sha256:ba78",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256:../../../../etc/passwd/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(digest_parse(slice_str(bad[i]), &parsed, &err));
    struct digest sha512 = {"sha512:"};
    struct hasher *h = hasher_new(&sha512);
    hasher_add(h, SLICE("a"));
    hasher_add(h, SLICE("bc"));
    struct digest long_digest = hasher_end(h);
    assert_int_equal(strlen(long_digest.text), 7 + 128);
    assert_int_equal(strncmp(long_digest.text, "sha512:ddaf35a193617aba", 23), 0);
}

static void test_json(void **state)
{
    (void)state;
    struct error err;
    yyjson_doc *doc JSON_AUTO = json_parse(SLICE("\xef\xbb\xbf{\"a\":\"x\\u0000y\",\"n\":1}"), &err);
    assert_non_null(doc);
    struct slice a = json_str(yyjson_doc_get_root(doc), "a");
    assert_int_equal(a.n, 3);
    assert_null(json_str(yyjson_doc_get_root(doc), "n").p);
    assert_null(json_str(yyjson_doc_get_root(doc), "missing").p);
    // A key that stands twice.
    yyjson_doc *twice JSON_AUTO = json_parse(SLICE("{\"a\":\"x\",\"b\":1,\"a\":\"y\",\"aa\":\"z\"}"), &err);
    assert_true(slice_eq(json_val_str(json_last(yyjson_doc_get_root(twice), "a")), SLICE("y")));
    assert_null(json_last(yyjson_doc_get_root(twice), "c"));
    assert_null(json_last(json_last(yyjson_doc_get_root(twice), "a"), "a"));
    assert_null(json_last(NULL, "a"));
    static const char *const bad[] = {"", "{", "{\"a\":1}x", "[1,]", "\"\xff\"", "nul", "{\"a\":\"\\ud800\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(json_parse(slice_str(bad[i]), &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
    // Depth costs no stack.
    struct buf deep BUF_AUTO = {0};
    for (int i = 0; i < 200000; i++)
        buf_addc(&deep, '[');
    assert_null(json_parse(buf_slice(&deep), &err));

    yyjson_mut_val *root;
    yyjson_mut_doc *out JSON_MUT_AUTO = json_new(&root);
    json_add_str(out, root, "bad", SLICE("\xff<\n"));
    json_add_str_if(out, root, "none", SLICE(""));
    struct buf text BUF_AUTO = {0};
    json_write(out, false, &text);
    assert_string_equal(text.p, "{\"bad\":\"\xef\xbf\xbd<\\n\"}");
}

static void test_limits(void **state)
{
    (void)state;
    struct limits l = limits_default();
    struct error err;
    assert_true(l.line_bytes == MIB);
    assert_true(limits_set(&l, SLICE("line_bytes=12K"), &err));
    assert_true(l.line_bytes == 12 * KIB);
    assert_true(limits_set(&l, SLICE("layer_ratio=7"), &err));
    assert_true(l.layer_ratio == 7);
    static const char *const bad[] = {"line_bytes",  "line_bytes=", "line_bytes=x",
                                      "=1",          "nothing=1",   "line_bytes=18446744073709551615K",
                                      "line_bytes=K"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(limits_set(&l, slice_str(bad[i]), &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
    size_t n = 0;
    while (limits_entry(n) != NULL)
        n++;
    assert_int_equal(n, sizeof l / sizeof(uint64_t));
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8"); // as main does; the width of characters depends on it
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_valid), cmocka_unit_test(test_utf8_clean), cmocka_unit_test(test_utf8_printable),
        cmocka_unit_test(test_error),      cmocka_unit_test(test_clock),      cmocka_unit_test(test_digest),
        cmocka_unit_test(test_json),       cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
