// The queue of events in the database.
#include "store/event_queue.h"

#include "base/clock.h"
#include "store/leases.h"
#include "store/update_rows.h"

bool store_event_count(struct store *s, const char *state, uint64_t *n, struct error *err)
{
    const struct db_value values[] = {db_text(slice_str(state))};
    int64_t count = 0;
    bool ok = db_query(s->db, "SELECT count(*) FROM event WHERE state = ?1", values, 1, number_row, &count, err);
    *n = (uint64_t)count;
    return ok;
}

// ---- taking in ------------------------------------------------------------------------------------------------------

// Is it what the same sender told of before, or what waits already?
static bool is_known(struct store *s, const struct queued_event *e, bool *known, struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_text(e->form), db_text(e->sender_id), db_text(e->repository), db_text(e->tag),
                                      db_blob(digest_pack(&e->manifest, bytes))};
    int64_t count = 0;
    bool ok = db_query(s->db,
                       "SELECT (SELECT count(*) FROM event WHERE ?2 <> '' AND form = ?1 AND sender_id = ?2) + "
                       "(SELECT count(*) FROM event WHERE repository = ?3 AND state = 'waiting' AND tag = ?4 AND "
                       "manifest = ?5)",
                       values, 5, number_row, &count, err);
    *known = count != 0;
    return ok;
}

static bool insert(struct store *s, const struct queued_event *e, struct error *err)
{
    char bytes[DIGEST_BYTES];
    return db_run(
        s->db, err,
        "INSERT INTO event (form, sender_id, repository, tag, manifest, pushed, received, state, tries, next, "
        "reason, node, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', 0, ?7, '', '', 0)",
        db_text(e->form), db_text(e->sender_id), db_text(e->repository), db_text(e->tag),
        db_blob(digest_pack(&e->manifest, bytes)), db_int(e->pushed), db_int(clock_now()));
}

static bool take_push(struct store *s, const struct queued_event *e, const struct limits *limits, uint64_t *waiting,
                      size_t *queued, struct error *err)
{
    const struct name_push push = {e->repository, e->tag, e->manifest, e->pushed};
    bool known;
    if (e->manifest.text[0] != '\0' && !store_name_push(s, &push, limits->tag_history, err))
        return false;
    if (!is_known(s, e, &known, err))
        return false;
    if (known)
        return true;
    if (*waiting >= limits->event_queue)
        return error_set(err, ERR_LIMIT, "too many events wait already (limit event_queue, %llu)",
                         (unsigned long long)limits->event_queue);
    ++*waiting;
    ++*queued;
    return insert(s, e, err);
}

static bool take_steps(struct store *s, const struct event_step *steps, size_t n, const struct limits *limits,
                       size_t *queued, struct error *err)
{
    uint64_t waiting;
    if (!store_event_count(s, "waiting", &waiting, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!(steps[i].deleted ? store_name_delete(s, &steps[i].gone, err)
                               : take_push(s, &steps[i].event, limits, &waiting, queued, err)))
            return false;
    return true;
}

bool store_event_accept(struct store *s, const struct event_step *steps, size_t n, const struct limits *limits,
                        size_t *queued, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_EVENTS};
    while (db_works(s->db, &work, err)) {
        *queued = 0;
        work.ok = take_steps(s, steps, n, limits, queued, err);
    }
    return work.ok;
}

// ---- reading --------------------------------------------------------------------------------------------------------

#define COLUMNS "id, form, sender_id, repository, tag, manifest, pushed, received, state, tries, next, reason"

static bool take_row(struct db_row *row, struct arena *a, struct queued_event *e, struct error *err)
{
    *e = (struct queued_event){
        .id = db_column_int(row, 0),
        .form = arena_dup(a, db_column(row, 1)),
        .sender_id = arena_dup(a, db_column(row, 2)),
        .repository = arena_dup(a, db_column(row, 3)),
        .tag = arena_dup(a, db_column(row, 4)),
        .pushed = db_column_int(row, 6),
        .received = db_column_int(row, 7),
        .state = arena_dup(a, db_column(row, 8)),
        .tries = (uint64_t)db_column_int(row, 9),
        .next = db_column_int(row, 10),
        .reason = arena_dup(a, db_column(row, 11)),
    };
    return digest_unpack(db_column(row, 5), &e->manifest, err);
}

struct event_context {
    struct arena *arena;
    struct queued_event *event;
    bool found;
};

static bool event_row(void *context, struct db_row *row, struct error *err)
{
    struct event_context *c = context;
    c->found = take_row(row, c->arena, c->event, err);
    return c->found;
}

// The one that has waited longest, of a repository that nobody works on.
#define FREE_EVENT                                                                                                     \
    "(SELECT id FROM event AS e WHERE state = 'waiting' AND next <= ?1 AND until = 0 AND NOT EXISTS (SELECT 1 FROM "   \
    "event AS other WHERE other.repository = e.repository AND other.until <> 0) ORDER BY next, id LIMIT 1 FOR UPDATE " \
    "SKIP LOCKED)"

