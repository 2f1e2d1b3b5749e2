// What the other nodes do: their word that something has changed (LISTEN), and locks that one node has at a time.
//
// Both need a connection that stays, so that the source has one more for them.
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"

#include <endian.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_MILLISECONDS 5000 // a change is seen that late when nobody can tell of it
#define CONNECT_AGAIN     500  // milliseconds
#define STALLED_SECONDS   10   // that a node may let a writing transaction wait for it

void watch_init(struct postgres_watch *watch)
{
    pthread_mutex_init(&watch->lock, NULL);
    watch->wake[0] = watch->wake[1] = -1;
}

// ---- locks ----------------------------------------------------------------------------------------------------------

static void forget_locks(struct postgres_watch *w)
{
    for (size_t i = 0; i < w->held_n; i++)
        free((char *)(uintptr_t)w->held[i].p);
    free(w->held);
    w->held = NULL;
    w->held_n = 0;
}

static void lose(struct postgres_watch *w)
{
    if (w->held_n != 0)
        log_warn("store: the connection that holds %zu lock%s of the database server was lost", w->held_n,
                 w->held_n == 1 ? "" : "s");
    PQfinish(w->connection);
    w->connection = NULL;
    w->listening = false;
    forget_locks(w);
}

static bool connect_watch(struct postgres_source *s, struct error *err)
{
    struct postgres_watch *w = &s->watch;
    if (w->connection != NULL && PQstatus(w->connection) == CONNECTION_OK && PQconsumeInput(w->connection) != 0)
        return true;
    lose(w);
    if (atomic_load(&s->source.stopping) != 0)
        return error_set(err, ERR_STORE, "no new connection to the database server, since the service stops");
    w->connection = postgres_connect(s, err);
    return w->connection != NULL;
}

static size_t find_lock(const struct postgres_watch *w, struct slice name)
{
    size_t i = 0;
    while (i < w->held_n && !slice_eq(w->held[i], name))
        i++;
    return i;
}

// The number that the server knows a lock by. All nodes must come to the same one, so slice_hash is not for it: that is
// another one in each process.
static int32_t lock_number(struct slice name)
{
    struct digest digest = digest_of(name);
    char bytes[DIGEST_BYTES];
    int32_t number;
    memcpy(&number, digest_pack(&digest, bytes).p, sizeof number);
    return (int32_t)be32toh((uint32_t)number);
}

static PGresult *ask(struct postgres_source *s, const char *sql)
{
    struct postgres_wait wait;
    stop_wait_begin(&s->stop, &wait, s->watch.connection);
    PGresult *result = PQexec(s->watch.connection, sql);
    stop_wait_end(&s->stop, &wait);
    return result;
}

static bool ask_lock(struct postgres_source *s, const char *function, struct slice name, bool *got, struct error *err)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT %s(%d, %d)", function, LOCK_OF_NAME, lock_number(name));
    PGresult *result = ask(s, sql);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    *got = ok && PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    return ok || error_set(err, ERR_STORE, "lock of the database server: %s", PQerrorMessage(s->watch.connection));
}

static void keep_lock(struct postgres_watch *w, struct slice name)
{
    w->held = must_realloc(w->held, (w->held_n + 1) * sizeof *w->held);
    w->held[w->held_n++] = slice_of(strndup(name.p, name.n), name.n);
}

// A session has a lock as often as it takes it, so that those that are held here are not asked for.
static bool take_lock(struct postgres_source *s, struct slice name, bool *got, struct error *err)
{
    struct postgres_watch *w = &s->watch;
    *got = false;
    if (!connect_watch(s, err))
        return false;
    if (find_lock(w, name) != w->held_n)
        return true;
    if (!ask_lock(s, "pg_try_advisory_lock", name, got, err))
        return false;
    if (*got)
        keep_lock(w, name);
    return true;
}

bool db_source_lock(struct db_source *source, struct slice name, bool *got, struct error *err)
{
    struct postgres_source *s = (struct postgres_source *)source;
    *got = true;
    if (!db_source_shared(source))
        return true;
    pthread_mutex_lock(&s->watch.lock);
    // That a connection is lost may show only when it is used: then a new one is asked.
    bool ok =
        take_lock(s, name, got, err) ||
        (s->watch.connection != NULL && PQstatus(s->watch.connection) != CONNECTION_OK && take_lock(s, name, got, err));
    pthread_mutex_unlock(&s->watch.lock);
    return ok;
}

void db_source_unlock(struct db_source *source, struct slice name)
{
    struct postgres_source *s = (struct postgres_source *)source;
    struct postgres_watch *w = &s->watch;
    struct error ignored;
    bool was;
    if (!db_source_shared(source))
        return;
    pthread_mutex_lock(&w->lock);
    size_t i = find_lock(w, name);
    if (i != w->held_n) {
        if (!ask_lock(s, "pg_advisory_unlock", name, &was, &ignored))
            log_debug("store: %s", ignored.text);
        free((char *)(uintptr_t)w->held[i].p);
        w->held[i] = w->held[--w->held_n];
    }
    pthread_mutex_unlock(&w->lock);
}

