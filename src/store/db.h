// A thin layer over SQL databases: SQLite, a file, and PostgreSQL (13 and later), a server that many nodes share.
//
// Both are given the same statements. Parameters are ?1, ?2, …; a question mark is nothing else in them. SQLite is not
// shown " FOR UPDATE SKIP LOCKED", since whoever writes to it is alone; unixepoch() is the server's own clock there,
// too.
//
// Text is valid UTF-8 without NUL, which is all that PostgreSQL holds: where a value has something else, also one that
// is compared with, there is U+FFFD (utf8_clean), whatever the engine.
//
// A handle belongs to one thread at a time. Handles of SQLite have a connection each; those of PostgreSQL share the
// connections of their source, and have one only while a statement or a transaction runs. Statements are prepared once
// for each connection and kept by their text.
//
// A lost connection and a conflict with others are no errors as long as trying again helps: a statement by itself, or a
// transaction, is then run again, for up to half a minute.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "telemetry/metric.h"

// ---- where it is ----------------------------------------------------------------------------------------------------

struct db_source; // may be used by any number of threads

// `where`: "postgres://…" or "postgresql://…", or "host=… dbname=…" (libpq's connection strings; those of Go's pgx with
// pool_max_conns), or else the path of a file. `connections`: at most so many to a server, beside one that listens;
// 0: what the string says, else 8. Connects to nothing yet.
struct db_source *db_source_new(struct slice where, unsigned connections, struct error *err);
void db_source_free(struct db_source **source); // all handles must be closed; NULL is fine

// Is this how a server is written, rather than a path?
bool db_is_server(struct slice where);

// May others on other machines use it? True for a server.
bool db_source_shared(const struct db_source *source);

// Is the file there? True for a server.
bool db_source_there(const struct db_source *source);

// The service stops: a server that does not answer is not waited for any longer than a few seconds from now on, after
// which all that is asked of it fails. Once.
void db_source_stopping(struct db_source *source);

// A database, made when it is a file that is not there. SQLite: WAL, synchronous FULL, foreign keys on, busy time-out
// of 30 s. PostgreSQL: read committed.
struct db;
struct db *db_open(struct db_source *source, struct error *err);
void db_close(struct db **db); // a transaction is rolled back; NULL is fine

// How long it took, for metrics.
enum db_kind {
    DB_READ,   // a query
    DB_WRITE,  // a statement that changes something
    DB_BEGIN,  // until it is our turn to write
    DB_COMMIT, // until what was written is safe
    DB_KINDS,
};
struct db_timings {
    struct histogram kinds[DB_KINDS];
    counter trips; // times that a server was waited for
};

// From now on what is done with the handle is timed. The timings must live as long; NULL: no more.
void db_observe(struct db *db, struct db_timings *timings);

// ---- statements -----------------------------------------------------------------------------------------------------

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

// A row of a query.
struct db_row;
int64_t db_column_int(struct db_row *row, int column);  // of a whole number or a truth value; 0 for NULL
struct slice db_column(struct db_row *row, int column); // text or blob; valid until the callback returns
bool db_column_null(struct db_row *row, int column);

// Called for each row, until it answers false. That ends the query and is passed on as false with the error that it has
// set, or, when it has set none (err->code == ERR_NONE), as true. It may ask other queries of the same handle.
typedef bool db_row_fn(void *context, struct db_row *row, struct error *err);

// One statement; `row` may be NULL.
//
// One that is for many rows has all its values in `FROM (VALUES (?1, ?2, …)) AS each`, calls them column1, column2, …
// as both engines do, and has `n` values for each of `rows` rows, one row behind the other; none of them NULL, which
// would have no type there. It is for the rows in their order, and a server takes many of them at once. So no row must
// depend on what the statement has written for another one, but for ON CONFLICT DO NOTHING, and for
// last_insert_rowid(), which is that of the row before. An INSERT with ON CONFLICT needs a WHERE before it (WHERE
// TRUE), lest SQLite takes it for a join's ON.
struct db_request {
    const char *sql;
    const struct db_value *values;
    size_t n;
    db_row_fn *row;
    void *context;
    size_t rows; // 0: it is a statement by itself
};
// How many values it has in all.
static inline size_t db_request_values(const struct db_request *request)
{
    return request->n * (request->rows != 0 ? request->rows : 1);
}

bool db_query(struct db *db, const char *sql, const struct db_value *values, size_t n, db_row_fn *row, void *context,
              struct error *err);

// Several queries that need nothing of each other, in their order: a server is waited for once.
bool db_batch(struct db *db, const struct db_request *requests, size_t n, struct error *err);

// Several statements that write, as a transaction of its own without a turn: a server is told all of it at once, and
// waited for once. Where it is run again, which it must bear like the body of a db_work, rows may be told of again.
bool db_batch_write(struct db *db, const struct db_request *requests, size_t n, struct error *err);

