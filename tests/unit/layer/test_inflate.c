// inflate: gzip members, zstd frames, plain bytes; what is malformed, and the bounds.
#include "layer/inflate.h"

#include "archives.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <zstd.h>
// cmocka wants the above first
#include <cmocka.h>

static const struct inflate_bounds wide = {UINT64_MAX, "layer_bytes", 100000, UINT64_C(1) << 27};

// Text that compresses somewhat, and is longer than an inflater's buffer.
static struct slice make_text(struct buf *out, size_t n)
{
    uint32_t state = 1;
    while (out->n < n) {
        state = state * 1103515245 + 12345;
        buf_addf(out, "line %u of a text\n", (state >> 16) & 0xfff);
    }
    return buf_slice(out);
}

static void deflate_as(struct buf *out, struct slice text, uint16_t form)
{
    struct isal_zstream s;
    static uint8_t level[ISAL_DEF_LVL1_DEFAULT];
    isal_deflate_init(&s);
    buf_reserve(out, text.n + text.n / 2 + 4096);
    s.level = 1;
    s.level_buf = level;
    s.level_buf_size = sizeof level;
    s.gzip_flag = form;
    s.end_of_stream = 1;
    s.next_in = (uint8_t *)(uintptr_t)text.p;
    s.avail_in = (uint32_t)text.n;
    s.next_out = (uint8_t *)out->p + out->n;
    s.avail_out = (uint32_t)(out->cap - out->n);
    assert_int_equal(isal_deflate(&s), COMP_OK);
    assert_int_equal(s.avail_in, 0);
    out->n += s.total_out;
}

static void add_gzip(struct buf *out, struct slice text)
{
    deflate_as(out, text, IGZIP_GZIP);
}

static void add_u32(struct buf *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        buf_addc(out, (char)(v >> (8 * i)));
}

// A member with every optional part of a header: RFC 1952, section 2.3.
static void add_rich_gzip(struct buf *out, struct slice text, uint16_t wrong_header_sum)
{
    size_t start = out->n;
    buf_add(out, SLICE("\x1f\x8b\x08\x1e\1\2\3\4\0\3"));
    buf_add(out, SLICE("\5\0extra"));
    buf_add(out, SLICE("a name\0a comment\0"));
    uint32_t sum = crc32_gzip_refl(0, (const uint8_t *)out->p + start, out->n - start) ^ wrong_header_sum;
    buf_addc(out, (char)sum);
    buf_addc(out, (char)(sum >> 8));
    deflate_as(out, text, IGZIP_DEFLATE);
    add_u32(out, crc32_gzip_refl(0, (const uint8_t *)text.p, text.n));
    add_u32(out, (uint32_t)text.n);
}

