// Putting an indexed image into the database: of what it shares with others that which is not there, and then its row.
// However much an image has, a server is waited for twice.
#include "store/image_put.h"

#include "base/json.h"
#include "store/lookup_rows.h"
#include "store/parts_seen.h"
#include "store/update_rows.h"

#include <stdlib.h>

static void put_free(struct image_put *p)
{
    arena_free(&p->arena);
}

// Rows of values for one statement. Room is made for as many as there can be at once: an image may have very many
// packages, and an array that grows leaves its former ones in the arena.
struct rows {
    struct db_value *values;
    size_t columns, n;
};

static struct rows rows_for(struct image_put *p, size_t columns, size_t most)
{
    return (struct rows){.values = ARENA_NEW(&p->arena, struct db_value, columns * most), .columns = columns};
}

static void add_row(struct rows *rows, const struct db_value *values)
{
    memcpy(&rows->values[rows->n++ * rows->columns], values, rows->columns * sizeof *values);
}

#define ADD_ROW(rows, ...) add_row((rows), (const struct db_value[]){__VA_ARGS__})

static bool send_rows(struct image_put *p, const char *sql, const struct rows *rows, struct error *err)
{
    return rows->n == 0 || db_send_rows(p->s->db, sql, rows->values, rows->columns, rows->n, err);
}

static void ask_rows(struct image_put *p, const char *sql, const struct rows *rows, db_row_fn *row, void *context)
{
    if (rows->n != 0)
        VEC_PUSH(&p->arena, &p->requests) = (struct db_request){
            .sql = sql, .values = rows->values, .n = rows->columns, .rows = rows->n, .row = row, .context = context};
}

// ---- what is made ---------------------------------------------------------------------------------------------------

// All of it leaves alone what is there: it is our turn, so nobody else puts the same in meanwhile, but for the indexer
// state, which layers have, too.

static void make_sort(struct image_put *p)
{
    const struct stored_image *image = p->image;
    const struct db_value state = db_text(p->state);
    const struct db_request make_state = layers_ask_state(&state);
    image_ask(p, &make_state);
    IMAGE_ASK(
        p,
        "INSERT INTO image_sort (state_id, kind, os, arch) SELECT id, ?2, ?3, ?4 FROM indexer_state WHERE digest "
        "= ?1 AND NOT EXISTS (SELECT 1 FROM image_sort WHERE state_id = indexer_state.id AND kind = ?2 AND os = ?3 "
        "AND arch = ?4)",
        NULL, NULL, db_text(p->state), db_text(image->kind), db_text(image->os), db_text(image->arch));
}

static void make_context(struct image_put *p)
{
    const struct distribution *d = &p->image->inventory.distribution;
    if (d->known)
        IMAGE_ASK(p,
                  "INSERT INTO distribution (did, id_like, name, version, version_id, codename, pretty_name, cpe, "
                  "support_end) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS (" DISTRIBUTION ")",
                  NULL, NULL, DISTRIBUTION_VALUES(d));
    IMAGE_ASK(p,
              "INSERT INTO context (distribution_id, repositories) SELECT " CONTEXT_DISTRIBUTION
              ", ?10 WHERE NOT EXISTS (SELECT 1 FROM context c WHERE c.distribution_id = " CONTEXT_DISTRIBUTION
              " AND c.repositories = ?10)",
              NULL, NULL, CONTEXT_VALUES(p, d));
}

static bool set_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    (void)row, (void)err;
    p->set_made = true;
    return true;
}

static bool part_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    struct digest made;
    if (!digest_unpack(db_column(row, 0), &made, err))
        return false;
    for (size_t i = 0; i < p->parts_n; i++) // two layers may have brought the same
        p->parts[i].made |= digest_eq(&p->parts[i].digest, &made);
    return true;
}

static bool made_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    (void)err;
    VEC_PUSH(&p->arena, &p->packages_made) = db_column_int(row, 0);
    return true;
}

static bool package_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    struct wanted_package *w = &p->packages.v[db_column_int(row, 0)];
    int64_t id = db_column_int(row, 1);
    (void)err;
    w->misnamed = id < 0;
    w->id = id < 0 ? -id : id;
    return true;
}

#define PACKAGE_VALUES(k)                                                                                              \
    db_text((k)->kind), db_text((k)->name), db_text((k)->version), db_text((k)->arch), db_text((k)->module),           \
        db_text((k)->vendor), db_text((k)->source_name), db_text((k)->source_version)

// kind and source_name are expressions, lest their own indexes are used: a server that has not yet counted a table's
// rows holds each index for as good as any other, and most packages of an image have these in common.
#define THAT_PACKAGE                                                                                                   \
    "SELECT id FROM package WHERE name = column2 AND version = column3 AND arch = column4 AND kind || '' = column1 "   \
    "AND module = column5 AND vendor = column6 AND source_name || '' = column7 AND source_version = column8"

