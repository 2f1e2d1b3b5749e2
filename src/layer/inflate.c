// gzip by ISA-L, zstd by libzstd, or the bytes as they are: told by the first four bytes.
//
// gzip: RFC 1952, any number of members one after the other. zstd: RFC 8878, any number of frames, skippable ones too.
#include "layer/inflate.h"

#include "base/arena.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define OUT_SIZE     ((size_t)256 * 1024)
#define RATIO_FROM   GIB // a smaller stream may well be nothing but zeros
#define MAGIC        ((size_t)4)
#define GZIP_MAGIC_0 '\x1f'
#define GZIP_MAGIC_1 '\x8b'

struct inflater {
    struct reader base;
    struct reader *source;
    struct inflate_bounds bounds;
    struct inflate_stats *stats, own_stats;
    // What the decoder has not taken yet: `in`, then `after`, then what the source still has.
    struct slice in, after;
    char head[MAGIC]; // holds `in` while a magic number that may lie across two chunks is looked at
    // The next bytes out; an empty chunk is the end. Set once the compression is known.
    bool (*decode)(struct inflater *r, struct slice *chunk, struct error *err);
    struct inflate_state *gzip;
    struct isal_gzip_header gzip_header;
    bool gzip_in_member, gzip_in_header;
    ZSTD_DStream *zstd;
    bool zstd_in_frame;
    char out[];
};

const char *compression_name(enum compression c)
{
    static const char *const names[] = {"none", "gzip", "zstd"};
    return names[c];
}

// ---- Input ----------------------------------------------------------------------------------------------------------

// Makes `in` the next bytes; it stays empty at the end of the source.
static bool fill(struct inflater *r, struct error *err)
{
    if (r->in.n != 0)
        return true;
    r->in = r->after;
    r->after.n = 0;
    if (r->in.n != 0)
        return true;
    if (!reader_next(r->source, &r->in, err))
        return false;
    r->stats->bytes_in += r->in.n;
    return true;
}

// Makes `in` hold at least `n` bytes (at most MAGIC), unless the source ends before.
static bool gather(struct inflater *r, size_t n, struct error *err)
{
    if (!fill(r, err))
        return false;
    if (r->in.n >= n || r->in.n == 0)
        return true;
    size_t have = r->in.n;
    memmove(r->head, r->in.p, have);
    r->in = r->after;
    r->after.n = 0;
    while (have < n) {
        if (!fill(r, err))
            return false;
        if (r->in.n == 0)
            break;
        size_t taken = r->in.n < n - have ? r->in.n : n - have;
        memcpy(r->head + have, r->in.p, taken);
        r->in = slice_from(r->in, taken);
        have += taken;
    }
    r->after = r->in;
    r->in = slice_of(r->head, have);
    return true;
}

static unsigned long long position(const struct inflater *r)
{
    return r->stats->bytes_in - r->in.n - r->after.n;
}

// ---- gzip -----------------------------------------------------------------------------------------------------------

static const char *gzip_fault(int code)
{
    switch (code) {
    case ISAL_INVALID_BLOCK:
        return "an invalid block";
    case ISAL_INVALID_SYMBOL:
        return "an invalid symbol";
    case ISAL_INVALID_LOOKBACK:
        return "a reference to before its start";
    case ISAL_UNSUPPORTED_METHOD:
        return "an unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
        return "a wrong check sum or length";
    default:
        return "an invalid header";
    }
}

static bool gzip_error(const struct inflater *r, int code, struct error *err)
{
    return error_set(err, ERR_FORMAT, "the gzip stream has %s near byte %llu", gzip_fault(code), position(r));
}

static void start_member(struct inflater *r)
{
    isal_inflate_reset(r->gzip);
    // ISA-L's own reading of headers inside isal_inflate forgets their flags when one lies across two chunks, so the
    // header is read apart from the data; the trailer's check sum and length are verified all the same.
    r->gzip->crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header_init(&r->gzip_header);
    r->gzip_in_member = r->gzip_in_header = true;
}

