// Putting an indexed image into the database: asking what is there of all that it shares with others, making what is
// not, and then its row. However much an image has, that is three times that a server is waited for at most, two where
// its packages are known.
#include "store/inventory_rows.h"
#include "store/lookup_rows.h"
#include "store/update_rows.h"

#include "base/json.h"

#include <stdlib.h>

// A digest that is to be there, and its row when it is.
struct wanted {
    struct digest digest;
    char bytes[DIGEST_BYTES];
    int64_t id;
};

// The packages that one layer brought.
struct wanted_part {
    struct wanted part;
    size_t layer;
    bool made; // by this transaction: its members are to be put in
};

// A package of a part that is made, as the database has it.
struct wanted_package {
    const struct inventory_package *package;
    int64_t id, named;
    int64_t part; // index
    bool made;    // by this transaction, as one that is named
};

struct image_put {
    struct store *s;
    struct arena arena;
    const struct stored_image *image;
    const struct store_naming *naming; // NULL: packages get no names
    struct slice state, repositories;  // of the context
    int64_t former;                    // chain of the image that is replaced; 0: none
    int64_t state_id, sort, distribution, context, chain;
    struct wanted set;
    struct wanted_part *parts;
    size_t parts_n;
    VEC(struct wanted_package) packages;
    size_t chained; // layers whose chain is there, which ends in `chain`
    VEC(struct db_request) requests;
};

static void put_free(struct image_put *p)
{
    arena_free(&p->arena);
}

// Adds a question to those that are asked at once. `row` may be NULL.
static void ask(struct image_put *p, const char *sql, const struct db_value *values, size_t n, db_row_fn *row,
                void *context)
{
    struct db_value *kept = ARENA_NEW(&p->arena, struct db_value, n);
    for (size_t i = 0; i < n; i++)
        kept[i] = values[i];
    VEC_PUSH(&p->arena, &p->requests) = 
        (struct db_request){.sql = sql, .values = kept, .n = n, .row = row, .context = context};
}

#define ASK(p, sql, row, context, ...)                                                                                 \
    ask((p), (sql), (const struct db_value[]){__VA_ARGS__},                                                            \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (row), (context))

static bool send_asked(struct image_put *p, struct error *err)
{
    size_t n = p->requests.n;
    p->requests.n = 0;
    return db_batch(p->s->db, p->requests.v, n, err);
}

// ---- the texts that are digested ------------------------------------------------------------------------------------

// Fields are separated by a byte that they cannot hold in JSON-clean text. One text that is hashed at once: hashing
// each field costs several times as much.
static void add_field(struct buf *text, struct slice field)
{
    buf_add(text, field);
    buf_addc(text, '\0');
}

static void add_member(struct buf *text, const struct inventory_package *p)
{
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
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
        add_field(text, fields[f]);
}

static struct db_value wanted_value(struct wanted *w)
{
    return db_blob(digest_pack(&w->digest, w->bytes));
}

static void find_parts(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    size_t layers = 0;
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (inventory->packages[i].layer >= layers)
            layers = inventory->packages[i].layer + 1;
    p->parts = ARENA_NEW(&p->arena, struct wanted_part, layers);
    for (size_t layer = 0; layer < layers; layer++) {
        struct buf text BUF_AUTO = {0};
        for (size_t i = 0; i < inventory->packages_n; i++)
            if (inventory->packages[i].layer == layer)
                add_member(&text, &inventory->packages[i]);
        if (text.n != 0)
            p->parts[p->parts_n++] = (struct wanted_part){.part.digest = digest_of(buf_slice(&text)), .layer = layer};
    }
}

static void find_set(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < p->parts_n; i++) {
        buf_addf(&text, "%zu ", p->parts[i].layer);
        add_field(&text, digest_slice(&p->parts[i].part.digest));
    }
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        add_field(&text, r->id);
        add_field(&text, r->path);
        buf_addf(&text, "%zu ", r->layer);
    }
    p->set.digest = digest_of(buf_slice(&text));
}

