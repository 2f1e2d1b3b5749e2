#include "store/db.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#include <sqlite3.h>
#include <stdlib.h>

#define BUSY_MILLISECONDS 30000
#define SHORT_TRIES       20 // to get a lock, before the pauses between them become longer
#define STATEMENTS        64

struct statement {
    const char *sql; // the caller's literal: compared by address first, by text otherwise
    sqlite3_stmt *prepared;
};

struct db {
    sqlite3 *handle;
    double busy_since; // when the wait that goes on, or the last one, began
    struct statement statements[STATEMENTS];
    size_t statements_n;
    struct db_timings *timings; // NULL: nobody wants to know
};

struct db_row {
    sqlite3_stmt *statement;
};

static bool fail(struct db *db, struct error *err, const char *what)
{
    int code = sqlite3_extended_errcode(db->handle);
    const char *hint = (code & 0xff) == SQLITE_FULL   ? " (the disk is full: make room, then try again)"
                       : (code & 0xff) == SQLITE_BUSY ? " (others have kept it locked for 30 s)"
                       : (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB
                           ? " (the file is damaged: move the data folder away and index again)"
                           : "";
    return error_set(err, ERR_STORE, "%s: database: %s%s", what, sqlite3_errmsg(db->handle), hint);
}

// SQLite's own handler sleeps for up to 100 ms, and misses each gap between the transactions of one who writes without
// a pause: it was seen to miss them all for 30 s.
static int wait_for_lock(void *context, int tried)
{
    struct db *db = context;
    const struct timespec pause = {.tv_nsec = tried < SHORT_TRIES ? 500000 : 3000000};
    if (tried == 0)
        db->busy_since = clock_monotonic();
    nanosleep(&pause, NULL);
    return clock_monotonic() - db->busy_since < BUSY_MILLISECONDS / 1000.0;
}

// Two processes that open a new database at once both want to change its mode. SQLite does not wait there, since both
// already hold a lock for reading: the one that is refused has to let go and try again.
static bool use_wal(struct db *db, struct error *err)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    double start = clock_monotonic();
    int code;
    while ((code = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL)) != SQLITE_OK &&
           (code & 0xff) == SQLITE_BUSY && clock_monotonic() - start < BUSY_MILLISECONDS / 1000.0)
        nanosleep(&pause, NULL);
    return code == SQLITE_OK || fail(db, err, "cannot open");
}

struct db *db_open(const char *path, struct error *err)
{
    struct db *db = must_alloc(sizeof *db);
    *db = (struct db){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
        error_set(err, ERR_STORE, "cannot open database %s: %s", path,
                  db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory");
        db_close(&db);
        return NULL;
    }
    sqlite3_busy_handler(db->handle, wait_for_lock, db);
    // FULL: what was acknowledged also survives a power cut.
    if (!use_wal(db, err) || !db_exec(db, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;", err)) {
        error_wrap(err, "%s", path);
        db_close(&db);
        return NULL;
    }
    return db;
}

void db_close(struct db **db)
{
    if (*db == NULL)
        return;
    for (size_t i = 0; i < (*db)->statements_n; i++)
        sqlite3_finalize((*db)->statements[i].prepared);
    sqlite3_close((*db)->handle);
    free(*db);
    *db = NULL;
}

void db_observe(struct db *db, struct db_timings *timings)
{
    db->timings = timings;
}

// 0 when nobody wants to know.
static double timing_start(const struct db *db)
{
    return db->timings != NULL ? clock_monotonic() : 0;
}

static void timing_end(struct db *db, enum db_kind kind, double start)
{
    if (db->timings != NULL)
        histogram_add(&db->timings->kinds[kind], clock_monotonic() - start);
}

bool db_exec(struct db *db, const char *sql, struct error *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || fail(db, err, "cannot execute");
}

// Makes a place for another statement. Those that queries around this one are stepping through stay.
static bool drop_oldest(struct db *db)
{
    size_t i = 0;
    while (i < db->statements_n && sqlite3_stmt_busy(db->statements[i].prepared))
        i++;
    if (i == db->statements_n)
        return false;
    sqlite3_finalize(db->statements[i].prepared);
    memmove(&db->statements[i], &db->statements[i + 1], (db->statements_n - i - 1) * sizeof db->statements[0]);
    db->statements_n--;
    return true;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, struct error *err)
{
    for (size_t i = 0; i < db->statements_n; i++) {
        struct statement *s = &db->statements[i];
        if ((s->sql == sql || strcmp(s->sql, sql) == 0) && !sqlite3_stmt_busy(s->prepared))
            return s->prepared;
    }
    sqlite3_stmt *prepared = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL) != SQLITE_OK) {
        fail(db, err, "cannot prepare");
        return NULL;
    }
    if (db->statements_n == STATEMENTS && !drop_oldest(db)) {
        sqlite3_finalize(prepared);
        error_set(err, ERR_STORE, "more than %d statements inside one another", STATEMENTS);
        return NULL;
    }
    db->statements[db->statements_n++] = (struct statement){sql, prepared};
    return prepared;
}

static void bind(sqlite3_stmt *statement, int i, const struct db_value *value)
{
    const char *bytes = value->bytes.n != 0 ? value->bytes.p : "";
    switch (value->type) {
    case DB_NULL:
        sqlite3_bind_null(statement, i);
        break;
    case DB_INT:
        sqlite3_bind_int64(statement, i, value->number);
        break;
    case DB_TEXT:
        sqlite3_bind_text64(statement, i, bytes, value->bytes.n, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case DB_BLOB:
        sqlite3_bind_blob64(statement, i, bytes, value->bytes.n, SQLITE_STATIC);
        break;
    }
}

bool db_query(struct db *db, const char *sql, const struct db_value *values, size_t n, db_row_fn *row, void *context,
              struct error *err)
{
    sqlite3_stmt *statement = prepare(db, sql, err);
    if (statement == NULL)
        return false;
    double start = timing_start(db);
    for (size_t i = 0; i < n; i++)
        bind(statement, (int)i + 1, &values[i]);
    bool ok = true;
    err->code = ERR_NONE;
    for (;;) {
        int step = sqlite3_step(statement);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW) {
            ok = fail(db, err, "cannot query");
            break;
        }
        struct db_row current = {statement};
        if (row != NULL && !row(context, &current, err)) {
            ok = err->code == ERR_NONE;
            break;
        }
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    timing_end(db, sqlite3_stmt_readonly(statement) != 0 ? DB_READ : DB_WRITE, start);
    return ok;
}

int64_t db_column_int(struct db_row *row, int column)
{
    return sqlite3_column_int64(row->statement, column);
}

struct slice db_column(struct db_row *row, int column)
{
    const char *p = sqlite3_column_blob(row->statement, column);
    int n = sqlite3_column_bytes(row->statement, column);
    return slice_of(p, p != NULL && n > 0 ? (size_t)n : 0);
}

int64_t db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

bool db_begin(struct db *db, struct error *err)
{
    double start = timing_start(db);
    bool ok = db_exec(db, "BEGIN IMMEDIATE", err);
    timing_end(db, DB_BEGIN, start);
    return ok;
}

bool db_commit(struct db *db, struct error *err)
{
    double start = timing_start(db);
    bool ok = db_exec(db, "COMMIT", err);
    timing_end(db, DB_COMMIT, start);
    if (ok)
        return true;
    db_rollback(db);
    return false;
}

bool db_in_transaction(struct db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

void db_rollback(struct db *db)
{
    if (db_in_transaction(db) && sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        log_warn("cannot roll back: %s", sqlite3_errmsg(db->handle));
}
