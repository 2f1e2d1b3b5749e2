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

bool store_leases_renew(struct store *s, struct error *err)
{
    return db_run(s->db, err, "UPDATE shared_lease SET until = unixepoch() + ?2 WHERE node = ?1",
                  db_text(slice_str(s->home->node)), db_int(LEASE_SECONDS)) &&
           db_run(s->db, err, "UPDATE event SET until = unixepoch() + ?2 WHERE node = ?1 AND until <> 0",
                  db_text(slice_str(s->home->node)), db_int(LEASE_SECONDS));
}
