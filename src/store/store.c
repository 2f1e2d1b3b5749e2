#include "store/store.h"

#include "base/file.h"
#include "base/log.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>

// The step count lives in a table of our own rather than in a pragma, so that another engine can keep it too.
static bool applied_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}

static bool migrate_steps(struct db *db, struct error *err)
{
    int64_t applied = 0, known = 0;
    if (!db_query(db, "SELECT count(*) FROM schema_step", NULL, 0, applied_row, &applied, err))
        return false;
    while (schema_steps[known].name != NULL)
        known++;
    if (applied > known)
        return error_set(err, ERR_STORE,
                         "the data folder was written by a newer Clarion (schema %lld, this program knows %lld): "
                         "use that program, or another --data folder",
                         (long long)applied, (long long)known);
    for (int64_t i = applied; i < known; i++) {
        const struct schema_step *step = &schema_steps[i];
        log_debug("store: applying %s", step->name);
        if (!db_exec(db, step->sql, err) || !db_run(db, err, "INSERT INTO schema_step (id, name) VALUES (?1, ?2)",
                                                    db_int(i + 1), db_text(slice_str(step->name))))
            return error_wrap(err, "schema step %s", step->name);
    }
    return true;
}

static bool current_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(bool *)context = db_column_int(row, 0) != 0;
    return true;
}

// True when the newest step is applied already: then nothing has to be locked for writing.
static bool up_to_date(struct db *db)
{
    struct error ignored;
    bool table = false;
    int64_t applied = 0, known = 0;
    while (schema_steps[known].name != NULL)
        known++;
    return db_query(db, "SELECT count(*) FROM sqlite_master WHERE name = 'schema_step'", NULL, 0, current_row, &table,
                    &ignored) &&
           table && db_query(db, "SELECT count(*) FROM schema_step", NULL, 0, applied_row, &applied, &ignored) &&
           applied == known;
}

// All steps in one transaction: a crash leaves the old schema; a second process waits for the first.
static bool migrate(struct db *db, struct error *err)
{
    if (up_to_date(db))
        return true;
    if (!db_begin(db, err))
        return false;
    if (db_exec(db, "CREATE TABLE IF NOT EXISTS schema_step (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", err) &&
        migrate_steps(db, err))
        return db_commit(db, err);
    db_rollback(db);
    return false;
}

static char *join(const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = must_alloc(n);
    snprintf(path, n, "%s/%s", folder, name);
    return path;
}

bool store_open(const char *folder, struct store *store, struct error *err)
{
    *store = (struct store){0};
    store->folder = join(folder, "");
    store->folder[strlen(folder)] = '\0';
    store->segments = join(folder, "segments");
    char *path = join(folder, "clarion.db");
    bool ok = dir_make(store->segments, err) && (store->db = db_open(path, err)) != NULL && migrate(store->db, err);
    free(path);
    if (ok)
        return true;
    error_wrap(err, "data folder %s", folder);
    store_close(store);
    return false;
}

void store_close(struct store *store)
{
    db_close(&store->db);
    free(store->folder);
    free(store->segments);
    *store = (struct store){0};
}

void store_observe(struct store *store, struct db_timings *timings)
{
    db_observe(store->db, timings);
}
