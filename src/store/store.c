#include "store/store.h"

#include "base/file.h"
#include "base/log.h"
#include "store/notification_store.h"
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
                         "the store was written by a newer Clarion (schema %lld, this program knows %lld): "
                         "use that program, or another --data folder or --db",
                         (long long)applied, (long long)known);
    for (int64_t i = applied; i < known; i++) {
        const struct schema_step *step = &schema_steps[i];
        log_debug("store: applying %s", step->name);
        if (!db_exec_schema(db, step->sql, err) ||
            !db_run(db, err, "INSERT INTO schema_step (id, name) VALUES (?1, ?2)", db_int(i + 1),
                    db_text(slice_str(step->name))))
            return error_wrap(err, "schema step %s", step->name);
    }
    return true;
}

// True when the newest step is applied already: then nothing has to be locked for writing.
static bool up_to_date(struct db *db)
{
    struct error ignored; // there is no table yet
    int64_t applied = 0, known = 0;
    while (schema_steps[known].name != NULL)
        known++;
    return db_query(db, "SELECT count(*) FROM schema_step", NULL, 0, applied_row, &applied, &ignored) &&
           applied == known;
}

// All steps in one transaction: a crash leaves the old schema; a second process waits for the first.
static bool migrate(struct db *db, struct error *err)
{
    if (up_to_date(db))
        return true;
    struct db_work work = {.turn = DB_TURN_SCHEMA};
    while (db_works(db, &work, err))
        work.ok = db_install(db, err) &&
                  db_exec_schema(
                      db, "CREATE TABLE IF NOT EXISTS schema_step (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", err) &&
                  migrate_steps(db, err);
    return work.ok;
}

static char *join(const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = must_alloc(n);
    snprintf(path, n, "%s/%s", folder, name);
    return path;
}

bool store_home_make(const char *folder, struct slice database, unsigned connections, struct store_home *home,
                     struct error *err)
{
    char *path = join(folder, "clarion.db");
    *home = (struct store_home){.folder = strdup(folder)};
    if (!store_make_uuid(home->node, err)) {
        free(path);
        store_home_free(home);
        return false;
    }
    home->database = db_source_new(database.n != 0 ? database : slice_str(path), connections, err);
    free(path);
    if (home->database != NULL)
        return true;
    store_home_free(home);
    return false;
}

void store_home_free(struct store_home *home)
{
    db_source_free(&home->database);
    free(home->folder);
    *home = (struct store_home){0};
}

// The schema is looked at once by a process.
static bool open_current(struct store *store, struct error *err)
{
    struct store_home *home = store->home;
    store->db = db_open(home->database, err);
    if (store->db == NULL || (!atomic_load(&home->current) && !migrate(store->db, err)))
        return false;
    atomic_store(&home->current, true);
    return true;
}

bool store_open(struct store_home *home, struct store *store, struct error *err)
{
    *store = (struct store){.home = home, .segments = join(home->folder, "segments")};
    if (dir_make(store->segments, err) && open_current(store, err))
        return true;
    if (!db_source_shared(home->database))
        error_wrap(err, "data folder %s", home->folder);
    store_close(store);
    return false;
}

void store_close(struct store *store)
{
    db_close(&store->db);
    free(store->segments);
    *store = (struct store){0};
}

void store_observe(struct store *store, struct db_timings *timings)
{
    db_observe(store->db, timings);
}
