// A store for tests: in a folder of its own, and, when $CLARION_TEST_DB names a database server, in a database of its
// own there, so that the same tests run on both engines.
#pragma once

#include "base/arena.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct opened {
    char folder[64], url[1024], database[64];
    struct store_home home;
    struct store store;
};

static inline bool opened_on_server(void)
{
    return getenv("CLARION_TEST_DB") != NULL;
}

static inline bool opened_ask(const char *sql)
{
    PGconn *pg = PQconnectdb(getenv("CLARION_TEST_DB"));
    PGresult *result = PQexec(pg, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok)
        fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(pg));
    PQclear(result);
    PQfinish(pg);
    return ok;
}

// The server's URL has the name of a database in it: "postgresql:///postgres?host=…".
static inline bool opened_make_database(struct opened *o)
{
    static unsigned made;
    char sql[128];
    const char *server = getenv("CLARION_TEST_DB"), *name = strstr(server, "/postgres?");
    snprintf(o->database, sizeof o->database, "unit_%ld_%u", (long)getpid(), made++);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", o->database);
    if (name != NULL)
        snprintf(o->url, sizeof o->url, "%.*s/%s%s", (int)(name - server), server, o->database,
                 name + strlen("/postgres"));
    return name != NULL && opened_ask(sql);
}

// Makes the folder, and the database; nothing is in them yet.
static inline bool opened_place(struct opened *o, struct error *err)
{
    *o = (struct opened){0};
    snprintf(o->folder, sizeof o->folder, "/tmp/clarion-test-XXXXXX");
    return mkdtemp(o->folder) != NULL && (!opened_on_server() || opened_make_database(o)) &&
           store_home_make(o->folder, slice_str(o->url), 0, &o->home, err);
}

static inline bool opened_store(struct opened *o, struct error *err)
{
    return opened_place(o, err) && store_open(&o->home, &o->store, err);
}

static inline int opened_close(struct opened *o)
{
    char command[128];
    store_close(&o->store);
    store_home_free(&o->home);
    if (o->database[0] != '\0') {
        snprintf(command, sizeof command, "DROP DATABASE %s", o->database);
        opened_ask(command);
    }
    snprintf(command, sizeof command, "rm -rf %s", o->folder);
    return system(command);
}

// For db_query: the number in a row's first column, as int64_t.
static inline bool opened_number(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context = db_column_int(row, 0);
    return true;
}
