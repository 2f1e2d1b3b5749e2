// Forgetting what is installed in images: sets of packages and repositories, put together from parts that images share.
#include "store/inventory_rows.h"

#include "store/update_rows.h"

struct id_context {
    struct arena *arena;
    store_ids list;
};

static bool append_row(void *context, struct db_row *row, struct error *err)
{
    struct id_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, &c->list) = db_column_int(row, 0);
    return true;
}

static bool part_drop(struct store *s, int64_t part, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct id_context packages = {.arena = &a};
    const struct db_value values[] = {db_int(part)};
    int64_t users = 0;
    if (!db_query(s->db, "SELECT count(*) FROM package_set_part WHERE part_id = ?1", values, 1, number_row, &users,
                  err))
        return false;
    if (users != 0)
        return true;
    if (!db_query(s->db, "SELECT DISTINCT package_id FROM package_part_member WHERE part_id = ?1", values, 1,
                  append_row, &packages, err) ||
        !db_run(s->db, err, "DELETE FROM package_part_member WHERE part_id = ?1", values[0]) ||
        !db_run(s->db, err, "DELETE FROM package_part WHERE id = ?1", values[0]))
        return false;
    for (size_t i = 0; i < packages.list.n; i++)
        if (!db_run(s->db, err,
                    "DELETE FROM package WHERE id = ?1 AND NOT EXISTS "
                    "(SELECT 1 FROM package_part_member WHERE package_id = ?1)",
                    db_int(packages.list.v[i])))
            return false;
    return true;
}

bool set_drop(struct store *s, int64_t set, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct id_context parts = {.arena = &a};
    const struct db_value values[] = {db_int(set)};
    int64_t users = 0;
    if (!db_query(s->db, "SELECT EXISTS (SELECT 1 FROM image WHERE set_id = ?1)", values, 1, number_row, &users, err))
        return false;
    if (users != 0)
        return true;
    if (!db_query(s->db, "SELECT part_id FROM package_set_part WHERE set_id = ?1", values, 1, append_row, &parts,
                  err) ||
        !db_run(s->db, err, "DELETE FROM package_set_part WHERE set_id = ?1", values[0]) ||
        !db_run(s->db, err, "DELETE FROM package_set_repository WHERE set_id = ?1", values[0]) ||
        !db_run(s->db, err, "DELETE FROM package_set WHERE id = ?1", values[0]))
        return false;
    for (size_t i = 0; i < parts.list.n; i++)
        if (!part_drop(s, parts.list.v[i], err))
            return false;
    return true;
}
