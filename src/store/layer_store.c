// Layers, what was found in them, and the chains that they make up in images.
#include "store/inventory_rows.h"

#include "store/update_rows.h"

#include <stdlib.h>
#include <zstd.h>

#define FINDINGS_LEVEL 3 // zstd: a tenth of the JSON's size, at a speed that does not show

// ---- layers ---------------------------------------------------------------------------------------------------------

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
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_blob(digest_pack(layer, bytes)), db_text(digest_slice(state))};
    bool ok = db_query(s->db,
                       "SELECT findings FROM layer JOIN layer_findings ON layer_id = layer.id JOIN indexer_state s ON "
                       "s.id = state_id WHERE layer.digest = ?1 AND s.digest = ?2",
                       values, 2, findings_row, &c, err);
    *found = c.found;
    return ok;
}

static bool put_findings(struct store *s, const struct digest *layer, const struct digest *state, struct slice packed,
                         struct error *err)
{
    char bytes[DIGEST_BYTES];
    struct db_value digest = db_blob(digest_pack(layer, bytes)), under = db_text(digest_slice(state));
    return db_run(s->db, err, "INSERT INTO layer (digest) VALUES (?1) ON CONFLICT DO NOTHING", digest) &&
           db_run(s->db, err, "INSERT INTO indexer_state (digest) VALUES (?1) ON CONFLICT DO NOTHING", under) &&
           db_run(
               s->db, err,
               "INSERT INTO layer_findings (layer_id, state_id, findings) SELECT layer.id, s.id, ?3 FROM layer CROSS "
               "JOIN indexer_state s WHERE layer.digest = ?1 AND s.digest = ?2 ON CONFLICT (layer_id, state_id) DO "
               "UPDATE SET findings = excluded.findings",
               digest, under, db_blob(packed));
}

bool store_layer_put(struct store *s, const struct digest *layer, const struct digest *state,
                     struct slice findings_json, struct error *err)
{
    size_t bound = ZSTD_compressBound(findings_json.n);
    char *packed = must_alloc(bound);
    size_t n = ZSTD_compress(packed, bound, findings_json.p, findings_json.n, FINDINGS_LEVEL);
    bool ok = !ZSTD_isError(n) || error_set(err, ERR_STORE, "cannot compress findings: %s", ZSTD_getErrorName(n));
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (ok && db_works(s->db, &work, err))
        work.ok = put_findings(s, layer, state, slice_of(packed, n), err);
    free(packed);
    return ok && work.ok;
}

// ---- chains ---------------------------------------------------------------------------------------------------------

struct link {
    int64_t parent, layer;
    bool found;
};

static bool link_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(struct link *)context = (struct link){db_column_int(row, 0), db_column_int(row, 1), true};
    return true;
}

static bool layer_drop(struct store *s, int64_t layer, struct error *err)
{
    return db_run(s->db, err,
                  "DELETE FROM layer_findings WHERE layer_id = ?1 AND NOT EXISTS "
                  "(SELECT 1 FROM layer_chain WHERE layer_id = ?1)",
                  db_int(layer)) &&
           db_run(s->db, err,
                  "DELETE FROM layer WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM layer_chain WHERE layer_id = ?1)",
                  db_int(layer));
}

bool chain_drop(struct store *s, int64_t chain, struct error *err)
{
    while (chain != 0) {
        struct link link = {0};
        const struct db_value values[] = {db_int(chain)};
        if (!db_query(
                s->db,
                "SELECT parent, layer_id FROM layer_chain WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM image WHERE "
                "chain_id = ?1) AND NOT EXISTS (SELECT 1 FROM layer_chain WHERE parent = ?1)",
                values, 1, link_row, &link, err))
            return false;
        if (!link.found)
            return true;
        if (!db_run(s->db, err, "DELETE FROM layer_chain WHERE id = ?1", values[0]) || !layer_drop(s, link.layer, err))
            return false;
        chain = link.parent;
    }
    return true;
}