static int by_bytes(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

// The context's: the ids in order, each once.
static void find_repositories(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    struct slice *ids = ARENA_NEW(&p->arena, struct slice, inventory->repositories_n);
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < inventory->repositories_n; i++)
        ids[i] = inventory->repositories[i].id;
    if (inventory->repositories_n != 0)
        qsort(ids, inventory->repositories_n, sizeof *ids, by_bytes);
    for (size_t i = 0; i < inventory->repositories_n; i++)
        if (i == 0 || !slice_eq(ids[i], ids[i - 1]))
            buf_addf(&text, "%.*s\n", SLICE_ARG(ids[i]));
    p->repositories = arena_dup(&p->arena, buf_slice(&text));
}

// ---- what is there --------------------------------------------------------------------------------------------------

#define DISTRIBUTION                                                                                                   \
    "SELECT id FROM distribution WHERE did = ?1 AND id_like = ?2 AND name = ?3 AND version = ?4 AND version_id = ?5 "  \
    "AND codename = ?6 AND pretty_name = ?7 AND cpe = ?8 AND support_end = ?9"
#define DISTRIBUTION_VALUES(d)                                                                                         \
    db_text((d)->id), db_text((d)->id_like), db_text((d)->name), db_text((d)->version), db_text((d)->version_id),      \
        db_text((d)->codename), db_text((d)->pretty_name), db_text((d)->cpe), db_text((d)->support_end)

static void ask_distribution(struct image_put *p)
{
    const struct distribution *d = &p->image->inventory.distribution;
    if (!d->known) {
        ASK(p, "SELECT id FROM context WHERE distribution_id = 0 AND repositories = ?1", number_row, &p->context,
            db_text(p->repositories));
        return;
    }
    ASK(p, DISTRIBUTION, number_row, &p->distribution, DISTRIBUTION_VALUES(d));
    ASK(p, "SELECT id FROM context WHERE distribution_id = (" DISTRIBUTION ") AND repositories = ?10", number_row,
        &p->context, DISTRIBUTION_VALUES(d), db_text(p->repositories));
}

static void ask_chain(struct image_put *p);

static bool look(struct image_put *p, struct error *err)
{
    const struct stored_image *image = p->image;
    char *manifest = arena_alloc(&p->arena, DIGEST_BYTES);
    ASK(p, "SELECT chain_id FROM image WHERE manifest = ?1", number_row, &p->former,
        db_blob(digest_pack(&image->manifest, manifest)));
    ASK(p, "SELECT id FROM indexer_state WHERE digest = ?1", number_row, &p->state_id, db_text(p->state));
    ASK(p,
        "SELECT image_sort.id FROM image_sort JOIN indexer_state ON indexer_state.id = state_id WHERE digest = ?1 AND "
        "kind = ?2 AND os = ?3 AND arch = ?4",
        number_row, &p->sort, db_text(p->state), db_text(image->kind), db_text(image->os), db_text(image->arch));
    ask_distribution(p);
    ASK(p, "SELECT id FROM package_set WHERE digest = ?1", number_row, &p->set.id, wanted_value(&p->set));
    for (size_t i = 0; i < p->parts_n; i++)
        ASK(p, "SELECT id FROM package_part WHERE digest = ?1", number_row, &p->parts[i].part.id,
            wanted_value(&p->parts[i].part));
    ask_chain(p);
    return send_asked(p, err);
}

// ---- the chain of layers --------------------------------------------------------------------------------------------

// Rows of chains of these layers, base first: of each place those whose parent is one of the place before.
static bool chain_row(void *context, struct db_row *row, struct error *err)
{
    struct image_put *p = context;
    size_t position = (size_t)db_column_int(row, 2);
    const struct stored_layer *layer = &p->image->layers[position];
    (void)err;
    bool ours = position == p->chained && db_column_int(row, 1) == p->chain &&
                slice_eq(db_column(row, 3), layer->media_type) && slice_eq(db_column(row, 4), layer->created_by) &&
                slice_eq(db_column(row, 5), layer->skip_reason) && (uint64_t)db_column_int(row, 6) == layer->size;
    if (ours) {
        p->chain = db_column_int(row, 0);
        p->chained++;
    }
    return true;
}

// ?1: the digests, each in 64 bytes; ?2: how many bytes each has, as a letter. A question of its own, not a join: a
// server does not know that each step of a chain has few rows, and would read all layers for it.
#define LAYER_OF(position)                                                                                             \
    "(SELECT l.id FROM layer l WHERE l.digest = substr(?1, 64 * " position " + 1, CASE WHEN substr(?2, " position      \
    " + 1, 1) = 'L' THEN 64 ELSE 32 END))"
