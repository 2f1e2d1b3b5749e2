#include "store/leases.h"

bool store_lease_take(struct store *s, struct slice name, bool *got, struct error *err)
{
    const struct db_value values[] = {db_text(name), db_text(slice_str(s->home->node)), db_int(LEASE_SECONDS)};
    uint64_t changed;
    bool ok = db_change(
        s->db,
        "INSERT INTO shared_lease (name, node, until) VALUES (?1, ?2, unixepoch() + ?3) ON CONFLICT (name) DO "
        "UPDATE SET node = ?2, until = unixepoch() + ?3 WHERE shared_lease.until < unixepoch() OR shared_lease.node "
        "= ?2",
        values, 3, &changed, err);
    *got = changed != 0;
    return ok;
}

bool store_lease_drop(struct store *s, struct slice name, struct error *err)
{
    return db_run(s->db, err, "DELETE FROM shared_lease WHERE name = ?1 AND node = ?2", db_text(name),
                  db_text(slice_str(s->home->node)));
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
