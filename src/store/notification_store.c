#include "store/notification_store.h"

#include "base/clock.h"
#include "store/inventory_rows.h"
#include "store/update_rows.h"

#include <time.h>

static struct slice copy(struct arena *a, struct db_row *row, int column)
{
    return arena_dup(a, db_column(row, column));
}

// ---- what is to be made ---------------------------------------------------------------------------------------------

struct pending_context {
    struct arena *arena;
    VEC(struct pending_update) list;
};

static bool pending_row(void *context, struct db_row *row, struct error *err)
{
    struct pending_context *c = context;
    struct pending_update *u = &VEC_PUSH(c->arena, &c->list);
    struct slice notified = db_column(row, 4);
    *u = (struct pending_update){
        .feed = copy(c->arena, row, 0), .ref = copy(c->arena, row, 1), .updated = db_column_int(row, 3)};
    u->first = notified.n == 0;
    return digest_parse(db_column(row, 2), &u->segment, err) &&
           (notified.n == 0 || digest_parse(notified, &u->notified, err));
}

bool store_pending_updates(struct store *s, struct arena *a, struct pending_update **out, size_t *n, struct error *err)
{
    struct pending_context c = {.arena = a};
    bool ok = db_query(s->db,
                       "SELECT u.feed, u.ref, u.segment, u.made, coalesce(n.segment, '') FROM update_operation u "
                       "LEFT JOIN notified n ON n.feed = u.feed WHERE u.id IN (SELECT max(id) FROM update_operation "
                       "GROUP BY feed) AND (n.segment IS NULL OR n.segment <> u.segment) ORDER BY u.feed",
                       NULL, 0, pending_row, &c, err);
    *out = c.list.v;
    *n = c.list.n;
    return ok;
}

bool store_snapshot(struct store *s, struct error *err)
{
    return db_snapshot(s->db, err);
}

void store_snapshot_end(struct store *s)
{
    db_rollback(s->db); // nothing was written
}

struct manifest_context {
    struct arena *arena;
    struct slice *manifest;
};

static bool manifest_row(void *context, struct db_row *row, struct error *err)
{
    struct manifest_context *c = context;
    struct digest digest;
    if (!digest_unpack(db_column(row, 0), &digest, err))
        return false;
    *c->manifest = arena_dup(c->arena, digest_slice(&digest));
    return true;
}

bool store_image_manifest(struct store *s, int64_t image, struct arena *a, struct slice *manifest, struct error *err)
{
    struct manifest_context c = {a, manifest};
    const struct db_value values[] = {db_int(image)};
    *manifest = (struct slice){0};
    return db_query(s->db, "SELECT manifest FROM image WHERE id = ?1", values, 1, manifest_row, &c, err);
}

struct identity_context {
    struct arena *arena;
    struct stored_image *image;
};

static bool identity_row(void *context, struct db_row *row, struct error *err)
{
    const struct identity_context *c = context;
    c->image->reference = copy(c->arena, row, 2);
    c->image->arch = copy(c->arena, row, 3);
    return digest_unpack(db_column(row, 0), &c->image->manifest, err) &&
           digest_unpack(db_column(row, 1), &c->image->config, err);
}

bool store_image_identity(struct store *s, int64_t image, struct arena *a, struct stored_image *out, struct error *err)
{
    struct identity_context c = {a, out};
    const struct db_value values[] = {db_int(image)};
    *out = (struct stored_image){0};
    return db_query(s->db,
                    "SELECT manifest, config, reference, arch FROM image JOIN image_sort ON image_sort.id = sort_id "
                    "WHERE image.id = ?1",
                    values, 1, identity_row, &c, err);
}

// ---- making ---------------------------------------------------------------------------------------------------------

// Has nobody else noted anything of the feed meanwhile?
static bool still_pending(struct store *s, const struct pending_update *u, bool *pending, struct error *err)
{
    const struct db_value values[] = {db_text(u->feed), db_text(digest_slice(&u->notified))};
    int64_t same = 0;
    bool ok = db_query(s->db, "SELECT coalesce((SELECT segment FROM notified WHERE feed = ?1), '') = ?2", values, 2,
                       number_row, &same, err);
    *pending = same != 0;
    return ok;
}

