// A layer's findings as JSON: what crosses from the worker to its parent, and what the store keeps.
//
// The decoder is the boundary between a worker, which parses hostile bytes and may have been taken over by them, and
// the rest of the program. What passes it has the form that scanners and the layer pass would have given it. Bytes that
// are not UTF-8 become U+FFFD on the way, the same in every layer; since that takes three bytes for one, texts may be
// three times as long here as the limits say.
#include "inventory/inventory.h"

#include "base/json.h"
#include "scan/scanner.h"

#define GROWTH 3

static const char *const release_kinds[] = {
    [RELEASE_OS] = "os", [RELEASE_LSB] = "lsb", [RELEASE_DEBIAN] = "debian", [RELEASE_ALPINE] = "alpine"};

#define RELEASE_KINDS (sizeof release_kinds / sizeof release_kinds[0])

// ---- writing --------------------------------------------------------------------------------------------------------

static void encode_paths(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, const struct slice *paths,
                         size_t n)
{
    yyjson_mut_val *list = json_add_arr(doc, root, key);
    for (size_t i = 0; i < n; i++)
        json_arr_add_str(doc, list, paths[i]);
}

static void encode_package(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct package *p, bool any_kind)
{
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    if (any_kind)
        json_add_str(doc, item, "kind", p->kind);
    json_add_str(doc, item, "name", p->name);
    json_add_str(doc, item, "version", p->version);
    json_add_str_if(doc, item, "arch", p->arch);
    json_add_str_if(doc, item, "module", p->module);
    json_add_str_if(doc, item, "vendor", p->vendor);
    json_add_str_if(doc, item, "repository", p->repository);
    json_add_str_if(doc, item, "inside", p->inside);
    json_add_str_if(doc, item, "owner", p->owner);
    if (!slice_eq(p->source_name, p->name))
        json_add_str(doc, item, "source", p->source_name);
    if (!slice_eq(p->source_version, p->version))
        json_add_str(doc, item, "source_version", p->source_version);
    if (p->files_n != 0)
        encode_paths(doc, item, "files", p->files, p->files_n);
}

static void encode_db(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct package_db *db)
{
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "scanner", db->scanner);
    json_add_str(doc, item, "path", db->path);
    yyjson_mut_val *packages = json_add_arr(doc, item, "packages");
    const struct scanner *scanner = scanner_named(db->scanner);
    bool any_kind = scanner != NULL && scanner->any_kind;
    for (size_t i = 0; i < db->n; i++)
        encode_package(doc, packages, &db->packages[i], any_kind);
}

static void encode_release(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct release_file *r)
{
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "kind", slice_str(release_kinds[r->kind]));
    json_add_str(doc, item, "path", r->path);
    // The names of the members are those of the fields.
#define ENCODE(field) json_add_str_if(doc, item, #field, r->field);
    RELEASE_FIELDS(ENCODE)
#undef ENCODE
}

static void encode_skip(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct skip *skip)
{
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
    json_add_str(doc, item, "path", skip->path);
    json_add_str(doc, item, "reason", skip->reason);
    yyjson_mut_obj_add_bool(doc, item, "lost", skip->lost);
}

void findings_encode(const struct findings *f, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *list = json_add_arr(doc, root, "dbs");
    for (size_t i = 0; i < f->dbs_n; i++)
        encode_db(doc, list, &f->dbs[i]);
    list = json_add_arr(doc, root, "releases");
    for (size_t i = 0; i < f->releases_n; i++)
        encode_release(doc, list, &f->releases[i]);
    encode_paths(doc, root, "whiteouts", f->whiteouts, f->whiteouts_n);
    encode_paths(doc, root, "opaques", f->opaques, f->opaques_n);
    encode_paths(doc, root, "nondirs", f->nondirs, f->nondirs_n);
    encode_paths(doc, root, "folders", f->folders, f->folders_n);
    list = json_add_arr(doc, root, "links"); // path, target, path, target, …
    for (size_t i = 0; i < f->links_n; i++) {
        json_arr_add_str(doc, list, f->links[i].path);
        json_arr_add_str(doc, list, f->links[i].target);
    }
    list = json_add_arr(doc, root, "skips");
    for (size_t i = 0; i < f->skips_n; i++)
        encode_skip(doc, list, &f->skips[i]);
    yyjson_mut_obj_add_uint(doc, root, "skips_total", f->skips_total);
    yyjson_mut_obj_add_uint(doc, root, "entries", f->entries);
    yyjson_mut_obj_add_uint(doc, root, "bytes", f->bytes);
    json_write(doc, false, out);
}