#define CHAIN_COLUMNS "c.media_type, c.created_by, c.skip_reason, c.size"

static void ask_chain(struct image_put *p)
{
    size_t n = p->image->layers_n;
    char *digests = arena_alloc(&p->arena, n * DIGEST_BYTES), *lengths = arena_alloc(&p->arena, n);
    for (size_t i = 0; i < n; i++)
        lengths[i] = digest_pack(&p->image->layers[i].digest, &digests[i * DIGEST_BYTES]).n == 64 ? 'L' : 'S';
    if (n != 0)
        ASK(p,
            "WITH RECURSIVE up (id, parent, position, media_type, created_by, skip_reason, size) AS (SELECT c.id, "
            "c.parent, CAST(0 AS INTEGER), " CHAIN_COLUMNS
            " FROM layer_chain c WHERE c.parent = 0 AND c.layer_id = " LAYER_OF(
                "0") " UNION ALL SELECT c.id, c.parent, up.position + 1, " CHAIN_COLUMNS
                     " FROM up JOIN layer_chain c ON c.parent = up.id AND c.layer_id = " LAYER_OF(
                         "(up.position + 1)") ") SELECT id, parent, position, media_type, created_by, skip_reason, size FROM up ORDER BY position, id",
            chain_row, p, db_blob(slice_of(digests, n * DIGEST_BYTES)), db_text(slice_of(lengths, n)));
}

// A row, or, for NULL, the one that was inserted last. In a SELECT, so that it is asked before the new row has its own.
#define OR_BEFORE(value) "coalesce(" value ", last_insert_rowid())"
static const struct db_value before = {.type = DB_NULL};

// What is not there of the chain. Each of its rows has the one before for its parent: the first the last that is there,
// the others the one that was inserted before.
static bool put_chain(struct image_put *p, struct error *err)
{
    for (size_t i = p->chained; i < p->image->layers_n; i++) {
        char bytes[DIGEST_BYTES];
        if (!db_run(p->s->db, err, "INSERT INTO layer (digest) VALUES (?1) ON CONFLICT DO NOTHING",
                    db_blob(digest_pack(&p->image->layers[i].digest, bytes))))
            return false;
    }
    for (size_t i = p->chained; i < p->image->layers_n; i++) {
        const struct stored_layer *layer = &p->image->layers[i];
        char bytes[DIGEST_BYTES];
        if (!db_run(p->s->db, err,
                    "INSERT INTO layer_chain (parent, position, layer_id, media_type, created_by, skip_reason, size) "
                    "SELECT " OR_BEFORE("?1") ", ?2, id, ?4, ?5, ?6, ?7 FROM layer WHERE digest = ?3",
                    i == p->chained ? db_int(p->chain) : before, db_int((int64_t)i),
                    db_blob(digest_pack(&layer->digest, bytes)), db_text(layer->media_type), db_text(layer->created_by),
                    db_text(layer->skip_reason), db_int((int64_t)layer->size)))
            return false;
    }
    return true;
}

// ---- what is made ---------------------------------------------------------------------------------------------------

static void make_context(struct image_put *p)
{
    const struct distribution *d = &p->image->inventory.distribution;
    if (d->known && p->distribution == 0)
        ASK(p,
            "INSERT INTO distribution (did, id_like, name, version, version_id, codename, pretty_name, cpe, "
            "support_end) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
            number_row, &p->distribution, DISTRIBUTION_VALUES(d));
    if (p->context != 0)
        return;
    if (d->known)
        ASK(p, "INSERT INTO context (distribution_id, repositories) SELECT (" DISTRIBUTION "), ?10 RETURNING id",
            number_row, &p->context, DISTRIBUTION_VALUES(d), db_text(p->repositories));
    else
        ASK(p, "INSERT INTO context (distribution_id, repositories) VALUES (0, ?1) RETURNING id", number_row,
            &p->context, db_text(p->repositories));
}

static bool made_row(void *context, struct db_row *row, struct error *err)
{
    struct wanted_package *w = context;
    (void)row, (void)err;
    w->made = true;
    return true;
}