bool db_source_holds(struct db_source *source, struct slice name)
{
    struct postgres_watch *w = &((struct postgres_source *)source)->watch;
    if (!db_source_shared(source))
        return true;
    pthread_mutex_lock(&w->lock);
    if (w->connection != NULL && (PQconsumeInput(w->connection) == 0 || PQstatus(w->connection) != CONNECTION_OK))
        lose(w);
    bool holds = find_lock(w, name) != w->held_n;
    pthread_mutex_unlock(&w->lock);
    return holds;
}

// ---- changes --------------------------------------------------------------------------------------------------------

// Listens, and takes what has come. False when there is no connection to wait at.
static bool hear(struct postgres_source *s, int *fd)
{
    struct postgres_watch *w = &s->watch;
    struct error err;
    PGnotify *notify;
    bool heard = false;
    if (!connect_watch(s, &err)) {
        log_debug("store: %s", err.text);
        return false;
    }
    if (!w->listening) {
        PGresult *result = ask(s, "LISTEN " CHANNEL);
        w->listening = heard = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    while (w->listening && (notify = PQnotifies(w->connection)) != NULL) {
        PQfreemem(notify);
        heard = true;
    }
    if (heard)
        atomic_fetch_add(&s->version, 1);
    *fd = PQsocket(w->connection);
    return w->listening;
}

// ---- nodes that stand still -----------------------------------------------------------------------------------------

// A node that is stopped (SIGSTOP, a frozen machine) still acknowledges its packets, so that the server keeps what its
// transaction has locked, for ever. What was sent of a pipeline without its end is no time that the server would see as
// idle (idle_in_transaction_session_timeout), so the others look. One that had to wait for its turn for so long may be
// met just before it goes on: that, too, only has its transaction run again. Connections of other users are not ours to
// end.
static void end_stalled(struct postgres_source *s)
{
    char sql[1024];
    snprintf(sql, sizeof sql,
             "SELECT application_name, pid, pg_terminate_backend(pid) FROM pg_stat_activity a WHERE datname = "
             "current_database() AND usename = current_user AND wait_event_type = 'Client' AND state_change < "
             "clock_timestamp() - interval '%d seconds' AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND "
             "locktype = 'advisory' AND l.database = a.datid AND classid = %d AND granted)",
             STALLED_SECONDS, LOCK_OF_TURN);
    PGresult *result = ask(s, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        log_debug("store: nodes that stand still: %.*s",
                  SLICE_ARG(postgres_first_line(PQerrorMessage(s->watch.connection))));
    for (int i = 0; i < PQntuples(result); i++)
        log_warn(
            "store: \"%s\" has stood still for %d s in a transaction that others may wait for: its connection to the "
            "database server (process %s there) was ended",
            PQgetvalue(result, i, 0), STALLED_SECONDS, PQgetvalue(result, i, 1));
    PQclear(result);
}

static void *watch_main(void *argument)
{
    struct postgres_source *s = argument;
    struct postgres_watch *w = &s->watch;
    double looked = clock_monotonic();
    for (;;) {
        struct pollfd fds[] = {{.fd = w->wake[0], .events = POLLIN}, {.fd = -1, .events = POLLIN}};
        pthread_mutex_lock(&w->lock);
        bool listens = hear(s, &fds[1].fd), stopping = w->stopping;
        pthread_mutex_unlock(&w->lock);
        if (stopping)
            return NULL;
        poll(fds, 2, listens ? LOOK_MILLISECONDS : CONNECT_AGAIN);
        if (clock_monotonic() - looked < LOOK_MILLISECONDS / 1000.0)
            continue;
        atomic_fetch_add(&s->version, 1);
        looked = clock_monotonic();
        pthread_mutex_lock(&w->lock);
        if (w->listening)
            end_stalled(s);
        pthread_mutex_unlock(&w->lock);
    }
}

void watch_start(struct postgres_source *s)
{
    struct postgres_watch *w = &s->watch;
    pthread_mutex_lock(&w->lock);
    if (!w->running)
        w->running =
            pipe2(w->wake, O_CLOEXEC | O_NONBLOCK) == 0 && pthread_create(&w->thread, NULL, watch_main, s) == 0;
    pthread_mutex_unlock(&w->lock);
}

void watch_free(struct postgres_watch *w)
{
    if (w->running) {
        pthread_mutex_lock(&w->lock);
        w->stopping = true;
        pthread_mutex_unlock(&w->lock);
        if (write(w->wake[1], "", 1) != 1)
            log_debug("store: nobody listens any more");
        pthread_join(w->thread, NULL);
    }
    fd_close(&w->wake[0]);
    fd_close(&w->wake[1]);
    lose(w);
    pthread_mutex_destroy(&w->lock);
}
