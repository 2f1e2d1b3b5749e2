// SQLite: a file, with a connection for each handle.
#include "store/db_engine.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#define SHORT_TRIES 20 // to get a lock, before the pauses between them become longer
#define STATEMENTS  96
#define SKIP_LOCKED " FOR UPDATE SKIP LOCKED"

struct sqlite_source {
    struct db_source source;
    char *path;
};

struct statement {
    const char *sql; // the caller's literal: compared by address first, by text otherwise
    sqlite3_stmt *prepared;
};

struct sqlite {
    struct db db;
    sqlite3 *handle;
    double busy_since; // when the wait that goes on, or the last one, began
    struct statement statements[STATEMENTS];
    size_t statements_n;
};

struct sqlite_row {
    struct db_row row;
    sqlite3_stmt *statement;
};

// ---- a file ---------------------------------------------------------------------------------------------------------

struct db_source *db_sqlite_source(struct slice path)
{
    struct sqlite_source *s = must_alloc(sizeof *s);
    *s = (struct sqlite_source){{.engine = &db_sqlite}, must_alloc(path.n + 1)};
    memcpy(s->path, path.p, path.n);
    s->path[path.n] = '\0';
    return &s->source;
}

void db_sqlite_source_free(struct db_source *source)
{
    struct sqlite_source *s = (struct sqlite_source *)source;
    free(s->path);
    free(s);
}

bool db_sqlite_there(const struct db_source *source)
{
    return access(((const struct sqlite_source *)source)->path, F_OK) == 0;
}

static bool fail(struct sqlite *db, struct error *err, const char *what)
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
    struct sqlite *db = context;
    const struct timespec pause = {.tv_nsec = tried < SHORT_TRIES ? 500000 : 3000000};
    if (tried == 0)
        db->busy_since = clock_monotonic();
    nanosleep(&pause, NULL);
    return clock_monotonic() - db->busy_since < DB_PATIENCE;
}

// Two processes that open a new database at once both want to change its mode. SQLite does not wait there, since both
// already hold a lock for reading: the one that is refused has to let go and try again.
static bool use_wal(struct sqlite *db, struct error *err)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    double start = clock_monotonic();
    int code;
    while ((code = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL)) != SQLITE_OK &&
           (code & 0xff) == SQLITE_BUSY && clock_monotonic() - start < DB_PATIENCE)
        nanosleep(&pause, NULL);
    return code == SQLITE_OK || fail(db, err, "cannot open");
}

static void close_db(struct db *handle)
{
    struct sqlite *db = (struct sqlite *)handle;
    for (size_t i = 0; i < db->statements_n; i++)
        sqlite3_finalize(db->statements[i].prepared);
    sqlite3_close(db->handle);
    free(db);
}

static bool exec(struct db *handle, const char *sql, struct error *err)
{
    struct sqlite *db = (struct sqlite *)handle;
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || fail(db, err, "cannot execute");
}

