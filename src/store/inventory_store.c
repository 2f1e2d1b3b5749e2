// Layers' findings and indexed images in the database.
#include "store/lookup_rows.h"

#include "base/clock.h"
#include "base/json.h"
#include "scan/scanner.h"

#include <stdlib.h>
#include <zstd.h>

#define FINDINGS_LEVEL 3 // zstd: a tenth of the JSON's size, at a speed that does not show

// ---- layers ---------------------------------------------------------------------------------------------------------

static bool layer_id(struct store *s, const struct digest *layer, int64_t *id, struct error *err);

static bool id_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

// The id of the row that `select` finds with `values`; made with `insert` when there is none yet.
static bool id_of(struct store *s, const char *select, const char *insert, const struct db_value *values, size_t n,
                  int64_t *id, struct error *err)
{
    *id = 0;
    if (!db_query(s->db, select, values, n, id_row, id, err))
        return false;
    if (*id != 0)
        return true;
    if (!db_query(s->db, insert, values, n, NULL, NULL, err))
        return false;
    *id = db_last_id(s->db);
    return true;
}

static bool layer_id(struct store *s, const struct digest *layer, int64_t *id, struct error *err)
{
    const struct db_value values[] = {db_text(digest_slice(layer))};
    return id_of(s, "SELECT id FROM layer WHERE digest = ?1", "INSERT INTO layer (digest) VALUES (?1)", values, 1, id,
                 err);
}

struct findings_context {
    struct arena *arena;
    const struct limits *limits;
    struct findings *out;
    bool found;
};

static bool findings_row(void *context, struct db_row *row, struct error *err)
{
    struct findings_context *c = context;
    struct slice packed = db_column(row, 0);
    unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > c->limits->layer_findings_bytes)
        return error_set(err, ERR_STORE, "stored findings of a layer are damaged");
    char *text = arena_alloc(c->arena, (size_t)size);
    size_t n = ZSTD_decompress(text, (size_t)size, packed.p, packed.n);
    if (ZSTD_isError(n) || n != size)
        return error_set(err, ERR_STORE, "stored findings of a layer are damaged: %s", ZSTD_getErrorName(n));
    c->found = true;
    return findings_decode(slice_of(text, n), c->arena, c->limits, c->out, err);
}

bool store_layer_get(struct store *s, const struct digest *layer, const struct digest *state, struct arena *a,
                     const struct limits *limits, struct findings *out, bool *found, struct error *err)
{
    struct findings_context c = {a, limits, out, false};
    const struct db_value values[] = {db_text(digest_slice(layer)), db_text(digest_slice(state))};
    bool ok = db_query(s->db,
                       "SELECT findings FROM layer_findings JOIN layer ON layer.id = layer_id "
                       "WHERE digest = ?1 AND state = ?2",
                       values, 2, findings_row, &c, err);
    *found = c.found;
    return ok;
}

static bool put_findings(struct store *s, const struct digest *layer, const struct digest *state, struct slice packed,
                         struct error *err)
{
    int64_t id;
    return layer_id(s, layer, &id, err) &&
           db_run(s->db, err,
                  "INSERT INTO layer_findings (layer_id, state, findings) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (layer_id, state) DO UPDATE SET findings = excluded.findings",
                  db_int(id), db_text(digest_slice(state)), db_blob(packed));
}

bool store_layer_put(struct store *s, const struct digest *layer, const struct digest *state,
                     struct slice findings_json, struct error *err)
{
    size_t bound = ZSTD_compressBound(findings_json.n);
    char *packed = must_alloc(bound);
    size_t n = ZSTD_compress(packed, bound, findings_json.p, findings_json.n, FINDINGS_LEVEL);
    bool ok = !ZSTD_isError(n) || error_set(err, ERR_STORE, "cannot compress findings: %s", ZSTD_getErrorName(n));
    ok = ok && db_begin(s->db, err);
    if (ok && put_findings(s, layer, state, slice_of(packed, n), err))
        ok = db_commit(s->db, err);
    else if (ok) {
        db_rollback(s->db);
        ok = false;
    }
    free(packed);
    return ok;
}

