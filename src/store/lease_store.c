#include "store/leases.h"

#include "store/inventory_rows.h"

static bool got_row(void *context, struct db_row *row, struct error *err)
{
    (void)row, (void)err;
    *(bool *)context = true;
    return true;
}

bool store_lease_take(struct store *s, struct slice name, const struct layer_question *along, bool *got,
                      struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    size_t layers = along != NULL ? along->n : 0;
    struct db_request *requests = ARENA_NEW(&a, struct db_request, 1 + layers);
    const struct db_value values[] = {db_text(name), db_text(slice_str(s->home->node)), db_int(LEASE_SECONDS)};
    *got = false;
    requests[0] = (struct db_request){
        .sql =
            "INSERT INTO shared_lease (name, node, until) VALUES (?1, ?2, unixepoch() + ?3) ON CONFLICT (name) DO UPDATE SET node "
            "= ?2, until = unixepoch() + ?3 WHERE shared_lease.until < unixepoch() OR shared_lease.node = ?2 RETURNING 1",
        .values = values,
        .n = 3,
        .row = got_row,
        .context = got};
    if (along != NULL)
        layers_ask(along, NULL, &a, &requests[1]);
    return db_batch(s->db, requests, 1 + layers, err);
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
