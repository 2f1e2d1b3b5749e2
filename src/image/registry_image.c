// An image in a registry: its documents are read when it is opened, its layers come as streams.
#include "image/choose.h"
#include "image/registry_source.h"

#include <stdlib.h>

// ---- Documents ------------------------------------------------------------------------------------------------------

// The documents of an image, as blobs: named as the registry's API names them.
struct documents {
    struct blobs base;
    struct registry *registry;
    VEC(struct slice) names; // blob.where is an index
    VEC(struct document) read;
};

struct document {
    struct slice name, text;
};

static bool documents_find(struct blobs *base, struct slice name, struct blob *blob, struct error *err)
{
    (void)err; // whether it is there is known once it is asked for
    struct documents *d = (struct documents *)base;
    *blob = (struct blob){.where = d->names.n, .size = UINT64_MAX};
    VEC_PUSH(&base->arena, &d->names) = name;
    return true;
}

static bool fetch(struct documents *d, struct slice name, struct slice *text, struct slice *digest, struct error *err)
{
    struct registry_item item = {.registry = d->registry, .path = name};
    if (d->read.n >= d->base.limits.fetch_documents)
        return error_set(err, ERR_LIMIT, "the image has more than the %llu documents that limit fetch_documents allows",
                         (unsigned long long)d->base.limits.fetch_documents);
    // What is not there counts too: it is the requests that are bounded.
    struct document *document = &VEC_PUSH(&d->base.arena, &d->read);
    *document = (struct document){name, SLICE("")};
    struct registry_text read;
    if (!registry_read(&item, &d->base.arena, &read, err))
        return false;
    document->text = *text = read.text;
    *digest = read.digest;
    return true;
}

// A configuration is read when the image is chosen and again when it is described, but fetched once.
static struct reader *documents_open(struct blobs *base, uint64_t where, struct error *err)
{
    struct documents *d = (struct documents *)base;
    struct slice name = d->names.v[where], text, digest;
    for (size_t i = 0; i < d->read.n; i++)
        if (d->read.v[i].text.n != 0 && slice_eq(d->read.v[i].name, name))
            return reader_of_slice(d->read.v[i].text);
    return fetch(d, name, &text, &digest, err) ? reader_of_slice(text) : NULL;
}

static void documents_close(struct blobs *base)
{
    struct documents *d = (struct documents *)base;
    registry_free(&d->registry);
    free(d);
}

static struct documents *documents_new(struct registry *registry, const struct limits *limits)
{
    static const struct blobs_ops ops = {documents_find, documents_open, documents_close};
    struct documents *d = must_alloc(sizeof *d);
    *d = (struct documents){.base = {.ops = &ops, .limits = *limits}, .registry = registry};
    return d;
}

// ---- Layers ---------------------------------------------------------------------------------------------------------

struct registry_layer {
    struct registry_item item;
    uint64_t size; // UINT64_MAX when the manifest does not say it
};

struct registry_image {
    struct blobs *documents;
    struct http_client *http;
    struct registry_layer *layers;
};

static struct reader *open_layer(struct image *image, size_t i, struct error *err)
{
    struct registry_image *source = image->source;
    struct registry_layer *layer = &source->layers[i];
    const struct stream_source from = {registry_ask, &layer->item, layer->size};
    return stream_open(source->http, &from, err);
}

static void close_image(struct image *image)
{
    struct registry_image *source = image->source;
    blobs_close(&source->documents);
}

// A layer that is kept elsewhere is part of the image where the registry has it all the same, or one of the places that
// the manifest names lets it be fetched.
static void try_foreign(struct opening *o, struct registry_image *source, size_t i)
{
    struct arena a ARENA_AUTO = {0};
    struct image_layer *layer = &o->image->layers[i];
    struct http_answer answer = {0};
    struct error why;
    if (registry_ask(&source->layers[i].item, 0, SLICE(""), &a, &answer, &why))
        layer->skip_reason = SLICE("");
    else
        layer->skip_reason = arena_printf(o->arena, "foreign layer that cannot be fetched: %s", why.text);
    reader_close(&answer.body);
}

static void add_layers(struct opening *o, struct registry_image *source, struct registry *registry,
                       const struct manifest *manifest)
{
    source->layers = ARENA_NEW(o->arena, struct registry_layer, manifest->n);
    for (size_t i = 0; i < manifest->n; i++) {
        const struct descriptor *d = &manifest->items[i];
        bool foreign = manifest_layer_is_foreign(d->media_type);
        source->layers[i] = (struct registry_layer){
            .item = {.registry = registry,
                     .path = arena_printf(o->arena, "blobs/%s", d->digest.text),
                     .urls = d->urls,
                     .urls_n = foreign ? d->urls_n : 0},
            .size = d->size,
        };
        if (foreign)
            try_foreign(o, source, i);
    }
}

// ---- The image ------------------------------------------------------------------------------------------------------

