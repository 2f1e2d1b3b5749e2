// OCI image layouts (image-spec, image-layout.md), in a folder or an archive, and folders with a manifest beside its
// blobs.
#include "image/source.h"

#include <stdio.h>
#include <stdlib.h>

struct layout {
    struct blobs *blobs;
    const struct image_options *options;
    struct arena *arena;
    struct image *image;
    bool flat; // blobs are named by their hex digits alone
    struct platform wanted;
    bool offered; // an index said which platform the image is for
};

// ---- documents
// ------------------------------------------------------------------------------------------------------------

static struct slice blob_name(struct layout *l, const struct digest *digest)
{
    if (l->flat)
        return arena_dup(&l->blobs->arena, slice_str(digest_hex(digest)));
    struct slice algorithm, hex;
    slice_cut(digest_slice(digest), ':', &algorithm, &hex);
    return arena_printf(&l->blobs->arena, "blobs/%.*s/%.*s", SLICE_ARG(algorithm), SLICE_ARG(hex));
}

// Finds what a descriptor speaks of, and holds the size that it tells against the real one.
static bool find(struct layout *l, const struct descriptor *d, struct blob *blob, struct error *err)
{
    if (!blobs_find(l->blobs, blob_name(l, &d->digest), blob, err))
        return false;
    if (d->size == UINT64_MAX || d->size == blob->size)
        return true;
    return error_set(err, ERR_DIGEST, "blob %s has %llu bytes, its descriptor says %llu", d->digest.text,
                     (unsigned long long)blob->size, (unsigned long long)d->size);
}

static bool read_document(struct layout *l, const struct descriptor *d, struct slice *text, struct error *err)
{
    struct blob blob;
    if (!find(l, d, &blob, err) || !blobs_read(l->blobs, &blob, text, err))
        return false;
    struct hasher *h = hasher_new(&d->digest);
    hasher_add(h, *text);
    struct digest found = hasher_end(h);
    return digest_eq(&found, &d->digest) ||
           error_set(err, ERR_DIGEST, "the bytes have the digest %s instead of %s", found.text, d->digest.text);
}

// ---- an image's manifest
// ----------------------------------------------------------------------------------------------------

static bool add_layer(struct layout *l, const struct descriptor *d, struct error *err)
{
    struct image_layer *layer = image_add_layer(l->arena, l->image);
    layer->digest = d->digest;
    layer->media_type = d->media_type;
    layer->size = d->size == UINT64_MAX ? 0 : d->size;
    layer->verify = true;
    layer->skip_reason = manifest_layer_skip_reason(d->media_type, l->arena);
    if (layer->skip_reason.n != 0) {
        image_remark(l->arena, l->image, "layer %s: %.*s", d->digest.text, SLICE_ARG(layer->skip_reason));
        return true;
    }
    struct blob blob;
    if (!find(l, d, &blob, err))
        return error_wrap(err, "layer %s", d->digest.text);
    layer->where = blob.where;
    layer->size = blob.size;
    return true;
}

static bool take_image(struct layout *l, const struct manifest *m, const struct digest *digest, struct error *err)
{
    struct slice text;
    struct image_config config;
    l->image->manifest = *digest;
    l->image->config = m->config.digest;
    l->image->layers_n = 0;
    if (m->artifact_type.n != 0 || !manifest_config_is_image(m->config.media_type)) {
        struct slice what = m->artifact_type.n != 0 ? m->artifact_type : m->config.media_type;
        return error_set(err, ERR_UNSUPPORTED, "manifest %s is not of a container image, but of %.*s", digest->text,
                         SLICE_ARG(what));
    }
    for (size_t i = 0; i < m->n; i++)
        if (!add_layer(l, &m->items[i], err))
            return false;
    if (!read_document(l, &m->config, &text, err))
        return error_wrap(err, "configuration %s", m->config.digest.text);
    return image_describe(text, l->options, l->arena, l->image, &config, err) &&
           (l->offered || image_check_platform(&config, l->options, l->arena, err));
}

// ---- indexes
// ------------------------------------------------------------------------------------------------------------------