// ---- images: writing ------------------------------------------------------------------------------------------------

static bool distribution_id(struct store *s, const struct distribution *d, struct db_value *id, struct error *err)
{
    *id = (struct db_value){.type = DB_NULL};
    if (!d->known)
        return true;
    const struct db_value values[] = {
        db_text(d->id),          db_text(d->id_like),    db_text(d->name),
        db_text(d->version),     db_text(d->version_id), db_text(d->codename),
        db_text(d->pretty_name), db_text(d->cpe),        db_text(d->support_end),
    };
    *id = db_int(0);
    return id_of(s,
                 "SELECT id FROM distribution WHERE did = ?1 AND id_like = ?2 AND name = ?3 AND version = ?4 "
                 "AND version_id = ?5 AND codename = ?6 AND pretty_name = ?7 AND cpe = ?8 AND support_end = ?9",
                 "INSERT INTO distribution (did, id_like, name, version, version_id, codename, pretty_name, cpe, "
                 "support_end) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                 values, 9, &id->number, err);
}

static bool package_id(struct store *s, const struct package *p, int64_t *id, struct error *err)
{
    const struct db_value values[] = {
        db_text(p->kind),   db_text(p->name),   db_text(p->version),     db_text(p->arch),
        db_text(p->module), db_text(p->vendor), db_text(p->source_name), db_text(p->source_version),
    };
    return id_of(s,
                 "SELECT id FROM package WHERE name = ?2 AND version = ?3 AND arch = ?4 AND kind = ?1 "
                 "AND module = ?5 AND vendor = ?6 AND source_name = ?7 AND source_version = ?8",
                 "INSERT INTO package (kind, name, version, arch, module, vendor, source_name, source_version) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                 values, 8, id, err);
}

// Identifies a set by its members, fields separated by bytes that they cannot hold in JSON-clean text.
static struct digest set_digest(const struct inventory *inventory)
{
    struct hasher *h = hasher_new(NULL);
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        const struct slice fields[] = {p->package.kind,
                                       p->package.name,
                                       p->package.version,
                                       p->package.arch,
                                       p->package.module,
                                       p->package.source_name,
                                       p->package.source_version,
                                       p->package.vendor,
                                       p->package.repository,
                                       slice_str(p->scanner),
                                       p->db,
                                       p->owner};
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
            hasher_add(h, fields[f]);
            hasher_add(h, SLICE("\0"));
        }
        uint64_t layer = p->layer;
        hasher_add(h, slice_of((const char *)&layer, sizeof layer));
    }
    return hasher_end(h);
}

static bool put_set(struct store *s, const struct inventory *inventory, int64_t *set, struct error *err)
{
    struct digest digest = set_digest(inventory);
    const struct db_value values[] = {db_text(digest_slice(&digest))};
    *set = 0;
    if (!db_query(s->db, "SELECT id FROM package_set WHERE digest = ?1", values, 1, id_row, set, err))
        return false;
    if (*set != 0)
        return true;
    if (!db_query(s->db, "INSERT INTO package_set (digest) VALUES (?1)", values, 1, NULL, NULL, err))
        return false;
    *set = db_last_id(s->db);
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        int64_t package;
        if (!package_id(s, &p->package, &package, err) ||
            !db_run(s->db, err,
                    "INSERT INTO package_set_member (set_id, package_id, scanner, db, owner, layer, repository) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                    db_int(*set), db_int(package), db_text(slice_str(p->scanner)), db_text(p->db), db_text(p->owner),
                    db_int((int64_t)p->layer), db_text(p->package.repository)))
            return false;
    }
    return true;
}

