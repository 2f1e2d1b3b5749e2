// Making a bundle. Of tar only what it takes is written: ustar headers of plain files (POSIX.1-2017 pax, "ustar
// Interchange Format"), with nothing in them of the machine or the moment.
#include "store/bundle.h"

#include "advisory/segment_format.h"
#include "base/file.h"
#include "layer/tar_header.h"
#include "store/segments.h"
#include "store/update_rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zstd.h>

#define USTAR_MOST_BYTES ((uint64_t)8 * GIB - 1) // eleven octal digits

// ---- what goes in ---------------------------------------------------------------------------------------------------

static bool names(struct slice list, struct slice feed)
{
    struct slice word;
    while (list.n != 0) {
        slice_cut(list, ' ', &word, &list);
        if (slice_eq(word, feed))
            return true;
    }
    return false;
}

static const char *segment_path(struct store *s, const struct digest *digest, struct arena *a)
{
    return arena_printf(a, "%s/%s" SEGMENT_SUFFIX, s->segments, digest_hex(digest)).p;
}

static bool take_state(struct store *s, const struct feed_state *state, struct arena *a, struct feed_import *out,
                       struct error *err)
{
    const char *path = segment_path(s, &state->segment, a);
    struct stat st;
    if (!store_segment_fetch(s, &state->segment, err))
        return false;
    if (stat(path, &st) != 0)
        return error_errno(err, "cannot find the segment %s", path);
    *out = (struct feed_import){
        .feed = state->feed,
        .segment = state->segment,
        .records = state->records,
        .made = state->updated,
        .checked = state->checked,
        .bytes = (uint64_t)st.st_size,
    };
    int64_t update;
    return update_id(s, state->ref, &update, err) && update_read_files(s, update, a, &out->files, &out->files_n, err) &&
           update_read_note(s, update, a, &out->note, err);
}

static bool has_segment(const struct generation *g, struct slice feed)
{
    for (size_t i = 0; i < g->feeds_n; i++)
        if (slice_eq(g->feeds[i].feed, feed) && g->feeds[i].segment.text[0] != '\0')
            return true;
    return false;
}

static bool check_names(const struct generation *g, struct slice feeds, struct error *err)
{
    struct slice word;
    while (feeds.n != 0) {
        slice_cut(feeds, ' ', &word, &feeds);
        if (word.n != 0 && !has_segment(g, word))
            return error_set(err, ERR_NOT_FOUND, "there is nothing of a feed \"%.*s\" (`clarion feeds` lists them)",
                             SLICE_ARG(word));
    }
    return true;
}

bool bundle_of(struct store *s, const struct generation *g, struct slice feeds, struct arena *a, struct bundle *out,
               struct error *err)
{
    *out = (struct bundle){.program = SLICE("clarion " CLARION_VERSION), .generation = g->id};
    out->feeds = ARENA_NEW(a, struct feed_import, g->feeds_n);
    if (!check_names(g, feeds, err))
        return false;
    for (size_t i = 0; i < g->feeds_n; i++) {
        const struct feed_state *state = &g->feeds[i];
        if (state->segment.text[0] == '\0' || (feeds.n != 0 && !names(feeds, state->feed)))
            continue;
        struct feed_import *feed = &out->feeds[out->feeds_n++];
        if (!take_state(s, state, a, feed, err))
            return false;
        int64_t newest = feed->checked > feed->made ? feed->checked : feed->made;
        out->created = newest > out->created ? newest : out->created;
    }
    return out->feeds_n != 0 ||
           error_set(err, ERR_NOT_FOUND, "there is no vulnerability data yet: run `clarion update`");
}

// ---- zstd -----------------------------------------------------------------------------------------------------------

struct packer {
    int fd;
    ZSTD_CCtx *zstd;
    size_t room;
    char *out;
};

static bool pack(struct packer *p, struct slice bytes, ZSTD_EndDirective how, struct error *err)
{
    ZSTD_inBuffer in = {bytes.n != 0 ? bytes.p : "", bytes.n, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {p->out, p->room, 0};
        left = ZSTD_compressStream2(p->zstd, &out, &in, how);
        if (ZSTD_isError(left) != 0)
            return error_set(err, ERR_IO, "cannot pack: %s", ZSTD_getErrorName(left));
        if (!fd_write_all(p->fd, slice_of(p->out, out.pos), err))
            return false;
    } while (how == ZSTD_e_end ? left != 0 : in.pos < in.size);
    return true;
}