// One query without values whose rows are not kept, however many they are: within a snapshot or a transaction. The
// callback asks nothing of the same handle.
bool db_stream(struct db *db, const char *sql, db_row_fn *row, void *context, struct error *err);

// A statement of which no rows are wanted. Within a transaction a server is not waited for: what it has against the
// statement is told by a later one, or by the end of the transaction.
bool db_send(struct db *db, const char *sql, const struct db_value *values, size_t n, struct error *err);

// db_run(db, err, "INSERT …", db_int(1), db_text(s)): the same.
#define db_run(db, err, sql, ...)                                                                                      \
    db_send((db), (sql), (const struct db_value[]){__VA_ARGS__},                                                       \
            sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (err))

// The same for many rows, of `n` values each; nothing for no rows.
bool db_send_rows(struct db *db, const char *sql, const struct db_value *values, size_t n, size_t rows,
                  struct error *err);

// Very many rows for one table, which nobody else may have there already. Within a transaction. By COPY where it is a
// server, which takes a quarter less than by a statement for each.
struct db_bulk {
    const char *into;   // "table (column, …)"
    const char *insert; // "INSERT INTO table (column, …) VALUES (?1, …)", for the other engine
    size_t n;           // columns
};
bool db_put_bulk(struct db *db, const struct db_bulk *bulk, const struct db_value *values, size_t rows,
                 struct error *err);

// Runs one statement and tells how many rows it has changed.
bool db_change(struct db *db, const char *sql, const struct db_value *values, size_t n, uint64_t *changed,
               struct error *err);

// Statements without parameters, separated by semicolons, as one transaction at least where it is a server.
bool db_exec(struct db *db, const char *sql, struct error *err);

// The same in the words of schema/: SQLite's names of types, which are translated.
bool db_exec_schema(struct db *db, const char *sql, struct error *err);

// Makes the functions of SQLite that statements may use and a server does not have; before the first of them.
bool db_install(struct db *db, struct error *err);

// ---- transactions ---------------------------------------------------------------------------------------------------

// What takes turns over all nodes. SQLite has one writer at a time anyhow.
enum db_turn {
    DB_TURN_NONE, // rows of its own, or made so that others may write the same at the same time
    DB_TURN_SCHEMA,
    DB_TURN_INVENTORY,
    DB_TURN_UPDATES,
    DB_TURN_NOTIFICATIONS,
    DB_TURN_NAMES,
    DB_TURN_EVENTS,
};

// A transaction that writes, run again from its start when that helps:
//
//   struct db_work work = {.turn = DB_TURN_NAMES};
//   while (db_works(db, &work, err))
//       work.ok = first(db, err) && second(db, err);
//   return work.ok;
//
// The body must not leave the loop, and must do the same when it is run again; also when it was committed and nobody
// could hear of it any more. It is committed when work.ok is true, else rolled back. Within another transaction it is a
// part of that. Nobody may wait for a network or for people meanwhile.
struct db_work {
    enum db_turn turn;
    // Statements of it that others need not wait for: they run before the turn is ours, and nobody wants their rows.
    const struct db_request *before;
    size_t before_n;
    bool reads; // it is a view (db_snapshot): nothing is written
    bool ok;
    // Private.
    unsigned tries;
    bool begun, inner;
    double since;
};
bool db_works(struct db *db, struct db_work *work, struct error *err);

// A view of the database as it is now, whatever others write meanwhile, until db_rollback. Nothing may be written.
// Where what is read can be read again, db_works does, with `reads`.
bool db_snapshot(struct db *db, struct error *err);
void db_rollback(struct db *db); // harmless outside a transaction

// Within a transaction: rows that are given an id by the database get one behind all those that are there. Wanted where
// rows were written with ids of their own into a table whose `id` is INTEGER PRIMARY KEY; SQLite does so by itself.
bool db_number_on(struct db *db, const char *table, struct error *err);

// ---- what others do -------------------------------------------------------------------------------------------------

// A number that is another one whenever others have changed the database (SQLite), or have told of a change (a server:
// db_tell; from time to time also without).
bool db_version(struct db *db, int64_t *version, struct error *err);

// Within a transaction: once it is committed, the versions of all nodes change. Nothing for SQLite, which sees it.
bool db_tell(struct db *db, struct error *err);

// A lock of a server that one node has at a time, by name. It goes with the process, or with its connection to the
// server. For SQLite, whose users share a folder, there is none to be had: *got is true.
bool db_source_lock(struct db_source *source, struct slice name, bool *got, struct error *err);
void db_source_unlock(struct db_source *source, struct slice name);
// Is it still ours? It is not when the connection was lost meanwhile.
bool db_source_holds(struct db_source *source, struct slice name);
