// Layers, what was found in them, and the chains that they make up in images.
#include "store/inventory_rows.h"

#include "store/leases.h"

#include <stdlib.h>
#include <zstd.h>

#define FINDINGS_LEVEL 3 // zstd: a tenth of the JSON's size, at a speed that does not show

// ---- layers ---------------------------------------------------------------------------------------------------------

struct findings_context {
    struct layer_known *layer;
    const struct limits *limits;
};

static bool findings_row(void *context, struct db_row *row, struct error *err)
{
    const struct findings_context *c = context;
    struct layer_known *layer = c->layer;
    struct slice packed = db_column(row, 0);
    unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > c->limits->layer_findings_bytes)
        return error_set(err, ERR_STORE, "stored findings of a layer are damaged");
    char *text = arena_alloc(layer->arena, (size_t)size);
    size_t n = ZSTD_decompress(text, (size_t)size, packed.p, packed.n);
    if (ZSTD_isError(n) || n != size)
        return error_set(err, ERR_STORE, "stored findings of a layer are damaged: %s", ZSTD_getErrorName(n));
    layer->found = true;
    return findings_decode(slice_of(text, n), layer->arena, c->limits, &layer->findings, err);
}

void layers_ask(const struct layer_question *question, const struct digest *manifest, struct arena *a,
                struct db_request *requests)
{
    char *image = arena_alloc(a, DIGEST_BYTES);
    struct db_value unless = db_blob(manifest != NULL ? digest_pack(manifest, image) : SLICE(""));
    for (size_t i = 0; i < question->n; i++) {
        struct layer_known *layer = &question->layers[i];
        struct findings_context *c = arena_alloc(a, sizeof *c);
        struct db_value *values = ARENA_NEW(a, struct db_value, 3);
        *c = (struct findings_context){layer, question->limits};
        layer->found = false;
        values[0] = db_blob(digest_pack(&layer->layer, arena_alloc(a, DIGEST_BYTES)));
        values[1] = db_text(digest_slice(question->state));
        values[2] = unless;
        requests[i] = (struct db_request){
            .sql =
                "SELECT findings FROM layer JOIN layer_findings ON layer_id = layer.id JOIN indexer_state s ON s.id = "
                "layer_findings.state_id WHERE layer.digest = ?1 AND s.digest = ?2 AND NOT EXISTS (SELECT 1 FROM image JOIN "
                "image_sort ON image_sort.id = sort_id WHERE manifest = ?3 AND image_sort.state_id = s.id)",
            .values = values,
            .n = 3,
            .row = findings_row,
            .context = c,
        };
    }
}

bool store_layers_get(struct store *s, const struct layer_question *question, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct db_request *requests = ARENA_NEW(&a, struct db_request, question->n);
    layers_ask(question, NULL, &a, requests);
    return db_batch(s->db, requests, question->n, err);
}

static bool put_row(void *context, struct db_row *row, struct error *err)
{
    (void)row, (void)err;
    *(bool *)context = true;
    return true;
}

// `*put` is false, and the lease is not given back, where the state is not there: only the first layer under a state
// finds that, so a row for it is not tried each time.
static bool put_findings(struct store *s, const struct digest *layer, const struct digest *state, struct slice packed,
                         struct slice lease, bool with_state, bool *put, struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_blob(digest_pack(layer, bytes)), db_text(digest_slice(state)),
                                      db_blob(packed)},
                          leased[] = {db_text(lease), db_text(slice_str(s->home->node)), values[1]};
    struct db_request requests[4];
    size_t n = 0;
    requests[n++] = (struct db_request){
        .sql = "INSERT INTO layer (digest) VALUES (?1) ON CONFLICT DO NOTHING", .values = values, .n = 1};
    if (with_state)
        requests[n++] =
            (struct db_request){.sql = "INSERT INTO indexer_state (digest) VALUES (?1) ON CONFLICT DO NOTHING",
                                .values = &values[1],
                                .n = 1};
    requests[n++] = (struct db_request){
        .sql = "INSERT INTO layer_findings (layer_id, state_id, findings) SELECT layer.id, s.id, ?3 FROM layer CROSS "
               "JOIN indexer_state s WHERE layer.digest = ?1 AND s.digest = ?2 ON CONFLICT (layer_id, state_id) DO "
               "UPDATE SET findings = excluded.findings RETURNING 1",
        .values = values,
        .n = 3,
        .row = put_row,
        .context = put,
    };
    if (lease.n != 0)
        requests[n++] =
            (struct db_request){.sql = "DELETE FROM shared_lease WHERE name = ?1 AND node = ?2 AND EXISTS (SELECT 1 "
                                       "FROM indexer_state WHERE digest = ?3)",
                                .values = leased,
                                .n = 3};
    *put = false;
    return db_batch_write(s->db, requests, n, err);
}

bool store_layer_put(struct store *s, const struct digest *layer, const struct digest *state,
                     struct slice findings_json, struct slice lease, struct error *err)
{
    size_t bound = ZSTD_compressBound(findings_json.n);
    char *packed = must_alloc(bound);
    size_t n = ZSTD_compress(packed, bound, findings_json.p, findings_json.n, FINDINGS_LEVEL);
    bool ok = !ZSTD_isError(n) || error_set(err, ERR_STORE, "cannot compress findings: %s", ZSTD_getErrorName(n));
    // Others may put the same one at the same time. Where its row goes meanwhile, with the last image that had it, the
    // findings are not kept, as if that had been a moment later.
    bool put;
    ok = ok && put_findings(s, layer, state, slice_of(packed, n), lease, false, &put, err) &&
         (put || put_findings(s, layer, state, slice_of(packed, n), lease, true, &put, err));
    free(packed);
    return ok;
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
