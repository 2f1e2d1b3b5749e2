// Feeds come plain or packed with gzip, zstd, bzip2 or xz, whatever their name says.
#include "feed/unpack.h"

#include "../layer/archives.h"

#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
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

static size_t bzip2(char *out, size_t room)
{
    unsigned n = (unsigned)room;
    char *in = (char *)(uintptr_t)text;
    assert_int_equal(BZ2_bzBuffToBuffCompress(out, &n, in, sizeof text - 1, 1, 0, 0), BZ_OK);
    return n;
}

static size_t xz(char *out, size_t room)
{
    size_t n = 0;
    assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text, sizeof text - 1,
                                             (uint8_t *)out, &n, room),
                     LZMA_OK);
    return n;
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

#define FORMS 5

struct forms {
    char bytes[FORMS][512];
    struct slice form[FORMS];
};

// The text plain, then in each packing.
static void make_forms(struct forms *f)
{
    memcpy(f->bytes[0], text, sizeof text - 1);
    size_t n[FORMS] = {sizeof text - 1, gzip(f->bytes[1], 512),
                       ZSTD_compress(f->bytes[2], 512, text, sizeof text - 1, 3), bzip2(f->bytes[3], 512),
                       xz(f->bytes[4], 512)};
    for (size_t i = 0; i < FORMS; i++)
        f->form[i] = slice_of(f->bytes[i], n[i]);
}

static void test_by_content(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    struct forms f;
    make_forms(&f);
    for (size_t i = 0; i < FORMS; i++)
        for (size_t p = 0; p < PIECE_SIZES; p++) {
            if (!unpack_all(f.form[i], piece_sizes[p], &limits, &out, &err))
                fail_msg("form %zu in pieces of %zu: %s", i, piece_sizes[p], err.text);
            assert_true(slice_eq(buf_slice(&out), slice_of(text, sizeof text - 1)));
        }
}

static void test_cut_short(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    struct forms f;
    make_forms(&f);
    for (size_t i = 1; i < FORMS; i++)
        for (size_t n = 6; n < f.form[i].n; n++)
            if (unpack_all(slice_of(f.form[i].p, n), 64, &limits, &out, &err))
                fail_msg("form %zu cut to %zu bytes was taken", i, n);
}

// Packers that work in parallel write one stream behind the other.
static void test_several_streams(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct error err;
    struct forms f;
    make_forms(&f);
    for (size_t i = 1; i < FORMS; i++)
        for (size_t p = 0; p < PIECE_SIZES; p++) {
            struct buf twice BUF_AUTO = {0}, out BUF_AUTO = {0};
            buf_add(&twice, f.form[i]);
            buf_add(&twice, f.form[i]);
            if (!unpack_all(buf_slice(&twice), piece_sizes[p], &limits, &out, &err))
                fail_msg("form %zu in pieces of %zu: %s", i, piece_sizes[p], err.text);
            assert_int_equal(out.n, 2 * (sizeof text - 1));
        }
}

static void test_damage(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    struct forms f;
    make_forms(&f);
    for (size_t i = 3; i < FORMS; i++)
        for (size_t at = 6; at < f.form[i].n; at++) {
            f.bytes[i][at] ^= 0x10;
            if (unpack_all(f.form[i], 64, &limits, &out, &err))
                fail_msg("form %zu damaged at byte %zu was taken", i, at);
            assert_true(err.code == ERR_FORMAT || err.code == ERR_UNSUPPORTED || err.code == ERR_LIMIT);
            f.bytes[i][at] ^= 0x10;
        }
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

// What only begins like a packing is text.
static void test_no_packing(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    assert_true(unpack_all(SLICE("BZ"), 64, &limits, &out, &err));
    assert_int_equal(out.n, 2);
}

static void test_limit(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct buf out BUF_AUTO = {0};
    struct error err;
    struct forms f;
    make_forms(&f);
    for (size_t i = 1; i < FORMS; i++) {
        limits.feed_unpacked_bytes = sizeof text - 1;
        assert_true(unpack_all(f.form[i], 64, &limits, &out, &err));
        limits.feed_unpacked_bytes--;
        assert_false(unpack_all(f.form[i], 64, &limits, &out, &err));
        assert_int_equal(err.code, ERR_LIMIT);
        assert_non_null(strstr(err.text, "feed_unpacked_bytes"));
    }
    limits = limits_default();
    limits.zstd_window_bytes = 4096;
    assert_false(unpack_all(f.form[4], 64, &limits, &out, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "zstd_window_bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_content), cmocka_unit_test(test_cut_short), cmocka_unit_test(test_several_streams),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_empty),     cmocka_unit_test(test_no_packing),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
