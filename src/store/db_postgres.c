// PostgreSQL: a server, with connections that the handles of a source share.
//
// Statements are sent in libpq's pipeline mode (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html):
// those whose rows nobody wants are on their way while the next ones are made, and the server is waited for where rows
// are wanted, and at the end of a transaction. Values travel in their binary forms.
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <endian.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#define STATEMENTS      256   // of a connection; further ones are prepared each time
#define VALUES          32    // of a statement
#define FLUSH_AT        64    // statements, after which what is to be sent is
#define UNSETTLED       20000 // statements that are on their way: what they answer is kept until it is looked at
#define CONFLICT_TRIES  20    // of what fails since others wrote the same row at the same time
#define CONNECTIONS     8
#define OLDEST_SERVER   130000
#define CONNECT_TIMEOUT "10"

// Types, as the server numbers them (pg_type.dat).
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };

struct postgres_statement {
    char *sql;
    uint64_t hash;
    enum { UNKNOWN, ON_ITS_WAY, PREPARED } state;
};

// What is on its way, in its order.
struct postgres_pending {
    struct postgres_statement *prepares; // NULL: it runs a statement
    bool wanted;                         // its result is
};

struct postgres_connection {
    PGconn *pg;
    struct postgres_statement statements[STATEMENTS];
    size_t statements_n;
    struct postgres_pending *pending;
    size_t pending_n, pending_cap;
    struct postgres_connection *next;
};

struct postgres {
    struct db db;
    struct postgres_source *source;
    struct postgres_connection *connection; // within a transaction
    bool told;                              // the transaction tells others of a change
};

struct postgres_row {
    struct db_row row;
    const PGresult *result;
    int number;
};

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
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->given_back, &monotonic);
    pthread_condattr_destroy(&monotonic);
    watch_init(&s->watch);
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

// The first line of what libpq says, which never holds the password.
static struct slice first_line(const char *text)
{
    return slice_of(text, strcspn(text, "\n"));
}

// The server, too, is to notice within half a minute that this node is gone without a word: as long as it does not, it
// keeps what the node has locked, by itself for hours.
static bool settle_in(PGconn *pg, struct error *err)
{
    PGresult *result = PQexec(pg, "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; "
                                  "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000");
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK ||
              error_set(err, ERR_STORE, "the database server: %.*s", SLICE_ARG(first_line(PQerrorMessage(pg))));
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
                  SLICE_ARG(first_line(PQerrorMessage(pg))));
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

