#include "store/leases.h"

static bool got_row(void *context, struct db_row *row, struct error *err)
{
    (void)row, (void)err;
    *(bool *)context = true;
    return true;
}

bool store_lease_take(struct store *s, struct slice name, bool *got, struct error *err)
{
    const struct db_value values[] = {db_text(name), db_text(slice_str(s->home->node)), db_int(LEASE_SECONDS)};
    *got = false;
    return db_query(
        s->db,
        "INSERT INTO shared_lease (name, node, until) VALUES (?1, ?2, unixepoch() + ?3) ON CONFLICT (name) DO "
        "UPDATE SET node = excluded.node, until = excluded.until WHERE " LEASE_IS_FREE " RETURNING 1",
        values, 3, got_row, got, err);
}

struct db_request leases_ask_drop(const struct db_value *values, size_t n)
{
    return (struct db_request){.sql = "DELETE FROM shared_lease WHERE EXISTS (SELECT 1 FROM (VALUES (?1, ?2)) AS each "
                                      "WHERE column1 = name AND column2 = node)",
                               .values = values,
                               .n = 2,
                               .rows = n};
}

bool store_leases_drop(struct store *s, const struct slice *names, size_t n, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct db_value *values = ARENA_NEW(&a, struct db_value, 2 * n);
    for (size_t i = 0; i < n; i++) {
        values[2 * i] = db_text(names[i]);
        values[2 * i + 1] = db_text(slice_str(s->home->node));
    }
    const struct db_request request = leases_ask_drop(values, n);
    return n == 0 || db_batch_write(s->db, &request, 1, err);
}

static bool renew(struct store *s, const struct worked_on *what, struct error *err)
{
    struct db_value node = db_text(slice_str(s->home->node));
    for (size_t i = 0; i < what->leases.n; i++)
        if (!db_run(s->db, err, "UPDATE shared_lease SET until = unixepoch() + ?3 WHERE name = ?1 AND node = ?2",
                    db_text(what->leases.v[i]), node, db_int(LEASE_SECONDS)))
            return false;
    for (size_t i = 0; i < what->events.n; i++)
        if (!db_run(s->db, err, "UPDATE event SET until = unixepoch() + ?3 WHERE id = ?1 AND node = ?2",
                    db_int(what->events.v[i]), node, db_int(LEASE_SECONDS)))
            return false;
    // What dead processes had and nobody has wanted since.
    return db_run(s->db, err, "DELETE FROM shared_lease WHERE until < unixepoch() - ?1", db_int(LEASE_SECONDS));
}

bool store_leases_renew(struct store *s, const struct worked_on *what, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_NONE};
    while (db_works(s->db, &work, err))
        work.ok = renew(s, what, err);
    return work.ok;
}
