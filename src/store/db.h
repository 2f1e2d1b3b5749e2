// A thin layer over an SQL database. SQLite today; the statements are written so that PostgreSQL takes them too.
//
// A connection belongs to one thread at a time. Statements are prepared once and kept by their text.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "telemetry/metric.h"

struct db;
struct db_row; // the current row of a query

// Opens (and creates) an SQLite database file: WAL, synchronous FULL, foreign keys on, busy time-out of 30 s.
struct db *db_open(const char *path, struct error *err);
void db_close(struct db **db); // NULL is fine

// How long it took, for metrics.
enum db_kind {
    DB_READ,   // a query, with what is done with its rows
    DB_WRITE,  // a statement that changes something
    DB_BEGIN,  // until it is our turn to write
    DB_COMMIT, // until what was written is safe
    DB_KINDS,
};
struct db_timings {
    struct histogram kinds[DB_KINDS];
};

// From now on what the connection does is timed. The timings must live as long; NULL: no more.
void db_observe(struct db *db, struct db_timings *timings);

// Statements without parameters, separated by semicolons.
bool db_exec(struct db *db, const char *sql, struct error *err);

// A parameter or a column.
struct db_value {
    enum { DB_NULL, DB_INT, DB_TEXT, DB_BLOB } type;
    int64_t number;
    struct slice bytes;
};
static inline struct db_value db_int(int64_t v)
{
    return (struct db_value){DB_INT, v, {0}};
}
static inline struct db_value db_text(struct slice s)
{
    return (struct db_value){DB_TEXT, 0, s};
}
static inline struct db_value db_blob(struct slice s)
{
    return (struct db_value){DB_BLOB, 0, s};
}

// Runs one statement with parameters ?1, ?2, …; for each row calls `row` (which may be NULL), until that answers false.
// A false from `row` ends the query and is passed on as false with the error that it has set, or, when it has set none
// (err->code == ERR_NONE), as true.
typedef bool db_row_fn(void *context, struct db_row *row, struct error *err);
bool db_query(struct db *db, const char *sql, const struct db_value *values, size_t n, db_row_fn *row, void *context,
              struct error *err);

// db_run(db, err, "INSERT …", db_int(1), db_text(s)): one statement, no rows wanted.
#define db_run(db, err, sql, ...)                                                                                      \
    db_query((db), (sql), (const struct db_value[]){__VA_ARGS__},                                                      \
             sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), NULL, NULL, (err))

int64_t db_column_int(struct db_row *row, int column);
struct slice db_column(struct db_row *row, int column); // text or blob; valid until the callback returns

int64_t db_last_id(struct db *db); // of the last INSERT on this connection
int64_t db_changes(struct db *db); // rows that the last statement changed

// A write transaction, taken at once (BEGIN IMMEDIATE), so that two processes wait for each other instead of failing.
bool db_begin(struct db *db, struct error *err);
bool db_commit(struct db *db, struct error *err);
void db_rollback(struct db *db); // harmless outside a transaction
bool db_in_transaction(struct db *db);