#define PACKAGES "(VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)) AS each"
// A question of its own, not a join, so that a server without statistics does not go through all parts.
#define NEW_PART_OF(column) "coalesce((SELECT 1 FROM package_part WHERE digest = " column "), 0) = 0"

// Of parts that are there nothing is asked. The number of one whose names are by older rules is negative.
static void make_packages(struct image_put *p, size_t first)
{
    struct rows rows = rows_for(p, 11, p->packages.n - first);
    struct db_value version = db_int(p->naming != NULL ? p->naming->version : 0), digest = db_blob(SLICE(""));
    for (size_t i = first; i < p->packages.n; i++) {
        const struct wanted_package *w = &p->packages.v[i];
        if (i == first || w->part != w[-1].part)
            digest = image_digest(p, &p->parts[w->part].digest);
        ADD_ROW(&rows, PACKAGE_VALUES(&w->package->package), version, db_int((int64_t)i), digest);
    }
    ask_rows(p,
             "INSERT INTO package (kind, name, version, arch, module, vendor, source_name, source_version, named) "
             "SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9 FROM " PACKAGES
             " WHERE " NEW_PART_OF("column11") " ON CONFLICT DO NOTHING RETURNING id",
             &rows, made_row, p);
    ask_rows(p,
             "SELECT column10, coalesce((" THAT_PACKAGE " AND named >= column9), -(" THAT_PACKAGE ")) FROM " PACKAGES
             " WHERE " NEW_PART_OF("column11"),
             &rows, package_row, p);
}

// Those that are not `there`, and then asks for all of them.
static void make_parts(struct image_put *p, bool (*there)(const struct image_put *p, const struct wanted_part *part))
{
    const struct inventory *inventory = &p->image->inventory;
    struct rows made = rows_for(p, 1, p->parts_n);
    size_t first = p->packages.n;
    for (size_t i = 0; i < p->parts_n; i++) {
        const struct wanted_part *part = &p->parts[i];
        if (there(p, part))
            continue;
        ADD_ROW(&made, image_digest(p, &part->digest));
        for (size_t k = 0; k < inventory->packages_n; k++)
            if (inventory->packages[k].layer == part->layer)
                VEC_PUSH(&p->arena, &p->packages) =
                    (struct wanted_package){.package = &inventory->packages[k], .part = i};
    }
    make_packages(p, first);
    ask_rows(p,
             "INSERT INTO package_part (digest) SELECT column1 FROM (VALUES (?1)) AS each WHERE " NEW_PART_OF(
                 "column1") " ON CONFLICT DO NOTHING RETURNING digest",
             &made, part_row, p);
    image_ask_parts(p);
}

static void make_set(struct image_put *p)
{
    IMAGE_ASK(
        p,
        "INSERT INTO package_set (digest) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM package_set WHERE digest = ?1) "
        "RETURNING id",
        set_row, p, image_digest(p, &p->set_digest));
}

static bool was_seen(const struct image_put *p, const struct wanted_part *part)
{
    return parts_seen_has(p->s->home->seen, &part->digest);
}

static bool is_there(const struct image_put *p, const struct wanted_part *part)
{
    (void)p;
    return part->id != 0;
}

static bool all_are_there(const struct image_put *p)
{
    for (size_t i = 0; i < p->parts_n; i++)
        if (!is_there(p, &p->parts[i]))
            return false;
    return true;
}

// Once more where a part was seen that has gone.
static bool make(struct image_put *p, struct error *err)
{
    image_ask_chain(p);
    make_sort(p);
    make_context(p);
    make_set(p);
    make_parts(p, was_seen);
    image_ask_known(p);
    if (!image_send_asked(p, err))
        return false;
    if (all_are_there(p))
        return true;
    make_parts(p, is_there);
    return image_send_asked(p, err);
}

// ---- what is put in -------------------------------------------------------------------------------------------------

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool put_names(struct image_put *p, struct error *err)
{
    VEC(struct named_package) made = {0};
    if (p->naming == NULL)
        return true;
    if (p->packages_made.n != 0)
        qsort(p->packages_made.v, p->packages_made.n, sizeof *p->packages_made.v, by_number);
    for (size_t i = 0; i < p->packages.n; i++) {
        const struct wanted_package *w = &p->packages.v[i];
        const struct package *k = &w->package->package;
        if (w->misnamed && !lookup_put_names(p->s, w->id, k, p->naming, err))
            return false;
        if (p->packages_made.n != 0 &&
            bsearch(&w->id, p->packages_made.v, p->packages_made.n, sizeof w->id, by_number) != NULL)
            VEC_PUSH(&p->arena, &made) = (struct named_package){w->id, k};
    }
    return lookup_add_names(p->s, made.v, made.n, p->naming, err);
}