// One call of the decoder, on what `in` holds.
static bool gzip_step(struct inflater *r, size_t *produced, struct error *err)
{
    struct inflate_state *s = r->gzip;
    size_t offered = r->in.n < UINT32_MAX ? r->in.n : UINT32_MAX;
    s->next_in = (uint8_t *)(uintptr_t)r->in.p; // only read
    s->avail_in = (uint32_t)offered;
    s->next_out = (uint8_t *)r->out;
    s->avail_out = (uint32_t)OUT_SIZE;
    int code = r->gzip_in_header ? isal_read_gzip_header(s, &r->gzip_header) : isal_inflate(s);
    if (code < 0)
        return gzip_error(r, code, err);
    r->in = slice_from(r->in, offered - s->avail_in);
    *produced = OUT_SIZE - s->avail_out;
    if (r->gzip_in_header)
        r->gzip_in_header = code != ISAL_DECOMP_OK;
    else if (s->block_state == ISAL_BLOCK_FINISH)
        r->gzip_in_member = false;
    return true;
}

// After a member: another one, zero padding, the end, or bytes that belong to nothing, which gzip(1) ignores too.
static bool between_members(struct inflater *r, bool *ended, struct error *err)
{
    if (!gather(r, 2, err))
        return false;
    if (r->in.n >= 2 && r->in.p[0] == GZIP_MAGIC_0 && r->in.p[1] == GZIP_MAGIC_1) {
        start_member(r);
        return true;
    }
    bool padding = true;
    while (r->in.n != 0) {
        while (padding && r->in.n != 0 && r->in.p[0] == '\0')
            r->in = slice_from(r->in, 1);
        padding = padding && r->in.n == 0;
        r->stats->trailing += r->in.n;
        r->in.n = 0;
        if (!fill(r, err))
            return false;
    }
    *ended = true;
    return true;
}

static bool gzip_decode(struct inflater *r, struct slice *chunk, struct error *err)
{
    size_t produced = 0;
    while (produced == 0) {
        bool ended = false;
        if (!r->gzip_in_member && (!between_members(r, &ended, err) || ended))
            return ended;
        if (!fill(r, err))
            return false;
        bool drained = r->in.n == 0;
        if (!gzip_step(r, &produced, err))
            return false;
        if (drained && produced == 0 && r->gzip_in_member)
            return error_set(err, ERR_FORMAT, "the gzip stream is cut short after %llu bytes", position(r));
    }
    *chunk = slice_of(r->out, produced);
    return true;
}

static void gzip_start(struct inflater *r)
{
    r->decode = gzip_decode;
    r->gzip = must_alloc(sizeof *r->gzip);
    isal_inflate_init(r->gzip);
    start_member(r);
}

// ---- zstd -----------------------------------------------------------------------------------------------------------

static bool is_zstd_magic(struct slice head)
{
    static const char frame[] = {'\x28', '\xb5', '\x2f', '\xfd'}, skippable[] = {'\x2a', '\x4d', '\x18'};
    if (head.n < MAGIC)
        return false;
    return memcmp(head.p, frame, sizeof frame) == 0 ||
           ((head.p[0] & 0xf0) == 0x50 && memcmp(head.p + 1, skippable, sizeof skippable) == 0);
}

static bool zstd_error(const struct inflater *r, size_t code, struct error *err)
{
    unsigned long long window = r->bounds.window;
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return error_set(err, ERR_LIMIT,
                         "the zstd stream wants a window of more than %llu bytes (limit zstd_window_bytes)", window);
    case ZSTD_error_memory_allocation:
        return error_set(err, ERR_LIMIT, "no memory for the zstd stream's window (limit zstd_window_bytes, %llu)",
                         window);
    default:
        return error_set(err, ERR_FORMAT, "the zstd stream has a fault near byte %llu: %s", position(r),
                         ZSTD_getErrorName(code));
    }
}

// Between frames: another one or the end. The look at the magic number keeps the library's readers of its formats
// before 1.0 out of reach.
static bool between_frames(struct inflater *r, bool *ended, struct error *err)
{
    if (!gather(r, MAGIC, err))
        return false;
    *ended = r->in.n == 0;
    if (*ended || is_zstd_magic(r->in)) {
        r->zstd_in_frame = !*ended;
        return true;
    }
    return error_set(err, ERR_FORMAT, "the zstd stream has bytes that are no frame at byte %llu", position(r));
}

