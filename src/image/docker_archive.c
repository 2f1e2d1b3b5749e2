// What `docker save` writes: manifest.json names a configuration and layers, as members of the archive.
//
// Docker's "Image Specification v1.2": layers are ID/layer.tar, and may be links to one another. Newer ones are named
// by their digest, blobs/sha256/HEX, and an OCI layout stands beside manifest.json.
#include "image/source.h"

#include "base/buf.h"

#include <stdlib.h>

// ---- Choosing among the images --------------------------------------------------------------------------------------

// A name without a tag means "latest", as everywhere with Docker.
static bool has_tag(const struct docker_image *image, struct slice tag)
{
    for (size_t i = 0; i < image->tags.n; i++) {
        struct slice have = image->tags.v[i];
        if (slice_eq(have, tag) || (slice_starts(have, tag) && slice_eq(slice_from(have, tag.n), SLICE(":latest"))))
            return true;
    }
    return false;
}

// All tags, and "@N" for an image that has none.
static struct slice list_images(const struct docker_manifest *m, struct arena *a)
{
    struct buf list BUF_AUTO = {0};
    bool room = true;
    for (size_t i = 0; i < m->images.n && room; i++) {
        const struct docker_image *image = &m->images.v[i];
        if (image->tags.n == 0)
            room = opening_list(&list, arena_printf(a, "@%zu", i));
        for (size_t j = 0; j < image->tags.n && room; j++)
            room = opening_list(&list, image->tags.v[j]);
    }
    return arena_dup(a, buf_slice(&list));
}

static bool choose(struct opening *o, const struct docker_manifest *m, struct slice tag,
                   const struct docker_image **chosen, struct error *err)
{
    uint64_t number;
    bool by_number = tag_is_index(tag, &number);
    if (m->images.n == 0)
        return error_set(err, ERR_FORMAT, "manifest.json names no image");
    for (size_t i = 0; i < m->images.n; i++) {
        const struct docker_image *image = &m->images.v[i];
        bool meant = by_number ? number == i : tag.n != 0 ? has_tag(image, tag) : m->images.n == 1;
        if (meant) {
            *chosen = image;
            return true;
        }
    }
    struct slice list = list_images(m, o->arena);
    if (by_number)
        return error_set(err, ERR_NOT_FOUND, "there is no image %.*s: the archive has %zu, counted from 0 on",
                         SLICE_ARG(tag), m->images.n);
    if (tag.n != 0)
        return error_set(err, ERR_NOT_FOUND, "there is no image \"%.*s\"; there are: %.*s", SLICE_ARG(tag),
                         SLICE_ARG(list));
    return error_set(err, ERR_USAGE, "there are several images: name one, docker-archive:FILE:NAME:TAG: %.*s",
                     SLICE_ARG(list));
}

// ---- Configuration --------------------------------------------------------------------------------------------------

// The digest that a member's name promises, "…/sha256/HEX" or "HEX.json"; false when it promises none.
static bool promised_digest(struct slice name, struct digest *digest)
{
    char text[DIGEST_TEXT] = "sha256:";
    struct error ignored;
    struct slice hex = slice_basename(name);
    if (slice_ends(hex, SLICE(".json")))
        hex.n -= sizeof ".json" - 1;
    else if (!slice_ends(slice_dirname(name), SLICE("sha256")))
        return false;
    if (hex.n != 64)
        return false;
    memcpy(text + 7, hex.p, 64);
    return digest_parse(slice_of(text, 71), digest, &ignored);
}

static bool read_config(struct opening *o, struct blobs *blobs, const struct docker_image *chosen,
                        struct image_config *config, struct error *err)
{
    struct blob blob;
    struct slice text;
    struct digest promised;
    if (!blobs_find(blobs, chosen->config, &blob, err) || !blobs_read(blobs, &blob, &text, err))
        return error_wrap(err, "configuration");
    o->image->config = digest_of(text);
    if (promised_digest(chosen->config, &promised) && !digest_eq(&promised, &o->image->config))
        return error_set(err, ERR_DIGEST, "configuration: the bytes have the digest %s instead of %s",
                         o->image->config.text, promised.text);
    return image_config_parse(text, o->limits, o->arena, config, err) ||
           error_wrap(err, "configuration %s", o->image->config.text);
}

// ---- Layers ---------------------------------------------------------------------------------------------------------