static bool put_manifests(struct store *s, int64_t row, const struct slice *manifests, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct digest manifest;
        char bytes[DIGEST_BYTES];
        if (!digest_parse(manifests[i], &manifest, err) ||
            !db_run(s->db, err,
                    "INSERT INTO notification_image (notification_id, number, manifest) VALUES (?1, ?2, ?3)",
                    db_int(row), db_int((int64_t)i), db_blob(digest_pack(&manifest, bytes))))
            return false;
    }
    return true;
}

static bool put_flaws(struct store *s, int64_t row, const struct slice *flaws, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!db_run(s->db, err, "INSERT INTO notification_flaw (notification_id, number, content) VALUES (?1, ?2, ?3)",
                    db_int(row), db_int((int64_t)i), db_text(flaws[i])))
            return false;
    return true;
}

static bool put_items(struct store *s, int64_t row, const struct new_item *items, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!db_run(s->db, err,
                    "INSERT INTO notification_item (notification_id, position, image, flaw, reason, layer) VALUES "
                    "(?1, ?2, ?3, ?4, ?5, ?6)",
                    db_int(row), db_int((int64_t)i), db_int(items[i].image), db_int(items[i].flaw),
                    db_int(items[i].reason), db_int(items[i].layer)))
            return false;
    return true;
}

static bool put_notification(struct store *s, const struct new_notification *n, struct error *err)
{
    const struct pending_update *u = n->update;
    int64_t row = 0;
    const struct db_value values[] = {
        db_text(n->uuid),
        db_text(u->feed),
        db_text(u->ref),
        db_int(u->updated),
        db_int(n->made),
        db_int((int64_t)n->items_n),
        db_int((int64_t)n->images_n),
        db_int((int64_t)n->held_back),
    };
    if (!db_query(s->db,
                  "INSERT INTO notification (uuid, feed, ref, updated, made, items, images, held_back, deleted) VALUES "
                  "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0) RETURNING id",
                  values, 8, number_row, &row, err) ||
        !put_manifests(s, row, n->manifests, n->images_n, err) || !put_flaws(s, row, n->flaws, n->flaws_n, err) ||
        !put_items(s, row, n->items, n->items_n, err))
        return false;
    for (size_t i = 0; i < n->targets_n; i++)
        if (!db_run(s->db, err,
                    "INSERT INTO delivery (notification_id, target, state, attempts, next, changed, error) VALUES "
                    "(?1, ?2, 0, 0, 0, ?3, '')",
                    db_int(row), db_text(n->targets[i]), db_int(n->made)))
            return false;
    return true;
}

static bool put_notified(struct store *s, const struct pending_update *u, struct error *err)
{
    return db_run(s->db, err,
                  "INSERT INTO notified (feed, segment) VALUES (?1, ?2) ON CONFLICT (feed) DO UPDATE SET segment = ?2",
                  db_text(u->feed), db_text(digest_slice(&u->segment)));
}

bool store_notification_put(struct store *s, const struct new_notification *n, bool *taken, struct error *err)
{
    *taken = false;
    struct db_work work = {.turn = DB_TURN_NOTIFICATIONS};
    while (db_works(s->db, &work, err))
        work.ok = still_pending(s, n->update, taken, err) &&
                  (!*taken || ((n->items_n == 0 || put_notification(s, n, err)) && put_notified(s, n->update, err)));
    *taken = *taken && work.ok;
    return work.ok;
}

// ---- what was made --------------------------------------------------------------------------------------------------

struct notifications_context {
    struct arena *arena;
    VEC(struct stored_notification) list;
};

#define NOTIFICATION_COLUMNS "id, uuid, feed, ref, updated, made, deleted, items, images, held_back"

static bool notification_row(void *context, struct db_row *row, struct error *err)
{
    struct notifications_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, &c->list) = (struct stored_notification){
        .row = db_column_int(row, 0),
        .uuid = copy(c->arena, row, 1),
        .feed = copy(c->arena, row, 2),
        .ref = copy(c->arena, row, 3),
        .updated = db_column_int(row, 4),
        .made = db_column_int(row, 5),
        .deleted = db_column_int(row, 6),
        .items = (uint64_t)db_column_int(row, 7),
        .images = (uint64_t)db_column_int(row, 8),
        .held_back = (uint64_t)db_column_int(row, 9),
    };
    return true;
}