static bool package_row(void *context, struct db_row *row, struct error *err)
{
    struct wanted_package *w = context;
    (void)err;
    w->id = db_column_int(row, 0);
    w->named = db_column_int(row, 1);
    return true;
}

// kind and source_name are expressions, lest their own indexes are used: a server that has not yet counted a table's
// rows holds each index for as good as any other, and most packages of an image have these in common.
static void make_package(struct image_put *p, struct wanted_package *w)
{
    const struct package *k = &w->package->package;
    const struct db_value values[] = {
        db_text(k->kind),        db_text(k->name),           db_text(k->version),
        db_text(k->arch),        db_text(k->module),         db_text(k->vendor),
        db_text(k->source_name), db_text(k->source_version), db_int(p->naming != NULL ? p->naming->version : 0),
    };
    ask(p,
        "INSERT INTO package (kind, name, version, arch, module, vendor, source_name, source_version, named) VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING RETURNING 1",
        values, 9, made_row, w);
    ask(p,
        "SELECT id, named FROM package WHERE name = ?2 AND version = ?3 AND arch = ?4 AND kind || '' = ?1 AND module = "
        "?5 AND vendor = ?6 AND source_name || '' = ?7 AND source_version = ?8",
        values, 8, package_row, w);
}

static void make_parts(struct image_put *p)
{
    const struct inventory *inventory = &p->image->inventory;
    for (size_t i = 0; i < p->parts_n; i++) {
        struct wanted_part *part = &p->parts[i];
        part->made = part->part.id == 0;
        if (!part->made)
            continue;
        ASK(p, "INSERT INTO package_part (digest) VALUES (?1) RETURNING id", number_row, &part->part.id,
            wanted_value(&part->part));
        for (size_t k = 0; k < inventory->packages_n; k++)
            if (inventory->packages[k].layer == part->layer)
                VEC_PUSH(&p->arena, &p->packages) =
                    (struct wanted_package){.package = &inventory->packages[k], .part = (int64_t)i};
    }
    for (size_t i = 0; i < p->packages.n; i++)
        make_package(p, &p->packages.v[i]);
}

static bool make(struct image_put *p, bool *set_made, struct error *err)
{
    const struct stored_image *image = p->image;
    if (p->state_id == 0)
        ASK(p, "INSERT INTO indexer_state (digest) VALUES (?1) RETURNING id", number_row, &p->state_id,
            db_text(p->state));
    if (p->sort == 0)
        ASK(p,
            "INSERT INTO image_sort (state_id, kind, os, arch) SELECT id, ?2, ?3, ?4 FROM indexer_state WHERE digest = "
            "?1 RETURNING id",
            number_row, &p->sort, db_text(p->state), db_text(image->kind), db_text(image->os), db_text(image->arch));
    make_context(p);
    *set_made = p->set.id == 0;
    if (*set_made) {
        ASK(p, "INSERT INTO package_set (digest) VALUES (?1) RETURNING id", number_row, &p->set.id,
            wanted_value(&p->set));
        make_parts(p);
    }
    return send_asked(p, err);
}

// ---- what is put in -------------------------------------------------------------------------------------------------

static bool put_names(struct image_put *p, const struct wanted_package *w, struct error *err)
{
    const struct package *k = &w->package->package;
    if (p->naming == NULL || (!w->made && w->named >= p->naming->version))
        return true;
    return w->made ? lookup_add_names(p->s, w->id, k, p->naming, err)
                   : lookup_put_names(p->s, w->id, k, p->naming, err);
}

// A package that a file lists twice is there once.
static bool put_member(struct image_put *p, const struct wanted_package *w, struct error *err)
{
    const struct inventory_package *k = w->package;
    return db_run(
               p->s->db, err,
               "INSERT INTO package_part_member (part_id, package_id, scanner, db, owner, repository) SELECT ?1, ?2, "
               "?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM package_part_member WHERE package_id = ?2 AND part_id "
               "= ?1 AND db = ?4)",
               db_int(p->parts[w->part].part.id), db_int(w->id), db_text(slice_str(k->scanner)), db_text(k->db),
               db_text(k->owner), db_text(k->package.repository)) &&
           put_names(p, w, err);
}

