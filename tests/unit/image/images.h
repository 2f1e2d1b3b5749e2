// What the tests of this folder make images with: files in memory, saved as a folder or as an archive.
#pragma once

#include "../layer/archives.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/file.h"
#include "image/image.h"

#include <fcntl.h>
#include <ftw.h>
#include <isa-l/igzip_lib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX    "application/vnd.oci.image.index.v1+json"
#define OCI_CONFIG   "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER    "application/vnd.oci.image.layer.v1.tar"

// Of one test: fresh_test makes them, end_test takes them away.
static struct arena arena;
static struct limits limits;
static struct image image;
static char folder[64];

static int fresh_test(void **state)
{
    (void)state;
    limits = limits_default();
    image = (struct image){0};
    snprintf(folder, sizeof folder, "/tmp/clarion-image-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int end_test(void **state)
{
    (void)state;
    image_close(&image);
    arena_free(&arena);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define IMAGE_TEST(test) cmocka_unit_test_setup_teardown(test, fresh_test, end_test)

// ---- Files ----------------------------------------------------------------------------------------------------------

static inline const char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name).p;
}

// Writes a file, and the folders that it stands in.
static inline void write_file(const char *path, struct slice content)
{
    struct error err;
    struct slice parent = slice_dirname(slice_str(path));
    int fd FD_AUTO = -1;
    assert_true(dir_make(arena_dup(&arena, parent).p, &err));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_true(fd_write_all(fd, content, &err));
}

struct files {
    struct {
        const char *name;
        struct slice content;
    } v[64];
    size_t n;
};

static inline void add(struct files *files, const char *name, struct slice content)
{
    assert_true(files->n < sizeof files->v / sizeof files->v[0]);
    files->v[files->n].name = name;
    files->v[files->n++].content = content;
}

static inline void save_folder(const struct files *files, const char *name)
{
    for (size_t i = 0; i < files->n; i++)
        write_file(arena_printf(&arena, "%s/%s/%s", folder, name, files->v[i].name).p, files->v[i].content);
}

static inline void save_tar(const struct files *files, struct buf *tar)
{
    for (size_t i = 0; i < files->n; i++)
        add_bytes(tar, '0', files->v[i].name, files->v[i].content);
    add_end(tar);
}

static inline struct slice gzip_of(struct slice bytes)
{
    struct isal_zstream z;
    size_t room = bytes.n + bytes.n / 8 + 4096;
    char *out = arena_alloc(&arena, room);
    isal_deflate_stateless_init(&z);
    z.gzip_flag = IGZIP_GZIP;
    z.end_of_stream = 1;
    z.next_in = (uint8_t *)(uintptr_t)bytes.p;
    z.avail_in = (uint32_t)bytes.n;
    z.next_out = (uint8_t *)out;
    z.avail_out = (uint32_t)room;
    assert_int_equal(isal_deflate_stateless(&z), COMP_OK);
    return slice_of(out, z.total_out);
}

// ---- Documents ------------------------------------------------------------------------------------------------------

// A descriptor of the content; `more` are further members, each with a comma before it.
static inline const char *descriptor(const char *type, struct slice content, const char *more)
{
    struct digest d = digest_of(content);
    return arena_printf(&arena, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}", type, d.text, content.n,
                        more)
        .p;
}

// Adds a blob under the name that a layout gives it.
static inline struct slice add_blob(struct files *files, struct slice content)
{
    struct digest d = digest_of(content);
    add(files, arena_printf(&arena, "blobs/sha256/%s", digest_hex(&d)).p, content);
    return content;
}

static inline struct slice config_of(const char *os, const char *arch, const char *diff_ids)
{
    return arena_printf(&arena,
                        "{\"os\":\"%s\",\"architecture\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                        os, arch, diff_ids);
}

static inline const char *quoted_digest(struct slice content)
{
    struct digest d = digest_of(content);
    return arena_printf(&arena, "\"%s\"", d.text).p;
}

static inline struct slice manifest_of(struct slice config, const char *layers)
{
    return arena_printf(&arena, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}",
                        OCI_MANIFEST, descriptor(OCI_CONFIG, config, ""), layers);
}

static inline struct slice index_of(const char *entries)
{
    return arena_printf(&arena, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}", OCI_INDEX, entries);
}

// Adds an image of one layer with the blobs that it needs, and gives its manifest.
static inline struct slice add_image(struct files *files, const char *os, const char *arch, const char *layer)
{
    struct slice bytes = slice_str(layer), config = config_of(os, arch, quoted_digest(bytes));
    add_blob(files, bytes);
    add_blob(files, config);
    return add_blob(files, manifest_of(config, descriptor(OCI_LAYER, bytes, "")));
}

static inline const char *platform_json(const char *os, const char *arch)
{
    return arena_printf(&arena, ",\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}", os, arch).p;
}

static inline const char *tag_json(const char *tag)
{
    return arena_printf(&arena, ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}", tag).p;
}

// ---- Opening --------------------------------------------------------------------------------------------------------

static inline bool try_open(const char *target, const char *platform, struct error *err)
{
    struct image_options options = {platform, &limits, NULL};
    image_close(&image);
    *err = (struct error){0};
    return image_open(target, &options, &arena, &image, err);
}

static inline void opens(const char *target, const char *platform)
{
    struct error err;
    if (!try_open(target, platform, &err))
        fail_msg("%s: %s", target, err.text);
}

// Opening fails with that code, and a message with those words.
static inline void refuses(const char *target, const char *platform, enum error_code code, const char *words)
{
    struct error err;
    if (try_open(target, platform, &err))
        fail_msg("%s was opened", target);
    if (err.code != code || strstr(err.text, words) == NULL)
        fail_msg("%s: code %d, not %d \"%s\": %s", target, err.code, code, words, err.text);
}

static inline bool read_layer(size_t i, struct buf *content, struct error *err)
{
    struct reader *r READER_AUTO = image_open_layer(&image, i, err);
    return r != NULL && reader_read_all(r, content, 64 * MIB, "the layer", err);
}

// The layer has that content, and a digest and size that are true.
static inline void layer_is(size_t i, struct slice content)
{
    struct buf b BUF_AUTO = {0};
    struct error err;
    assert_true(i < image.layers_n);
    if (!read_layer(i, &b, &err))
        fail_msg("layer %zu: %s", i, err.text);
    struct digest actual = digest_of(content);
    assert_true(slice_eq(buf_slice(&b), content));
    assert_string_equal(image.layers[i].digest.text, actual.text);
    assert_int_equal(image.layers[i].size, content.n);
}

static inline bool has_remark(const char *words)
{
    for (size_t i = 0; i < image.remarks_n; i++)
        if (slice_find_slice(image.remarks[i], slice_str(words)) >= 0)
            return true;
    return false;
}

static inline void slice_is(struct slice s, const char *text)
{
    if (!slice_eq(s, slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(s), text);
}