// ---- reading --------------------------------------------------------------------------------------------------------

struct decoder {
    struct arena *arena;
    const struct limits *limits;
    struct findings *out;
    uint64_t packages, owned;
    struct error *err;
};

static bool malformed(struct decoder *d, const char *what)
{
    return error_set(d->err, ERR_FORMAT, "findings of a layer: bad %s", what);
}

static bool number_of(struct decoder *d, yyjson_val *object, const char *key, uint64_t *out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    *out = yyjson_get_uint(value);
    return yyjson_is_uint(value) || malformed(d, key);
}

// A member's text, copied. A missing one leaves `out` as it is.
static bool text_of(struct decoder *d, yyjson_val *object, const char *key, uint64_t limit, struct slice *out)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    if (value == NULL)
        return true;
    struct slice text = json_val_str(value);
    if (text.p == NULL || text.n > GROWTH * limit)
        return malformed(d, key);
    *out = arena_dup(d->arena, text);
    return true;
}

bool is_layer_path(struct slice path)
{
    if (slice_find(path, '\0') >= 0)
        return false;
    struct slice name, rest = path;
    bool more = true;
    while (more) {
        more = slice_cut(rest, '/', &name, &rest);
        if (name.n == 0 || slice_eq(name, SLICE(".")) || slice_eq(name, SLICE("..")))
            return false;
    }
    return true;
}

static bool path_of(struct decoder *d, yyjson_val *value, const char *what, struct slice *out)
{
    struct slice text = json_val_str(value);
    if (text.p == NULL || text.n > GROWTH * d->limits->path_bytes || !is_layer_path(text))
        return malformed(d, what);
    *out = arena_dup(d->arena, text);
    return true;
}

// A member that must be an array of at most `limit` elements.
static bool list_of(struct decoder *d, yyjson_val *object, const char *key, uint64_t limit, yyjson_val **list)
{
    *list = yyjson_obj_get(object, key);
    return (yyjson_is_arr(*list) && yyjson_arr_size(*list) <= limit) || malformed(d, key);
}

static bool decode_owned(struct decoder *d, yyjson_val *item, struct package *p)
{
    yyjson_val *list, *path;
    size_t i, n;
    if (yyjson_obj_get(item, "files") == NULL)
        return true;
    if (!list_of(d, item, "files", d->limits->owned_files - d->owned, &list))
        return false;
    p->files_n = p->files_cap = yyjson_arr_size(list);
    d->owned += p->files_n;
    p->files = ARENA_NEW(d->arena, struct slice, p->files_n);
    yyjson_arr_foreach(list, i, n, path)
    {
        if (!path_of(d, path, "files", &p->files[i]))
            return false;
    }
    return true;
}