// ---- tar ------------------------------------------------------------------------------------------------------------

static void put_octal(char *field, size_t size, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%0*llo", (int)size - 1, (unsigned long long)value);
    memcpy(field, text, size);
}

static bool pack_header(struct packer *p, const char *name, uint64_t size, struct error *err)
{
    char block[TAR_BLOCK] = {0};
    unsigned sum = 0;
    if (size > USTAR_MOST_BYTES)
        return error_set(err, ERR_LIMIT, "%s has more than 8 GiB, the most that a bundle's member can have", name);
    snprintf(block, 100, "%s", name);
    put_octal(block + 100, 8, 0644);   // mode
    put_octal(block + 108, 8, 0);      // uid
    put_octal(block + 116, 8, 0);      // gid
    put_octal(block + 124, 12, size);  // size
    put_octal(block + 136, 12, 0);     // mtime
    memset(block + 148, ' ', 8);       // chksum, as it counts itself
    block[156] = '0';                  // typeflag: a file
    snprintf(block + 257, 6, "ustar"); // magic
    block[263] = block[264] = '0';     // version
    for (size_t i = 0; i < sizeof block; i++)
        sum += (unsigned char)block[i];
    put_octal(block + 148, 7, sum);
    return pack(p, slice_of(block, sizeof block), ZSTD_e_continue, err);
}

static bool pack_padding(struct packer *p, uint64_t size, struct error *err)
{
    static const char zeros[TAR_BLOCK];
    return pack(p, slice_of(zeros, (size_t)(-size % TAR_BLOCK)), ZSTD_e_continue, err);
}

static bool pack_segment(struct packer *p, struct store *s, const struct feed_import *feed, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *path = segment_path(s, &feed->segment, &scratch);
    const char *name = arena_printf(&scratch, BUNDLE_SEGMENTS "%s" SEGMENT_SUFFIX, digest_hex(&feed->segment)).p;
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "cannot open %s", path);
    struct reader *r READER_AUTO = reader_of_range(fd, 0, feed->bytes);
    struct hasher *hash HASHER_AUTO = hasher_new(&feed->segment);
    struct slice chunk = {0};
    bool ok = pack_header(p, name, feed->bytes, err);
    while (ok && (ok = reader_next(r, &chunk, err)) && chunk.n != 0) {
        hasher_add(hash, chunk);
        ok = pack(p, chunk, ZSTD_e_continue, err);
    }
    if (!ok)
        return false;
    struct digest found = hasher_end(hash);
    hash = NULL;
    if (!digest_eq(&found, &feed->segment))
        return error_set(err, ERR_DIGEST, "segment %s is damaged (run `clarion update %.*s` to make it anew)",
                         feed->segment.text, SLICE_ARG(feed->feed));
    return pack_padding(p, feed->bytes, err);
}

static bool pack_all(struct packer *p, struct store *s, const struct bundle *bundle, struct error *err)
{
    static const char end[2 * TAR_BLOCK];
    struct buf manifest BUF_AUTO = {0};
    bundle_manifest_write(bundle, &manifest);
    bool ok = pack_header(p, BUNDLE_MANIFEST, manifest.n, err) && pack(p, buf_slice(&manifest), ZSTD_e_continue, err) &&
              pack_padding(p, manifest.n, err);
    for (size_t i = 0; ok && i < bundle->feeds_n; i++)
        ok = pack_segment(p, s, &bundle->feeds[i], err);
    return ok && pack(p, slice_of(end, sizeof end), ZSTD_e_end, err);
}

bool bundle_write(struct store *s, const struct bundle *bundle, int fd, struct error *err)
{
    struct packer p = {.fd = fd, .zstd = ZSTD_createCCtx(), .room = ZSTD_CStreamOutSize()};
    p.out = must_alloc(p.room);
    bool ok = p.zstd != NULL && ZSTD_isError(ZSTD_CCtx_setParameter(p.zstd, ZSTD_c_checksumFlag, 1)) == 0;
    ok = ok ? pack_all(&p, s, bundle, err) : error_set(err, ERR_IO, "cannot pack: zstd does not start");
    ZSTD_freeCCtx(p.zstd);
    free(p.out);
    return ok;
}