bool store_notification_get(struct store *s, struct slice uuid, struct arena *a, struct stored_notification *out,
                            bool *found, struct error *err)
{
    struct notifications_context c = {.arena = a};
    const struct db_value values[] = {db_text(uuid)};
    bool ok = db_query(s->db, "SELECT " NOTIFICATION_COLUMNS " FROM notification WHERE uuid = ?1", values, 1,
                       notification_row, &c, err);
    *found = c.list.n != 0;
    *out = *found ? c.list.v[0] : (struct stored_notification){0};
    return ok;
}

// Mostly none is gone, and then nothing is counted but the images.
bool store_notification_left(struct store *s, struct stored_notification *n, struct error *err)
{
    const struct db_value row[] = {db_int(n->row)};
    int64_t images = 0, items = (int64_t)n->items;
    if (!db_query(s->db,
                  "SELECT count(*) FROM notification_image m JOIN image i ON i.manifest = m.manifest WHERE "
                  "m.notification_id = ?1",
                  row, 1, number_row, &images, err) ||
        ((uint64_t)images != n->images &&
         !db_query(s->db,
                   "SELECT count(*) FROM notification_item t JOIN notification_image m ON m.notification_id = "
                   "t.notification_id AND m.number = t.image JOIN image i ON i.manifest = m.manifest WHERE "
                   "t.notification_id = ?1",
                   row, 1, number_row, &items, err)))
        return false;
    n->images = (uint64_t)images;
    n->items = (uint64_t)items;
    return true;
}

bool store_notifications(struct store *s, struct arena *a, struct stored_notification **out, size_t *n,
                         struct error *err)
{
    struct notifications_context c = {.arena = a};
    bool ok = db_query(s->db, "SELECT " NOTIFICATION_COLUMNS " FROM notification ORDER BY id DESC", NULL, 0,
                       notification_row, &c, err);
    *out = c.list.v;
    *n = c.list.n;
    return ok;
}

struct items_context {
    store_item_fn *each;
    void *context;
};

static bool item_row(void *context, struct db_row *row, struct error *err)
{
    const struct items_context *c = context;
    struct digest layer, manifest;
    if (!digest_unpack(db_column(row, 5), &layer, err) || !digest_unpack(db_column(row, 3), &manifest, err))
        return false;
    const struct stored_item item = {
        .position = (uint64_t)db_column_int(row, 0),
        .flaw = (uint64_t)db_column_int(row, 1),
        .content = db_column(row, 2),
        .manifest = digest_slice(&manifest),
        .reference = db_column(row, 4),
        .layer = digest_slice(&layer),
        .reason = (unsigned)db_column_int(row, 6),
    };
    return c->each(c->context, &item, err);
}

bool store_notification_items(struct store *s, int64_t row, uint64_t from, uint64_t most, store_item_fn *each,
                              void *context, struct error *err)
{
    struct items_context c = {each, context};
    const struct db_value values[] = {db_int(row), db_int(from < INT64_MAX ? (int64_t)from : INT64_MAX),
                                      db_int(most < INT64_MAX ? (int64_t)most : INT64_MAX)};
    return db_query(
        s->db,
        "SELECT t.position, t.flaw, f.content, m.manifest, i.reference, " LAYER_AT("i.chain_id", "t.layer") //
        ", t.reason FROM notification_item t "
        "JOIN notification_image m ON m.notification_id = t.notification_id AND m.number = t.image "
        "JOIN image i ON i.manifest = m.manifest "
        "JOIN notification_flaw f ON f.notification_id = t.notification_id AND f.number = t.flaw "
        "WHERE t.notification_id = ?1 AND t.position >= ?2 ORDER BY t.position LIMIT ?3",
        values, 3, item_row, &c, err);
}

bool store_notification_delete(struct store *s, struct slice uuid, bool *found, struct error *err)
{
    const struct db_value values[] = {db_text(uuid), db_int(clock_now())};
    uint64_t changed;
    bool ok = db_change(
        s->db, "UPDATE notification SET deleted = CASE WHEN deleted = 0 THEN ?2 ELSE deleted END WHERE uuid = ?1",
        values, 2, &changed, err);
    *found = changed != 0;
    return ok;
}