static void add_zstd(struct buf *out, struct slice text, int window_log)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    if (window_log != 0)
        ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
    buf_reserve(out, ZSTD_compressBound(text.n) + 64);
    ZSTD_inBuffer in = {text.p, text.n, 0};
    ZSTD_outBuffer o = {out->p + out->n, out->cap - out->n, 0};
    // Not told the size before, the frame declares the window instead.
    assert_false(ZSTD_isError(ZSTD_compressStream2(c, &o, &in, ZSTD_e_continue)));
    assert_int_equal(ZSTD_compressStream2(c, &o, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(c);
    out->n += o.pos;
}

static bool unpack_bounded(struct slice packed, size_t piece, struct inflate_bounds bounds, struct buf *out,
                           struct inflate_stats *stats, struct error *err)
{
    struct reader *r READER_AUTO = inflate_reader(reader_in_pieces(packed, piece), bounds, stats);
    for (;;) {
        struct slice chunk;
        if (!reader_next(r, &chunk, err))
            return false;
        if (chunk.n == 0)
            break;
        buf_add(out, chunk);
    }
    struct slice again;
    assert_true(reader_next(r, &again, err));
    assert_int_equal(again.n, 0); // the end stays the end
    return true;
}

static void unpacks_to(struct slice packed, struct slice wanted, enum compression compression, uint64_t trailing)
{
    for (size_t i = 0; i < PIECE_SIZES; i++) {
        struct buf out BUF_AUTO = {0};
        struct inflate_stats stats;
        struct error err = {0};
        if (!unpack_bounded(packed, piece_sizes[i], wide, &out, &stats, &err))
            fail_msg("pieces of %zu: %s", piece_sizes[i], err.text);
        assert_int_equal(out.n, wanted.n);
        assert_true(slice_eq(buf_slice(&out), wanted));
        assert_int_equal(stats.compression, compression);
        assert_int_equal(stats.bytes_in, packed.n);
        assert_int_equal(stats.bytes_out, wanted.n);
        assert_int_equal(stats.trailing, trailing);
    }
}

static void fails(struct slice packed, struct inflate_bounds bounds, enum error_code code, const char *why)
{
    for (size_t i = 0; i < PIECE_SIZES; i++) {
        struct buf out BUF_AUTO = {0};
        struct error err = {0};
        assert_false(unpack_bounded(packed, piece_sizes[i], bounds, &out, NULL, &err));
        assert_int_equal(err.code, code);
        if (strstr(err.text, why) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    }
}

static void test_plain(void **state)
{
    (void)state;
    struct buf text BUF_AUTO = {0};
    unpacks_to(SLICE(""), SLICE(""), COMPRESSION_NONE, 0);
    unpacks_to(SLICE("\x1f"), SLICE("\x1f"), COMPRESSION_NONE, 0);
    unpacks_to(SLICE("\x28\xb5\x2f"), SLICE("\x28\xb5\x2f"), COMPRESSION_NONE, 0);
    make_text(&text, 100000);
    unpacks_to(buf_slice(&text), buf_slice(&text), COMPRESSION_NONE, 0);
    assert_string_equal(compression_name(COMPRESSION_NONE), "none");
    assert_string_equal(compression_name(COMPRESSION_GZIP), "gzip");
    assert_string_equal(compression_name(COMPRESSION_ZSTD), "zstd");
}

static void test_gzip(void **state)
{
    (void)state;
    struct buf text BUF_AUTO = {0}, packed BUF_AUTO = {0}, twice BUF_AUTO = {0};
    make_text(&text, 1000000);
    add_gzip(&packed, buf_slice(&text));
    unpacks_to(buf_slice(&packed), buf_slice(&text), COMPRESSION_GZIP, 0);

    // Members: text, nothing, text again, with a header that has everything.
    add_gzip(&packed, SLICE(""));
    add_rich_gzip(&packed, buf_slice(&text), 0);
    buf_add(&twice, buf_slice(&text));
    buf_add(&twice, buf_slice(&text));
    unpacks_to(buf_slice(&packed), buf_slice(&twice), COMPRESSION_GZIP, 0);
}

static void test_gzip_trailing(void **state)
{
    (void)state;
    const struct {
        struct slice after;
        uint64_t trailing;
    } cases[] = {
        {SLICE("\0"), 0},
        {SLICE("\0\0\0\0\0\0\0"), 0},
        {SLICE("x"), 1},
        {SLICE("\x1f"), 1},
        {SLICE("\x1f\x8a"), 2},
        {SLICE("garbage"), 7},
        {SLICE("\0\0garbage\0"), 8},
        {SLICE("\0\x1f\x8b\x08"), 3}, // padding ends the members
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf packed BUF_AUTO = {0};
        add_gzip(&packed, SLICE("text"));
        buf_add(&packed, cases[i].after);
        unpacks_to(buf_slice(&packed), SLICE("text"), COMPRESSION_GZIP, cases[i].trailing);
    }
}

static void test_gzip_malformed(void **state)
{
    (void)state;
    struct buf packed BUF_AUTO = {0}, changed BUF_AUTO = {0}, rich BUF_AUTO = {0};
    struct slice text = SLICE("a text that is not very long, not long at all");
    add_rich_gzip(&packed, text, 0);
    unpacks_to(buf_slice(&packed), text, COMPRESSION_GZIP, 0);
    for (size_t n = 2; n < packed.n; n++)
        fails(slice_of(packed.p, n), wide, ERR_FORMAT, "cut short");
    // From the end: four bytes of length, four of check sum.
    for (size_t i = 1; i <= 8; i++) {
        changed.n = 0;
        buf_add(&changed, buf_slice(&packed));
        changed.p[changed.n - i] ^= 1;
        fails(buf_slice(&changed), wide, ERR_FORMAT, "wrong check sum or length");
    }
    add_rich_gzip(&rich, text, 1);
    fails(buf_slice(&rich), wide, ERR_FORMAT, "wrong check sum");
    fails(SLICE("\x1f\x8b\x07\0\0\0\0\0\0\3"), wide, ERR_FORMAT, "unknown compression method");
    fails(SLICE("\x1f\x8b\x08\0\0\0\0\0\0\3\7\0\0\0\0"), wide, ERR_FORMAT, "invalid block");
    // A second member is held to the same.
    changed.n = 0;
    add_gzip(&changed, text);
    buf_add(&changed, SLICE("\x1f\x8b\x08\0"));
    fails(buf_slice(&changed), wide, ERR_FORMAT, "cut short");
}

static void test_zstd(void **state)
{
    (void)state;
    struct buf text BUF_AUTO = {0}, packed BUF_AUTO = {0}, twice BUF_AUTO = {0};
    const struct slice skippable = SLICE("\x5e\x2a\x4d\x18\3\0\0\0abc");
    make_text(&text, 1000000);
    buf_add(&packed, skippable);
    add_zstd(&packed, buf_slice(&text), 0);
    buf_add(&packed, skippable);
    add_zstd(&packed, SLICE(""), 0);
    add_zstd(&packed, buf_slice(&text), 0);
    buf_add(&packed, skippable);
    buf_add(&twice, buf_slice(&text));
    buf_add(&twice, buf_slice(&text));
    unpacks_to(buf_slice(&packed), buf_slice(&twice), COMPRESSION_ZSTD, 0);
}

static void test_zstd_malformed(void **state)
{
    (void)state;
    struct buf packed BUF_AUTO = {0}, changed BUF_AUTO = {0};
    add_zstd(&packed, SLICE("a text that is not very long, not long at all"), 0);
    for (size_t n = 4; n < packed.n; n++)
        fails(slice_of(packed.p, n), wide, ERR_FORMAT, "cut short");
    buf_add(&changed, buf_slice(&packed));
    changed.p[changed.n - 1] ^= 1;
    fails(buf_slice(&changed), wide, ERR_FORMAT, "zstd stream has a fault");
    changed.n = 0;
    buf_add(&changed, buf_slice(&packed));
    buf_adds(&changed, "garbage");
    fails(buf_slice(&changed), wide, ERR_FORMAT, "no frame");
    // A frame of zstd 0.7, which the library may be able to read: not here.
    changed.n = packed.n;
    buf_add(&changed, SLICE("\x27\xb5\x2f\xfd\0\0\0\0"));
    fails(buf_slice(&changed), wide, ERR_FORMAT, "no frame");
}

static void test_bounds(void **state)
{
    (void)state;
    struct buf zeros BUF_AUTO = {0}, member BUF_AUTO = {0}, packed BUF_AUTO = {0}, window BUF_AUTO = {0};
    struct inflate_bounds few = wide, flat = wide, small = wide;
    buf_reserve(&zeros, 16 << 20);
    memset(zeros.p, 0, 16 << 20);
    zeros.n = 16 << 20;

    few.bytes = 1000;
    fails(SLICE("plain"), (struct inflate_bounds){4, "layer_bytes", 1, 1 << 20}, ERR_LIMIT,
          "4 bytes (limit layer_bytes)");
    add_gzip(&member, slice_of(zeros.p, 1000));
    unpacks_to(buf_slice(&member), slice_of(zeros.p, 1000), COMPRESSION_GZIP, 0);
    add_gzip(&member, slice_of(zeros.p, 1));
    fails(buf_slice(&member), few, ERR_LIMIT, "1000 bytes (limit layer_bytes)");

    // The window that a frame declares.
    add_zstd(&window, slice_of(zeros.p, 12 << 20), 23);
    small.window = (8 << 20) - 1;
    fails(buf_slice(&window), small, ERR_LIMIT, "limit zstd_window_bytes");
    small.window = 8 << 20;
    struct buf out BUF_AUTO = {0};
    struct error err;
    assert_true(unpack_bounded(buf_slice(&window), 4096, small, &out, NULL, &err));
    assert_int_equal(out.n, 12 << 20);

    // The ratio is judged only once a GiB has come out.
    member.n = 0;
    add_gzip(&member, buf_slice(&zeros));
    for (int i = 0; i < 65; i++)
        buf_add(&packed, buf_slice(&member));
    flat.ratio = 100;
    struct reader *r READER_AUTO = inflate_reader(reader_of_slice(buf_slice(&packed)), flat, NULL);
    uint64_t unpacked = 0;
    struct slice chunk;
    while (reader_next(r, &chunk, &err))
        unpacked += chunk.n;
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "100 times its size (limit layer_ratio)"));
    assert_int_equal(unpacked, GIB);
}

static void test_closes_its_source(void **state)
{
    (void)state;
    bool closed = false;
    struct reader *source = reader_in_pieces(SLICE("x"), 1);
    ((struct piece_reader *)source)->closed = &closed;
    struct reader *r = inflate_reader(source, wide, NULL);
    reader_close(&r);
    assert_true(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_gzip_trailing), cmocka_unit_test(test_gzip_malformed),
        cmocka_unit_test(test_zstd),          cmocka_unit_test(test_zstd_malformed),
        cmocka_unit_test(test_bounds),        cmocka_unit_test(test_closes_its_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
