// Indexed images, read from the database.
#include "store/inventory_rows.h"

#include "base/json.h"
#include "scan/scanner.h"
#include "store/update_rows.h"

struct image_context {
    struct arena *arena;
    struct stored_image *out;
    bool found;
    int64_t last; // the image's row when all has been asked; 0: there is none
    VEC(struct stored_layer) layers;
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
    c->found = true;
    out->mark.id = db_column_int(row, 0);
    out->mark.indexed = db_column_int(row, 6);
    out->reference = copy(c, row, 2);
    out->kind = copy(c, row, 3);
    out->os = copy(c, row, 4);
    out->arch = copy(c, row, 5);
    out->indexed = db_column_int(row, 6);
    out->inventory.skips_total = (uint64_t)db_column_int(row, 8);
    return digest_unpack(db_column(row, 1), &out->config, err) && decode_skips(c, db_column(row, 7), err) &&
           decode_remarks(c, db_column(row, 9), err) && digest_parse(db_column(row, 10), &out->mark.state, err);
}

// Of an image that is there under another state only nothing is taken.
static bool layer_row(void *context, struct db_row *row, struct error *err)
{
    struct image_context *c = context;
    if (!c->found)
        return false;
    struct stored_layer *layer = &VEC_PUSH(c->arena, &c->layers);
    layer->media_type = copy(c, row, 1);
    layer->created_by = copy(c, row, 2);
    layer->skip_reason = copy(c, row, 3);
    layer->size = (uint64_t)db_column_int(row, 4);
    return digest_unpack(db_column(row, 0), &layer->digest, err);
}

static bool repository_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct image_context *c = context;
    struct inventory *inventory = &c->out->inventory;
    if (!c->found)
        return false;
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
    if (!c->found)
        return false;
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
    if (!c->found)
        return false;
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

#define OF_IMAGE(column) "(SELECT " column " FROM image WHERE manifest = ?1)"

static bool last_row(void *context, struct db_row *row, struct error *err)
{
    struct image_context *c = context;
    (void)err;
    c->last = db_column_int(row, 0);
    return true;
}

// All of it is asked at once, by the manifest alone, and the layers of the question, if any, with it.
static bool get_image(struct store *s, struct image_context *c, const struct digest *manifest,
                      const struct digest *state, const struct layer_question *question, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {
        db_blob(digest_pack(manifest, bytes)),
        db_text(state != NULL ? digest_slice(state) : (struct slice){0}),
    };
    const struct db_request image[] = {
        {.sql =
             "SELECT image.id, config, reference, kind, os, arch, indexed, skips, skips_total, remarks, digest FROM image "
             "JOIN image_sort ON image_sort.id = sort_id JOIN indexer_state ON indexer_state.id = state_id WHERE manifest "
             "= ?1 AND (?2 = '' OR digest = ?2)",
         .values = values,
         .n = 2,
         .row = image_row,
         .context = c},
        {.sql = "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM layer_chain WHERE id = " OF_IMAGE(
             "chain_id") " UNION ALL SELECT c.id, c.parent FROM layer_chain c JOIN up ON c.id = up.parent) SELECT digest, media_type, "
                         "created_by, skip_reason, size FROM up JOIN layer_chain l ON l.id = up.id JOIN layer ON layer.id = layer_id "
                         "ORDER BY position",
         .values = values,
         .n = 1,
         .row = layer_row,
         .context = c},
        {.sql = "SELECT repository, path, layer FROM package_set_repository WHERE set_id = " OF_IMAGE(
             "set_id") " ORDER BY repository",
         .values = values,
         .n = 1,
         .row = repository_row,
         .context = c},
        {.sql =
             "SELECT did, id_like, name, version, version_id, codename, pretty_name, cpe, support_end FROM distribution "
             "WHERE id = " OF_IMAGE("distribution_id"),
         .values = values,
         .n = 1,
         .row = distribution_row,
         .context = c},
        {.sql =
             "SELECT kind, name, version, arch, module, source_name, source_version, vendor, scanner, db, owner, layer, "
             "repository FROM package_set_member JOIN package ON package.id = package_id WHERE set_id = " OF_IMAGE(
                 "set_id") " ORDER BY kind, name, version, arch, db",
         .values = values,
         .n = 1,
         .row = member_row,
         .context = c},
    };
    const struct db_request last = {
        .sql = "SELECT image.id FROM image JOIN image_sort ON image_sort.id = sort_id JOIN indexer_state ON "
               "indexer_state.id = state_id WHERE manifest = ?1 AND (?2 = '' OR digest = ?2)",
        .values = values,
        .n = 2,
        .row = last_row,
        .context = c,
    };
    size_t n = 0, most = sizeof image / sizeof image[0] + 1 + (question != NULL ? LAYERS_ASK_MOST(question) : 0);
    struct db_request *requests = ARENA_NEW(&scratch, struct db_request, most);
    bool leases = question != NULL && layers_want_leases(question);
    if (question != NULL)
        n = layers_ask(s, question, manifest, &scratch, requests);
    memcpy(&requests[n], image, sizeof image);
    n += sizeof image / sizeof image[0];
    requests[n++] = last;
    return leases ? db_batch_write(s->db, requests, n, err) : db_batch(s->db, requests, n, err);
}

// What is asked at once is no view of the database as it was at one time, which leases could not be taken in: where the
// image was put in, replaced or deleted meanwhile, it is asked again.
static bool get(struct store *s, const struct digest *manifest, const struct digest *state,
                const struct layer_question *question, struct arena *a, struct stored_image *out, bool *found,
                struct error *err)
{
    struct image_context c;
    bool ok;
    do {
        c = (struct image_context){.arena = a, .out = out};
        *out = (struct stored_image){.manifest = *manifest};
        ok = get_image(s, &c, manifest, state, question, err);
    } while (ok && c.last != out->mark.id);
    *found = ok && c.found;
    out->layers = c.layers.v;
    out->layers_n = c.layers.n;
    return ok || error_wrap(err, "image %s", manifest->text);
}

bool store_image_get(struct store *s, const struct digest *manifest, const struct digest *state, struct arena *a,
                     struct stored_image *out, bool *found, struct error *err)
{
    return get(s, manifest, state, NULL, a, out, found, err);
}

bool store_image_or_layers(struct store *s, const struct digest *manifest, const struct layer_question *question,
                           struct arena *a, struct stored_image *out, bool *found, struct error *err)
{
    return get(s, manifest, question->state, question, a, out, found, err);
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