// ---- deliveries -----------------------------------------------------------------------------------------------------

const char *delivery_state_name(enum delivery_state state)
{
    static const char *const names[] = {
        [DELIVERY_CREATED] = "created", [DELIVERY_DELIVERED] = "delivered", [DELIVERY_FAILED] = "failed"};
    return names[state];
}

struct deliveries_context {
    struct arena *arena;
    VEC(struct stored_delivery) list;
};

#define DELIVERY_COLUMNS "notification_id, uuid, target, state, attempts, next, changed, error"

static bool delivery_row(void *context, struct db_row *row, struct error *err)
{
    struct deliveries_context *c = context;
    int64_t state = db_column_int(row, 3);
    if (state < 0 || state >= DELIVERY_STATES)
        return error_set(err, ERR_STORE, "a delivery in a state that this program does not know");
    VEC_PUSH(c->arena, &c->list) = (struct stored_delivery){
        .row = db_column_int(row, 0),
        .uuid = copy(c->arena, row, 1),
        .target = copy(c->arena, row, 2),
        .state = (enum delivery_state)state,
        .attempts = (uint64_t)db_column_int(row, 4),
        .next = db_column_int(row, 5),
        .changed = db_column_int(row, 6),
        .error = copy(c->arena, row, 7),
    };
    return true;
}

bool store_delivery_first(struct store *s, struct slice target, struct arena *a, struct stored_delivery *out,
                          bool *found, struct error *err)
{
    struct deliveries_context c = {.arena = a};
    const struct db_value values[] = {db_text(target)};
    bool ok = db_query(s->db,
                       "SELECT " DELIVERY_COLUMNS " FROM delivery JOIN notification ON id = notification_id WHERE "
                       "target = ?1 AND state = 0 ORDER BY notification_id LIMIT 1",
                       values, 1, delivery_row, &c, err);
    *found = c.list.n != 0;
    *out = *found ? c.list.v[0] : (struct stored_delivery){0};
    return ok;
}

bool store_deliveries(struct store *s, int64_t row, struct arena *a, struct stored_delivery **out, size_t *n,
                      struct error *err)
{
    struct deliveries_context c = {.arena = a};
    const struct db_value values[] = {db_int(row)};
    bool ok = db_query(s->db,
                       "SELECT " DELIVERY_COLUMNS " FROM delivery JOIN notification ON id = notification_id WHERE "
                       "?1 = 0 OR notification_id = ?1 ORDER BY notification_id, target",
                       values, 1, delivery_row, &c, err);
    *out = c.list.v;
    *n = c.list.n;
    return ok;
}

static bool put_delivery(struct store *s, const struct stored_delivery *d, bool consumed, struct error *err)
{
    return db_run(s->db, err,
                  "UPDATE delivery SET state = ?3, attempts = ?4, next = ?5, changed = ?6, error = ?7 WHERE "
                  "notification_id = ?1 AND target = ?2",
                  db_int(d->row), db_text(d->target), db_int(d->state), db_int((int64_t)d->attempts), db_int(d->next),
                  db_int(d->changed), db_text(d->error)) &&
           (!consumed || db_run(s->db, err, "UPDATE notification SET deleted = ?2 WHERE id = ?1 AND deleted = 0",
                                db_int(d->row), db_int(d->changed)));
}

bool store_delivery_put(struct store *s, const struct stored_delivery *d, bool consumed, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_NOTIFICATIONS};
    while (db_works(s->db, &work, err))
        work.ok = put_delivery(s, d, consumed, err);
    return work.ok;
}

bool store_delivery_retry(struct store *s, int64_t row, int64_t now, uint64_t *n, struct error *err)
{
    const struct db_value values[] = {db_int(row), db_int(now)};
    return db_change(s->db,
                     "UPDATE delivery SET state = 0, attempts = 0, next = 0, changed = ?2 WHERE notification_id = ?1 "
                     "AND state = 2",
                     values, 2, n, err);
}

static bool count_row(void *context, struct db_row *row, struct error *err)
{
    uint64_t *counts = context;
    int64_t state = db_column_int(row, 0);
    (void)err;
    if (state >= 0 && state < DELIVERY_STATES)
        counts[state] = (uint64_t)db_column_int(row, 1);
    return true;
}