static bool zstd_decode(struct inflater *r, struct slice *chunk, struct error *err)
{
    ZSTD_outBuffer out = {r->out, OUT_SIZE, 0};
    while (out.pos == 0) {
        bool ended = false;
        if (!r->zstd_in_frame && (!between_frames(r, &ended, err) || ended))
            return ended;
        if (!fill(r, err))
            return false;
        bool drained = r->in.n == 0;
        ZSTD_inBuffer in = {r->in.p, r->in.n, 0};
        size_t code = ZSTD_decompressStream(r->zstd, &out, &in);
        if (ZSTD_isError(code))
            return zstd_error(r, code, err);
        r->in = slice_from(r->in, in.pos);
        r->zstd_in_frame = code != 0;
        if (drained && out.pos == 0 && r->zstd_in_frame)
            return error_set(err, ERR_FORMAT, "the zstd stream is cut short after %llu bytes", position(r));
    }
    *chunk = slice_of(r->out, out.pos);
    return true;
}

static bool zstd_start(struct inflater *r, struct error *err)
{
    r->decode = zstd_decode;
    r->zstd = ZSTD_createDStream();
    if (r->zstd == NULL)
        return error_set(err, ERR_IO, "out of memory");
    // The library counts in powers of two, from 1 KiB to 2 GiB.
    int log = 10;
    while (log < 31 && (uint64_t)2 << log <= r->bounds.window)
        log++;
    size_t code = ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, log);
    return !ZSTD_isError(code) || zstd_error(r, code, err);
}

// ---- none -----------------------------------------------------------------------------------------------------------

static bool plain_decode(struct inflater *r, struct slice *chunk, struct error *err)
{
    if (!fill(r, err))
        return false;
    *chunk = r->in;
    r->in.n = 0;
    return true;
}

// ---- All ------------------------------------------------------------------------------------------------------------

static bool start(struct inflater *r, struct error *err)
{
    if (!gather(r, MAGIC, err))
        return false;
    if (r->in.n >= 2 && r->in.p[0] == GZIP_MAGIC_0 && r->in.p[1] == GZIP_MAGIC_1) {
        r->stats->compression = COMPRESSION_GZIP;
        gzip_start(r);
        return true;
    }
    if (is_zstd_magic(r->in)) {
        r->stats->compression = COMPRESSION_ZSTD;
        return zstd_start(r, err);
    }
    r->decode = plain_decode;
    return true;
}

static bool count_out(struct inflater *r, size_t n, struct error *err)
{
    const struct inflate_bounds *b = &r->bounds;
    uint64_t most;
    r->stats->bytes_out += n;
    if (r->stats->bytes_out > b->bytes)
        return error_set(err, ERR_LIMIT, "unpacks to more than %llu bytes (limit %s)", (unsigned long long)b->bytes,
                         b->bytes_name);
    if (r->stats->bytes_out > RATIO_FROM && !__builtin_mul_overflow(r->stats->bytes_in, b->ratio, &most) &&
        r->stats->bytes_out > most)
        return error_set(err, ERR_LIMIT, "unpacks to more than %llu times its size (limit layer_ratio)",
                         (unsigned long long)b->ratio);
    return true;
}

static bool inflater_next(struct reader *base, struct slice *chunk, struct error *err)
{
    struct inflater *r = (struct inflater *)base;
    *chunk = slice_of(r->out, 0);
    if (r->decode == NULL && !start(r, err))
        return false;
    return r->decode(r, chunk, err) && count_out(r, chunk->n, err);
}

static void inflater_close(struct reader *base)
{
    struct inflater *r = (struct inflater *)base;
    reader_close(&r->source);
    ZSTD_freeDStream(r->zstd);
    free(r->gzip);
    free(r);
}

struct inflate_bounds inflate_bounds_of_layer(const struct limits *limits)
{
    return (struct inflate_bounds){limits->layer_bytes, "layer_bytes", limits->layer_ratio, limits->zstd_window_bytes};
}

struct reader *inflate_reader(struct reader *source, struct inflate_bounds bounds, struct inflate_stats *stats)
{
    struct inflater *r = must_alloc(sizeof *r + OUT_SIZE);
    *r = (struct inflater){.base = {inflater_next, inflater_close}, .source = source, .bounds = bounds};
    r->stats = stats != NULL ? stats : &r->own_stats;
    *r->stats = (struct inflate_stats){0};
    return &r->base;
}