static bool choose(struct layout *l, const struct manifest *index, uint64_t depth, struct error *err);

static bool take_document(struct layout *l, struct slice text, const struct digest *digest, uint64_t depth,
                          struct error *err)
{
    struct manifest m;
    if (!manifest_parse(text, l->options->limits, l->arena, &m, err))
        return false;
    return m.kind == MANIFEST_INDEX ? choose(l, &m, depth + 1, err) : take_image(l, &m, digest, err);
}

static bool descend(struct layout *l, const struct descriptor *d, uint64_t depth, struct error *err)
{
    struct slice text;
    l->offered = d->platform.os.n != 0;
    if (depth > l->options->limits->manifest_depth)
        return error_set(err, ERR_LIMIT, "indexes stand more than %llu deep inside one another (limit manifest_depth)",
                         (unsigned long long)l->options->limits->manifest_depth);
    return (read_document(l, d, &text, err) && take_document(l, text, &d->digest, depth, err)) ||
           error_wrap(err, "manifest %s", d->digest.text);
}

// Attestations and other companions of images are no images.
static bool is_image_entry(const struct descriptor *d)
{
    return d->reference_type.n == 0 && d->artifact_type.n == 0 && !slice_eq(d->platform.os, SLICE("unknown"));
}

static const struct descriptor *best_entry(struct layout *l, const struct manifest *index, size_t *usable,
                                           const struct descriptor **only)
{
    const struct descriptor *best = NULL;
    unsigned best_rank = 0;
    *usable = 0;
    for (size_t i = 0; i < index->n; i++) {
        const struct descriptor *d = &index->items[i];
        if (!is_image_entry(d))
            continue;
        *only = d;
        ++*usable;
        unsigned rank = d->platform.os.n != 0 ? platform_rank(&l->wanted, &d->platform) : 0;
        if (rank > best_rank) {
            best = d;
            best_rank = rank;
        }
    }
    return best;
}

static bool none_fits(struct layout *l, const struct manifest *index, struct error *err)
{
    char list[512] = "";
    size_t n = 0;
    for (size_t i = 0; i < index->n && n < sizeof list - 64; i++) {
        if (!is_image_entry(&index->items[i]) || index->items[i].platform.os.n == 0)
            continue;
        struct slice text = platform_text(l->arena, &index->items[i].platform);
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", n != 0 ? ", " : "", text.n < 60 ? (int)text.n : 60,
                              text.p);
    }
    struct slice wanted = platform_text(l->arena, &l->wanted);
    if (n == 0)
        return error_set(err, ERR_NOT_FOUND, "the index names no image");
    return error_set(err, ERR_NOT_FOUND, "there is no image for %.*s; there are: %s (choose with --platform)",
                     SLICE_ARG(wanted), list);
}

// The entry for the wanted platform; else the only one there is; else the first that leads to an image, of those that
// do not say their platform.
static bool choose(struct layout *l, const struct manifest *index, uint64_t depth, struct error *err)
{
    size_t usable;
    const struct descriptor *only = NULL, *best = best_entry(l, index, &usable, &only);
    if (best == NULL && usable == 1 && (l->options->platform == NULL || only->platform.os.n == 0)) {
        best = only;
        if (only->platform.os.n != 0) {
            struct slice have = platform_text(l->arena, &only->platform);
            image_remark(l->arena, l->image, "the only image is for %.*s", SLICE_ARG(have));
        }
    }
    if (best != NULL)
        return descend(l, best, depth, err);
    for (size_t i = 0; i < index->n; i++) {
        if (!is_image_entry(&index->items[i]) || index->items[i].platform.os.n != 0)
            continue;
        if (descend(l, &index->items[i], depth, err))
            return true;
        if (err->code != ERR_NOT_FOUND && err->code != ERR_UNSUPPORTED)
            return false;
    }
    return none_fits(l, index, err);
}

// ---- tags
// -----------------------------------------------------------------------------------------------------------------------