static bool decode_package(struct decoder *d, yyjson_val *item, const struct scanner *scanner, struct package *p)
{
    uint64_t limit = d->limits->field_bytes;
    p->kind = scanner->any_kind ? package_kind(json_str(item, "kind")) : slice_str(scanner->kind);
    if (p->kind.n == 0)
        return malformed(d, "kind of a package");
    if (!text_of(d, item, "name", limit, &p->name) || !text_of(d, item, "version", limit, &p->version) ||
        !text_of(d, item, "arch", limit, &p->arch) || !text_of(d, item, "module", limit, &p->module) ||
        !text_of(d, item, "vendor", limit, &p->vendor) || !text_of(d, item, "repository", limit, &p->repository) ||
        !text_of(d, item, "inside", limit, &p->inside) || !text_of(d, item, "owner", limit, &p->owner) ||
        !decode_owned(d, item, p))
        return false;
    if ((p->repository.n != 0) != (scanner->finds == FINDS_ORIGINS))
        return malformed(d, "repository of a package");
    // The databases of package managers have a version for each package; lone files may not tell theirs.
    bool versioned = scanner->finds == FINDS_PACKAGES || scanner->finds == FINDS_ORIGINS;
    if (p->name.n == 0 || (p->version.n == 0 && scanner->fixed_paths != NULL && versioned))
        return malformed(d, "package: no name or no version");
    p->source_name = p->name;
    p->source_version = p->version;
    return text_of(d, item, "source", limit, &p->source_name) &&
           text_of(d, item, "source_version", limit, &p->source_version);
}

static bool decode_db(struct decoder *d, yyjson_val *item, struct package_db *db)
{
    yyjson_val *list, *package;
    size_t i, n;
    const struct scanner *scanner = scanner_named(json_str(item, "scanner"));
    if (scanner == NULL || (scanner->kind == NULL && !scanner->any_kind))
        return malformed(d, "scanner");
    db->scanner = slice_str(scanner->name);
    yyjson_val *path = yyjson_obj_get(item, "path");
    bool no_tree = scanner->any_kind && yyjson_equals_str(path, "");
    if ((!no_tree && !path_of(d, path, "path of a database", &db->path)) ||
        !list_of(d, item, "packages", d->limits->packages - d->packages, &list))
        return false;
    db->n = db->cap = yyjson_arr_size(list);
    d->packages += db->n;
    db->packages = ARENA_NEW(d->arena, struct package, db->n);
    yyjson_arr_foreach(list, i, n, package)
    {
        if (!decode_package(d, package, scanner, &db->packages[i]))
            return false;
    }
    return true;
}

static bool decode_dbs(struct decoder *d, yyjson_val *root)
{
    yyjson_val *list, *item;
    size_t i, n;
    if (!list_of(d, root, "dbs", d->limits->packages, &list))
        return false;
    d->out->dbs_n = d->out->dbs_cap = yyjson_arr_size(list);
    d->out->dbs = ARENA_NEW(d->arena, struct package_db, d->out->dbs_n);
    yyjson_arr_foreach(list, i, n, item)
    {
        if (!decode_db(d, item, &d->out->dbs[i]))
            return false;
    }
    return true;
}

