// Feeds come plain, gzip or zstd, whatever their name says; other packings are refused by name.
#include "feed/unpack.h"

#include "../layer/archives.h"

#include <isa-l/igzip_lib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <zstd.h>
// cmocka wants the above first
#include <cmocka.h>

static const char text[] = "{\"a\": \"some text, some text, some text, some text, some text, some text\"}";

static size_t gzip(char *out, size_t room)
{
    struct isal_zstream s;
    isal_deflate_init(&s);
    s.gzip_flag = IGZIP_GZIP;
    s.end_of_stream = 1;
    s.next_in = (uint8_t *)(uintptr_t)text;
    s.avail_in = sizeof text - 1;
    s.next_out = (uint8_t *)out;
    s.avail_out = (uint32_t)room;
    assert_int_equal(isal_deflate(&s), COMP_OK);
    return s.total_out;
}

static bool unpack_all(struct slice bytes, size_t piece, const struct limits *limits, struct buf *out,
                       struct error *err)
{
    bool closed = false;
    struct reader *packed = reader_in_pieces(bytes, piece), *body READER_AUTO = NULL;
    ((struct piece_reader *)packed)->closed = &closed;
    *err = (struct error){0};
    out->n = 0;
    if (!unpack(packed, limits, &body, err)) {
        assert_true(closed);
        return false;
    }
    bool ok = reader_read_all(body, out, MIB, "the text", err);
    reader_close(&body);
    assert_true(closed);
    return ok;
}

static void test_by_content(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    char gz[512], zst[512];
    size_t gz_n = gzip(gz, sizeof gz), zst_n = ZSTD_compress(zst, sizeof zst, text, sizeof text - 1, 3);
    const struct slice forms[] = {slice_of(text, sizeof text - 1), slice_of(gz, gz_n), slice_of(zst, zst_n)};
    for (size_t i = 0; i < 3; i++)
        for (size_t p = 0; p < PIECE_SIZES; p++) {
            if (!unpack_all(forms[i], piece_sizes[p], &limits, &out, &err))
                fail_msg("form %zu in pieces of %zu: %s", i, piece_sizes[p], err.text);
            assert_true(slice_eq(buf_slice(&out), slice_of(text, sizeof text - 1)));
        }
    for (size_t i = 1; i < 3; i++)
        for (size_t n = 5; n < forms[i].n; n++)
            assert_false(unpack_all(slice_of(forms[i].p, n), 64, &limits, &out, &err));
}

static void test_empty(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    assert_true(unpack_all(SLICE(""), 64, &limits, &out, &err));
    assert_int_equal(out.n, 0);
}

static void test_other_packings(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    for (size_t piece = 1; piece < 10; piece++) {
        assert_false(unpack_all(SLICE("BZh91AY&SY"), piece, &limits, &out, &err));
        assert_int_equal(err.code, ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "bzip2"));
        assert_false(unpack_all(SLICE("\xfd"
                                      "7zXZ\0\0\x04"),
                                piece, &limits, &out, &err));
        assert_int_equal(err.code, ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "xz"));
    }
    // What only begins like one of them is text.
    assert_true(unpack_all(SLICE("BZ"), 64, &limits, &out, &err));
    assert_int_equal(out.n, 2);
}

static void test_limit(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    char gz[512];
    size_t n = gzip(gz, sizeof gz);
    limits.feed_unpacked_bytes = sizeof text - 1;
    assert_true(unpack_all(slice_of(gz, n), 64, &limits, &out, &err));
    limits.feed_unpacked_bytes--;
    assert_false(unpack_all(slice_of(gz, n), 64, &limits, &out, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "feed_unpacked_bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_content),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_other_packings),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