// Where two take one of the same repository at once, the index event_worked_on refuses the second, who tries again.
static bool claim(struct store *s, int64_t now, struct event_context *c, struct error *err)
{
    const struct db_value values[] = {db_int(now), db_text(slice_str(s->home->node)), db_int(LEASE_SECONDS)};
    return db_query(s->db, "UPDATE event SET node = '', until = 0 WHERE until <> 0 AND until < unixepoch()", NULL, 0,
                    NULL, NULL, err) &&
           db_query(s->db,
                    "UPDATE event SET node = ?2, until = unixepoch() + ?3 WHERE id = " FREE_EVENT " RETURNING " COLUMNS,
                    values, 3, event_row, c, err);
}

// Is there anything to claim? Asked first, so that nothing is written where there is not.
static bool anything(struct store *s, int64_t now, bool *there, int64_t *due, struct error *err)
{
    int64_t next = 0, expired = 0;
    const struct db_value values[] = {db_int(now)};
    const struct db_request requests[] = {
        {.sql = "SELECT 1 FROM event WHERE state = 'waiting' AND next <= ?1 LIMIT 1",
         .values = values,
         .n = 1,
         .row = number_row,
         .context = &next},
        {.sql = "SELECT next FROM event WHERE state = 'waiting' AND next > ?1 ORDER BY next LIMIT 1",
         .values = values,
         .n = 1,
         .row = number_row,
         .context = due},
        {.sql = "SELECT min(until) FROM event WHERE until <> 0", .row = number_row, .context = &expired},
    };
    bool ok = db_batch(s->db, requests, 3, err);
    *there = next != 0;
    if (expired != 0 && expired < *due)
        *due = expired + 1;
    return ok;
}

bool store_event_next(struct store *s, int64_t now, struct arena *a, struct queued_event *event, bool *found,
                      int64_t *due, struct error *err)
{
    struct event_context one = {a, event, false};
    bool there;
    *due = INT64_MAX;
    *found = false;
    if (!anything(s, now, &there, due, err) || !there)
        return err->code == ERR_NONE;
    struct db_work work = {.turn = DB_TURN_NONE};
    while (db_works(s->db, &work, err)) {
        one.found = false;
        work.ok = claim(s, now, &one, err);
    }
    *found = work.ok && one.found;
    return work.ok;
}

bool store_event_release(struct store *s, int64_t id, struct error *err)
{
    return db_run(s->db, err, "UPDATE event SET node = '', until = 0 WHERE id = ?1 AND node = ?2", db_int(id),
                  db_text(slice_str(s->home->node)));
}

struct list_context {
    struct arena *arena;
    VEC(struct queued_event) list;
};

static bool list_row(void *context, struct db_row *row, struct error *err)
{
    struct list_context *c = context;
    struct queued_event e;
    if (!take_row(row, c->arena, &e, err))
        return false;
    VEC_PUSH(c->arena, &c->list) = e;
    return true;
}

bool store_event_list(struct store *s, struct slice state, int64_t before, uint64_t most, struct arena *a,
                      struct queued_event **events, size_t *n, struct error *err)
{
    struct list_context c = {.arena = a};
    const struct db_value values[] = {db_text(state), db_int(before), db_int((int64_t)most)};
    bool ok = db_query(
        s->db,
        "SELECT " COLUMNS
        " FROM event WHERE (state = ?1 OR (?1 = '' AND state IN ('waiting', 'failed'))) AND (?2 = 0 OR id < ?2) ORDER BY id DESC "
        "LIMIT ?3",
        values, 3, list_row, &c, err);
    *events = c.list.v;
    *n = c.list.n;
    return ok;
}

// ---- going on -------------------------------------------------------------------------------------------------------

bool store_event_retry(struct store *s, int64_t id, int64_t next, struct slice reason, struct error *err)
{
    return db_run(s->db, err,
                  "UPDATE event SET tries = tries + 1, next = ?2, reason = ?3, node = '', until = 0 WHERE id = ?1 AND "
                  "node = ?4",
                  db_int(id), db_int(next), db_text(reason), db_text(slice_str(s->home->node)));
}

static bool end(struct store *s, int64_t id, struct slice state, struct slice reason, uint64_t history,
                struct error *err)
{
    return db_run(s->db, err,
                  "UPDATE event SET tries = tries + 1, state = ?2, reason = ?3, node = '', until = 0 WHERE id = ?1 AND "
                  "node = ?4",
                  db_int(id), db_text(state), db_text(reason), db_text(slice_str(s->home->node))) &&
           db_run(s->db, err,
                  "DELETE FROM event WHERE state = ?1 AND id < (SELECT min(id) FROM "
                  "(SELECT id FROM event WHERE state = ?1 ORDER BY id DESC LIMIT ?2) AS kept)",
                  db_text(state), db_int((int64_t)history));
}

bool store_event_end(struct store *s, int64_t id, const char *state, struct slice reason, const struct limits *limits,
                     struct error *err)
{
    uint64_t history = limits->event_history != 0 ? limits->event_history : 1;
    struct db_work work = {.turn = DB_TURN_EVENTS};
    while (db_works(s->db, &work, err))
        work.ok = end(s, id, slice_str(state), reason, history, err);
    return work.ok;
}
