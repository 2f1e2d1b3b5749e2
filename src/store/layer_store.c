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

// Questions of their own, not joins, so that a server without statistics does not go through all layers or images.
#define KNOWN_LAYER(digest, state)                                                                                     \
    "coalesce((SELECT 1 FROM layer JOIN layer_findings ON layer_id = layer.id JOIN indexer_state s ON s.id = "         \
    "state_id WHERE layer.digest = " digest " AND s.digest = " state "), 0) = 1"
#define KNOWN_IMAGE(manifest, state)                                                                                   \
    "coalesce((SELECT 1 FROM image JOIN image_sort ON image_sort.id = sort_id JOIN indexer_state s ON s.id = "         \
    "state_id WHERE manifest = " manifest " AND s.digest = " state "), 0) = 1"

static bool leased_row(void *context, struct db_row *row, struct error *err)
{
    const struct layer_question *question = context;
    (void)err;
    for (size_t i = 0; i < question->n; i++)
        question->layers[i].leased |= slice_eq(db_column(row, 0), question->layers[i].lease);
    return true;
}

// The last of the columns is not of the layer: the image of which nothing is asked, if that is there.
static struct db_request ask_leases(const struct layer_question *question, struct slice node, struct db_value unless,
                                    struct arena *a)
{
    enum { COLUMNS = 6 };
    struct db_value *values = ARENA_NEW(a, struct db_value, COLUMNS * question->n);
    size_t rows = 0;
    for (size_t i = 0; i < question->n; i++) {
        struct layer_known *layer = &question->layers[i];
        if (layer->lease.n == 0)
            continue;
        const struct db_value row[COLUMNS] = {
            db_text(layer->lease),
            db_text(node),
            db_int(LEASE_SECONDS),
            db_blob(digest_pack(&layer->layer, arena_alloc(a, DIGEST_BYTES))),
            db_text(digest_slice(question->state)),
            unless,
        };
        memcpy(&values[COLUMNS * rows++], row, sizeof row);
    }
    return (struct db_request){
        .sql =
            "INSERT INTO shared_lease (name, node, until) SELECT column1, column2, unixepoch() + column3 FROM "
            "(VALUES (?1, ?2, ?3, ?4, ?5, ?6)) AS each WHERE NOT (" KNOWN_LAYER("column4", "column5") " OR " KNOWN_IMAGE(
                "column6", "column5") ") ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until "
                                      "WHERE " LEASE_IS_FREE " RETURNING name",
        .values = values,
        .n = COLUMNS,
        .rows = rows,
        .row = leased_row,
        .context = (void *)question,
    };
}

bool layers_want_leases(const struct layer_question *question)
{
    for (size_t i = 0; i < question->n; i++)
        if (question->layers[i].lease.n != 0)
            return true;
    return false;
}

size_t layers_ask(struct store *s, const struct layer_question *question, const struct digest *manifest,
                  struct arena *a, struct db_request *requests)
{
    char *image = arena_alloc(a, DIGEST_BYTES);
    struct db_value unless = db_blob(manifest != NULL ? digest_pack(manifest, image) : SLICE(""));
    size_t n = 0;
    if (layers_want_leases(question))
        requests[n++] = ask_leases(question, slice_str(s->home->node), unless, a);
    for (size_t i = 0; i < question->n; i++) {
        struct layer_known *layer = &question->layers[i];
        struct findings_context *c = arena_alloc(a, sizeof *c);
        struct db_value *values = ARENA_NEW(a, struct db_value, 3);
        *c = (struct findings_context){layer, question->limits};
        layer->found = layer->leased = false;
        values[0] = db_blob(digest_pack(&layer->layer, arena_alloc(a, DIGEST_BYTES)));
        values[1] = db_text(digest_slice(question->state));
        values[2] = unless;
        requests[n++] = (struct db_request){
            .sql =
                "SELECT findings FROM layer JOIN layer_findings ON layer_id = layer.id JOIN indexer_state ON "
                "indexer_state.id = layer_findings.state_id WHERE layer.digest = ?1 AND indexer_state.digest = ?2 AND "
                "NOT (" KNOWN_IMAGE("?3", "?2") ")",
            .values = values,
            .n = 3,
            .row = findings_row,
            .context = c,
        };
    }
    return n;
}

