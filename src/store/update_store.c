// Feeds' states, update operations and generations in the database.
#include "store/store.h"

#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

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
        "coalesce(u.ref, ''), coalesce(f.checked, 0), coalesce(f.tried, 0), coalesce(f.error, '') "
        "FROM generation_part p JOIN update_operation u ON u.id = p.update_id "
        "LEFT JOIN feed f ON f.name = u.feed WHERE p.generation_id = ?1 "
        "UNION ALL SELECT name, '', 0, 0, '', checked, tried, error FROM feed WHERE ?2 <> 0 AND name NOT IN "
        "(SELECT u.feed FROM generation_part p JOIN update_operation u ON u.id = p.update_id "
        "WHERE p.generation_id = ?1) ORDER BY 1",
        values, 2, part_row, c, err);
}

static bool read_generation(struct store *s, const char *sql, const struct db_value *values, size_t n, bool current,
                            struct arena *a, struct generation *out, struct error *err)
{
    struct generation_context c = {.arena = a, .out = out};
    *out = (struct generation){0};
    // One transaction, so that a generation is not put together of two.
    if (!db_exec(s->db, "BEGIN", err))
        return false;
    if (db_query(s->db, sql, values, n, generation_row, &c, err) && read_parts(s, &c, current, err))
        return db_commit(s->db, err);
    db_rollback(s->db);
    return false;
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
    return out->id.n != 0 || error_set(err, ERR_NOT_FOUND, "no generation of the feeds is kept %s \"%.*s\"",
                                       date ? "from or before" : "under the name", SLICE_ARG(id_or_date));
}

struct files_context {
    struct arena *arena;
    VEC(struct feed_file) files;
};

static bool file_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct files_context *c = context;
    VEC_PUSH(c->arena, &c->files) = (struct feed_file){
        .url = arena_dup(c->arena, db_column(row, 0)),
        .scope = arena_dup(c->arena, db_column(row, 1)),
        .etag = arena_dup(c->arena, db_column(row, 2)),
        .last_modified = arena_dup(c->arena, db_column(row, 3)),
        .error = arena_dup(c->arena, db_column(row, 4)),
        .checked = db_column_int(row, 5),
        .version = (unsigned)db_column_int(row, 6),
    };
    return true;
}

bool store_feed_files(struct store *s, struct slice feed, struct arena *a, struct feed_file **files, size_t *n,
                      struct error *err)
{
    struct files_context c = {.arena = a};
    const struct db_value values[] = {db_text(feed)};
    bool ok = db_query(s->db,
                       "SELECT url, scope, etag, last_modified, error, checked, parser FROM feed_file WHERE feed = ?1 "
                       "ORDER BY url",
                       values, 1, file_row, &c, err);
    *files = c.files.v;
    *n = c.files.n;
    return ok;
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

bool store_feed_note(struct store *s, struct slice feed, struct arena *a, struct slice *note, struct error *err)
{
    struct note_context c = {a, note};
    const struct db_value values[] = {db_text(feed)};
    *note = SLICE("");
    return db_query(s->db, "SELECT note FROM feed WHERE name = ?1", values, 1, note_row, &c, err);
}

// ---- writing --------------------------------------------------------------------------------------------------------

#define REF_TEXT 37

// A random UUID (RFC 9562, version 4).
static bool make_ref(char text[static REF_TEXT], struct error *err)
{
    uint8_t b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b)
        return error_errno(err, "cannot get random bytes");
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(text, REF_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
             b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return true;
}

static bool put_files(struct store *s, const struct feed_result *r, struct error *err)
{
    if (r->files == NULL)
        return true;
    if (!db_run(s->db, err, "DELETE FROM feed_file WHERE feed = ?1", db_text(r->feed)))
        return false;
    for (size_t i = 0; i < r->files_n; i++) {
        const struct feed_file *f = &r->files[i];
        if (!db_run(s->db, err,
                    "INSERT INTO feed_file (feed, url, scope, etag, last_modified, error, checked, parser) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    db_text(r->feed), db_text(f->url), db_text(f->scope), db_text(f->etag), db_text(f->last_modified),
                    db_text(f->error), db_int(f->checked), db_int(f->version)))
            return false;
    }
    return true;
}

static bool put_state(struct store *s, const struct feed_result *r, int64_t now, struct error *err)
{
    if (!db_run(
            s->db, err,
            "INSERT INTO feed (name, checked, tried, error) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET "
            "checked = CASE WHEN ?2 = 0 THEN feed.checked ELSE ?2 END, tried = ?3, error = ?4",
            db_text(r->feed), db_int(r->confirmed ? now : 0), db_int(now), db_text(r->error)))
        return false;
    return r->note.p == NULL ||
           db_run(s->db, err, "UPDATE feed SET note = ?2 WHERE name = ?1", db_text(r->feed), db_text(r->note));
}

struct parts_context {
    struct slice feed, segment; // what is being put in
    struct hasher *hash;
    bool done;
};

static void hash_part(struct hasher *h, struct slice feed, struct slice segment)
{
    hasher_add(h, feed);
    hasher_add(h, SLICE(" "));
    hasher_add(h, segment);
    hasher_add(h, SLICE("\n"));
}

// The parts of the former generation, in order, with the new segment in its place.
static bool hash_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct parts_context *c = context;
    struct slice feed = db_column(row, 0);
    if (!c->done && slice_cmp(feed, c->feed) >= 0) {
        hash_part(c->hash, c->feed, c->segment);
        c->done = true;
    }
    if (!slice_eq(feed, c->feed))
        hash_part(c->hash, feed, db_column(row, 1));
    return true;
}

static bool number_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

