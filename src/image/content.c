#include "image/content.h"

// ---- Blobs ----------------------------------------------------------------------------------------------------------

// A digest was parsed: the algorithm is one of two words and the rest is hex, so that the name cannot lead elsewhere.
static struct slice blob_name(const struct content *content, const struct digest *digest, bool is_manifest)
{
    struct arena *a = &content->blobs->arena;
    struct slice algorithm, hex;
    slice_cut(digest_slice(digest), ':', &algorithm, &hex);
    if (content->layout == CONTENT_OCI)
        return arena_printf(a, "blobs/%.*s/%.*s", SLICE_ARG(algorithm), SLICE_ARG(hex));
    if (content->layout == CONTENT_REGISTRY)
        return arena_printf(a, is_manifest ? "manifests/%s" : "blobs/%s", digest->text);
    return arena_printf(a, is_manifest ? "%.*s.manifest.json" : "%.*s", SLICE_ARG(hex));
}

static bool find(const struct content *content, const struct descriptor *d, bool is_manifest, struct blob *blob,
                 struct error *err)
{
    if (!blobs_find(content->blobs, blob_name(content, &d->digest, is_manifest), blob, err))
        return false;
    if (d->size == UINT64_MAX || blob->size == UINT64_MAX || d->size == blob->size)
        return true;
    return error_set(err, ERR_DIGEST, "the blob has %llu bytes, its descriptor says %llu",
                     (unsigned long long)blob->size, (unsigned long long)d->size);
}

static bool read_document(const struct content *content, const struct descriptor *d, bool is_manifest,
                          struct slice *text, struct error *err)
{
    struct blob blob;
    if (!find(content, d, is_manifest, &blob, err) || !blobs_read(content->blobs, &blob, text, err))
        return false;
    struct hasher *h = hasher_new(&d->digest);
    hasher_add(h, *text);
    struct digest actual = hasher_end(h);
    return digest_eq(&actual, &d->digest) ||
           error_set(err, ERR_DIGEST, "the bytes have the digest %s instead of %s", actual.text, d->digest.text);
}

bool content_find_manifest(const struct content *content, const struct descriptor *d, struct blob *blob,
                           struct error *err)
{
    return find(content, d, true, blob, err) || error_wrap(err, "manifest %s", d->digest.text);
}

static bool read_manifest(const struct content *content, const struct descriptor *d, struct manifest *manifest,
                          struct error *err)
{
    struct slice text;
    if (!read_document(content, d, true, &text, err) ||
        !manifest_parse(text, content->opening->limits, content->opening->arena, manifest, err))
        return false;
    enum manifest_kind said = manifest_kind_of(d->media_type);
    return said == MANIFEST_UNKNOWN || said == manifest->kind ||
           error_set(err, ERR_FORMAT, "its descriptor calls it %.*s, which it is not", SLICE_ARG(d->media_type));
}

bool content_read_manifest(const struct content *content, const struct descriptor *d, struct manifest *manifest,
                           struct error *err)
{
    return read_manifest(content, d, manifest, err) || error_wrap(err, "manifest %s", d->digest.text);
}

bool content_read_config(const struct content *content, const struct manifest *manifest, struct image_config *config,
                         struct error *err)
{
    const struct opening *o = content->opening;
    const struct descriptor *d = &manifest->config;
    struct slice text, what = manifest->artifact_type.n != 0 ? manifest->artifact_type : d->media_type;
    if (manifest->artifact_type.n != 0 || !manifest_config_is_image(d->media_type))
        return error_set(err, ERR_UNSUPPORTED, "the manifest is not of a container image, but of %.*s",
                         SLICE_ARG(what));
    return (read_document(content, d, false, &text, err) &&
            image_config_parse(text, o->limits, o->arena, config, err)) ||
           error_wrap(err, "configuration %s", d->digest.text);
}

// ---- The image ------------------------------------------------------------------------------------------------------

static bool fill_layer(const struct content *content, const struct descriptor *d, struct image_layer *layer,
                       struct error *err)
{
    struct blob blob;
    layer->digest = d->digest;
    layer->media_type = d->media_type;
    layer->size = d->size != UINT64_MAX ? d->size : 0;
    layer->skip_reason = manifest_layer_skip_reason(d->media_type, content->opening->arena);
    if (layer->skip_reason.n != 0)
        return true;
    if (!find(content, d, false, &blob, err))
        return error_wrap(err, "layer %s", d->digest.text);
    if (blob.size != UINT64_MAX)
        layer->size = blob.size;
    layer->where = blob.where;
    return true;
}

bool content_fill_image(const struct content *content, const struct digest *digest, const struct manifest *manifest,
                        struct error *err)
{
    struct opening *o = content->opening;
    struct image_config config;
    o->image->manifest = *digest;
    o->image->config = manifest->config.digest;
    if (!content_read_config(content, manifest, &config, err))
        return false;
    opening_add_layers(o, manifest->n);
    for (size_t i = 0; i < manifest->n; i++)
        if (!fill_layer(content, &manifest->items[i], &o->image->layers[i], err))
            return false;
    opening_describe(o, &config);
    return true;
}