static struct db *open_db(struct db_source *source, struct error *err)
{
    const char *path = ((struct sqlite_source *)source)->path;
    struct sqlite *db = must_alloc(sizeof *db);
    *db = (struct sqlite){.db.engine = &db_sqlite};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
        error_set(err, ERR_STORE, "cannot open database %s: %s", path,
                  db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory");
        close_db(&db->db);
        return NULL;
    }
    sqlite3_busy_handler(db->handle, wait_for_lock, db);
    // FULL: what was acknowledged also survives a power cut.
    if (!use_wal(db, err) || !exec(&db->db, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;", err)) {
        error_wrap(err, "%s", path);
        close_db(&db->db);
        return NULL;
    }
    return &db->db;
}

// ---- statements -----------------------------------------------------------------------------------------------------

// Makes a place for another statement. Those that queries around this one are stepping through stay.
static bool drop_oldest(struct sqlite *db)
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

static bool compile(struct sqlite *db, const char *sql, sqlite3_stmt **prepared)
{
    struct buf text BUF_AUTO = {0};
    const char *lock = strstr(sql, SKIP_LOCKED);
    if (lock != NULL) {
        buf_add(&text, slice_of(sql, (size_t)(lock - sql)));
        buf_adds(&text, lock + strlen(SKIP_LOCKED));
        sql = text.p;
    }
    return sqlite3_prepare_v3(db->handle, sql, lock != NULL ? (int)text.n : -1, SQLITE_PREPARE_PERSISTENT, prepared,
                              NULL) == SQLITE_OK;
}

static sqlite3_stmt *prepare(struct sqlite *db, const char *sql, struct error *err)
{
    for (size_t i = 0; i < db->statements_n; i++) {
        struct statement *s = &db->statements[i];
        if ((s->sql == sql || strcmp(s->sql, sql) == 0) && !sqlite3_stmt_busy(s->prepared))
            return s->prepared;
    }
    sqlite3_stmt *prepared = NULL;
    if (!compile(db, sql, &prepared)) {
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

// Once, with these values. `*done`: no more rows are wanted.
static bool step_through(struct sqlite *db, sqlite3_stmt *statement, const struct db_request *r,
                         const struct db_value *values, bool *done, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < r->n; i++)
        bind(statement, (int)i + 1, &values[i]);
    for (;;) {
        int step = sqlite3_step(statement);
        if (step == SQLITE_DONE)
            break;
        if (step != SQLITE_ROW) {
            ok = fail(db, err, "cannot query");
            break;
        }
        struct sqlite_row current = {{&db_sqlite}, statement};
        err->code = ERR_NONE;
        if (r->row != NULL && !r->row(r->context, &current.row, err)) {
            *done = true;
            ok = err->code == ERR_NONE;
            break;
        }
    }
    sqlite3_reset(statement);
    return ok;
}

// What is for many rows is run for one after the other: nothing is on its way here, so nothing is saved by more at
// once.
static bool run(struct sqlite *db, const struct db_request *r, struct error *err)
{
    sqlite3_stmt *statement = prepare(db, r->sql, err);
    if (statement == NULL)
        return false;
    bool ok = true, done = false;
    size_t rows = r->rows != 0 ? r->rows : 1;
    for (size_t i = 0; ok && !done && i < rows; i++)
        ok = step_through(db, statement, r, i != 0 ? &r->values[i * r->n] : r->values, &done, err);
    sqlite3_clear_bindings(statement);
    return ok;
}

static bool ask(struct db *db, const struct db_request *requests, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!run((struct sqlite *)db, &requests[i], err))
            return false;
    return true;
}

// Here every query gives its rows as they come.
static bool stream(struct db *db, const struct db_request *request, struct error *err)
{
    return run((struct sqlite *)db, request, err);
}

static bool send(struct db *db, const struct db_request *request, struct error *err)
{
    return run((struct sqlite *)db, request, err);
}

static bool change(struct db *db, const struct db_request *request, uint64_t *changed, struct error *err)
{
    if (!send(db, request, err))
        return false;
    *changed = (uint64_t)sqlite3_changes64(((struct sqlite *)db)->handle);
    return true;
}

static int64_t column_int(struct db_row *row, int column)
{
    return sqlite3_column_int64(((struct sqlite_row *)row)->statement, column);
}

static struct slice column(struct db_row *row, int column)
{
    sqlite3_stmt *statement = ((struct sqlite_row *)row)->statement;
    const char *p = sqlite3_column_blob(statement, column);
    int n = sqlite3_column_bytes(statement, column);
    return slice_of(p, p != NULL && n > 0 ? (size_t)n : 0);
}

static bool column_null(struct db_row *row, int column)
{
    return sqlite3_column_type(((struct sqlite_row *)row)->statement, column) == SQLITE_NULL;
}

// ---- transactions ---------------------------------------------------------------------------------------------------

static void rollback(struct db *db)
{
    sqlite3 *handle = ((struct sqlite *)db)->handle;
    if (sqlite3_get_autocommit(handle) == 0 && sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        log_warn("cannot roll back: %s", sqlite3_errmsg(handle));
}

// Whoever writes says so at once, so that two of them wait for each other instead of failing.
static bool begin(struct db *db, const struct db_work *work, struct error *err)
{
    if (!exec(db, work->reads ? "BEGIN" : "BEGIN IMMEDIATE", err))
        return false;
    for (size_t i = 0; i < work->before_n; i++) {
        if (send(db, &work->before[i], err))
            continue;
        rollback(db);
        return false;
    }
    return true;
}

static bool commit(struct db *db, struct error *err)
{
    return exec(db, "COMMIT", err);
}

static bool version_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = column_int(row, 0);
    return true;
}

static bool version(struct db *db, int64_t *version, struct error *err)
{
    const struct db_request request = {.sql = "PRAGMA data_version", .row = version_row, .context = version};
    return ask(db, &request, 1, err);
}

const struct db_engine db_sqlite = {
    .open = open_db,
    .close = close_db,
    .ask = ask,
    .stream = stream,
    .send = send,
    .change = change,
    .exec = exec,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .version = version,
    .column_int = column_int,
    .column = column,
    .column_null = column_null,
};
