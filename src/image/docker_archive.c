// What `docker save` writes: manifest.json names a configuration and layers, as members of the archive.
//
// Docker's "Image Specification v1.2": layers are ID/layer.tar, and may be links to one another. Newer ones are named
// by their digest, blobs/sha256/HEX, and an OCI layout stands beside manifest.json.
#include "image/source.h"

static bool has_tag(const struct docker_image *image, struct slice tag)
{
    for (size_t i = 0; i < image->tags.n; i++)
        if (slice_eq(image->tags.v[i], tag))
            return true;
    return false;
}

static bool choose(const struct docker_manifest *m, struct slice tag, struct arena *a, struct image *image,
                   const struct docker_image **chosen, struct error *err)
{
    *chosen = NULL;
    for (size_t i = 0; i < m->images.n && *chosen == NULL; i++)
        if (tag.n == 0 || has_tag(&m->images.v[i], tag))
            *chosen = &m->images.v[i];
    if (*chosen == NULL)
        return m->images.n == 0
                   ? error_set(err, ERR_FORMAT, "manifest.json names no image")
                   : error_set(err, ERR_NOT_FOUND, "the archive has no image with the tag \"%.*s\"", SLICE_ARG(tag));
    if (m->images.n > 1 && tag.n == 0)
        image_remark(a, image, "the archive holds %zu images; this is the first (others: docker-archive:FILE:NAME:TAG)",
                     m->images.n);
    return true;
}

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

static bool read_config(struct blobs *blobs, const struct docker_image *chosen, struct image *image, struct slice *text,
                        struct error *err)
{
    struct blob blob;
    struct digest promised;
    if (!blobs_find(blobs, chosen->config, &blob, err) || !blobs_read(blobs, &blob, text, err))
        return error_wrap(err, "configuration");
    image->config = image->manifest = digest_of(*text);
    if (!promised_digest(chosen->config, &promised) || digest_eq(&promised, &image->config))
        return true;
    return error_set(err, ERR_DIGEST, "configuration: the bytes have the digest %s instead of %s", image->config.text,
                     promised.text);
}

// A layer's digest is that of its name, or the one that the configuration gives for its bytes when unpacked; the latter
// can be held against the bytes only where they are not compressed.
static bool add_layer(struct blobs *blobs, const struct docker_image *chosen, const struct image_config *config,
                      size_t i, struct arena *a, struct image *image, struct error *err)
{
    struct blob blob;
    struct image_layer *layer = &image->layers[i];
    if (!blobs_find(blobs, chosen->layers.v[i], &blob, err))
        return error_wrap(err, "layer %zu", i + 1);
    layer->where = blob.where;
    layer->size = blob.size;
    layer->media_type = SLICE("application/vnd.docker.image.rootfs.diff.tar");
    layer->verify = true;
    if (promised_digest(chosen->layers.v[i], &layer->digest))
        return true;
    if (i >= config->diff_ids.n)
        return error_set(err, ERR_FORMAT, "layer %zu (%.*s): the configuration has no digest for it", i + 1,
                         SLICE_ARG(chosen->layers.v[i]));
    layer->digest = config->diff_ids.v[i];
    layer->verify = blob.compression == COMPRESSION_NONE;
    if (!layer->verify)
        image_remark(a, image, "layer %s is compressed in the archive, so its digest cannot be checked",
                     layer->digest.text);
    return true;
}

static bool take_image(struct blobs *blobs, const struct docker_image *chosen, const struct image_options *options,
                       struct arena *a, struct image *image, struct error *err)
{
    struct slice text;
    struct image_config config;
    if (chosen->tags.n != 0)
        image->reference = chosen->tags.v[0];
    for (size_t i = 0; i < chosen->layers.n; i++)
        image_add_layer(a, image);
    if (!read_config(blobs, chosen, image, &text, err) || !image_describe(text, options, a, image, &config, err) ||
        !image_check_platform(&config, options, a, err))
        return false;
    for (size_t i = 0; i < chosen->layers.n; i++)
        if (!add_layer(blobs, chosen, &config, i, a, image, err))
            return false;
    return true;
}

bool docker_archive_open(struct blobs *blobs, struct slice tag, const struct image_options *options, struct arena *a,
                         struct image *image, struct error *err)
{
    struct blob blob;
    struct slice text;
    struct docker_manifest m;
    const struct docker_image *chosen;
    image->ops = &blobs_source;
    image->source = blobs;
    image->sequential = blobs->sequential;
    if (!blobs_find(blobs, SLICE("manifest.json"), &blob, err) || !blobs_read(blobs, &blob, &text, err) ||
        !docker_manifest_parse(text, options->limits, a, &m, err))
        return error_wrap(err, "manifest.json");
    return choose(&m, tag, a, image, &chosen, err) && take_image(blobs, chosen, options, a, image, err);
}
