// Feeds' states, update operations and generations in the database.
#include "store/update_rows.h"

#include "base/clock.h"
#include "store/notification_store.h"

#include <stdio.h>
#include <sys/random.h>

// ---- reading --------------------------------------------------------------------------------------------------------

struct generation_context {
    struct arena *arena;
    struct generation *out;
    int64_t id;
    size_t cap;
};

static bool generation_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct generation_context *c = context;
    c->id = db_column_int(row, 0);
    c->out->id = arena_dup(c->arena, db_column(row, 1));
    c->out->created = db_column_int(row, 2);
    return true;
}

static bool part_row(void *context, struct db_row *row, struct error *err)
{
    struct generation_context *c = context;
    struct generation *g = c->out;
    if (g->feeds_n == c->cap)
        g->feeds = arena_grow(c->arena, g->feeds, sizeof *g->feeds, g->feeds_n, &c->cap);
    struct feed_state *f = &g->feeds[g->feeds_n++];
    *f = (struct feed_state){
        .feed = arena_dup(c->arena, db_column(row, 0)),
        .records = (uint64_t)db_column_int(row, 2),
        .updated = db_column_int(row, 3),
        .ref = arena_dup(c->arena, db_column(row, 4)),
        .checked = db_column_int(row, 5),
        .tried = db_column_int(row, 6),
        .error = arena_dup(c->arena, db_column(row, 7)),
    };
    struct slice segment = db_column(row, 1);
    return segment.n == 0 || digest_parse(segment, &f->segment, err);
}

// The feeds of a generation, and, for the current one, those that were tried but never gave anything.
static bool read_parts(struct store *s, struct generation_context *c, bool current, struct error *err)
{
    const struct db_value values[] = {db_int(c->id), db_int(current)};
    return db_query(
        s->db,
        "SELECT coalesce(u.feed, f.name), coalesce(u.segment, ''), coalesce(u.records, 0), coalesce(u.made, 0), "
        "coalesce(u.ref, ''), coalesce(u.checked, 0), coalesce(f.tried, 0), coalesce(f.error, '') "
        "FROM generation_part p JOIN update_operation u ON u.id = p.update_id "
        "LEFT JOIN feed f ON f.name = u.feed WHERE p.generation_id = ?1 "
        "UNION ALL SELECT name, '', 0, 0, '', 0, tried, error FROM feed WHERE ?2 <> 0 AND name NOT IN "
        "(SELECT u.feed FROM generation_part p JOIN update_operation u ON u.id = p.update_id "
        "WHERE p.generation_id = ?1) ORDER BY 1",
        values, 2, part_row, c, err);
}

static bool read_generation(struct store *s, const char *sql, const struct db_value *values, size_t n, bool current,
                            struct arena *a, struct generation *out, struct error *err)
{
    // One transaction, so that a generation is not put together of two.
    struct db_work work = {.reads = true};
    while (db_works(s->db, &work, err)) {
        struct generation_context c = {.arena = a, .out = out};
        *out = (struct generation){0};
        work.ok = db_query(s->db, sql, values, n, generation_row, &c, err) && read_parts(s, &c, current, err);
    }
    return work.ok;
}

bool store_generation(struct store *s, struct arena *a, struct generation *out, struct error *err)
{
    return read_generation(s, "SELECT id, name, made FROM generation ORDER BY id DESC LIMIT 1", NULL, 0, true, a, out,
                           err);
}

bool store_generation_at(struct store *s, struct slice id_or_date, struct arena *a, struct generation *out,
                         struct error *err)
{
    int64_t when;
    bool date = clock_parse(id_or_date, &when);
    // A date alone means the end of that day.
    if (date && id_or_date.n == sizeof "2026-11-24" - 1)
        when += 24 * 3600 - 1;
    const struct db_value values[] = {date ? db_int(when) : db_text(id_or_date)};
    const char *sql =
        date ? "SELECT id, name, made FROM generation WHERE made <= ?1 ORDER BY id DESC LIMIT 1"
             : "SELECT id, name, made FROM generation WHERE name = ?1 OR id = (SELECT max(generation_id) FROM "
               "generation_part JOIN update_operation u ON u.id = update_id WHERE u.ref = ?1) ORDER BY id DESC LIMIT 1";
    if (!read_generation(s, sql, values, 1, false, a, out, err))
        return false;
    return out->id.n != 0 ||
           error_set(err, ERR_NOT_FOUND,
                     "no generation of the feeds is kept %s \"%.*s\" (`clarion advisories list` tells which are)",
                     date ? "from or before" : "under the name", SLICE_ARG(id_or_date));
}

struct files_context {
    struct arena *arena;
    VEC(struct feed_file) files;
    VEC(struct file_left_out) left_out; // of the last file
};