static bool has_tag(const struct descriptor *d, struct slice tag)
{
    ptrdiff_t colon = slice_rfind(d->image_name, ':');
    return slice_eq(d->ref_name, tag) || slice_eq(d->image_name, tag) ||
           (colon >= 0 && slice_eq(slice_from(d->image_name, (size_t)colon + 1), tag));
}

static struct slice tags_of(struct layout *l, const struct manifest *index)
{
    struct slice list = SLICE("");
    for (size_t i = 0; i < index->n && list.n < 300; i++) {
        const struct descriptor *d = &index->items[i];
        struct slice name = d->ref_name.n != 0 ? d->ref_name : d->image_name;
        if (name.n != 0)
            list = arena_printf(l->arena, "%.*s%s%.*s", SLICE_ARG(list), list.n != 0 ? ", " : "", SLICE_ARG(name));
    }
    return list.n != 0 ? list : SLICE("(none)");
}

// Keeps the entries with the tag; without one, entries with different tags and nothing else to choose by are a
// question.
static bool pick_tag(struct layout *l, struct manifest *index, struct slice tag, struct error *err)
{
    size_t kept = 0, named = 0;
    bool differ = false;
    for (size_t i = 0; i < index->n; i++) {
        struct descriptor *d = &index->items[i];
        if (tag.n != 0 && !has_tag(d, tag))
            continue;
        bool counts = is_image_entry(d) && d->platform.os.n == 0;
        named += counts && (d->ref_name.n != 0 || d->image_name.n != 0);
        differ = differ || (counts && kept != 0 && !digest_eq(&d->digest, &index->items[0].digest));
        index->items[kept++] = *d;
    }
    if (tag.n != 0 && kept == 0) {
        struct slice tags = tags_of(l, index);
        return error_set(err, ERR_NOT_FOUND, "there is no tag \"%.*s\"; there are: %.*s", SLICE_ARG(tag),
                         SLICE_ARG(tags));
    }
    if (tag.n == 0 && named > 1 && differ) {
        struct slice tags = tags_of(l, index);
        return error_set(err, ERR_USAGE, "there are several images: name one behind a colon: %.*s", SLICE_ARG(tags));
    }
    index->n = kept;
    return true;
}

static bool open_index(struct layout *l, struct slice tag, struct error *err)
{
    struct blob blob;
    struct slice text;
    struct manifest index;
    if (!blobs_find(l->blobs, SLICE("index.json"), &blob, err) || !blobs_read(l->blobs, &blob, &text, err) ||
        !manifest_parse(text, l->options->limits, l->arena, &index, err))
        return error_wrap(err, "index.json");
    if (index.kind != MANIFEST_INDEX)
        return error_set(err, ERR_FORMAT, "index.json is no index");
    return (pick_tag(l, &index, tag, err) && choose(l, &index, 1, err)) || error_wrap(err, "index.json");
}

static bool start(struct layout *l, struct blobs *blobs, const struct image_options *options, struct arena *a,
                  struct image *image, struct error *err)
{
    *l = (struct layout){.blobs = blobs, .options = options, .arena = a, .image = image};
    image->ops = &blobs_source;
    image->source = blobs;
    image->sequential = blobs->sequential;
    return platform_parse(options->platform, a, &l->wanted, err);
}

bool oci_layout_open(struct blobs *blobs, struct slice tag, const struct image_options *options, struct arena *a,
                     struct image *image, struct error *err)
{
    struct layout l;
    return start(&l, blobs, options, a, image, err) && open_index(&l, tag, err);
}

bool blob_folder_open(struct blobs *blobs, const struct image_options *options, struct arena *a, struct image *image,
                      struct error *err)
{
    struct layout l;
    struct blob blob;
    struct slice text;
    if (!start(&l, blobs, options, a, image, err))
        return false;
    l.flat = true;
    if (!blobs_find(blobs, SLICE("manifest.json"), &blob, err) || !blobs_read(blobs, &blob, &text, err))
        return error_wrap(err, "manifest.json");
    struct digest digest = digest_of(text);
    return take_document(&l, text, &digest, 0, err) || error_wrap(err, "manifest.json");
}