static void encode_skips(const struct inventory *inventory, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *list = json_add_arr(doc, root, "skips");
    for (size_t i = 0; i < inventory->skips_n; i++) {
        const struct inventory_skip *skip = &inventory->skips[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        yyjson_mut_obj_add_uint(doc, item, "layer", skip->layer);
        json_add_str(doc, item, "path", skip->skip.path);
        json_add_str(doc, item, "reason", skip->skip.reason);
        yyjson_mut_obj_add_bool(doc, item, "lost", skip->skip.lost);
    }
    json_write(doc, false, out);
}

static void encode_remarks(const struct stored_image *image, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *list = json_add_arr(doc, root, "remarks");
    for (size_t i = 0; i < image->remarks_n; i++)
        json_arr_add_str(doc, list, image->remarks[i]);
    json_write(doc, false, out);
}

static bool put_layers(struct store *s, int64_t image, const struct stored_layer *layers, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        int64_t layer;
        if (!layer_id(s, &layers[i].digest, &layer, err) ||
            !db_run(s->db, err,
                    "INSERT INTO image_layer (image_id, position, layer_id, media_type, created_by, skip_reason, size) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    db_int(image), db_int((int64_t)i), db_int(layer), db_text(layers[i].media_type),
                    db_text(layers[i].created_by), db_text(layers[i].skip_reason), db_int((int64_t)layers[i].size)))
            return false;
    }
    return true;
}

static bool put_repositories(struct store *s, int64_t image, const struct inventory *inventory, struct error *err)
{
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        if (!db_run(s->db, err,
                    "INSERT INTO image_repository (image_id, repository, path, layer) VALUES (?1, ?2, ?3, ?4)",
                    db_int(image), db_text(r->id), db_text(r->path), db_int((int64_t)r->layer)))
            return false;
    }
    return true;
}

static bool put_image(struct store *s, const struct digest *state, const struct stored_image *image, struct error *err)
{
    struct buf skips BUF_AUTO = {0}, remarks BUF_AUTO = {0};
    encode_skips(&image->inventory, &skips);
    encode_remarks(image, &remarks);
    struct db_value distribution;
    int64_t set;
    if (!distribution_id(s, &image->inventory.distribution, &distribution, err) ||
        !put_set(s, &image->inventory, &set, err) ||
        !db_run(s->db, err, "DELETE FROM image WHERE manifest = ?1", db_text(digest_slice(&image->manifest))) ||
        !db_run(s->db, err,
                "INSERT INTO image (manifest, state, config, reference, kind, os, arch, indexed, distribution_id, "
                "set_id, skips, skips_total, remarks) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                db_text(digest_slice(&image->manifest)), db_text(digest_slice(state)),
                db_text(digest_slice(&image->config)), db_text(image->reference), db_text(image->kind),
                db_text(image->os), db_text(image->arch), db_int(image->indexed), distribution, db_int(set),
                db_text(buf_slice(&skips)), db_int((int64_t)image->inventory.skips_total),
                db_text(buf_slice(&remarks))))
        return false;
    int64_t id = db_last_id(s->db);
    return put_layers(s, id, image->layers, image->layers_n, err) && put_repositories(s, id, &image->inventory, err) &&
           lookup_put_contexts(s, err);
}

bool store_image_put(struct store *s, const struct digest *state, const struct stored_image *image,
                     const struct store_naming *naming, struct error *err)
{
    if (!db_begin(s->db, err))
        return false;
    if (put_image(s, state, image, err) && (naming == NULL || lookup_name_packages(s, naming, err)))
        return db_commit(s->db, err);
    db_rollback(s->db);
    return false;
}

// ---- images: reading ------------------------------------------------------------------------------------------------

struct image_context {
    struct arena *arena;
    struct stored_image *out;
    int64_t id, set, distribution;
    VEC(struct stored_layer) layers;
};

static struct slice copy(struct image_context *c, struct db_row *row, int column)
{
    return arena_dup(c->arena, db_column(row, column));
}

static bool decode_skips(struct image_context *c, struct slice text, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return error_wrap(err, "stored skips");
    struct inventory *inventory = &c->out->inventory;
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "skips"), *item;
    inventory->skips_n = inventory->skips_cap = yyjson_arr_size(list);
    inventory->skips = ARENA_NEW(c->arena, struct inventory_skip, inventory->skips_n);
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        inventory->skips[i] = (struct inventory_skip){
            .layer = yyjson_get_uint(yyjson_obj_get(item, "layer")),
            .skip = {.path = arena_dup(c->arena, json_str(item, "path")),
                     .reason = arena_dup(c->arena, json_str(item, "reason")),
                     .lost = yyjson_get_bool(yyjson_obj_get(item, "lost"))},
        };
    }
    return true;
}