static bool put_set(struct image_put *p, struct error *err)
{
    const struct inventory *inventory = &p->image->inventory;
    for (size_t i = 0; i < p->packages.n; i++)
        if (!put_member(p, &p->packages.v[i], err))
            return false;
    for (size_t i = 0; i < p->parts_n; i++)
        if (!db_run(p->s->db, err,
                    "INSERT INTO package_set_part (part_id, set_id, layer) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    db_int(p->parts[i].part.id), db_int(p->set.id), db_int((int64_t)p->parts[i].layer)))
            return false;
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        if (!db_run(p->s->db, err,
                    "INSERT INTO package_set_repository (set_id, repository, path, layer) VALUES (?1, ?2, ?3, ?4)",
                    db_int(p->set.id), db_text(r->id), db_text(r->path), db_int((int64_t)r->layer)))
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

// Directly behind put_chain, whose last row is its chain where the chain was not there.
static bool put_row(struct image_put *p, struct error *err)
{
    const struct stored_image *image = p->image;
    struct buf skips BUF_AUTO = {0}, remarks BUF_AUTO = {0};
    char manifest[DIGEST_BYTES], config[DIGEST_BYTES];
    bool chained = p->chained == image->layers_n;
    if (image->inventory.skips_n != 0)
        encode_skips(&image->inventory, &skips);
    if (image->remarks_n != 0)
        encode_remarks(image, &remarks);
    return db_run(
        p->s->db, err,
        "INSERT INTO image (manifest, config, reference, sort_id, indexed, distribution_id, set_id, chain_id, skips, "
        "skips_total, remarks, context_id) SELECT ?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, " OR_BEFORE(
            "?8") ", ?9, ?10, ?11, ?12",
        db_blob(digest_pack(&image->manifest, manifest)), db_blob(digest_pack(&image->config, config)),
        db_text(image->reference), db_int(p->sort), db_int(image->indexed), db_int(p->distribution), db_int(p->set.id),
        chained ? db_int(p->chain) : before, db_text(buf_slice(&skips)), db_int((int64_t)image->inventory.skips_total),
        db_text(buf_slice(&remarks)), db_int(p->context));
}

// Which packages occur where is written once for a part in a context, not for each image or set: most new sets differ
// from those that are there in few of their parts. The inner question is one of its own, not a join, so that it ends
// with the first image that is found.
static bool put_packages_context(struct image_put *p, struct error *err)
{
    return db_run(p->s->db, err,
                  "INSERT INTO package_context (package_id, context_id) SELECT DISTINCT package_id, ?2 FROM "
                  "package_set_part p JOIN package_part_member m ON m.part_id = p.part_id WHERE p.set_id = ?1 AND NOT "
                  "EXISTS (SELECT 1 FROM image WHERE set_id = ?1 AND context_id = ?2) AND coalesce((SELECT 1 FROM "
                  "package_set_part o JOIN image i ON i.set_id = o.set_id WHERE o.part_id = p.part_id AND i.context_id "
                  "= ?2 LIMIT 1), 0) = 0 ON CONFLICT DO NOTHING",
                  db_int(p->set.id), db_int(p->context));
}

static bool put(struct image_put *p, struct error *err)
{
    char manifest[DIGEST_BYTES];
    bool set_made;
    return look(p, err) && make(p, &set_made, err) && (!set_made || put_set(p, err)) && put_packages_context(p, err) &&
           db_run(p->s->db, err, "DELETE FROM image WHERE manifest = ?1",
                  db_blob(digest_pack(&p->image->manifest, manifest))) &&
           put_chain(p, err) && put_row(p, err) && summary_enlist(p->s, &p->image->manifest, err) &&
           (p->former == 0 || p->former == p->chain || chain_drop(p->s, p->former, err));
}

bool store_image_put(struct store *s, const struct digest *state, const struct stored_image *image,
                     const struct store_naming *naming, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err)) {
        struct image_put p __attribute__((cleanup(put_free))) = {
            .s = s, .image = image, .naming = naming, .state = digest_slice(state)};
        find_parts(&p);
        find_set(&p);
        find_repositories(&p);
        work.ok = put(&p, err);
    }
    return work.ok;
}
