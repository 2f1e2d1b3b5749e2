// The connections to a PostgreSQL server that the handles of a source share.
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <limits.h>
#include <stdlib.h>

#define CONNECTIONS     8
#define OLDEST_SERVER   130000
#define CONNECT_TIMEOUT "5" // seconds: nobody can break that off, also when the service stops

// ---- the server -----------------------------------------------------------------------------------------------------

struct db_source *db_postgres_source(struct slice where, unsigned connections, struct error *err)
{
    struct conninfo conninfo CONNINFO_AUTO = {0};
    if (!conninfo_parse(where, &conninfo, err))
        return NULL;
    struct postgres_source *s = must_alloc(sizeof *s);
    *s = (struct postgres_source){.source.engine = &db_postgres};
    s->conninfo = must_alloc(conninfo.text.n);
    memcpy(s->conninfo, conninfo.text.p, conninfo.text.n);
    s->most = connections != 0 ? connections : conninfo.connections != 0 ? conninfo.connections : CONNECTIONS;
    pthread_mutex_init(&s->lock, NULL);
    cond_init_monotonic(&s->given_back);
    watch_init(&s->watch);
    stop_init(&s->stop);
    return &s->source;
}

static void disconnect(struct postgres_connection *c)
{
    for (size_t i = 0; i < c->statements_n; i++)
        free(c->statements[i].sql);
    PQfinish(c->pg);
    free(c->pending);
    free(c);
}

void db_postgres_source_free(struct db_source *source)
{
    struct postgres_source *s = (struct postgres_source *)source;
    watch_free(&s->watch);
    stop_free(&s->stop);
    while (s->idle != NULL) {
        struct postgres_connection *c = s->idle;
        s->idle = c->next;
        disconnect(c);
    }
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->given_back);
    explicit_bzero(s->conninfo, strlen(s->conninfo));
    free(s->conninfo);
    free(s);
}

static void no_notice(void *argument, const char *message)
{
    (void)argument;
    log_debug("store: database server: %.*s", (int)strcspn(message, "\n"), message);
}

struct slice postgres_first_line(const char *text)
{
    return slice_of(text, strcspn(text, "\n"));
}

// The server, too, is to notice within half a minute that this node is gone without a word: as long as it does not, it
// keeps what the node has locked, by itself for hours.
static bool settle_in(PGconn *pg, struct error *err)
{
    PGresult *result = PQexec(pg, "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; "
                                  "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000");
    bool ok =
        PQresultStatus(result) == PGRES_COMMAND_OK ||
        error_set(err, ERR_STORE, "the database server: %.*s", SLICE_ARG(postgres_first_line(PQerrorMessage(pg))));
    PQclear(result);
    return ok;
}

PGconn *postgres_connect(const struct postgres_source *s, struct error *err)
{
    // What the string says itself overrides these. A server that is gone without a word is noticed within a minute.
    static const char *const keys[] = {"connect_timeout",
                                       "fallback_application_name",
                                       "keepalives_idle",
                                       "keepalives_interval",
                                       "keepalives_count",
                                       "tcp_user_timeout",
                                       "dbname",
                                       "client_encoding",
                                       NULL};
    const char *const values[] = {CONNECT_TIMEOUT, "clarion", "20", "10", "3", "30000", s->conninfo, "UTF8", NULL};
    PGconn *pg = PQconnectdbParams(keys, values, 1);
    if (PQstatus(pg) != CONNECTION_OK) {
        error_set(err, ERR_STORE, "cannot connect to the database server: %.*s",
                  SLICE_ARG(postgres_first_line(PQerrorMessage(pg))));
        PQfinish(pg);
        return NULL;
    }
    if (PQserverVersion(pg) < OLDEST_SERVER) {
        error_set(err, ERR_UNSUPPORTED, "the database server is PostgreSQL %d: 13 or later is needed",
                  PQserverVersion(pg) / 10000);
        PQfinish(pg);
        return NULL;
    }
    PQsetNoticeProcessor(pg, no_notice, NULL);
    if (settle_in(pg, err))
        return pg;
    PQfinish(pg);
    return NULL;
}

static bool may_ask(struct postgres_source *s, struct error *err)
{
    return !atomic_load(&s->source.given_up) ||
           error_set(err, ERR_STORE, "the database server does not answer, and the service stops");
}

static struct postgres_connection *connect_new(struct postgres_source *s, struct error *err)
{
    PGconn *pg = may_ask(s, err) ? postgres_connect(s, err) : NULL;
    if (pg == NULL)
        return NULL;
    PQenterPipelineMode(pg);
    PQsetnonblocking(pg, 1);
    struct postgres_connection *c = must_alloc(sizeof *c);
    *c = (struct postgres_connection){.pg = pg};
    return c;
}

// ---- one of the connections for oneself -----------------------------------------------------------------------------

// Waits until one is idle or may be opened. False when nobody gives one back.
static bool wait_for_one(struct postgres_source *s, struct postgres_connection **idle)
{
    const struct timespec end = clock_after(DB_PATIENCE);
    bool got = false;
    int code = 0;
    pthread_mutex_lock(&s->lock);
    while (!(got = s->idle != NULL || s->open < s->most) && code == 0)
        code = pthread_cond_timedwait(&s->given_back, &s->lock, &end);
    *idle = s->idle;
    if (s->idle != NULL)
        s->idle = s->idle->next;
    else if (got)
        s->open++;
    pthread_mutex_unlock(&s->lock);
    return got;
}

static void close_one(struct postgres_source *s, struct postgres_connection *c)
{
    if (c != NULL)
        disconnect(c);
    pthread_mutex_lock(&s->lock);
    s->open--;
    pthread_cond_signal(&s->given_back);
    pthread_mutex_unlock(&s->lock);
}

struct postgres_connection *pool_borrow(struct postgres *db, struct error *err)
{
    struct postgres_connection *c;
    if (!may_ask(db->source, err))
        return NULL;
    if (!wait_for_one(db->source, &c)) {
        error_set(err, ERR_STORE,
                  "all %u connections to the database server were busy for %.0f s: allow more (pool_max_conns)",
                  db->source->most, DB_PATIENCE);
        return NULL;
    }
    if (c == NULL && (c = connect_new(db->source, err)) == NULL) {
        db->db.again = err->code == ERR_STORE ? UINT_MAX : 0;
        close_one(db->source, NULL);
    }
    return c;
}

bool pool_is_lost(const struct postgres_connection *c)
{
    return PQstatus(c->pg) != CONNECTION_OK;
}

// A lost one is closed, and with it those that nobody has now: the server was most likely restarted.
void pool_give_back(struct postgres_source *s, struct postgres_connection *c)
{
    struct postgres_connection *idle = NULL;
    bool lost = pool_is_lost(c);
    pthread_mutex_lock(&s->lock);
    if (lost) {
        idle = s->idle;
        s->idle = NULL;
    } else {
        c->next = s->idle;
        s->idle = c;
    }
    pthread_cond_signal(&s->given_back);
    pthread_mutex_unlock(&s->lock);
    if (lost)
        close_one(s, c);
    while (idle != NULL) {
        struct postgres_connection *next = idle->next;
        close_one(s, idle);
        idle = next;
    }
}
