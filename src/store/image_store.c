// What the service asks of the store beside reports: is it still the same, and forget it.
#include "store/inventory_rows.h"
#include "store/notification_store.h"
#include "store/update_rows.h"

static bool mark_row(void *context, struct db_row *row, struct error *err)
{
    struct image_mark *mark = context;
    mark->id = db_column_int(row, 0);
    mark->indexed = db_column_int(row, 1);
    return digest_parse(db_column(row, 2), &mark->state, err);
}

bool store_image_mark(struct store *s, const struct digest *manifest, struct image_mark *mark, bool *found,
                      struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_blob(digest_pack(manifest, bytes))};
    *mark = (struct image_mark){0};
    bool ok = db_query(s->db,
                       "SELECT image.id, indexed, digest FROM image JOIN image_sort ON image_sort.id = sort_id JOIN "
                       "indexer_state ON indexer_state.id = state_id WHERE manifest = ?1",
                       values, 1, mark_row, mark, err);
    *found = mark->id != 0;
    return ok;
}

bool store_image_count(struct store *s, uint64_t *n, struct error *err)
{
    int64_t count = 0;
    bool ok = db_query(s->db, "SELECT count(*) FROM image", NULL, 0, number_row, &count, err);
    *n = (uint64_t)count;
    return ok;
}

bool store_version(struct store *s, int64_t *version, struct error *err)
{
    return db_version(s->db, version, err);
}

// ---- forgetting -----------------------------------------------------------------------------------------------------

struct held {
    int64_t set, chain;
};

static bool held_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(struct held *)context = (struct held){db_column_int(row, 0), db_column_int(row, 1)};
    return true;
}

static bool delete_image(struct store *s, const struct digest *manifest, bool *found, struct error *err)
{
    struct image_mark mark;
    struct held held = {0};
    if (!store_image_mark(s, manifest, &mark, found, err) || !*found)
        return err->code == ERR_NONE;
    const struct db_value values[] = {db_int(mark.id)};
    return db_query(s->db, "SELECT set_id, chain_id FROM image WHERE id = ?1", values, 1, held_row, &held, err) &&
           db_run(s->db, err, "DELETE FROM image WHERE id = ?1", values[0]) && chain_drop(s, held.chain, err) &&
           set_drop(s, held.set, err);
}

bool store_image_delete(struct store *s, const struct digest *manifest, bool *found, struct error *err)
{
    *found = false;
    *err = (struct error){0};
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err))
        work.ok = delete_image(s, manifest, found, err);
    return work.ok;
}

// ---- what nobody uses any more --------------------------------------------------------------------------------------

struct states {
    struct arena arena;
    VEC(struct digest) list;
};

static void states_free(struct states *states)
{
    arena_free(&states->arena);
}

static bool state_row(void *context, struct db_row *row, struct error *err)
{
    struct states *states = context;
    return digest_parse(db_column(row, 0), &VEC_PUSH(&states->arena, &states->list), err);
}

static bool is_among(const struct digest *state, const struct digest *states, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (digest_eq(state, &states[i]))
            return true;
    return false;
}

static bool collect_findings(struct store *s, const struct digest *states, size_t n, struct error *err)
{
    struct states there __attribute__((cleanup(states_free))) = {0};
    if (!db_query(s->db, "SELECT digest FROM indexer_state WHERE id IN (SELECT state_id FROM layer_findings)", NULL, 0,
                  state_row, &there, err))
        return false;
    for (size_t i = 0; i < there.list.n; i++)
        if (!is_among(&there.list.v[i], states, n) &&
            !db_run(s->db, err,
                    "DELETE FROM layer_findings WHERE state_id = (SELECT id FROM indexer_state WHERE digest = ?1)",
                    db_text(digest_slice(&there.list.v[i]))))
            return false;
    return true;
}

struct ids {
    struct arena arena;
    VEC(int64_t) list;
};

static void ids_free(struct ids *ids)
{
    arena_free(&ids->arena);
}

static bool id_row(void *context, struct db_row *row, struct error *err)
{
    struct ids *ids = context;
    (void)err;
    VEC_PUSH(&ids->arena, &ids->list) = db_column_int(row, 0);
    return true;
}

static bool collect_inventory(struct store *s, const struct digest *states, size_t n, struct error *err)
{
    struct ids sets __attribute__((cleanup(ids_free))) = {0};
    if (!collect_findings(s, states, n, err) ||
        !db_query(s->db,
                  "SELECT id FROM package_set WHERE NOT EXISTS (SELECT 1 FROM image WHERE set_id = package_set.id)",
                  NULL, 0, id_row, &sets, err))
        return false;
    for (size_t i = 0; i < sets.list.n; i++)
        if (!set_drop(s, sets.list.v[i], err))
            return false;
    return summaries_collect(s, err);
}

bool store_inventory_collect(struct store *s, const struct digest *states, size_t n, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err))
        work.ok = collect_inventory(s, states, n, err);
    return work.ok;
}