// A row for each reason of each file; a file without any has one row.
static bool file_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct files_context *c = context;
    struct slice url = db_column(row, 0), reason = db_column(row, 8);
    if (c->files.n == 0 || !slice_eq(c->files.v[c->files.n - 1].url, url)) {
        c->left_out.v = NULL;
        c->left_out.n = c->left_out.cap = 0;
        VEC_PUSH(c->arena, &c->files) = (struct feed_file){
            .url = arena_dup(c->arena, url),
            .scope = arena_dup(c->arena, db_column(row, 1)),
            .etag = arena_dup(c->arena, db_column(row, 2)),
            .last_modified = arena_dup(c->arena, db_column(row, 3)),
            .error = arena_dup(c->arena, db_column(row, 4)),
            .checked = db_column_int(row, 5),
            .version = (unsigned)db_column_int(row, 6),
            .added = (uint64_t)db_column_int(row, 7),
        };
    }
    if (reason.n == 0)
        return true;
    VEC_PUSH(c->arena, &c->left_out) =
        (struct file_left_out){arena_dup(c->arena, reason), (uint64_t)db_column_int(row, 9)};
    c->files.v[c->files.n - 1].left_out = c->left_out.v;
    c->files.v[c->files.n - 1].left_out_n = c->left_out.n;
    return true;
}

bool update_read_files(struct store *s, int64_t update, struct arena *a, struct feed_file **files, size_t *n,
                       struct error *err)
{
    struct files_context c = {.arena = a};
    const struct db_value values[] = {db_int(update)};
    bool ok = db_query(s->db,
                       "SELECT url, scope, etag, last_modified, error, checked, parser, added, coalesce(reason, ''), "
                       "coalesce(records, 0) FROM feed_file LEFT JOIN feed_file_left_out ON file_id = id WHERE "
                       "update_id = ?1 ORDER BY url, reason",
                       values, 1, file_row, &c, err);
    *files = c.files.v;
    *n = c.files.n;
    return ok;
}

bool number_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

static bool newest_row(void *context, struct db_row *row, struct error *err)
{
    struct newest_update *u = context;
    u->id = db_column_int(row, 0);
    u->checked = db_column_int(row, 1);
    return digest_parse(db_column(row, 2), &u->segment, err);
}

bool update_newest(struct store *s, struct slice feed, struct newest_update *out, struct error *err)
{
    const struct db_value values[] = {db_text(feed)};
    *out = (struct newest_update){0};
    return db_query(s->db, "SELECT id, checked, segment FROM update_operation WHERE feed = ?1 ORDER BY id DESC LIMIT 1",
                    values, 1, newest_row, out, err);
}

bool update_id(struct store *s, struct slice ref, int64_t *id, struct error *err)
{
    const struct db_value values[] = {db_text(ref)};
    *id = 0;
    return db_query(s->db, "SELECT id FROM update_operation WHERE ref = ?1", values, 1, number_row, id, err);
}

bool store_feed_files(struct store *s, struct slice feed, struct arena *a, struct feed_file **files, size_t *n,
                      struct error *err)
{
    struct newest_update newest;
    return update_newest(s, feed, &newest, err) && update_read_files(s, newest.id, a, files, n, err);
}

struct note_context {
    struct arena *arena;
    struct slice *note;
};

static bool note_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct note_context *c = context;
    *c->note = arena_dup(c->arena, db_column(row, 0));
    return true;
}

bool update_read_note(struct store *s, int64_t update, struct arena *a, struct slice *note, struct error *err)
{
    struct note_context c = {a, note};
    const struct db_value values[] = {db_int(update)};
    *note = SLICE("");
    return db_query(s->db, "SELECT note FROM update_operation WHERE id = ?1", values, 1, note_row, &c, err);
}

bool store_feed_note(struct store *s, struct slice feed, struct arena *a, struct slice *note, struct error *err)
{
    struct newest_update newest;
    return update_newest(s, feed, &newest, err) && update_read_note(s, newest.id, a, note, err);
}

// ---- writing --------------------------------------------------------------------------------------------------------

bool store_make_uuid(char text[static UUID_TEXT], struct error *err)
{
    uint8_t b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b)
        return error_errno(err, "cannot get random bytes");
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(text, UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
             b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return true;
}

static bool put_left_out(struct store *s, int64_t file, const struct feed_file *f, struct error *err)
{
    for (size_t i = 0; i < f->left_out_n; i++)
        if (!db_run(s->db, err, "INSERT INTO feed_file_left_out (file_id, reason, records) VALUES (?1, ?2, ?3)",
                    db_int(file), db_text(f->left_out[i].reason), db_int((int64_t)f->left_out[i].records)))
            return false;
    return true;
}

