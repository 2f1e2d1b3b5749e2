// VEX documents in the database.
#include "store/store.h"

#include "base/buf.h"
#include "base/clock.h"

struct vex_context {
    store_vex_fn *each;
    void *context;
};

struct vex_mark {
    struct buf text;
    int64_t newest;
};

static bool vex_row(void *context, struct db_row *row, struct error *err)
{
    const struct vex_context *c = context;
    const struct stored_vex vex = {.id = db_column(row, 0),
                                   .format = db_column(row, 1),
                                   .author = db_column(row, 2),
                                   .version = db_column(row, 3),
                                   .issued = db_column_int(row, 4),
                                   .added = db_column_int(row, 5),
                                   .statements = (uint64_t)db_column_int(row, 6)};
    return c->each(c->context, &vex, db_column(row, 7), err);
}

bool store_vex_each(struct store *s, store_vex_fn *each, void *context, struct error *err)
{
    struct vex_context c = {each, context};
    return db_query(s->db,
                    "SELECT id, format, author, version, issued, added, statements, document FROM vex_document "
                    "ORDER BY added, id",
                    NULL, 0, vex_row, &c, err);
}

static bool mark_row(void *context, struct db_row *row, struct error *err)
{
    struct vex_mark *m = context;
    (void)err;
    buf_addf(&m->text, "%.*s %lld %lld\n", SLICE_ARG(db_column(row, 0)), (long long)db_column_int(row, 1),
             (long long)db_column_int(row, 2));
    m->newest = db_column_int(row, 1);
    return true;
}

bool store_vex_mark(struct store *s, struct digest *mark, int64_t *newest, struct error *err)
{
    struct vex_mark m = {0};
    bool ok = db_query(s->db, "SELECT id, added, length(document) FROM vex_document ORDER BY added, id", NULL, 0,
                       mark_row, &m, err);
    *mark = digest_of(buf_slice(&m.text));
    *newest = m.newest;
    buf_free(&m.text);
    return ok;
}

bool store_vex_put(struct store *s, const struct stored_vex *vex, struct slice document, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_NONE};
    while (db_works(s->db, &work, err))
        work.ok =
            db_run(s->db, err,
                   "INSERT INTO vex_document (id, format, author, version, issued, added, statements, document) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET format = ?2, author = ?3, "
                   "version = ?4, issued = ?5, added = ?6, statements = ?7, document = ?8",
                   db_text(vex->id), db_text(vex->format), db_text(vex->author), db_text(vex->version),
                   db_int(vex->issued), db_int(clock_now()), db_int((int64_t)vex->statements), db_blob(document)) &&
            db_tell(s->db, err);
    return work.ok;
}

bool store_vex_remove(struct store *s, struct slice id, struct error *err)
{
    const struct db_value values[] = {db_text(id)};
    uint64_t removed = 0;
    struct db_work work = {.turn = DB_TURN_NONE};
    while (db_works(s->db, &work, err))
        work.ok =
            db_change(s->db, "DELETE FROM vex_document WHERE id = ?1", values, 1, &removed, err) && db_tell(s->db, err);
    return work.ok && (removed != 0 ||
                       error_set(err, ERR_NOT_FOUND,
                                 "no VEX document with the id \"%.*s\" is stored (`clarion vex list`)", SLICE_ARG(id)));
}