static int compare_members(const struct wanted_package *x, const struct wanted_package *y)
{
    int order = by_number(&x->part_id, &y->part_id);
    if (order == 0)
        order = by_number(&x->id, &y->id);
    return order != 0 ? order : slice_cmp(x->package->db, y->package->db);
}

static int by_member(const void *a, const void *b)
{
    const struct wanted_package *x = *(struct wanted_package *const *)a, *y = *(struct wanted_package *const *)b;
    int order = compare_members(x, y);
    return order != 0 ? order : (x > y) - (x < y); // as they are listed
}

// Those of parts that were made now.
static void keep_made(struct image_put *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->packages.n; i++)
        if (p->parts[p->packages.v[i].part].made)
            p->packages.v[n++] = p->packages.v[i];
    p->packages.n = n;
}

// A package that a file lists twice is there once.
static void find_repeated(struct image_put *p)
{
    struct wanted_package **sorted = ARENA_NEW(&p->arena, struct wanted_package *, p->packages.n);
    for (size_t i = 0; i < p->packages.n; i++) {
        sorted[i] = &p->packages.v[i];
        sorted[i]->part_id = p->parts[sorted[i]->part].id;
    }
    if (p->packages.n != 0)
        qsort(sorted, p->packages.n, sizeof(struct wanted_package *), by_member);
    for (size_t i = 1; i < p->packages.n; i++)
        sorted[i]->repeated = compare_members(sorted[i - 1], sorted[i]) == 0;
}

static bool put_members(struct image_put *p, struct error *err)
{
    keep_made(p);
    struct rows rows = rows_for(p, 6, p->packages.n);
    find_repeated(p);
    for (size_t i = 0; i < p->packages.n; i++) {
        const struct wanted_package *w = &p->packages.v[i];
        const struct inventory_package *k = w->package;
        if (!w->repeated)
            ADD_ROW(&rows, db_int(w->part_id), db_int(w->id), db_text(slice_str(k->scanner)), db_text(k->db),
                    db_text(k->owner), db_text(k->package.repository));
    }
    return send_rows(p,
                     "INSERT INTO package_part_member (part_id, package_id, scanner, db, owner, repository) SELECT "
                     "column1, column2, column3, column4, column5, column6 FROM (VALUES (?1, ?2, ?3, ?4, ?5, ?6)) AS "
                     "each",
                     &rows, err);
}

static bool put_set(struct image_put *p, struct error *err)
{
    const struct inventory *inventory = &p->image->inventory;
    struct rows parts = rows_for(p, 3, p->parts_n), repositories = rows_for(p, 4, inventory->repositories_n);
    for (size_t i = 0; i < p->parts_n; i++)
        ADD_ROW(&parts, db_int(p->parts[i].id), db_int(p->set), db_int((int64_t)p->parts[i].layer));
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        ADD_ROW(&repositories, db_int(p->set), db_text(r->id), db_text(r->path), db_int((int64_t)r->layer));
    }
    return put_members(p, err) && put_names(p, err) &&
           send_rows(p,
                     "INSERT INTO package_set_part (part_id, set_id, layer) SELECT column1, column2, column3 FROM "
                     "(VALUES (?1, ?2, ?3)) AS each WHERE TRUE ON CONFLICT DO NOTHING",
                     &parts, err) &&
           send_rows(p,
                     "INSERT INTO package_set_repository (set_id, repository, path, layer) SELECT column1, column2, "
                     "column3, column4 FROM (VALUES (?1, ?2, ?3, ?4)) AS each",
                     &repositories, err);
}

// Which packages occur where is written once for a part in a context, not for each image or set: most new sets differ
// from those that are there in few of their parts. The inner questions are ones of their own, not joins, so that they
// end with the first image that is found: as a join, a server without statistics goes through all images.
static bool put_packages_context(struct image_put *p, struct error *err)
{
    return db_run(p->s->db, err,
                  "INSERT INTO package_context (package_id, context_id) SELECT DISTINCT package_id, ?2 FROM "
                  "package_set_part p JOIN package_part_member m ON m.part_id = p.part_id WHERE p.set_id = ?1 AND "
                  "coalesce((SELECT 1 FROM package_set_part o WHERE o.part_id = p.part_id AND coalesce((SELECT 1 FROM "
                  "image WHERE set_id = o.set_id AND context_id = ?2 LIMIT 1), 0) = 1 LIMIT 1), 0) = 0 ON CONFLICT DO "
                  "NOTHING",
                  db_int(p->set), db_int(p->context));
}

// ---- the image ------------------------------------------------------------------------------------------------------

