// What an engine does for db.c.
#pragma once

#include "store/db.h"

#include <stdatomic.h>

struct db_engine {
    struct db *(*open)(struct db_source *source, struct error *err);
    void (*close)(struct db *db);
    // Asks all of them, in a transaction or by itself, and calls back.
    bool (*ask)(struct db *db, const struct db_request *requests, size_t n, struct error *err);
    // Calls back for one row after the other, as they come. Within a transaction.
    bool (*stream)(struct db *db, const struct db_request *request, struct error *err);
    // Without rows. May be deferred within a transaction.
    bool (*send)(struct db *db, const struct db_request *request, struct error *err);
    // Within a transaction. NULL: by statements.
    bool (*bulk)(struct db *db, const char *into, const struct db_request *rows, struct error *err);
    bool (*change)(struct db *db, const struct db_request *request, uint64_t *changed, struct error *err);
    bool (*exec)(struct db *db, const char *sql, struct error *err);
    bool (*begin)(struct db *db, const struct db_work *work, struct error *err);
    bool (*commit)(struct db *db, struct error *err);
    void (*rollback)(struct db *db);
    bool (*version)(struct db *db, int64_t *version, struct error *err);
    int64_t (*column_int)(struct db_row *row, int column);
    struct slice (*column)(struct db_row *row, int column);
    bool (*column_null)(struct db_row *row, int column);
    bool batch_is_transaction;     // what is asked at once, outside of a transaction, is one
    const char *functions;         // to be made before the schema, which uses them; NULL: none
    const char *const (*words)[2]; // what stands in a schema, what it is here; ends with NULL; NULL: as it is
};
extern const struct db_engine db_sqlite, db_postgres;

// The beginning of each engine's own source, handle and row.
struct db_source {
    const struct db_engine *engine;
    _Atomic double stopping; // since when the service stops, on the monotonic clock; 0: it does not
    atomic_bool given_up;    // it stops, and the server has not answered: it is not asked any more
};
struct db {
    const struct db_engine *engine;
    struct db_source *source;
    struct db_timings *timings; // NULL: nobody wants to know
    bool in_transaction;
    unsigned again; // after the last failure: as many tries may help
};
struct db_row {
    const struct db_engine *engine;
};

// For one that is no path.
struct db_source *db_postgres_source(struct slice conninfo, unsigned connections, struct error *err);
void db_postgres_source_free(struct db_source *source);
void db_postgres_stopping(struct db_source *source);
// A path.
struct db_source *db_sqlite_source(struct slice path);
void db_sqlite_source_free(struct db_source *source);
bool db_sqlite_there(const struct db_source *source);

// When trying again has to end, in seconds; and when the service stops, counted from then on.
#define DB_PATIENCE      30.0
#define DB_LAST_PATIENCE 5.0
// Does it help to try again what was begun at `since`, has been tried again so often, and has failed with this error?
// Once it does however long the first run took: the process may have stood still in it.
bool db_goes_on(struct db *db, unsigned tries, double since, const struct error *err);
// Waits before the next try.
void db_pause(unsigned tries);
