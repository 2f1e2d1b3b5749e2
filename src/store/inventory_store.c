// Indexed images in the database.
#include "store/inventory_rows.h"
#include "store/lookup_rows.h"

#include "base/json.h"
#include "scan/scanner.h"
#include "store/update_rows.h"

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
    return row_id(s,
                  "SELECT id FROM distribution WHERE did = ?1 AND id_like = ?2 AND name = ?3 AND version = ?4 "
                  "AND version_id = ?5 AND codename = ?6 AND pretty_name = ?7 AND cpe = ?8 AND support_end = ?9",
                  "INSERT INTO distribution (did, id_like, name, version, version_id, codename, pretty_name, cpe, "
                  "support_end) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
                  values, 9, &id->number, err);
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

static bool sort_id(struct store *s, const struct digest *state, const struct stored_image *image, int64_t *id,
                    struct error *err)
{
    int64_t under;
    if (!state_id(s, state, &under, err))
        return false;
    const struct db_value values[] = {db_int(under), db_text(image->kind), db_text(image->os), db_text(image->arch)};
    return row_id(s, "SELECT id FROM image_sort WHERE state_id = ?1 AND kind = ?2 AND os = ?3 AND arch = ?4",
                  "INSERT INTO image_sort (state_id, kind, os, arch) VALUES (?1, ?2, ?3, ?4) RETURNING id", values, 4,
                  id, err);
}

// What an image refers to.
struct image_parts {
    int64_t sort, set, chain;
    struct db_value distribution;
};

static bool put_parts(struct store *s, const struct digest *state, const struct stored_image *image,
                      struct image_parts *out, struct error *err)
{
    return sort_id(s, state, image, &out->sort, err) &&
           distribution_id(s, &image->inventory.distribution, &out->distribution, err) &&
           set_put(s, &image->inventory, &out->set, err) &&
           chain_put(s, image->layers, image->layers_n, &out->chain, err);
}

static bool put_row(struct store *s, const struct stored_image *image, const struct image_parts *parts,
                    struct error *err)
{
    struct buf skips BUF_AUTO = {0}, remarks BUF_AUTO = {0};
    char manifest[DIGEST_BYTES], config[DIGEST_BYTES];
    if (image->inventory.skips_n != 0)
        encode_skips(&image->inventory, &skips);
    if (image->remarks_n != 0)
        encode_remarks(image, &remarks);
    return db_run(
        s->db, err,
        "INSERT INTO image (manifest, config, reference, sort_id, indexed, distribution_id, set_id, chain_id, "
        "skips, skips_total, remarks) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        db_blob(digest_pack(&image->manifest, manifest)), db_blob(digest_pack(&image->config, config)),
        db_text(image->reference), db_int(parts->sort), db_int(image->indexed), parts->distribution, db_int(parts->set),
        db_int(parts->chain), db_text(buf_slice(&skips)), db_int((int64_t)image->inventory.skips_total),
        db_text(buf_slice(&remarks)));
}

static bool put_image(struct store *s, const struct digest *state, const struct stored_image *image, struct error *err)
{
    struct image_parts parts;
    int64_t former = 0;
    char bytes[DIGEST_BYTES];
    const struct db_value manifest[] = {db_blob(digest_pack(&image->manifest, bytes))};
    return db_query(s->db, "SELECT chain_id FROM image WHERE manifest = ?1", manifest, 1, number_row, &former, err) &&
           put_parts(s, state, image, &parts, err) &&
           db_run(s->db, err, "DELETE FROM image WHERE manifest = ?1", manifest[0]) && put_row(s, image, &parts, err) &&
           chain_drop(s, former, err) && lookup_put_contexts(s, err);
}

bool store_image_put(struct store *s, const struct digest *state, const struct stored_image *image,
                     const struct store_naming *naming, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err))
        work.ok = put_image(s, state, image, err) && (naming == NULL || lookup_name_packages(s, naming, err));
    return work.ok;
}

// ---- images: reading ------------------------------------------------------------------------------------------------

struct image_context {
    struct arena *arena;
    struct stored_image *out;
    int64_t id, set, chain, distribution;
};

static struct slice copy(struct image_context *c, struct db_row *row, int column)
{
    return arena_dup(c->arena, db_column(row, column));
}

static bool decode_skips(struct image_context *c, struct slice text, struct error *err)
{
    if (text.n == 0)
        return true;
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
    if (text.n == 0)
        return true;
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
    c->chain = db_column_int(row, 12);
    return digest_unpack(db_column(row, 1), &out->config, err) && decode_skips(c, db_column(row, 9), err) &&
           decode_remarks(c, db_column(row, 11), err);
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
    const struct db_value set[] = {db_int(c->set)}, distribution[] = {db_int(c->distribution)};
    return chain_read(s, c->chain, c->arena, &c->out->layers, &c->out->layers_n, err) &&
           db_query(s->db,
                    "SELECT repository, path, layer FROM package_set_repository WHERE set_id = ?1 ORDER BY repository",
                    set, 1, repository_row, c, err) &&
           db_query(s->db,
                    "SELECT did, id_like, name, version, version_id, codename, pretty_name, cpe, support_end "
                    "FROM distribution WHERE id = ?1",
                    distribution, 1, distribution_row, c, err) &&
           db_query(
               s->db,
               "SELECT kind, name, version, arch, module, source_name, source_version, vendor, scanner, db, owner, layer, "
               "repository FROM package_set_member JOIN package ON package.id = package_id WHERE set_id = ?1 "
               "ORDER BY kind, name, version, arch, db",
               set, 1, member_row, c, err);
}

static bool get_image(struct store *s, struct image_context *c, const struct digest *manifest,
                      const struct digest *state, bool *found, struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {
        db_blob(digest_pack(manifest, bytes)),
        db_text(state != NULL ? digest_slice(state) : (struct slice){0}),
    };
    *found = false;
    if (!db_query(s->db,
                  "SELECT image.id, config, reference, kind, os, arch, indexed, distribution_id, set_id, skips, "
                  "skips_total, remarks, chain_id FROM image JOIN image_sort ON image_sort.id = sort_id JOIN "
                  "indexer_state ON indexer_state.id = state_id WHERE manifest = ?1 AND (?2 = '' OR digest = ?2)",
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
    // One read transaction, the caller's or our own, so that another process's replacement of the image is seen whole
    // or not at all.
    bool own = !db_in_transaction(s->db);
    if (own && !db_snapshot(s->db, err))
        return false;
    bool ok = get_image(s, &c, manifest, state, found, err);
    if (own)
        db_rollback(s->db);
    return ok || error_wrap(err, "image %s", manifest->text);
}

struct find_context {
    struct digest *out;
    size_t most, n;
};

static bool find_row(void *context, struct db_row *row, struct error *err)
{
    struct find_context *c = context;
    return c->n < c->most && digest_unpack(db_column(row, 0), &c->out[c->n++], err);
}

bool store_image_find(struct store *s, struct slice prefix, struct digest *out, size_t most, size_t *n,
                      struct error *err)
{
    const struct digest_range range = digest_starting(prefix);
    struct find_context c = {out, most, 0};
    const struct db_value values[] = {db_blob(slice_of(range.low, range.low_n)),
                                      db_blob(slice_of(range.high, range.high_n)), db_int((int64_t)range.size)};
    bool ok = db_query(s->db,
                       "SELECT manifest FROM image WHERE manifest BETWEEN ?1 AND ?2 AND (?3 = 0 OR length(manifest) = "
                       "?3) ORDER BY manifest",
                       values, 3, find_row, &c, err);
    *n = c.n;
    return ok;
}