static bool put_generation(struct store *s, const struct feed_result *r, int64_t update, int64_t now, struct error *err)
{
    struct parts_context c = {.feed = r->feed, .segment = digest_slice(r->segment)};
    int64_t before;
    if (!db_query(s->db, "SELECT coalesce(max(id), 0) FROM generation", NULL, 0, number_row, &before, err))
        return false;
    const struct db_value former[] = {db_int(before)};
    c.hash = hasher_new(NULL);
    bool ok = db_query(s->db,
                       "SELECT u.feed, u.segment FROM generation_part JOIN update_operation u ON u.id = update_id "
                       "WHERE generation_id = ?1 ORDER BY u.feed",
                       former, 1, hash_row, &c, err);
    if (!c.done)
        hash_part(c.hash, c.feed, c.segment);
    struct digest name = hasher_end(c.hash);
    if (!ok || !db_run(s->db, err, "INSERT INTO generation (name, made) VALUES (?1, ?2)",
                       db_text(slice_of(digest_hex(&name), 16)), db_int(now)))
        return false;
    int64_t generation = db_last_id(s->db);
    return db_run(s->db, err,
                  "INSERT INTO generation_part (generation_id, update_id) SELECT ?1, update_id FROM generation_part "
                  "JOIN update_operation u ON u.id = update_id WHERE generation_id = ?2 AND u.feed <> ?3",
                  db_int(generation), db_int(before), db_text(r->feed)) &&
           db_run(s->db, err, "INSERT INTO generation_part (generation_id, update_id) VALUES (?1, ?2)",
                  db_int(generation), db_int(update));
}

struct current_segment {
    const struct digest *segment;
    bool same;
};

static bool segment_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct current_segment *c = context;
    c->same = slice_eq(db_column(row, 0), digest_slice(c->segment));
    return true;
}

static bool put_update(struct store *s, const struct feed_result *r, int64_t now, struct error *err)
{
    struct current_segment current = {r->segment, false};
    const struct db_value feed[] = {db_text(r->feed)};
    if (r->segment == NULL)
        return true;
    if (!db_query(s->db,
                  "SELECT u.segment FROM generation_part JOIN update_operation u ON u.id = update_id WHERE u.feed = ?1 "
                  "AND generation_id = (SELECT max(id) FROM generation)",
                  feed, 1, segment_row, &current, err))
        return false;
    if (current.same)
        return true;
    char ref[REF_TEXT];
    return make_ref(ref, err) &&
           db_run(s->db, err,
                  "INSERT INTO update_operation (ref, feed, segment, records, made) VALUES (?1, ?2, ?3, ?4, ?5)",
                  db_text(slice_str(ref)), db_text(r->feed), db_text(digest_slice(r->segment)),
                  db_int((int64_t)r->records), db_int(now)) &&
           put_generation(s, r, db_last_id(s->db), now, err);
}

// ---- retention ------------------------------------------------------------------------------------------------------

#define KEPT_UPDATES  20   // of each feed
#define GRACE_SECONDS 3600 // a segment file younger than this may be one that another process is about to record

// Counted by feed, not by generation: each feed's update makes a generation, so many feeds, or one that changes every
// hour, would otherwise push out what the quiet ones had before. A generation goes when a part of it does; the newest
// and its parts stay.
static bool drop_old_updates(struct store *s, struct slice feed, struct error *err)
{
    int64_t newest_dropped = 0;
    const struct db_value values[] = {db_text(feed), db_int(KEPT_UPDATES)};
    return db_query(s->db, "SELECT id FROM update_operation WHERE feed = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2", values,
                    2, number_row, &newest_dropped, err) &&
           db_run(s->db, err,
                  "DELETE FROM generation WHERE id < (SELECT max(id) FROM generation) AND id IN (SELECT generation_id "
                  "FROM generation_part WHERE update_id IN (SELECT id FROM update_operation WHERE feed = ?1 AND "
                  "id <= ?2))",
                  db_text(feed), db_int(newest_dropped)) &&
           db_run(s->db, err,
                  "DELETE FROM update_operation WHERE feed = ?1 AND id <= ?2 AND id NOT IN (SELECT update_id FROM "
                  "generation_part)",
                  db_text(feed), db_int(newest_dropped));
}

static bool segment_in_use(struct store *s, const char *name, bool *used)
{
    struct error err;
    int64_t n = 0;
    char digest[DIGEST_TEXT];
    const char *dot = strchr(name, '.');
    snprintf(digest, sizeof digest, "sha256:%.*s", dot != NULL ? (int)(dot - name) : 0, name);
    const struct db_value values[] = {db_text(slice_str(digest))};
    bool ok =
        db_query(s->db, "SELECT count(*) FROM update_operation WHERE segment = ?1", values, 1, number_row, &n, &err);
    *used = n != 0;
    return ok;
}

// Removes segment files that no kept update made. A process that still reads one goes on: its file stays until
// closed.
static void remove_unused_segments(struct store *s)
{
    DIR *dir = opendir(s->segments);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;
        bool used = true;
        if (slice_ends(slice_str(entry->d_name), SLICE(".segment")) &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            time(NULL) - st.st_mtime > GRACE_SECONDS && segment_in_use(s, entry->d_name, &used) && !used) {
            log_debug("store: removing segment %s", entry->d_name);
            unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    if (dir != NULL)
        closedir(dir);
}

bool store_feed_record(struct store *s, const struct feed_result *r, struct error *err)
{
    int64_t now = clock_now();
    if (!db_begin(s->db, err))
        return false;
    if (!put_files(s, r, err) || !put_state(s, r, now, err) || !put_update(s, r, now, err) ||
        !drop_old_updates(s, r->feed, err)) {
        db_rollback(s->db);
        return false;
    }
    if (!db_commit(s->db, err))
        return false;
    remove_unused_segments(s);
    return true;
}
