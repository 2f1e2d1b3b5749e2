// PostgreSQL's connections, for db_postgres.c and db_watch.c.
#pragma once

#include "store/db_conninfo.h"
#include "store/db_engine.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

struct postgres_connection;

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

struct postgres_source {
    struct db_source source;
    char *conninfo;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct postgres_connection *idle;
    unsigned open, most;
    atomic_llong version;
    struct postgres_watch watch;
};

// What advisory locks are of: a turn of db.h, or a name.
#define LOCK_OF_TURN 0x436c6175
#define LOCK_OF_NAME 0x436c6172

#define CHANNEL "clarion"

// A new connection, in no pipeline; NULL with an error.
PGconn *postgres_connect(const struct postgres_source *s, struct error *err);

// ---- db_watch.c -----------------------------------------------------------------------------------------------------

void watch_init(struct postgres_watch *watch);
void watch_free(struct postgres_watch *watch);
void watch_start(struct postgres_source *s);
