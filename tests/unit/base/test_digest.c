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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_other_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