static bool decode_remarks(struct image_context *c, struct slice text, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return error_wrap(err, "stored remarks");
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "remarks"), *item;
    c->out->remarks_n = yyjson_arr_size(list);
    c->out->remarks = ARENA_NEW(c->arena, struct slice, c->out->remarks_n);
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item) c->out->remarks[i] = arena_dup(c->arena, json_val_str(item));
    return true;
}

static bool image_row(void *context, struct db_row *row, struct error *err)
{
    struct image_context *c = context;
    struct stored_image *out = c->out;
    c->id = db_column_int(row, 0);
    out->reference = copy(c, row, 2);
    out->kind = copy(c, row, 3);
    out->os = copy(c, row, 4);
    out->arch = copy(c, row, 5);
    out->indexed = db_column_int(row, 6);
    c->distribution = db_column_int(row, 7);
    c->set = db_column_int(row, 8);
    out->inventory.skips_total = (uint64_t)db_column_int(row, 10);
    struct slice config = db_column(row, 1);
    return (config.n == 0 || digest_parse(config, &out->config, err)) && decode_skips(c, db_column(row, 9), err) &&
           decode_remarks(c, db_column(row, 11), err);
}

static bool layer_row(void *context, struct db_row *row, struct error *err)
{
    struct image_context *c = context;
    struct stored_layer *layer = &VEC_PUSH(c->arena, &c->layers);
    layer->media_type = copy(c, row, 1);
    layer->created_by = copy(c, row, 2);
    layer->skip_reason = copy(c, row, 3);
    layer->size = (uint64_t)db_column_int(row, 4);
    return digest_parse(db_column(row, 0), &layer->digest, err);
}

static bool repository_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct image_context *c = context;
    struct inventory *inventory = &c->out->inventory;
    if (inventory->repositories_n == inventory->repositories_cap)
        inventory->repositories = arena_grow(c->arena, inventory->repositories, sizeof *inventory->repositories,
                                             inventory->repositories_n, &inventory->repositories_cap);
    inventory->repositories[inventory->repositories_n++] = (struct inventory_repository){
        .id = copy(c, row, 0),
        .path = copy(c, row, 1),
        .layer = (size_t)db_column_int(row, 2),
    };
    return true;
}

static bool distribution_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct image_context *c = context;
    c->out->inventory.distribution = (struct distribution){
        .known = true,
        .id = copy(c, row, 0),
        .id_like = copy(c, row, 1),
        .name = copy(c, row, 2),
        .version = copy(c, row, 3),
        .version_id = copy(c, row, 4),
        .codename = copy(c, row, 5),
        .pretty_name = copy(c, row, 6),
        .cpe = copy(c, row, 7),
        .support_end = copy(c, row, 8),
    };
    return true;
}

// The table's own name of a scanner, so that it need not be owned; NULL when this program does not have it any more.
static const char *scanner_name(struct slice name)
{
    for (size_t i = 0; scanners[i] != NULL; i++)
        if (slice_eq(name, slice_str(scanners[i]->name)))
            return scanners[i]->name;
    return NULL;
}

static bool member_row(void *context, struct db_row *row, struct error *err)
{
    struct image_context *c = context;
    struct inventory *inventory = &c->out->inventory;
    if (inventory->packages_n == inventory->packages_cap)
        inventory->packages = arena_grow(c->arena, inventory->packages, sizeof *inventory->packages,
                                         inventory->packages_n, &inventory->packages_cap);
    struct inventory_package *p = &inventory->packages[inventory->packages_n++];
    *p = (struct inventory_package){
        .package = {.kind = copy(c, row, 0),
                    .name = copy(c, row, 1),
                    .version = copy(c, row, 2),
                    .arch = copy(c, row, 3),
                    .module = copy(c, row, 4),
                    .source_name = copy(c, row, 5),
                    .source_version = copy(c, row, 6),
                    .vendor = copy(c, row, 7),
                    .repository = copy(c, row, 12)},
        .scanner = scanner_name(db_column(row, 8)),
        .db = copy(c, row, 9),
        .owner = copy(c, row, 10),
        .layer = (size_t)db_column_int(row, 11),
    };
    if (p->scanner == NULL)
        return error_set(err, ERR_STORE, "image was indexed with scanner \"%.*s\", which this program does not have",
                         SLICE_ARG(db_column(row, 8)));
    return true;
}