// Reads the manifest or index that the reference names, and holds its digest against what was said of it.
static bool read_named(struct documents *d, const struct reference *reference, struct slice *text,
                       struct digest *digest, struct error *err)
{
    struct arena *a = &d->base.arena;
    struct slice said;
    struct digest claimed;
    struct error ignored;
    bool pinned = reference->digest.text[0] != '\0';
    struct slice name = pinned ? digest_slice(&reference->digest) : reference->tag;
    if (!fetch(d, arena_printf(a, "manifests/%.*s", SLICE_ARG(name)), text, &said, err) ||
        !blobs_charge(&d->base, text->n, err))
        return false;
    bool claims = digest_parse(said, &claimed, &ignored);
    const struct digest *expected = pinned ? &reference->digest : claims ? &claimed : NULL;
    struct hasher *h = hasher_new(expected);
    hasher_add(h, *text);
    *digest = hasher_end(h);
    return expected == NULL || digest_eq(digest, expected) ||
           error_set(err, ERR_DIGEST, "the manifest's bytes have the digest %s instead of %s", digest->text,
                     expected->text);
}

static bool choose(const struct content *content, struct slice text, const struct digest *digest, struct choice *choice,
                   struct error *err)
{
    struct opening *o = content->opening;
    struct image_config config;
    if (!manifest_parse(text, o->limits, o->arena, &choice->manifest, err))
        return error_wrap(err, "manifest %s", digest->text);
    if (choice->manifest.kind == MANIFEST_INDEX) {
        struct manifest index = choice->manifest;
        return choose_manifest(content, &index, SLICE(""), choice, err) || error_wrap(err, "index %s", digest->text);
    }
    choice->descriptor.digest = *digest;
    return (content_read_config(content, &choice->manifest, &config, err) &&
            opening_accept(o, &config.platform, err)) ||
           error_wrap(err, "manifest %s", digest->text);
}

bool registry_image_open(struct opening *o, const struct registry_settings *settings, const struct reference *reference,
                         struct error *err)
{
    static const struct image_source_ops ops = {open_layer, close_image};
    struct slice text;
    struct digest digest;
    struct choice chosen;
    struct registry *registry = registry_new(settings, reference, err);
    if (registry == NULL)
        return false;
    struct documents *documents = documents_new(registry, o->limits);
    struct registry_image *source = arena_alloc(o->arena, sizeof *source);
    *source = (struct registry_image){.documents = &documents->base, .http = settings->http};
    o->image->kind = SLICE("registry");
    o->image->reference = reference_text(o->arena, reference);
    o->image->ops = &ops;
    o->image->source = source;
    struct content content = {o, source->documents, CONTENT_REGISTRY};
    if (!read_named(documents, reference, &text, &digest, err) || !choose(&content, text, &digest, &chosen, err))
        return false;
    o->image->named = digest;
    if (!content_fill_image(&content, &chosen.descriptor.digest, &chosen.manifest, err))
        return error_wrap(err, "manifest %s", chosen.descriptor.digest.text);
    add_layers(o, source, registry, &chosen.manifest);
    return true;
}

bool registry_image_named(const struct registry_settings *settings, const struct reference *reference,
                          struct digest *named)
{
    struct arena a ARENA_AUTO = {0};
    struct error ignored;
    struct http_answer answer = {0};
    struct registry *registry = registry_new(settings, reference, &ignored);
    struct registry_item item = {
        .registry = registry, .path = arena_printf(&a, "manifests/%.*s", SLICE_ARG(reference->tag)), .head = true};
    bool ok = registry != NULL && registry_ask(&item, 0, SLICE(""), &a, &answer, &ignored) &&
              digest_parse(answer.content_digest, named, &ignored);
    http_answer_drop(&answer);
    registry_free(&registry);
    return ok;
}

static bool list_images(const struct content *content, struct slice text, struct image_listing *listing,
                        struct error *err)
{
    struct opening *o = content->opening;
    struct manifest manifest;
    struct image_config config;
    if (!manifest_parse(text, o->limits, o->arena, &manifest, err))
        return false;
    listing->is_index = manifest.kind == MANIFEST_INDEX;
    if (listing->is_index)
        return choose_all(content, &manifest, &listing->images, &listing->images_n, err);
    if (!content_read_config(content, &manifest, &config, err))
        return false;
    listing->images = ARENA_NEW(o->arena, struct listed_manifest, 1);
    listing->images[0] = (struct listed_manifest){listing->named, config.platform};
    listing->images_n = 1;
    return true;
}

bool registry_image_list(struct opening *o, const struct registry_settings *settings, const struct reference *reference,
                         struct image_listing *listing, struct error *err)
{
    struct slice text;
    struct registry *registry = registry_new(settings, reference, err);
    if (registry == NULL)
        return false;
    struct documents *documents = documents_new(registry, o->limits);
    struct blobs *blobs = &documents->base;
    struct content content = {o, blobs, CONTENT_REGISTRY};
    bool ok = read_named(documents, reference, &text, &listing->named, err) &&
              (list_images(&content, text, listing, err) || error_wrap(err, "manifest %s", listing->named.text));
    blobs_close(&blobs);
    return ok;
}
