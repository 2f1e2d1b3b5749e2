// Digests as bytes, and back.
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// cmocka wants the above first
#include <cmocka.h>

static void test_there_and_back(void **state)
{
    static const char *const texts[] = {
        "",
        "sha256:00ff10a9e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b",
        ("sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd4"
         "7417a81a538327af927da3e"),
    };
    static const size_t lengths[] = {0, 32, 64};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct error err;
        struct digest in = {0}, out;
        char bytes[DIGEST_BYTES];
        assert_true(texts[i][0] == '\0' || digest_parse(slice_str(texts[i]), &in, &err));
        struct slice packed = digest_pack(&in, bytes);
        assert_int_equal(packed.n, lengths[i]);
        assert_true(digest_unpack(packed, &out, &err));
        assert_string_equal(out.text, texts[i]);
    }
}

static void test_bytes(void **state)
{
    struct error err;
    struct digest d;
    char bytes[DIGEST_BYTES];
    (void)state;
    assert_true(
        digest_parse(SLICE("sha256:00ff10a9e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"), &d, &err));
    assert_memory_equal(digest_pack(&d, bytes).p, "\x00\xff\x10\xa9\xe3", 5);
}

static void test_other_lengths(void **state)
{
    static const size_t lengths[] = {1, 31, 33, 63, 65, 1000};
    static const char zeros[1000];
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct error err;
        struct digest d;
        assert_false(digest_unpack(slice_of(zeros, lengths[i]), &d, &err));
        assert_int_equal(err.code, ERR_FORMAT);
    }
}

// Is it in the range, as the database would find it?
static bool is_in(const struct digest_range *range, const char *text)
{
    struct error err;
    struct digest d;
    char bytes[DIGEST_BYTES];
    assert_true(digest_parse(slice_str(text), &d, &err));
    struct slice packed = digest_pack(&d, bytes);
    return slice_cmp(packed, slice_of(range->low, range->low_n)) >= 0 &&
           slice_cmp(packed, slice_of(range->high, range->high_n)) <= 0 &&
           (range->size == 0 || packed.n == range->size);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define SOME  "12ab00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void test_starting(void **state)
{
    static const char *const digests[] = {"sha256:" ZEROS, "sha256:" ONES, "sha256:" SOME, "sha512:" SOME ZEROS,
                                          "sha512:" ONES ONES};
    static const struct {
        const char *prefix;
        const char *in; // those of the above that it is in
    } cases[] = {
        {"", "01234"},
        {"sha2", ""},
        {"sha256:", "012"},
        {"sha512:", "34"},
        {"sha512:f", "4"},
        {"sha256:12ab", "2"},
        {"sha256:12ab0", "2"},
        {"sha256:12ab1", ""},
        {"1", "23"},
        {"12", "23"},
        {"12AB0", "23"},
        {"12ac", ""},
        {"12aa", ""},
        {"0", "0"},
        {"f", "14"},
        {ONES, "14"},
        {ONES "f", "4"},
        {ONES ONES, "4"},
        {ONES ONES "f", ""},
        {"sha256:" SOME, "2"},
        {"sha256:" SOME "0", ""},
        {SOME, "23"},
        {"sha257", ""},
        {"sha256;", ""},
        {"sha256:x", ""},
        {"12abx", ""},
        {"nginx", ""},
        {" ", ""},
        {"12 ab", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct digest_range range = digest_starting(slice_str(cases[i].prefix));
        char in[8] = "";
        for (size_t k = 0; k < sizeof digests / sizeof digests[0]; k++)
            if (is_in(&range, digests[k]))
                in[strlen(in)] = (char)('0' + k);
        if (strcmp(in, cases[i].in) != 0)
            fail_msg("\"%s\": \"%s\" instead of \"%s\"", cases[i].prefix, in, cases[i].in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_other_lengths),
        cmocka_unit_test(test_starting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