// A row, or, for LAST, the one that was inserted last. In a SELECT, so that it is asked before the new row has its own.
#define OR_LAST(value) "CASE WHEN " value " < 0 THEN last_insert_rowid() ELSE " value " END"
#define LAST           db_int(-1)

// What is not there of the chain. Each of its rows has the one before for its parent: the first the last that is there,
// the others the one that was inserted before.
static bool put_chain(struct image_put *p, struct error *err)
{
    size_t new = p->image->layers_n - p->chained;
    struct rows layers = rows_for(p, 1, new), links = rows_for(p, 7, new);
    for (size_t i = p->chained; i < p->image->layers_n; i++) {
        const struct stored_layer *layer = &p->image->layers[i];
        struct db_value digest = image_digest(p, &layer->digest);
        ADD_ROW(&layers, digest);
        ADD_ROW(&links, i == p->chained ? db_int(p->chain) : LAST, db_int((int64_t)i), digest,
                db_text(layer->media_type), db_text(layer->created_by), db_text(layer->skip_reason),
                db_int((int64_t)layer->size));
    }
    return send_rows(p,
                     "INSERT INTO layer (digest) SELECT column1 FROM (VALUES (?1)) AS each WHERE TRUE ON CONFLICT DO "
                     "NOTHING",
                     &layers, err) &&
           send_rows(p,
                     "INSERT INTO layer_chain (parent, position, layer_id, media_type, created_by, skip_reason, size) "
                     "SELECT " OR_LAST(
                         "column1") ", column2, (SELECT id FROM layer WHERE digest = column3), column4, "
                                    "column5, column6, column7 FROM (VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)) AS each",
                     &links, err);
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

// Directly behind put_chain, whose last row is its chain where the chain was not there.
static bool put_row(struct image_put *p, struct error *err)
{
    const struct stored_image *image = p->image;
    struct buf skips BUF_AUTO = {0}, remarks BUF_AUTO = {0};
    bool chained = p->chained == image->layers_n;
    if (image->inventory.skips_n != 0)
        encode_skips(&image->inventory, &skips);
    if (image->remarks_n != 0)
        encode_remarks(image, &remarks);
    return db_run(
        p->s->db, err,
        "INSERT INTO image (manifest, config, reference, sort_id, indexed, distribution_id, set_id, chain_id, skips, "
        "skips_total, remarks, context_id) SELECT ?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, " OR_LAST(
            "?8") ", ?9, ?10, ?11, ?12",
        image_digest(p, &image->manifest), image_digest(p, &image->config), db_text(image->reference), db_int(p->sort),
        db_int(image->indexed), db_int(p->distribution), db_int(p->set), chained ? db_int(p->chain) : LAST,
        db_text(buf_slice(&skips)), db_int((int64_t)image->inventory.skips_total), db_text(buf_slice(&remarks)),
        db_int(p->context));
}

static bool put(struct image_put *p, struct error *err)
{
    return (!p->set_made || put_set(p, err)) && (p->placed || put_packages_context(p, err)) &&
           (!p->replaces ||
            db_run(p->s->db, err, "DELETE FROM image WHERE manifest = ?1", image_digest(p, &p->image->manifest))) &&
           put_chain(p, err) && put_row(p, err) && summary_enlist(p->s, &p->image->manifest, err) &&
           (p->former == 0 || p->former == p->chain || chain_drop(p->s, p->former, err));
}

// Also when the transaction comes to nothing at its end: it is a guess.
static void remember_parts(const struct image_put *p)
{
    for (size_t i = 0; i < p->parts_n; i++)
        parts_seen_add(p->s->home->seen, &p->parts[i].digest);
}

// Layers have no part in what takes turns, so others need not wait for them.
static bool layers_before(struct store *s, const struct digest *state, const struct layer_put *layers, size_t n,
                          struct arena *a, struct db_work *work, struct error *err)
{
    struct slice *packed = ARENA_NEW(a, struct slice, n);
    struct db_request *requests = ARENA_NEW(a, struct db_request, LAYERS_PUT_MOST);
    if (!layers_pack(layers, n, a, packed, err))
        return false;
    work->before = requests;
    work->before_n = n != 0 ? layers_ask_put(s, state, layers, n, packed, a, requests) : 0;
    return true;
}

bool store_image_put(struct store *s, const struct digest *state, const struct stored_image *image,
                     const struct layer_put *layers, size_t layers_n, const struct store_naming *naming,
                     struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    if (!layers_before(s, state, layers, layers_n, &a, &work, err))
        return false;
    while (db_works(s->db, &work, err)) {
        struct image_put p __attribute__((cleanup(put_free))) = {
            .s = s, .image = image, .naming = naming, .state = digest_slice(state)};
        image_take_apart(&p);
        work.ok = make(&p, err) && put(&p, err);
        if (work.ok)
            remember_parts(&p);
    }
    return work.ok;
}
