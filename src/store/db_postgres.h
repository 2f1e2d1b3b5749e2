// PostgreSQL: what db_postgres.c, db_pool.c, db_pipeline.c, db_watch.c and db_stop.c share.
#pragma once

#include "store/db_conninfo.h"
#include "store/db_engine.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

// The connection that listens, and holds the locks of this process.
struct postgres_watch {
    pthread_mutex_t lock;
    pthread_t thread;
    bool running, stopping;
    atomic_bool listening;
    int wake[2]; // a pipe
    PGconn *connection;
    struct slice *held; // names of locks; owned
    size_t held_n;
};

// Somebody waits for an answer.
struct postgres_wait {
    int fd;
    double since; // on the monotonic clock
    bool broken_off;
    struct postgres_wait *next;
};

// All who wait, and who breaks them off when the service stops.
struct postgres_stop {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, end;
    struct postgres_wait *waits;
};

struct postgres_connection;
struct postgres_source {
    struct db_source source;
    char *conninfo;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct postgres_connection *idle;
    unsigned open, most;
    atomic_llong version;
    struct postgres_watch watch;
    struct postgres_stop stop;
};

#define STATEMENTS 256 // of a connection; further ones are prepared each time

// One that the server knows by a name.
struct postgres_statement {
    char *sql;
    size_t rows; // that it is for
    uint64_t hash;
    enum { UNKNOWN, ON_ITS_WAY, PREPARED } state;
};

// What is on its way, in its order.
struct postgres_pending {
    struct postgres_statement *prepares; // NULL: it runs a statement
    bool wanted;                         // its result is
};

// Of a source, for one handle at a time.
struct postgres_connection {
    PGconn *pg;
    struct postgres_statement statements[STATEMENTS];
    size_t statements_n;
    struct postgres_pending *pending;
    size_t pending_n, pending_cap;
    struct postgres_connection *next;
};

// A handle.
struct postgres {
    struct db db;
    struct postgres_source *source;
    struct postgres_connection *connection; // within a transaction
    bool told;                              // the transaction tells others of a change
};

// Types, as the server numbers them (pg_type.dat).
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };

// What advisory locks are of: a turn of db.h, or a name. Each transaction that writes has one of a turn; DB_TURN_NONE
// is shared by all that take no turns, and only shows that it writes.
#define LOCK_OF_TURN 0x436c6175
#define LOCK_OF_NAME 0x436c6172

#define CHANNEL "clarion"

// ---- db_pool.c ------------------------------------------------------------------------------------------------------

// A new connection, in no pipeline; NULL with an error.
PGconn *postgres_connect(const struct postgres_source *s, struct error *err);

// One of the source's connections for this handle alone; NULL with an error, when none is to be had.
struct postgres_connection *pool_borrow(struct postgres *db, struct error *err);
void pool_give_back(struct postgres_source *s, struct postgres_connection *c);

// The server has closed it, or cannot be reached.
bool pool_is_lost(const struct postgres_connection *c);

// ---- db_pipeline.c --------------------------------------------------------------------------------------------------

// How many statements it takes on a server: more than one only where it is for many rows.
size_t pipeline_pieces(const struct db_request *r);

// Puts a statement, in all its pieces, on its way. `wanted`: pipeline_settle is to keep their results.
bool pipeline_queue(struct postgres *db, struct postgres_connection *c, const struct db_request *r, bool wanted,
                    struct error *err);

// One without values, which is not kept: its result is the caller's to take.
bool pipeline_send_bare(struct postgres_connection *c, const char *sql);

// Sends what is to be sent, and takes in meanwhile what comes; `all`: to the end.
void pipeline_flush(const struct postgres_connection *c, bool all);

// Results that were asked for, in their order.
struct results {
    PGresult **list;
    size_t n;
};
void results_free(struct results *results);

// Waits for all that is on its way. False when one of them failed; those behind it were not looked at.
bool pipeline_settle(struct postgres *db, struct postgres_connection *c, struct results *results, struct error *err);

// Says what failed: a result, or, for NULL, the connection; notes in the handle how often trying again may help.
bool pipeline_fail(struct postgres *db, const struct postgres_connection *c, const PGresult *result, struct error *err);
bool pipeline_is_fine(const PGresult *result);

// The first line of what libpq says, which never holds the password.
struct slice postgres_first_line(const char *text);

// ---- db_watch.c -----------------------------------------------------------------------------------------------------

void watch_init(struct postgres_watch *watch);
void watch_free(struct postgres_watch *watch);
void watch_start(struct postgres_source *s);

// ---- db_stop.c ------------------------------------------------------------------------------------------------------

void stop_init(struct postgres_stop *stop);
void stop_free(struct postgres_stop *stop);

// Around what waits for the server. `wait` stays where it is meanwhile.
void stop_wait_begin(struct postgres_stop *stop, struct postgres_wait *wait, PGconn *pg);
void stop_wait_end(struct postgres_stop *stop, struct postgres_wait *wait);
