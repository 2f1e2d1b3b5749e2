// What is kept of the feeds' past, and the removal of what is not.
#include "store/update_rows.h"

#include "advisory/segment_format.h"
#include "base/file.h"
#include "base/log.h"
#include "store/segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

// Counted by feed, not by generation: each feed's update makes a generation, so many feeds, or one that changes every
// hour, would otherwise push out what the quiet ones had before. A generation goes when a part of it does; the newest
// and its parts stay.
bool updates_drop(struct store *s, struct slice feed, uint64_t keep, struct error *err)
{
    int64_t newest_dropped = 0;
    const struct db_value values[] = {db_text(feed), db_int(keep < INT64_MAX ? (int64_t)keep : INT64_MAX)};
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

static bool delete_update(struct store *s, struct slice ref, bool *in_force, struct error *err)
{
    const struct db_value values[] = {db_text(ref)};
    int64_t newest = 0;
    if (!db_query(s->db,
                  "SELECT id = (SELECT max(id) FROM update_operation WHERE feed = u.feed) FROM update_operation u "
                  "WHERE ref = ?1",
                  values, 1, number_row, &newest, err))
        return false;
    *in_force = newest != 0;
    return *in_force || (db_run(s->db, err,
                                "DELETE FROM generation WHERE id IN (SELECT generation_id FROM generation_part JOIN "
                                "update_operation u ON u.id = update_id WHERE u.ref = ?1)",
                                db_text(ref)) &&
                         db_run(s->db, err, "DELETE FROM update_operation WHERE ref = ?1", db_text(ref)));
}

bool store_update_delete(struct store *s, struct slice ref, bool *in_force, struct error *err)
{
    *in_force = false;
    struct db_work work = {.turn = DB_TURN_UPDATES};
    while (db_works(s->db, &work, err))
        work.ok = delete_update(s, ref, in_force, err) && db_tell(s->db, err);
    return work.ok;
}

static bool in_use(struct store *s, const char *name, bool *used)
{
    struct error err;
    int64_t n = 0;
    char digest[DIGEST_TEXT];
    const char *dot = strchr(name, '.');
    snprintf(digest, sizeof digest, "sha256:%.*s", dot != NULL ? (int)(dot - name) : 0, name);
    const struct db_value values[] = {db_text(slice_str(digest))};
    bool ok = db_query(
        s->db,
        "SELECT EXISTS (SELECT 1 FROM update_operation WHERE segment = ?1) OR EXISTS (SELECT 1 FROM notified WHERE segment = ?1) OR EXISTS (SELECT 1 FROM summarised WHERE segment = ?1)",
        values, 1, number_row, &n, &err);
    *used = n != 0;
    return ok;
}

// A folder that an import was made in, with the segments in it.
static void remove_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(fd, entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    else
        fd_close(&fd);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static void consider(struct store *s, int folder, const char *name)
{
    struct slice text = slice_str(name);
    bool used = true;
    if (slice_starts(text, SLICE(SEGMENT_BUILDING))) {
        log_debug("store: removing %s, which a crash left behind", name);
        if (unlinkat(folder, name, 0) != 0)
            remove_folder(folder, name);
    } else if (slice_ends(text, SLICE(SEGMENT_SUFFIX)) && in_use(s, name, &used) && !used) {
        log_debug("store: removing segment %s", name);
        unlinkat(folder, name, 0);
    }
}

void store_collect(struct store *s)
{
    struct error err;
    int lock FD_AUTO = -1;
    bool alone;
    if (!store_segments_forget(s, &err))
        log_warn("what the database server need not keep cannot be removed: %s", err.text);
    if (!store_own_segments(s, &lock, &alone, &err) || !alone) {
        log_debug("store: no segment is removed now, since others may be about to open it");
        return;
    }
    DIR *dir = opendir(s->segments);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        consider(s, dirfd(dir), entry->d_name);
    if (dir != NULL)
        closedir(dir);
}
