#include "http/encoder.h"

#include "base/arena.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <zstd.h>

#define ROOM ((size_t)4096) // that the libraries get at least, each time

struct encoder {
    bool is_zstd;
    ZSTD_CCtx *zstd;
    struct isal_zstream deflate;
    struct buf work; // of deflate
};

const char *coding_name(enum coding coding)
{
    static const char *const names[] = {[CODING_GZIP] = "gzip", [CODING_DEFLATE] = "deflate", [CODING_ZSTD] = "zstd"};
    return (size_t)coding < sizeof names / sizeof names[0] ? names[coding] : NULL;
}

struct encoder *encoder_new(enum coding coding)
{
    if (coding_name(coding) == NULL)
        return NULL;
    struct encoder *e = must_alloc(sizeof *e);
    e->is_zstd = coding == CODING_ZSTD;
    e->zstd = e->is_zstd ? ZSTD_createCCtx() : NULL;
    e->work = (struct buf){0};
    if (e->is_zstd) {
        if (e->zstd != NULL)
            ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_compressionLevel, 1);
        return e;
    }
    isal_deflate_init(&e->deflate);
    buf_reserve(&e->work, ISAL_DEF_LVL1_DEFAULT);
    e->deflate.level = 1;
    e->deflate.level_buf = (uint8_t *)e->work.p;
    e->deflate.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    e->deflate.gzip_flag = coding == CODING_GZIP ? IGZIP_GZIP : IGZIP_ZLIB;
    return e;
}

void encoder_free(struct encoder **e)
{
    if (*e == NULL)
        return;
    ZSTD_freeCCtx((*e)->zstd);
    buf_free(&(*e)->work);
    free(*e);
    *e = NULL;
}

static bool add_zstd(struct encoder *e, struct slice part, bool last, struct buf *out)
{
    ZSTD_inBuffer in = {part.p, part.n, 0};
    for (size_t left = 1; left != 0;) {
        buf_reserve(out, ROOM);
        ZSTD_outBuffer to = {out->p, out->cap, out->n};
        left = ZSTD_compressStream2(e->zstd, &to, &in, last ? ZSTD_e_end : ZSTD_e_flush);
        if (ZSTD_isError(left))
            return false;
        out->n = to.pos;
    }
    return true;
}

// Its counts have 32 bits.
static bool deflate_some(struct encoder *e, struct slice part, bool last, struct buf *out)
{
    struct isal_zstream *s = &e->deflate;
    s->next_in = (uint8_t *)(uintptr_t)part.p; // not written to
    s->avail_in = (uint32_t)part.n;
    s->end_of_stream = last;
    s->flush = last ? NO_FLUSH : SYNC_FLUSH;
    do {
        buf_reserve(out, ROOM);
        size_t room = out->cap - out->n < UINT32_MAX ? out->cap - out->n : UINT32_MAX;
        s->next_out = (uint8_t *)out->p + out->n;
        s->avail_out = (uint32_t)room;
        if (isal_deflate(s) != COMP_OK)
            return false;
        out->n += room - s->avail_out;
    } while (s->avail_out == 0 || s->avail_in != 0);
    return !last || s->internal_state.state == ZSTATE_END;
}

bool encoder_add(struct encoder *e, struct slice part, bool last, struct buf *out)
{
    const size_t most = (size_t)1 << 30;
    if (e->is_zstd)
        return e->zstd != NULL && add_zstd(e, part, last, out);
    while (part.n > most) {
        if (!deflate_some(e, slice_of(part.p, most), false, out))
            return false;
        part = slice_from(part, most);
    }
    return deflate_some(e, part, last, out);
}
