#include "store/store_opening.h"

#include "base/file.h"
#include "base/log.h"
#include "store/notification_store.h"
#include "store/parts_seen.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// The step count lives in a table of our own rather than in a pragma, so that another engine can keep it too.
struct applied {
    int64_t steps;
    bool copying; // into it: STORE_COPY_MARK is there
};

static bool applied_row(void *context, struct db_row *row, struct error *err)
{
    struct applied *applied = context;
    (void)err;
    applied->copying = db_column_int(row, 1) != 0;
    applied->steps = db_column_int(row, 0) - applied->copying;
    return true;
}

static bool read_applied(struct db *db, struct applied *applied, struct error *err)
{
    *applied = (struct applied){0};
    return db_query(db, "SELECT count(*), count(CASE WHEN id = " STORE_COPY_MARK " THEN 1 END) FROM schema_step", NULL,
                    0, applied_row, applied, err);
}

static int64_t known_steps(void)
{
    int64_t known = 0;
    while (schema_steps[known].name != NULL)
        known++;
    return known;
}

static bool check_copying(const struct applied *applied, enum store_opening opening, struct error *err)
{
    if (!applied->copying || (opening == STORE_AS_TARGET && applied->steps == known_steps()))
        return true;
    if (opening == STORE_AS_TARGET)
        return error_set(err, ERR_STORE, "the copy into it was begun by another version of Clarion: empty it first");
    return error_set(err, ERR_STORE, "a copy into this store has not ended: run `clarion store copy` again");
}

static bool migrate_steps(struct db *db, enum store_opening opening, struct error *err)
{
    struct applied found;
    if (!read_applied(db, &found, err) || !check_copying(&found, opening, err))
        return false;
    int64_t applied = found.steps, known = known_steps();
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
    struct applied applied;
    return read_applied(db, &applied, &ignored) && applied.steps == known_steps() && !applied.copying;
}

// All steps in one transaction: a crash leaves the old schema; a second process waits for the first.
static bool migrate(struct db *db, enum store_opening opening, struct error *err)
{
    if (up_to_date(db))
        return true;
    struct db_work work = {.turn = DB_TURN_SCHEMA};
    while (db_works(db, &work, err))
        work.ok = db_install(db, err) &&
                  db_exec_schema(
                      db, "CREATE TABLE IF NOT EXISTS schema_step (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", err) &&
                  migrate_steps(db, opening, err);
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
    *home = (struct store_home){.folder = strdup(folder), .seen = calloc(1, sizeof *home->seen)};
    if (home->seen == NULL)
        abort(); // as must_alloc does, which does not give zeros that cost nothing
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
    free(home->seen);
    *home = (struct store_home){0};
}

// Nothing is made or changed in a store that is only read.
static bool check_source(struct store_home *home, struct store *store, struct error *err)
{
    struct applied applied = {0};
    if (!db_source_there(home->database))
        return error_set(err, ERR_NOT_FOUND, "there is no store");
    if ((store->db = db_open(home->database, err)) == NULL || !read_applied(store->db, &applied, err) ||
        !check_copying(&applied, STORE_AS_SOURCE, err))
        return false;
    return applied.steps == known_steps() ||
           error_set(err, ERR_STORE,
                     "the store is of another version of Clarion (schema %lld, this program has %lld): bring it up to "
                     "date first, by any command of this program, such as `clarion feeds`",
                     (long long)applied.steps, (long long)known_steps());
}

// The schema is looked at once by a process, unless it is about to change what is there.
static bool open_current(struct store_home *home, enum store_opening opening, struct store *store, struct error *err)
{
    bool known = opening == STORE_TO_USE && atomic_load(&home->current);
    if (!dir_make(store->segments, err) || (store->db = db_open(home->database, err)) == NULL ||
        (!known && !migrate(store->db, opening, err)))
        return false;
    if (opening == STORE_TO_USE)
        atomic_store(&home->current, true);
    return true;
}

bool store_open_as(struct store_home *home, enum store_opening opening, struct store *store, struct error *err)
{
    *store = (struct store){.home = home, .segments = join(home->folder, "segments")};
    if (opening == STORE_AS_SOURCE ? check_source(home, store, err) : open_current(home, opening, store, err))
        return true;
    if (!db_source_shared(home->database)) {
        error_wrap(err, "data folder %s", home->folder);
        if (access(home->folder, W_OK) != 0)
            error_hint(err, "it cannot be written to: name another with --data or $CLARION_DATA");
    }
    store_close(store);
    return false;
}

bool store_open(struct store_home *home, struct store *store, struct error *err)
{
    return store_open_as(home, STORE_TO_USE, store, err);
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