// A layer's digest is that of its name, or the one that the configuration gives for its bytes when unpacked. It stays
// empty where neither is one of the bytes that are there: those of a packed layer.tar.
static bool find_layer(struct blobs *blobs, struct slice name, const struct digest *diff_id, struct image_layer *layer,
                       struct error *err)
{
    struct blob blob;
    if (!blobs_find(blobs, name, &blob, err))
        return false;
    layer->where = blob.where;
    layer->size = blob.size;
    layer->media_type = SLICE("application/vnd.docker.image.rootfs.diff.tar");
    if (!promised_digest(name, &layer->digest) && diff_id != NULL && blob.compression == COMPRESSION_NONE)
        layer->digest = *diff_id;
    return true;
}

static bool hash_blob(struct blobs *blobs, uint64_t where, struct digest *digest, struct error *err)
{
    struct reader *r READER_AUTO = blobs_open(blobs, where, err);
    return r != NULL && digest_reader(r, NULL, digest, NULL, err);
}

static int by_place(const void *a, const void *b)
{
    uint64_t left = (*(struct image_layer *const *)a)->where, right = (*(struct image_layer *const *)b)->where;
    return (left > right) - (left < right);
}

// Gives the layers without a digest that of their bytes: in the order in which they stand, so that a packed archive is
// inflated once, and one member once, however many layers it is named for.
static bool hash_layers(struct opening *o, struct blobs *blobs, struct error *err)
{
    const struct image *image = o->image;
    struct image_layer **unknown = ARENA_NEW(o->arena, struct image_layer *, image->layers_n);
    size_t n = 0;
    for (size_t i = 0; i < image->layers_n; i++)
        if (image->layers[i].digest.text[0] == '\0')
            unknown[n++] = &image->layers[i];
    if (n == 0)
        return true;
    qsort(unknown, n, sizeof(struct image_layer *), by_place);
    for (size_t i = 0; i < n; i++) {
        if (i != 0 && unknown[i]->where == unknown[i - 1]->where)
            unknown[i]->digest = unknown[i - 1]->digest;
        else if (!hash_blob(blobs, unknown[i]->where, &unknown[i]->digest, err))
            return error_wrap(err, "layer %td", unknown[i] - image->layers + 1);
    }
    return true;
}

// The configuration's digest stands for the image where it vouches for all layers. Where it does not, what is kept
// under that digest must not be taken for this image, nor the other way round: then the digests of all parts stand for
// it.
static struct digest identity(const struct image *image, const struct image_config *config)
{
    struct buf parts BUF_AUTO = {0};
    bool vouched = image->layers_n == config->diff_ids.n;
    buf_adds(&parts, image->config.text);
    for (size_t i = 0; i < image->layers_n; i++) {
        vouched = vouched && digest_eq(&image->layers[i].digest, &config->diff_ids.v[i]);
        buf_addf(&parts, "\n%s", image->layers[i].digest.text);
    }
    return vouched ? image->config : digest_of(buf_slice(&parts));
}

static bool take_image(struct opening *o, struct blobs *blobs, const struct docker_image *chosen, struct error *err)
{
    struct image *image = o->image;
    struct image_config config;
    if (chosen->tags.n != 0)
        image->reference = chosen->tags.v[0];
    if (!read_config(o, blobs, chosen, &config, err) || !opening_accept(o, &config.platform, err))
        return false;
    opening_add_layers(o, chosen->layers.n);
    for (size_t i = 0; i < chosen->layers.n; i++) {
        const struct digest *diff_id = i < config.diff_ids.n ? &config.diff_ids.v[i] : NULL;
        if (!find_layer(blobs, chosen->layers.v[i], diff_id, &image->layers[i], err))
            return error_wrap(err, "layer %zu", i + 1);
    }
    if (!hash_layers(o, blobs, err))
        return false;
    image->manifest = identity(image, &config);
    opening_describe(o, &config);
    return true;
}

bool docker_archive_open(struct opening *o, struct blobs *blobs, struct slice tag, struct error *err)
{
    struct blob blob;
    struct slice text;
    struct docker_manifest m;
    const struct docker_image *chosen = NULL;
    if (!blobs_find(blobs, SLICE("manifest.json"), &blob, err) || !blobs_read(blobs, &blob, &text, err) ||
        !docker_manifest_parse(text, o->limits, o->arena, &m, err))
        return error_wrap(err, "manifest.json");
    return choose(o, &m, tag, &chosen, err) && take_image(o, blobs, chosen, err);
}