bool store_layers_get(struct store *s, const struct layer_question *question, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct db_request *requests = ARENA_NEW(&a, struct db_request, LAYERS_ASK_MOST(question));
    size_t n = layers_ask(s, question, NULL, &a, requests);
    return layers_want_leases(question) ? db_batch_write(s->db, requests, n, err) : db_batch(s->db, requests, n, err);
}

bool layers_pack(const struct layer_put *layers, size_t n, struct arena *a, struct slice *packed, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct slice text = layers[i].findings;
        size_t bound = ZSTD_compressBound(text.n);
        char *bytes = arena_alloc(a, bound);
        size_t size = ZSTD_compress(bytes, bound, text.p, text.n, FINDINGS_LEVEL);
        if (ZSTD_isError(size))
            return error_set(err, ERR_STORE, "cannot compress findings: %s", ZSTD_getErrorName(size));
        packed[i] = slice_of(bytes, size);
    }
    return true;
}

struct db_request layers_ask_state(const struct db_value *state)
{
    return (struct db_request){
        .sql =
            "INSERT INTO indexer_state (digest) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM indexer_state WHERE digest = "
            "?1) ON CONFLICT DO NOTHING",
        .values = state,
        .n = 1};
}

size_t layers_ask_put(struct store *s, const struct digest *state, const struct layer_put *layers, size_t n,
                      const struct slice *packed, struct arena *a, struct db_request *requests)
{
    struct db_value *digests = ARENA_NEW(a, struct db_value, n), *findings = ARENA_NEW(a, struct db_value, 3 * n),
                    *leases = ARENA_NEW(a, struct db_value, 2 * n), *of = arena_alloc(a, sizeof *of);
    size_t leased = 0, asked = 0;
    *of = db_text(digest_slice(state));
    for (size_t i = 0; i < n; i++) {
        digests[i] = db_blob(digest_pack(&layers[i].layer, arena_alloc(a, DIGEST_BYTES)));
        const struct db_value row[] = {digests[i], *of, db_blob(packed[i])},
                              lease[] = {db_text(layers[i].lease), db_text(slice_str(s->home->node))};
        memcpy(&findings[3 * i], row, sizeof row);
        if (layers[i].lease.n != 0)
            memcpy(&leases[2 * leased++], lease, sizeof lease);
    }
    requests[asked++] = layers_ask_state(of);
    requests[asked++] = (struct db_request){.sql = "INSERT INTO layer (digest) SELECT column1 FROM (VALUES (?1)) AS "
                                                   "each WHERE TRUE ON CONFLICT DO NOTHING",
                                            .values = digests,
                                            .n = 1,
                                            .rows = n};
    // Others may put the same one at the same time. Where its row goes meanwhile, with the last image that had it, the
    // findings are not kept, as if that had been a moment later.
    requests[asked++] = (struct db_request){
        .sql = "INSERT INTO layer_findings (layer_id, state_id, findings) SELECT layer.id, s.id, column3 FROM (VALUES "
               "(?1, ?2, ?3)) AS each JOIN layer ON layer.digest = column1 JOIN indexer_state s ON s.digest = column2 "
               "WHERE TRUE ON CONFLICT (layer_id, state_id) DO UPDATE SET findings = excluded.findings",
        .values = findings,
        .n = 3,
        .rows = n,
    };
    if (leased != 0)
        requests[asked++] = leases_ask_drop(leases, leased);
    return asked;
}

bool store_layers_put(struct store *s, const struct digest *state, const struct layer_put *layers, size_t n,
                      struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct slice *packed = ARENA_NEW(&a, struct slice, n);
    struct db_request requests[LAYERS_PUT_MOST];
    if (n == 0)
        return true;
    return layers_pack(layers, n, &a, packed, err) &&
           db_batch_write(s->db, requests, layers_ask_put(s, state, layers, n, packed, &a, requests), err);
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