static struct postgres_connection *connect_new(struct postgres_source *s, struct error *err)
{
    PGconn *pg = postgres_connect(s, err);
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

static struct postgres_connection *borrow(struct postgres *db, struct error *err)
{
    struct postgres_connection *c;
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

static bool is_lost(const struct postgres_connection *c)
{
    return PQstatus(c->pg) != CONNECTION_OK;
}

// A lost one is closed, and with it those that nobody has now: the server was most likely restarted.
static void give_back(struct postgres_source *s, struct postgres_connection *c)
{
    struct postgres_connection *idle = NULL;
    bool lost = is_lost(c);
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

// ---- sending --------------------------------------------------------------------------------------------------------

// How often to try again: without end where others were in the way, or the server is stopping or starting; not so often
// where a row is there, or not there, as it is when two write the same one, but also when the statement is wrong.
static unsigned helps_again(const char *state)
{
    static const struct {
        const char *state;
        unsigned tries;
    } states[] = {{"40", UINT_MAX},    {"08", UINT_MAX},    {"57P", UINT_MAX},         {"53300", UINT_MAX},
                  {"25P03", UINT_MAX}, {"55P03", UINT_MAX}, {"23505", CONFLICT_TRIES}, {"23503", CONFLICT_TRIES}};
    for (size_t i = 0; state != NULL && i < sizeof states / sizeof states[0]; i++)
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
            return states[i].tries;
    return 0;
}

static bool fail(struct postgres *db, const struct postgres_connection *c, const PGresult *result, struct error *err)
{
    const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    struct slice text = first_line(primary != NULL ? primary : PQerrorMessage(c->pg));
    db->db.again = is_lost(c) ? UINT_MAX : helps_again(state);
    return error_set(err, ERR_STORE, "database: %.*s%s%.*s", SLICE_ARG(text), detail != NULL ? ": " : "",
                     SLICE_ARG(first_line(detail != NULL ? detail : "")));
}

// Sends what is to be sent, and takes in meanwhile what comes, so that the two ends never wait for each other; `all`:
// to the end. A connection that is lost shows later.
static void flush(const struct postgres_connection *c, bool all)
{
    struct pollfd fd = {.fd = PQsocket(c->pg), .events = POLLIN | POLLOUT};
    while (PQflush(c->pg) == 1 && all) {
        if (poll(&fd, 1, -1) > 0 && (fd.revents & ~POLLOUT) != 0 && PQconsumeInput(c->pg) == 0)
            return;
    }
    if (!all)
        PQconsumeInput(c->pg);
}

static void push(struct postgres_connection *c, struct postgres_statement *prepares, bool wanted)
{
    if (c->pending_n == c->pending_cap) {
        c->pending_cap = c->pending_cap != 0 ? 2 * c->pending_cap : 16;
        c->pending = must_realloc(c->pending, c->pending_cap * sizeof *c->pending);
    }
    c->pending[c->pending_n++] = (struct postgres_pending){prepares, wanted};
}

// Its place among the statements of the connection; NULL when there are too many of them.
static struct postgres_statement *statement_of(struct postgres_connection *c, const char *sql)
{
    uint64_t hash = slice_hash(slice_str(sql));
    for (size_t i = 0; i < c->statements_n; i++)
        if (c->statements[i].hash == hash && strcmp(c->statements[i].sql, sql) == 0)
            return &c->statements[i];
    if (c->statements_n == STATEMENTS)
        return NULL;
    struct postgres_statement *statement = &c->statements[c->statements_n++];
    *statement = (struct postgres_statement){strdup(sql), hash, UNKNOWN};
    return statement;
}

// Values as the server takes them.
struct values {
    Oid types[VALUES];
    const char *bytes[VALUES];
    int lengths[VALUES], formats[VALUES];
    int64_t numbers[VALUES];
    int n;
};

static bool encode(const struct db_request *r, struct values *out, struct error *err)
{
    static const Oid types[] = {[DB_INT] = OID_INT8, [DB_TEXT] = OID_TEXT, [DB_BLOB] = OID_BYTEA};
    if (r->n > VALUES)
        return error_set(err, ERR_STORE, "a statement with more than %d values", VALUES);
    out->n = (int)r->n;
    for (size_t i = 0; i < r->n; i++) {
        const struct db_value *v = &r->values[i];
        if (v->bytes.n > INT32_MAX)
            return error_set(err, ERR_STORE, "a value of more than 2 GiB");
        out->formats[i] = 1;
        out->types[i] = types[v->type];
        out->numbers[i] = (int64_t)htobe64((uint64_t)v->number);
        out->bytes[i] = v->type == DB_NULL  ? NULL
                        : v->type == DB_INT ? (const char *)&out->numbers[i]
                        : v->bytes.n != 0   ? v->bytes.p
                                            : "";
        out->lengths[i] = v->type == DB_INT ? (int)sizeof out->numbers[i] : (int)v->bytes.n;
    }
    return true;
}

// The text with $1 for ?1.
static void number_values(const char *sql, struct buf *out)
{
    for (; *sql != '\0'; sql++)
        buf_addc(out, *sql == '?' ? '$' : *sql);
    buf_addc(out, '\0');
}

static bool prepare(struct postgres_connection *c, struct postgres_statement *statement, const char *name,
                    const struct values *values)
{
    struct buf text BUF_AUTO = {0};
    if (statement->state != UNKNOWN)
        return true;
    number_values(statement->sql, &text);
    if (PQsendPrepare(c->pg, name, text.p, values->n, values->types) == 0)
        return false;
    statement->state = ON_ITS_WAY;
    push(c, statement, false);
    return true;
}

static bool send_unprepared(struct postgres_connection *c, const char *sql, const struct values *v)
{
    struct buf text BUF_AUTO = {0};
    number_values(sql, &text);
    return PQsendQueryParams(c->pg, text.p, v->n, v->types, v->bytes, v->lengths, v->formats, 1) != 0;
}

// Puts a statement on its way.
static bool queue(struct postgres *db, struct postgres_connection *c, const struct db_request *r, bool wanted,
                  struct error *err)
{
    struct values values;
    char name[32];
    if (!encode(r, &values, err))
        return false;
    struct postgres_statement *statement = statement_of(c, r->sql);
    bool ok = true;
    if (statement == NULL) {
        ok = send_unprepared(c, r->sql, &values);
    } else {
        snprintf(name, sizeof name, "c%zu", (size_t)(statement - c->statements));
        ok = prepare(c, statement, name, &values) &&
             PQsendQueryPrepared(c->pg, name, values.n, values.bytes, values.lengths, values.formats, 1) != 0;
    }
    if (!ok)
        return fail(db, c, NULL, err);
    push(c, NULL, wanted);
    if (c->pending_n % FLUSH_AT == 0)
        flush(c, false);
    return true;
}

// ---- what comes back ------------------------------------------------------------------------------------------------

// Results that were asked for, in their order.
struct results {
    PGresult **list;
    size_t n;
};

static void results_free(struct results *results)
{
    for (size_t i = 0; i < results->n; i++)
        PQclear(results->list[i]);
    free(results->list);
}

static bool is_fine(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

// Takes what one of the pending ones came to.
static bool take_one(struct postgres *db, struct postgres_connection *c, const struct postgres_pending *p,
                     struct results *results, bool ok, struct error *err)
{
    PGresult *result = PQgetResult(c->pg), *more;
    bool fine = result != NULL && is_fine(result);
    if (p->prepares != NULL)
        p->prepares->state = fine ? PREPARED : UNKNOWN;
    // Behind the first that fails, the others were not looked at.
    if (!fine && ok)
        fail(db, c, result, err);
    if (fine && p->wanted && results != NULL) {
        results->list = must_realloc(results->list, (results->n + 1) * sizeof(PGresult *));
        results->list[results->n++] = result;
    } else {
        PQclear(result);
    }
    while (result != NULL && (more = PQgetResult(c->pg)) != NULL)
        PQclear(more);
    return fine;
}

// Waits for all that is on its way.
static bool settle(struct postgres *db, struct postgres_connection *c, struct results *results, struct error *err)
{
    bool ok = true;
    if (PQpipelineSync(c->pg) == 0)
        ok = fail(db, c, NULL, err);
    flush(c, true);
    if (db->db.timings != NULL)
        counter_add(&db->db.timings->trips, 1);
    for (size_t i = 0; i < c->pending_n; i++)
        ok = take_one(db, c, &c->pending[i], results, ok, err) && ok;
    c->pending_n = 0;
    PGresult *sync = PQgetResult(c->pg);
    if (ok && PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
        ok = fail(db, c, sync, err);
    PQclear(sync);
    return ok;
}

static bool call_back(const struct db_request *r, const PGresult *result, struct error *err)
{
    for (int i = 0; r->row != NULL && i < PQntuples(result); i++) {
        struct postgres_row row = {{&db_postgres}, result, i};
        err->code = ERR_NONE;
        if (!r->row(r->context, &row.row, err))
            return err->code == ERR_NONE;
    }
    return true;
}

// Results are complete before anybody is called back, who may ask the same connection for more.
static bool ask_on(struct postgres *db, struct postgres_connection *c, const struct db_request *requests, size_t n,
                   struct results *results, struct error *err)
{
    struct error ignored;
    for (size_t i = 0; i < n; i++)
        if (!queue(db, c, &requests[i], true, err)) {
            settle(db, c, NULL, &ignored); // so that whoever asks next does not get the answers to those before it
            return false;
        }
    return settle(db, c, results, err);
}

// Asks again where that helps, outside of transactions.
static bool ask_results(struct postgres *db, const struct db_request *requests, size_t n, struct results *results,
                        struct error *err)
{
    double since = clock_monotonic();
    if (db->db.in_transaction)
        return ask_on(db, db->connection, requests, n, results, err);
    for (unsigned tries = 0;; tries++) {
        db->db.again = 0;
        struct postgres_connection *c = borrow(db, err);
        bool ok = c != NULL && ask_on(db, c, requests, n, results, err);
        if (c != NULL)
            give_back(db->source, c);
        if (ok)
            return true;
        results_free(results);
        *results = (struct results){0};
        if (tries >= db->db.again || clock_monotonic() - since > DB_PATIENCE)
            return false;
        log_debug("store: asking again: %s", err->text);
        db_pause(tries);
    }
}

static bool ask(struct db *handle, const struct db_request *requests, size_t n, struct error *err)
{
    struct results results __attribute__((cleanup(results_free))) = {0};
    if (!ask_results((struct postgres *)handle, requests, n, &results, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!call_back(&requests[i], results.list[i], err))
            return false;
    return true;
}

// Calls back for each row of the statement that comes next, one by one. What is left when that ends early is dropped.
static bool take_rows(struct postgres *db, struct postgres_connection *c, const struct db_request *r, struct error *err)
{
    bool ok = true, wanted = true;
    PGresult *result;
    while ((result = PQgetResult(c->pg)) != NULL) {
        if (PQresultStatus(result) != PGRES_SINGLE_TUPLE && !is_fine(result)) {
            ok = ok && fail(db, c, result, err);
        } else if (wanted && PQntuples(result) != 0) {
            struct postgres_row row = {{&db_postgres}, result, 0};
            err->code = ERR_NONE;
            wanted = r->row(r->context, &row.row, err);
            ok = wanted || err->code == ERR_NONE;
        }
        PQclear(result);
    }
    return ok;
}

static bool stream(struct db *handle, const struct db_request *request, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    struct postgres_connection *c = db->connection;
    static const struct values none = {0};
    if (!settle(db, c, NULL, err))
        return false;
    if (!send_unprepared(c, request->sql, &none) || PQpipelineSync(c->pg) == 0 || PQsetSingleRowMode(c->pg) == 0)
        return fail(db, c, NULL, err);
    bool ok = take_rows(db, c, request, err);
    PGresult *sync = PQgetResult(c->pg);
    if (ok && PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
        ok = fail(db, c, sync, err);
    PQclear(sync);
    return ok;
}

static bool send_one(struct db *handle, const struct db_request *request, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    if (!handle->in_transaction)
        return ask(handle, request, 1, err);
    if (!queue(db, db->connection, request, false, err))
        return false;
    return db->connection->pending_n < UNSETTLED || settle(db, db->connection, NULL, err);
}

static bool change(struct db *handle, const struct db_request *request, uint64_t *changed, struct error *err)
{
    struct results results __attribute__((cleanup(results_free))) = {0};
    return ask_results((struct postgres *)handle, request, 1, &results, err) &&
           (slice_to_u64(slice_str(PQcmdTuples(results.list[0])), changed) ||
            error_set(err, ERR_STORE, "the statement changes no rows"));
}

// Several statements at once are no matter for a pipeline.
static bool exec_on(struct postgres *db, struct postgres_connection *c, const char *sql, struct error *err)
{
    if (!settle(db, c, NULL, err))
        return false;
    PQexitPipelineMode(c->pg);
    PQsetnonblocking(c->pg, 0);
    PGresult *result = PQexec(c->pg, sql);
    bool ok = is_fine(result) || fail(db, c, result, err);
    PQclear(result);
    PQsetnonblocking(c->pg, 1);
    PQenterPipelineMode(c->pg);
    return ok;
}

static bool exec(struct db *handle, const char *sql, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    if (handle->in_transaction)
        return exec_on(db, db->connection, sql, err);
    struct postgres_connection *c = borrow(db, err);
    bool ok = c != NULL && exec_on(db, c, sql, err);
    if (c != NULL)
        give_back(db->source, c);
    return ok;
}

static int64_t column_int(struct db_row *row, int column)
{
    const struct postgres_row *r = (const struct postgres_row *)row;
    const char *p = PQgetvalue(r->result, r->number, column);
    union {
        uint64_t eight;
        uint32_t four;
        uint16_t two;
    } value = {0};
    if (PQgetisnull(r->result, r->number, column))
        return 0;
    switch (PQftype(r->result, column)) {
    case OID_BOOL:
        return *p != 0;
    case OID_INT8:
        memcpy(&value.eight, p, sizeof value.eight);
        return (int64_t)be64toh(value.eight);
    case OID_INT4:
        memcpy(&value.four, p, sizeof value.four);
        return (int32_t)be32toh(value.four);
    case OID_INT2:
        memcpy(&value.two, p, sizeof value.two);
        return (int16_t)be16toh(value.two);
    default:
        log_error("store: column %s of a query is no whole number", PQfname(r->result, column));
        abort();
    }
}

static struct slice column(struct db_row *row, int column)
{
    const struct postgres_row *r = (const struct postgres_row *)row;
    return slice_of(PQgetvalue(r->result, r->number, column), (size_t)PQgetlength(r->result, r->number, column));
}

static bool column_null(struct db_row *row, int column)
{
    const struct postgres_row *r = (const struct postgres_row *)row;
    return PQgetisnull(r->result, r->number, column) != 0;
}

// ---- transactions ---------------------------------------------------------------------------------------------------

static bool begin(struct db *handle, bool writes, enum db_turn turn, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    const struct db_value values[] = {db_int(LOCK_OF_TURN), db_int(turn)};
    const struct db_request start = {.sql = writes ? "BEGIN ISOLATION LEVEL READ COMMITTED"
                                                   : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
                            wait = {.sql = "SELECT pg_advisory_xact_lock(CAST(?1 AS INTEGER), CAST(?2 AS INTEGER))",
                                    .values = values,
                                    .n = 2};
    db->told = false;
    db->connection = borrow(db, err);
    if (db->connection == NULL)
        return false;
    if (queue(db, db->connection, &start, false, err) &&
        (!writes || turn == DB_TURN_NONE || queue(db, db->connection, &wait, false, err)))
        return true;
    give_back(db->source, db->connection);
    db->connection = NULL;
    return false;
}

static void end(struct postgres *db)
{
    give_back(db->source, db->connection);
    db->connection = NULL;
}

// A transaction that has failed answers COMMIT with ROLLBACK.
static bool commit(struct db *handle, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    struct results results __attribute__((cleanup(results_free))) = {0};
    const struct db_request request = {.sql = "COMMIT"};
    if (!ask_on(db, db->connection, &request, 1, &results, err))
        return false;
    if (strcmp(PQcmdStatus(results.list[0]), "COMMIT") != 0)
        return error_set(err, ERR_STORE, "database: the transaction was rolled back");
    if (db->told)
        atomic_fetch_add(&db->source->version, 1);
    end(db);
    return true;
}

// Nobody waits for what this comes to: whoever has the connection next takes it. A statement that fails has those
// behind it ignored, so those that are on their way are heard first.
static void rollback(struct db *handle)
{
    struct postgres *db = (struct postgres *)handle;
    struct postgres_connection *c = db->connection;
    const struct db_request request = {.sql = "ROLLBACK"};
    struct error err;
    unsigned again = handle->again;
    if (c->pending_n != 0)
        settle(db, c, NULL, &err);
    if (!is_lost(c) && queue(db, c, &request, false, &err))
        flush(c, false);
    handle->again = again;
    end(db);
}

// ---- handles --------------------------------------------------------------------------------------------------------

static struct db *open_db(struct db_source *source, struct error *err)
{
    (void)err;
    struct postgres *db = must_alloc(sizeof *db);
    *db = (struct postgres){.db.engine = &db_postgres, .source = (struct postgres_source *)source};
    return &db->db;
}

static void close_db(struct db *db)
{
    free(db);
}

static bool version(struct db *handle, int64_t *version, struct error *err)
{
    struct postgres_source *s = ((struct postgres *)handle)->source;
    (void)err;
    watch_start(s);
    // As long as nobody can tell of changes, there may be one each time.
    if (!atomic_load(&s->watch.listening))
        atomic_fetch_add(&s->version, 1);
    *version = atomic_load(&s->version);
    return true;
}

bool db_tell(struct db *db, struct error *err)
{
    const struct db_request request = {.sql = "SELECT pg_notify('" CHANNEL "', '')"};
    if (db->engine != &db_postgres)
        return true;
    ((struct postgres *)db)->told = true;
    return send_one(db, &request, err);
}

bool db_number_on(struct db *db, const char *table, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    // Sent by itself rather than prepared, since it is another text for each table.
    const char *sql = arena_printf(&a,
                                   "SELECT setval(pg_get_serial_sequence('\"%s\"', 'id'), "
                                   "(SELECT coalesce(max(id), 0) + 1 FROM \"%s\"), false)",
                                   table, table)
                          .p;
    return db->engine != &db_postgres || db_exec(db, sql, err);
}

// The collation compares bytes, as SQLite does.
static const char *const words[][2] = {
    {"INTEGER PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"},
    {"INTEGER", "BIGINT"},
    {"BLOB", "BYTEA"},
    {"TEXT", "TEXT COLLATE \"C\""},
    {" WITHOUT ROWID", ""},
    {NULL, NULL},
};

// SQLite's, with its meaning.
static const char functions[] =
    "CREATE OR REPLACE FUNCTION unixepoch() RETURNS bigint LANGUAGE sql VOLATILE AS "
    "'SELECT CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint)';"
    "CREATE OR REPLACE FUNCTION last_insert_rowid() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT lastval()';"
    "CREATE OR REPLACE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT strpos($1, $2)';";

const struct db_engine db_postgres = {
    .open = open_db,
    .close = close_db,
    .ask = ask,
    .stream = stream,
    .send = send_one,
    .change = change,
    .exec = exec,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .version = version,
    .column_int = column_int,
    .column = column,
    .column_null = column_null,
    .functions = functions,
    .words = words,
};
