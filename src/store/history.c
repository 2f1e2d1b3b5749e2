// The updates and generations that are kept: telling of them, going back to one, taking over those of another folder.
#include "store/update_rows.h"

#include "base/clock.h"

// ---- telling of them ------------------------------------------------------------------------------------------------

struct updates_context {
    struct arena *arena;
    VEC(struct kept_update) updates;
};

static bool update_row(void *context, struct db_row *row, struct error *err)
{
    struct updates_context *c = context;
    struct kept_update *u = &VEC_PUSH(c->arena, &c->updates);
    *u = (struct kept_update){
        .ref = arena_dup(c->arena, db_column(row, 0)),
        .feed = arena_dup(c->arena, db_column(row, 1)),
        .records = (uint64_t)db_column_int(row, 3),
        .made = db_column_int(row, 4),
        .checked = db_column_int(row, 5),
        .generations = (size_t)db_column_int(row, 6),
        .in_force = db_column_int(row, 7) != 0,
    };
    return digest_parse(db_column(row, 2), &u->segment, err);
}

#define SELECT_UPDATES                                                                                                   \
    "SELECT ref, feed, segment, records, made, checked, (SELECT count(*) FROM generation_part WHERE update_id = u.id), " \
    "id = (SELECT max(id) FROM update_operation WHERE feed = u.feed) FROM update_operation u "

bool store_updates(struct store *s, struct arena *a, struct kept_update **out, size_t *n, struct error *err)
{
    struct updates_context c = {.arena = a};
    bool ok = db_query(s->db, SELECT_UPDATES "ORDER BY id DESC", NULL, 0, update_row, &c, err);
    *out = c.updates.v;
    *n = c.updates.n;
    return ok;
}

// The first of those that a query gives; without one, ERR_NOT_FOUND with `lacking`.
static bool one_update(struct store *s, const char *sql, struct slice value, struct arena *a, struct kept_update *out,
                       bool *found, struct error *err)
{
    struct updates_context c = {.arena = a};
    const struct db_value values[] = {db_text(value)};
    bool ok = db_query(s->db, sql, values, 1, update_row, &c, err);
    *found = ok && c.updates.n != 0;
    if (*found)
        *out = c.updates.v[0];
    return ok;
}

bool store_update_of(struct store *s, struct slice ref, struct arena *a, struct kept_update *out, struct error *err)
{
    bool found;
    return one_update(s, SELECT_UPDATES "WHERE ref = ?1", ref, a, out, &found, err) &&
           (found || error_set(err, ERR_NOT_FOUND,
                               "no update with the ref \"%.*s\" is kept (`clarion advisories list`)", SLICE_ARG(ref)));
}

bool store_update_before(struct store *s, struct slice feed, struct arena *a, struct kept_update *out,
                         struct error *err)
{
    bool found;
    return one_update(s,
                      SELECT_UPDATES "WHERE feed = ?1 AND segment <> (SELECT segment FROM update_operation WHERE "
                                     "feed = ?1 ORDER BY id DESC LIMIT 1) ORDER BY id DESC LIMIT 1",
                      feed, a, out, &found, err) &&
           (found ||
            error_set(err, ERR_NOT_FOUND, "no other segment of %.*s is kept (`clarion advisories list` tells what is)",
                      SLICE_ARG(feed)));
}

struct generations_context {
    struct arena *arena;
    VEC(struct kept_generation) generations;
    int64_t id; // of the last one
};

static bool generation_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct generations_context *c = context;
    struct slice feed = db_column(row, 3);
    if (c->generations.n == 0 || c->id != db_column_int(row, 0)) {
        c->id = db_column_int(row, 0);
        VEC_PUSH(c->arena, &c->generations) = (struct kept_generation){
            arena_dup(c->arena, db_column(row, 1)), db_column_int(row, 2), arena_dup(c->arena, feed)};
    } else {
        struct slice *changed = &c->generations.v[c->generations.n - 1].changed;
        *changed = arena_printf(c->arena, "%.*s %.*s", SLICE_ARG(*changed), SLICE_ARG(feed));
    }
    return true;
}

bool store_generations(struct store *s, struct arena *a, struct kept_generation **out, size_t *n, struct error *err)
{
    struct generations_context c = {.arena = a};
    bool ok =
        db_query(s->db,
                 "SELECT g.id, g.name, g.made, coalesce(u.feed, '') FROM generation g LEFT JOIN generation_part p "
                 "ON p.generation_id = g.id AND p.update_id NOT IN (SELECT update_id FROM generation_part WHERE "
                 "generation_id = (SELECT max(id) FROM generation WHERE id < g.id)) LEFT JOIN update_operation u "
                 "ON u.id = p.update_id ORDER BY g.id DESC, u.feed",
                 NULL, 0, generation_row, &c, err);
    *out = c.generations.v;
    *n = c.generations.n;
    return ok;
}

// ---- putting others in force ----------------------------------------------------------------------------------------

static bool put_rollback(struct store *s, const struct kept_update *to, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct feed_file *files;
    struct newest_update newest;
    size_t n;
    int64_t former;
    struct new_update update = {to->feed, &to->segment, to->records, to->made, to->checked, {0}};
    if (!update_id(s, to->ref, &former, err))
        return false;
    if (former == 0)
        return error_set(err, ERR_NOT_FOUND, "update %.*s was dropped meanwhile", SLICE_ARG(to->ref));
    return update_read_files(s, former, &scratch, &files, &n, err) &&
           update_read_note(s, former, &scratch, &update.note, err) && update_put(s, &update, err) &&
           update_newest(s, to->feed, &newest, err) && update_put_files(s, newest.id, files, n, err) &&
           generation_put(s, clock_now(), err);
}

bool store_rollback(struct store *s, const struct kept_update *to, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_UPDATES};
    while (db_works(s->db, &work, err))
        work.ok = put_rollback(s, to, err) && db_tell(s->db, err);
    return work.ok;
}

static bool put_import(struct store *s, const struct feed_import *i, bool *changed, struct error *err)
{
    struct newest_update newest;
    if (!update_newest(s, i->feed, &newest, err))
        return false;
    if (!digest_eq(&i->segment, &newest.segment)) {
        const struct new_update update = {i->feed, &i->segment, i->records, i->made, i->checked, i->note};
        *changed = true;
        if (!update_put(s, &update, err) || !update_newest(s, i->feed, &newest, err))
            return false;
    } else if (i->checked <= newest.checked) {
        return true; // the same segment, confirmed later by ourselves
    }
    return update_put_checked(s, newest.id, i->checked, err) &&
           update_put_files(s, newest.id, i->files, i->files_n, err) &&
           db_run(
               s->db, err,
               "INSERT INTO feed (name, tried, error) VALUES (?1, 0, '') ON CONFLICT (name) DO UPDATE SET error = ''",
               db_text(i->feed));
}

static bool put_imports(struct store *s, const struct feed_import *imports, size_t n, uint64_t keep, struct error *err)
{
    bool changed = false;
    for (size_t i = 0; i < n; i++)
        if (!put_import(s, &imports[i], &changed, err))
            return false;
    if (changed && !generation_put(s, clock_now(), err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!updates_drop(s, imports[i].feed, keep, err))
            return false;
    return true;
}

bool store_import(struct store *s, const struct feed_import *imports, size_t n, uint64_t keep, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_UPDATES};
    while (db_works(s->db, &work, err))
        work.ok = put_imports(s, imports, n, keep, err) && db_tell(s->db, err);
    return work.ok;
}