bool store_delivery_count(struct store *s, struct slice target, uint64_t counts[static DELIVERY_STATES],
                          struct error *err)
{
    const struct db_value values[] = {db_text(target)};
    memset(counts, 0, sizeof *counts * DELIVERY_STATES);
    return db_query(s->db, "SELECT state, count(*) FROM delivery WHERE ?1 = '' OR target = ?1 GROUP BY state", values,
                    1, count_row, counts, err);
}

// ---- retention ------------------------------------------------------------------------------------------------------

#define NOT_TO_BE_DELIVERED                                                                                            \
    "NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notification_id = notification.id AND d.state = 0)"

#define DELETED "deleted <> 0 AND items <> 0 AND " NOT_TO_BE_DELIVERED
#define DELETE_OF_DELETED(table)                                                                                       \
    ("DELETE FROM " table " WHERE notification_id IN (SELECT id FROM notification WHERE " DELETED ")")

static bool collect(struct store *s, int64_t oldest, uint64_t *removed, struct error *err)
{
    static const char *const parts[] = {
        DELETE_OF_DELETED("notification_item"),
        DELETE_OF_DELETED("notification_flaw"),
        DELETE_OF_DELETED("notification_image"),
        "UPDATE notification SET items = 0 WHERE " DELETED,
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!db_query(s->db, parts[i], NULL, 0, NULL, NULL, err))
            return false;
    const struct db_value values[] = {db_int(oldest)};
    return db_change(s->db, "DELETE FROM notification WHERE made < ?1 AND " NOT_TO_BE_DELIVERED, values, 1, removed,
                     err);
}

// What belongs to a notification goes in parts, each a transaction of its own: all of five million items at once would
// keep everybody else from the store for minutes.
#define PART_ROWS 10000
#define PART_OF(table, number)                                                                                         \
    ("DELETE FROM " table " WHERE notification_id = ?1 AND " number " < ?3 + coalesce((SELECT min(" number             \
     ") FROM " table                                                                                                   \
     " WHERE notification_id = ?1), 0) AND EXISTS (SELECT 1 FROM notification WHERE id = ?1 AND (deleted <> 0 "        \
     "OR made < ?2) AND " NOT_TO_BE_DELIVERED ")")

struct ids_context {
    struct arena *arena;
    VEC(int64_t) list;
};

static bool id_row(void *context, struct db_row *row, struct error *err)
{
    struct ids_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, &c->list) = db_column_int(row, 0);
    return true;
}

static bool remove_parts(struct store *s, const char *sql, int64_t id, int64_t oldest, struct error *err)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000}; // in which others get the store
    const struct db_value values[] = {db_int(id), db_int(oldest), db_int(PART_ROWS)};
    uint64_t removed;
    do {
        if (!db_change(s->db, sql, values, 3, &removed, err))
            return false;
        if (removed == PART_ROWS)
            nanosleep(&pause, NULL);
    } while (removed == PART_ROWS);
    return true;
}

static bool remove_content(struct store *s, int64_t oldest, struct error *err)
{
    static const char *const parts[] = {
        PART_OF("notification_item", "position"),
        PART_OF("notification_flaw", "number"),
        PART_OF("notification_image", "number"),
    };
    struct arena a ARENA_AUTO = {0};
    struct ids_context ids = {.arena = &a};
    const struct db_value values[] = {db_int(oldest)};
    if (!db_query(s->db,
                  "SELECT id FROM notification WHERE ((deleted <> 0 AND items <> 0) OR made < ?1) "
                  "AND " NOT_TO_BE_DELIVERED,
                  values, 1, id_row, &ids, err))
        return false;
    for (size_t i = 0; i < ids.list.n; i++)
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
            if (!remove_parts(s, parts[k], ids.list.v[i], oldest, err))
                return false;
    return true;
}

bool store_notifications_collect(struct store *s, int64_t oldest, uint64_t *removed, struct error *err)
{
    *removed = 0;
    if (!remove_content(s, oldest, err))
        return false;
    struct db_work work = {.turn = DB_TURN_NOTIFICATIONS};
    while (db_works(s->db, &work, err))
        work.ok = collect(s, oldest, removed, err);
    return work.ok;
}