static bool get_parts(struct store *s, struct image_context *c, struct error *err)
{
    const struct db_value image[] = {db_int(c->id)}, set[] = {db_int(c->set)},
                          distribution[] = {db_int(c->distribution)};
    if (!db_query(s->db,
                  "SELECT digest, media_type, created_by, skip_reason, size FROM image_layer "
                  "JOIN layer ON layer.id = layer_id WHERE image_id = ?1 ORDER BY position",
                  image, 1, layer_row, c, err) ||
        !db_query(s->db, "SELECT repository, path, layer FROM image_repository WHERE image_id = ?1 ORDER BY repository",
                  image, 1, repository_row, c, err) ||
        !db_query(s->db,
                  "SELECT did, id_like, name, version, version_id, codename, pretty_name, cpe, support_end "
                  "FROM distribution WHERE id = ?1",
                  distribution, 1, distribution_row, c, err) ||
        !db_query(
            s->db,
            "SELECT kind, name, version, arch, module, source_name, source_version, vendor, scanner, db, owner, layer, "
            "repository FROM package_set_member JOIN package ON package.id = package_id WHERE set_id = ?1 "
            "ORDER BY kind, name, version, arch, db",
            set, 1, member_row, c, err))
        return false;
    c->out->layers = c->layers.v;
    c->out->layers_n = c->layers.n;
    return true;
}

static bool get_image(struct store *s, struct image_context *c, const struct digest *manifest,
                      const struct digest *state, bool *found, struct error *err)
{
    const struct db_value values[] = {
        db_text(digest_slice(manifest)),
        state != NULL ? db_text(digest_slice(state)) : (struct db_value){.type = DB_NULL},
    };
    *found = false;
    if (!db_query(s->db,
                  "SELECT id, config, reference, kind, os, arch, indexed, distribution_id, set_id, skips, skips_total, "
                  "remarks FROM image WHERE manifest = ?1 AND (?2 IS NULL OR state = ?2)",
                  values, 2, image_row, c, err))
        return false;
    *found = c->id != 0;
    return !*found || get_parts(s, c, err);
}

bool store_image_get(struct store *s, const struct digest *manifest, const struct digest *state, struct arena *a,
                     struct stored_image *out, bool *found, struct error *err)
{
    *out = (struct stored_image){.manifest = *manifest};
    struct image_context c = {.arena = a, .out = out};
    // One read transaction, so that another process's replacement of the image is seen whole or not at all.
    if (!db_exec(s->db, "BEGIN", err))
        return false;
    bool ok = get_image(s, &c, manifest, state, found, err);
    if (ok)
        return db_commit(s->db, err);
    db_rollback(s->db);
    return error_wrap(err, "image %s", manifest->text);
}

struct find_context {
    struct digest *out;
    size_t most, n;
};

static bool find_row(void *context, struct db_row *row, struct error *err)
{
    struct find_context *c = context;
    return c->n < c->most && digest_parse(db_column(row, 0), &c->out[c->n++], err);
}

bool store_image_find(struct store *s, struct slice prefix, struct arena *a, struct digest *out, size_t most, size_t *n,
                      struct error *err)
{
    struct slice low = slice_find(prefix, ':') >= 0 ? prefix : arena_printf(a, "sha256:%.*s", SLICE_ARG(prefix));
    // Digests are hex: the first text after all those with this prefix is the prefix and a 'g'.
    struct slice high = arena_printf(a, "%.*sg", SLICE_ARG(low));
    struct find_context c = {out, most, 0};
    const struct db_value values[] = {db_text(low), db_text(high)};
    bool ok = db_query(s->db, "SELECT manifest FROM image WHERE manifest >= ?1 AND manifest < ?2 ORDER BY manifest",
                       values, 2, find_row, &c, err);
    *n = c.n;
    return ok;
}