static bool decode_release(struct decoder *d, yyjson_val *item, struct release_file *r)
{
    struct slice kind = json_str(item, "kind");
    size_t k = 0;
    while (k < RELEASE_KINDS && !slice_eq(kind, slice_str(release_kinds[k])))
        k++;
    if (k == RELEASE_KINDS)
        return malformed(d, "kind of a release file");
    r->kind = (enum release_file_kind)k;
#define DECODE(field)                                                                                                  \
    if (!text_of(d, item, #field, d->limits->release_file_bytes, &r->field))                                           \
        return false;
    RELEASE_FIELDS(DECODE)
#undef DECODE
    return path_of(d, yyjson_obj_get(item, "path"), "path of a release file", &r->path);
}

static bool decode_releases(struct decoder *d, yyjson_val *root)
{
    yyjson_val *list, *item;
    size_t i, n;
    if (!list_of(d, root, "releases", d->limits->packages, &list))
        return false;
    d->out->releases_n = d->out->releases_cap = yyjson_arr_size(list);
    d->out->releases = ARENA_NEW(d->arena, struct release_file, d->out->releases_n);
    yyjson_arr_foreach(list, i, n, item)
    {
        if (!decode_release(d, item, &d->out->releases[i]))
            return false;
    }
    return true;
}

enum root { ROOT_IS_NO_PATH, ROOT_IS_PATH };

static bool decode_paths(struct decoder *d, yyjson_val *root, const char *key, enum root empty, struct slice **out,
                         size_t *out_n, size_t *cap)
{
    yyjson_val *list, *item;
    size_t i, n;
    if (!list_of(d, root, key, d->limits->layer_links + d->limits->replacing_files, &list))
        return false;
    *out_n = *cap = yyjson_arr_size(list);
    *out = ARENA_NEW(d->arena, struct slice, *out_n);
    yyjson_arr_foreach(list, i, n, item)
    {
        bool is_root = empty == ROOT_IS_PATH && yyjson_equals_str(item, "");
        if (!is_root && !path_of(d, item, key, &(*out)[i]))
            return false;
    }
    return true;
}

static bool decode_links(struct decoder *d, yyjson_val *root)
{
    yyjson_val *list;
    if (!list_of(d, root, "links", 2 * d->limits->layer_links, &list))
        return false;
    size_t n = yyjson_arr_size(list);
    if (n % 2 != 0)
        return malformed(d, "links");
    d->out->links_n = d->out->links_cap = n / 2;
    d->out->links = ARENA_NEW(d->arena, struct layer_link, n / 2);
    yyjson_arr_iter at = yyjson_arr_iter_with(list);
    for (size_t i = 0; i < n / 2; i++) {
        struct layer_link *link = &d->out->links[i];
        if (!path_of(d, yyjson_arr_iter_next(&at), "links", &link->path))
            return false;
        struct slice target = json_val_str(yyjson_arr_iter_next(&at)); // as written: any text
        if (target.p == NULL || target.n > GROWTH * d->limits->path_bytes)
            return malformed(d, "links");
        link->target = arena_dup(d->arena, target);
    }
    return true;
}

// Longer than any reason that scan_skip writes.
#define REASON_BYTES 512

static bool decode_skip(struct decoder *d, yyjson_val *item, struct skip *skip)
{
    yyjson_val *lost = yyjson_obj_get(item, "lost");
    skip->lost = yyjson_get_bool(lost);
    if (!yyjson_is_bool(lost))
        return malformed(d, "skips");
    // The path is shown, and may be one that climbs out of the root: it is no place that anything else would stand at.
    return text_of(d, item, "path", d->limits->path_bytes, &skip->path) &&
           text_of(d, item, "reason", REASON_BYTES, &skip->reason);
}

static bool decode_skips(struct decoder *d, yyjson_val *root)
{
    yyjson_val *list, *item;
    size_t i, n;
    if (!list_of(d, root, "skips", 2 * d->limits->skips, &list) ||
        !number_of(d, root, "skips_total", &d->out->skips_total))
        return false;
    d->out->skips_n = d->out->skips_cap = yyjson_arr_size(list);
    if (d->out->skips_total < d->out->skips_n)
        return malformed(d, "skips_total");
    d->out->skips = ARENA_NEW(d->arena, struct skip, d->out->skips_n);
    yyjson_arr_foreach(list, i, n, item)
    {
        if (!decode_skip(d, item, &d->out->skips[i]))
            return false;
    }
    return true;
}

bool findings_decode(struct slice text, struct arena *a, const struct limits *limits, struct findings *out,
                     struct error *err)
{
    *out = (struct findings){0};
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return error_wrap(err, "findings of a layer");
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct decoder d = {.arena = a, .limits = limits, .out = out, .err = err};
    return decode_dbs(&d, root) && decode_releases(&d, root) &&
           decode_paths(&d, root, "whiteouts", ROOT_IS_NO_PATH, &out->whiteouts, &out->whiteouts_n,
                        &out->whiteouts_cap) &&
           decode_paths(&d, root, "opaques", ROOT_IS_PATH, &out->opaques, &out->opaques_n, &out->opaques_cap) &&
           decode_paths(&d, root, "nondirs", ROOT_IS_NO_PATH, &out->nondirs, &out->nondirs_n, &out->nondirs_cap) &&
           decode_paths(&d, root, "folders", ROOT_IS_NO_PATH, &out->folders, &out->folders_n, &out->folders_cap) &&
           decode_links(&d, root) && decode_skips(&d, root) && number_of(&d, root, "entries", &out->entries) &&
           number_of(&d, root, "bytes", &out->bytes);
}