bool update_put_files(struct store *s, int64_t update, const struct feed_file *files, size_t n, struct error *err)
{
    if (!db_run(s->db, err, "DELETE FROM feed_file WHERE update_id = ?1", db_int(update)))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct feed_file *f = &files[i];
        const struct db_value values[] = {
            db_int(update),     db_text(f->url),           db_text(f->scope),
            db_text(f->etag),   db_text(f->last_modified), db_text(f->error),
            db_int(f->checked), db_int(f->version),        db_int((int64_t)f->added),
        };
        int64_t id = 0;
        if (!db_query(s->db,
                      "INSERT INTO feed_file (update_id, url, scope, etag, last_modified, error, checked, parser, "
                      "added) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
                      values, 9, number_row, &id, err) ||
            !put_left_out(s, id, f, err))
            return false;
    }
    return true;
}

bool update_put_checked(struct store *s, int64_t update, int64_t checked, struct error *err)
{
    return db_run(s->db, err, "UPDATE update_operation SET checked = ?2 WHERE id = ?1", db_int(update),
                  db_int(checked));
}

bool update_put(struct store *s, const struct new_update *u, struct error *err)
{
    char ref[UUID_TEXT];
    return store_make_uuid(ref, err) &&
           db_run(s->db, err,
                  "INSERT INTO update_operation (ref, feed, segment, records, made, checked, note) VALUES (?1, ?2, ?3, "
                  "?4, ?5, ?6, ?7)",
                  db_text(slice_str(ref)), db_text(u->feed), db_text(digest_slice(u->segment)),
                  db_int((int64_t)u->records), db_int(u->made), db_int(u->checked), db_text(u->note));
}

static bool hash_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct hasher *h = context;
    hasher_add(h, db_column(row, 0));
    hasher_add(h, SLICE(" "));
    hasher_add(h, db_column(row, 1));
    hasher_add(h, SLICE("\n"));
    return true;
}

#define NEWEST_OF_EACH "(SELECT max(id) FROM update_operation GROUP BY feed)"

bool generation_put(struct store *s, int64_t now, struct error *err)
{
    struct hasher *hash = hasher_new(NULL);
    bool ok = db_query(s->db, "SELECT feed, segment FROM update_operation WHERE id IN " NEWEST_OF_EACH " ORDER BY feed",
                       NULL, 0, hash_row, hash, err);
    struct digest name = hasher_end(hash);
    const struct db_value values[] = {db_text(slice_of(digest_hex(&name), 16)), db_int(now)};
    int64_t id = 0;
    return ok &&
           db_query(s->db, "INSERT INTO generation (name, made) VALUES (?1, ?2) RETURNING id", values, 2, number_row,
                    &id, err) &&
           db_run(s->db, err,
                  "INSERT INTO generation_part (generation_id, update_id) SELECT ?1, id FROM update_operation WHERE id "
                  "IN " NEWEST_OF_EACH,
                  db_int(id));
}

static bool put_state(struct store *s, const struct feed_result *r, int64_t now, struct error *err)
{
    return db_run(s->db, err,
                  "INSERT INTO feed (name, tried, error) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET "
                  "tried = ?2, error = ?3",
                  db_text(r->feed), db_int(now), db_text(r->error));
}

// A new update where the segment is a new one; else the one there is was confirmed, if it was.
static bool put_segment(struct store *s, const struct feed_result *r, int64_t now, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct newest_update newest;
    struct slice note;
    if (!update_newest(s, r->feed, &newest, err) || !update_read_note(s, newest.id, &scratch, &note, err))
        return false;
    bool ours = r->former == NULL || digest_eq(&newest.segment, r->former) ||
                (r->segment != NULL && digest_eq(&newest.segment, r->segment));
    if (!ours)
        return error_set(err, ERR_STORE, "another update of it was recorded meanwhile, so that this one is dropped");
    if (r->note.p != NULL)
        note = r->note;
    int64_t checked = r->confirmed ? now : newest.checked;
    if (r->segment != NULL && !digest_eq(r->segment, &newest.segment)) {
        const struct new_update update = {r->feed, r->segment, r->records, now, checked, note};
        if (!update_put(s, &update, err) || !generation_put(s, now, err) || !update_newest(s, r->feed, &newest, err))
            return false;
    } else if (!update_put_checked(s, newest.id, checked, err) ||
               !db_run(s->db, err, "UPDATE update_operation SET note = ?2 WHERE id = ?1", db_int(newest.id),
                       db_text(note))) {
        return false;
    }
    return r->files == NULL || newest.id == 0 || update_put_files(s, newest.id, r->files, r->files_n, err);
}

bool store_feed_record(struct store *s, const struct feed_result *r, struct error *err)
{
    int64_t now = clock_now();
    struct db_work work = {.turn = DB_TURN_UPDATES};
    while (db_works(s->db, &work, err))
        work.ok = put_state(s, r, now, err) && put_segment(s, r, now, err) && updates_drop(s, r->feed, r->keep, err) &&
                  db_tell(s->db, err);
    return work.ok;
}
