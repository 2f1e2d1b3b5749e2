#include "image/manifest.h"

#include "base/json.h"

// ---- Media types ----------------------------------------------------------------------------------------------------

static const struct {
    const char *type;
    enum manifest_kind kind;
} manifest_types[] = {
    {"application/vnd.oci.image.manifest.v1+json", MANIFEST_IMAGE},
    {"application/vnd.docker.distribution.manifest.v2+json", MANIFEST_IMAGE},
    {"application/vnd.oci.image.index.v1+json", MANIFEST_INDEX},
    {"application/vnd.docker.distribution.manifest.list.v2+json", MANIFEST_INDEX},
    {"application/vnd.docker.distribution.manifest.v1+json", MANIFEST_SCHEMA1},
    {"application/vnd.docker.distribution.manifest.v1+prettyjws", MANIFEST_SCHEMA1},
};

static const char *const config_types[] = {
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
};

// The compression that a layer's media type names is not listed further on: the stream's first bytes tell it, and media
// types are known to be wrong.
static const char *const layer_types[] = {
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
};

// Layers whose bytes may not be passed on, and so are no part of what is at hand.
static const char *const foreign_prefixes[] = {
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum manifest_kind manifest_kind_of(struct slice media_type)
{
    for (size_t i = 0; i < COUNT(manifest_types); i++)
        if (slice_eq_nocase(media_type, slice_str(manifest_types[i].type)))
            return manifest_types[i].kind;
    return MANIFEST_UNKNOWN;
}

bool manifest_config_is_image(struct slice media_type)
{
    for (size_t i = 0; i < COUNT(config_types); i++)
        if (slice_eq_nocase(media_type, slice_str(config_types[i])))
            return true;
    return media_type.n == 0;
}

bool manifest_layer_is_foreign(struct slice media_type)
{
    for (size_t i = 0; i < COUNT(foreign_prefixes); i++)
        if (slice_starts(media_type, slice_str(foreign_prefixes[i])))
            return true;
    return false;
}

struct slice manifest_layer_skip_reason(struct slice media_type, struct arena *a)
{
    for (size_t i = 0; i < COUNT(layer_types); i++)
        if (slice_eq_nocase(media_type, slice_str(layer_types[i])))
            return SLICE("");
    if (manifest_layer_is_foreign(media_type))
        return SLICE("foreign layer: its bytes are kept elsewhere and are not part of the image");
    if (slice_ends(media_type, SLICE("+encrypted")))
        return SLICE("the layer is encrypted");
    if (media_type.n == 0)
        return SLICE("");
    return arena_printf(a, "media type %.*s is no layer", SLICE_ARG(media_type));
}

// ---- Members --------------------------------------------------------------------------------------------------------

// Where a member stands twice, programs differ on which counts; Go's also take "LAYERS" for "layers". What is scanned
// must be what is run, so neither is taken. `keys` ends with NULL.
static bool has_each_once(yyjson_val *object, const char *const *keys, struct error *err)
{
    size_t i, n;
    yyjson_val *key, *value;
    for (; *keys != NULL; keys++) {
        size_t found = 0;
        yyjson_obj_foreach(object, i, n, key, value)
        {
            found += slice_eq_nocase(json_val_str(key), slice_str(*keys));
        }
        if (found > 1)
            return error_set(err, ERR_FORMAT, "\"%s\" stands there %zu times", *keys, found);
    }
    return true;
}

// ---- Descriptors ----------------------------------------------------------------------------------------------------

static struct slice copied(struct arena *a, yyjson_val *object, const char *key)
{
    struct slice s = json_str(object, key);
    return s.n != 0 ? arena_dup(a, s) : SLICE("");
}

// What is no text is no place to look for the bytes.
static bool parse_urls(yyjson_val *array, const struct limits *limits, struct arena *a, struct descriptor *d,
                       struct error *err)
{
    size_t i, n;
    yyjson_val *url;
    if (yyjson_arr_size(array) > limits->fetch_layer_urls)
        return error_set(err, ERR_LIMIT, "%zu urls of %s are more than the %llu that limit fetch_layer_urls allows",
                         yyjson_arr_size(array), d->digest.text, (unsigned long long)limits->fetch_layer_urls);
    d->urls = ARENA_NEW(a, struct slice, yyjson_arr_size(array));
    yyjson_arr_foreach(array, i, n, url)
    {
        if (json_val_str(url).n != 0)
            d->urls[d->urls_n++] = arena_dup(a, json_val_str(url));
    }
    return true;
}

static bool parse_descriptor(yyjson_val *value, const struct limits *limits, struct arena *a, struct descriptor *d,
                             struct error *err)
{
    static const char *const members[] = {"digest", "size", "mediaType", "platform", NULL};
    if (!yyjson_is_obj(value))
        return error_set(err, ERR_FORMAT, "not a descriptor but %s",
                         value != NULL ? yyjson_get_type_desc(value) : "missing");
    if (!has_each_once(value, members, err))
        return false;
    struct slice digest = json_str(value, "digest");
    if (digest.p == NULL)
        return error_set(err, ERR_FORMAT, "the descriptor has no digest");
    if (!digest_parse(digest, &d->digest, err))
        return false;
    yyjson_val *size = yyjson_obj_get(value, "size");
    if (size != NULL && !yyjson_is_uint(size))
        return error_set(err, ERR_FORMAT, "the size of %s is no whole number from 0 on", d->digest.text);
    d->size = size != NULL ? yyjson_get_uint(size) : UINT64_MAX;
    d->media_type = copied(a, value, "mediaType");
    d->artifact_type = copied(a, value, "artifactType");
    yyjson_val *notes = yyjson_obj_get(value, "annotations");
    d->reference_type = copied(a, notes, "vnd.docker.reference.type");
    d->ref_name = copied(a, notes, "org.opencontainers.image.ref.name");
    d->image_name = copied(a, notes, "io.containerd.image.name");
    yyjson_val *platform = yyjson_obj_get(value, "platform");
    d->platform =
        platform_of(a, json_str(platform, "os"), json_str(platform, "architecture"), json_str(platform, "variant"));
    return parse_urls(yyjson_obj_get(value, "urls"), limits, a, d, err);
}

static bool parse_items(yyjson_val *array, const char *what, uint64_t limit, const char *limit_name,
                        const struct limits *limits, struct arena *a, struct manifest *m, struct error *err)
{
    if (!yyjson_is_arr(array))
        return error_set(err, ERR_FORMAT, "\"%s\" is not an array", what);
    if (yyjson_arr_size(array) > limit)
        return error_set(err, ERR_LIMIT, "%zu %s are more than the %llu that limit %s allows", yyjson_arr_size(array),
                         what, (unsigned long long)limit, limit_name);
    m->items = ARENA_NEW(a, struct descriptor, yyjson_arr_size(array));
    size_t i, n;
    yyjson_val *item;
    yyjson_arr_foreach(array, i, n, item)
    {
        if (!parse_descriptor(item, limits, a, &m->items[i], err))
            return error_wrap(err, "%s[%zu]", what, i);
        m->n++;
    }
    return true;
}

// ---- Manifest and index ---------------------------------------------------------------------------------------------

// Told by the media type; where that is left out (OCI allows it), by the members that only one of the kinds has. A
// document that could be read as either is refused (CVE-2021-41190).
static bool tell_kind(yyjson_val *root, enum manifest_kind *kind, struct error *err)
{
    struct slice type = json_str(root, "mediaType");
    bool is_image = yyjson_obj_get(root, "layers") != NULL || yyjson_obj_get(root, "config") != NULL;
    bool is_index = yyjson_obj_get(root, "manifests") != NULL;
    if (is_image && is_index)
        return error_set(err, ERR_FORMAT, "it has both layers and manifests: neither an image manifest nor an index");
    *kind = manifest_kind_of(type);
    if (yyjson_get_uint(yyjson_obj_get(root, "schemaVersion")) == 1)
        *kind = MANIFEST_SCHEMA1;
    if (*kind == MANIFEST_SCHEMA1)
        return error_set(err, ERR_UNSUPPORTED,
                         "a Docker manifest of schema 1, which has been obsolete since 2017 and cannot be read; "
                         "push or save the image again with a newer tool");
    if (*kind == MANIFEST_UNKNOWN && type.n != 0)
        return error_set(err, ERR_UNSUPPORTED, "media type %.*s is neither an image manifest nor an index",
                         SLICE_ARG(type));
    if (*kind == MANIFEST_UNKNOWN)
        *kind = is_image ? MANIFEST_IMAGE : is_index ? MANIFEST_INDEX : MANIFEST_UNKNOWN;
    if (*kind == MANIFEST_UNKNOWN)
        return error_set(err, ERR_FORMAT, "neither an image manifest nor an index");
    return true;
}

bool manifest_parse(struct slice text, const struct limits *limits, struct arena *a, struct manifest *manifest,
                    struct error *err)
{
    static const char *const members[] = {"mediaType", "config", "layers", "manifests", "artifactType", NULL};
    *manifest = (struct manifest){0};
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        return error_set(err, ERR_FORMAT, "not a JSON object");
    if (!has_each_once(root, members, err) || !tell_kind(root, &manifest->kind, err))
        return false;
    manifest->artifact_type = copied(a, root, "artifactType");
    if (manifest->kind == MANIFEST_INDEX)
        return parse_items(yyjson_obj_get(root, "manifests"), "manifests", limits->index_entries, "index_entries",
                           limits, a, manifest, err);
    if (!parse_descriptor(yyjson_obj_get(root, "config"), limits, a, &manifest->config, err))
        return error_wrap(err, "config");
    return parse_items(yyjson_obj_get(root, "layers"), "layers", limits->manifest_layers, "manifest_layers", limits, a,
                       manifest, err);
}

// ---- Configuration --------------------------------------------------------------------------------------------------

// A wrong history costs only the texts that go with layers, so it is no error.
static void parse_history(yyjson_val *history, const struct limits *limits, struct arena *a,
                          struct image_config *config)
{
    size_t i, n;
    yyjson_val *entry;
    yyjson_arr_foreach(history, i, n, entry)
    {
        if (config->created_by.n == limits->manifest_layers)
            return;
        if (yyjson_is_true(yyjson_obj_get(entry, "empty_layer")))
            continue;
        VEC_PUSH(a, &config->created_by) = copied(a, entry, "created_by");
    }
}

bool image_config_parse(struct slice text, const struct limits *limits, struct arena *a, struct image_config *config,
                        struct error *err)
{
    static const char *const members[] = {"os", "architecture", "variant", "rootfs", NULL};
    static const char *const root_members[] = {"diff_ids", NULL};
    *config = (struct image_config){0};
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        return error_set(err, ERR_FORMAT, "not a JSON object");
    if (!has_each_once(root, members, err) || !has_each_once(yyjson_obj_get(root, "rootfs"), root_members, err))
        return false;
    config->platform = platform_of(a, json_str(root, "os"), json_str(root, "architecture"), json_str(root, "variant"));
    yyjson_val *diff_ids = yyjson_obj_get(yyjson_obj_get(root, "rootfs"), "diff_ids");
    if (yyjson_arr_size(diff_ids) > limits->manifest_layers)
        return error_set(err, ERR_LIMIT, "%zu diff_ids are more than the %llu that limit manifest_layers allows",
                         yyjson_arr_size(diff_ids), (unsigned long long)limits->manifest_layers);
    size_t i, n;
    yyjson_val *value;
    yyjson_arr_foreach(diff_ids, i, n, value)
    {
        if (!digest_parse(json_val_str(value), &VEC_PUSH(a, &config->diff_ids), err))
            return error_wrap(err, "rootfs.diff_ids[%zu]", i);
    }
    parse_history(yyjson_obj_get(root, "history"), limits, a, config);
    return true;
}

// ---- Docker archive -------------------------------------------------------------------------------------------------

static bool parse_docker_image(yyjson_val *value, const struct limits *limits, struct arena *a,
                               struct docker_image *image, struct error *err)
{
    size_t i, n;
    yyjson_val *item;
    static const char *const members[] = {"Config", "RepoTags", "Layers", NULL};
    if (!has_each_once(value, members, err))
        return false;
    image->config = copied(a, value, "Config");
    if (image->config.n == 0)
        return error_set(err, ERR_FORMAT, "no Config");
    yyjson_arr_foreach(yyjson_obj_get(value, "RepoTags"), i, n, item)
    {
        struct slice tag = json_val_str(item);
        if (tag.n != 0)
            VEC_PUSH(a, &image->tags) = arena_dup(a, tag);
    }
    yyjson_val *layers = yyjson_obj_get(value, "Layers");
    if (layers != NULL && !yyjson_is_arr(layers) && !yyjson_is_null(layers))
        return error_set(err, ERR_FORMAT, "Layers is not an array");
    if (yyjson_arr_size(layers) > limits->manifest_layers)
        return error_set(err, ERR_LIMIT, "%zu layers are more than the %llu that limit manifest_layers allows",
                         yyjson_arr_size(layers), (unsigned long long)limits->manifest_layers);
    yyjson_arr_foreach(layers, i, n, item)
    {
        struct slice name = json_val_str(item);
        if (name.n == 0)
            return error_set(err, ERR_FORMAT, "Layers[%zu] is no name of a member", i);
        VEC_PUSH(a, &image->layers) = arena_dup(a, name);
    }
    return true;
}

bool docker_manifest_parse(struct slice text, const struct limits *limits, struct arena *a,
                           struct docker_manifest *manifest, struct error *err)
{
    *manifest = (struct docker_manifest){0};
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *value;
    if (!yyjson_is_arr(root))
        return error_set(err, ERR_FORMAT, "not a JSON array");
    if (yyjson_arr_size(root) > limits->index_entries)
        return error_set(err, ERR_LIMIT, "%zu images are more than the %llu that limit index_entries allows",
                         yyjson_arr_size(root), (unsigned long long)limits->index_entries);
    size_t i, n;
    yyjson_arr_foreach(root, i, n, value)
    {
        if (!parse_docker_image(value, limits, a, &VEC_PUSH(a, &manifest->images), err))
            return error_wrap(err, "image %zu", i);
    }
    return true;
}
