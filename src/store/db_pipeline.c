// Statements on their way to a PostgreSQL server, and what comes back.
//
// They are sent in libpq's pipeline mode (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html): those
// whose rows nobody wants are on their way while the next ones are made, and the server is waited for where rows are
// wanted, and at the end of a transaction. Values travel in their binary forms.
#include "store/db_postgres.h"

#include <endian.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#define VALUES         352         // of a statement, in all its rows
#define FLUSH_AT       64          // statements, after which what is to be sent is
#define GROUP          "(VALUES (" // what the values of a row stand behind
#define CONFLICT_TRIES 20          // of what fails since others wrote the same row at the same time

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

bool pipeline_fail(struct postgres *db, const struct postgres_connection *c, const PGresult *result, struct error *err)
{
    const char *primary = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    struct slice text = postgres_first_line(primary != NULL ? primary : PQerrorMessage(c->pg));
    db->db.again = pool_is_lost(c) ? UINT_MAX : helps_again(state);
    return error_set(err, ERR_STORE, "database: %.*s%s%.*s", SLICE_ARG(text), detail != NULL ? ": " : "",
                     SLICE_ARG(postgres_first_line(detail != NULL ? detail : "")));
}

// So that the two ends never wait for each other. A connection that is lost shows later.
void pipeline_flush(const struct postgres_connection *c, bool all)
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
static struct postgres_statement *statement_of(struct postgres_connection *c, const char *sql, size_t rows)
{
    uint64_t hash = slice_hash(slice_str(sql));
    for (size_t i = 0; i < c->statements_n; i++)
        if (c->statements[i].hash == hash && c->statements[i].rows == rows && strcmp(c->statements[i].sql, sql) == 0)
            return &c->statements[i];
    if (c->statements_n == STATEMENTS)
        return NULL;
    struct postgres_statement *statement = &c->statements[c->statements_n++];
    *statement = (struct postgres_statement){strdup(sql), rows, hash, UNKNOWN};
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
    size_t n = db_request_values(r);
    if (n > VALUES)
        return error_set(err, ERR_STORE, "a statement with more than %d values", VALUES);
    out->n = (int)n;
    for (size_t i = 0; i < n; i++) {
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

static void add_numbered(struct buf *out, struct slice sql)
{
    for (size_t i = 0; i < sql.n; i++)
        buf_addc(out, sql.p[i] == '?' ? '$' : sql.p[i]);
}

// The text with $1 for ?1, and with as many groups of values as it has rows.
static void number_values(const struct db_request *r, struct buf *out)
{
    struct slice text = slice_str(r->sql);
    ptrdiff_t group = r->rows != 0 ? slice_find_slice(text, SLICE(GROUP)) : -1;
    if (group >= 0) {
        struct slice values = slice_from(text, (size_t)group + sizeof GROUP - 1);
        add_numbered(out, slice_of(text.p, text.n - values.n));
        for (size_t i = 0; i < r->n * r->rows; i++)
            buf_addf(out, "%s$%zu", i == 0 ? "" : i % r->n == 0 ? "), (" : ", ", i + 1);
        text = slice_from(values, (size_t)slice_find(values, ')'));
    }
    add_numbered(out, text);
    buf_addc(out, '\0');
}

static bool prepare(struct postgres_connection *c, struct postgres_statement *statement, const char *name,
                    const struct db_request *r, const struct values *values)
{
    struct buf text BUF_AUTO = {0};
    if (statement->state != UNKNOWN)
        return true;
    number_values(r, &text);
    if (PQsendPrepare(c->pg, name, text.p, values->n, values->types) == 0)
        return false;
    statement->state = ON_ITS_WAY;
    push(c, statement, false);
    return true;
}

static bool send_unprepared(struct postgres_connection *c, const struct db_request *r, const struct values *v)
{
    struct buf text BUF_AUTO = {0};
    number_values(r, &text);
    return PQsendQueryParams(c->pg, text.p, v->n, v->types, v->bytes, v->lengths, v->formats, 1) != 0;
}

static bool queue_one(struct postgres *db, struct postgres_connection *c, const struct db_request *r, bool wanted,
                      struct error *err)
{
    struct values values;
    char name[32];
    if (!encode(r, &values, err))
        return false;
    struct postgres_statement *statement = statement_of(c, r->sql, r->rows);
    bool ok = true;
    if (statement == NULL) {
        ok = send_unprepared(c, r, &values);
    } else {
        snprintf(name, sizeof name, "c%zu", (size_t)(statement - c->statements));
        ok = prepare(c, statement, name, r, &values) &&
             PQsendQueryPrepared(c->pg, name, values.n, values.bytes, values.lengths, values.formats, 1) != 0;
    }
    if (!ok)
        return pipeline_fail(db, c, NULL, err);
    push(c, NULL, wanted);
    if (c->pending_n % FLUSH_AT == 0)
        pipeline_flush(c, false);
    return true;
}

// A number of rows is another statement for the server, so few numbers are used: how many of `left` rows come next.
static size_t next_piece(const struct db_request *r, size_t left)
{
    static const size_t sizes[] = {32, 16, 8, 4, 3, 2, 1};
    size_t i = 0;
    while (sizes[i] > 1 && (sizes[i] > left || sizes[i] * r->n > VALUES))
        i++;
    return sizes[i];
}

size_t pipeline_pieces(const struct db_request *r)
{
    size_t pieces = 0;
    for (size_t left = r->rows; left != 0; left -= next_piece(r, left))
        pieces++;
    return r->rows != 0 ? pieces : 1;
}

bool pipeline_queue(struct postgres *db, struct postgres_connection *c, const struct db_request *r, bool wanted,
                    struct error *err)
{
    struct db_request piece = *r;
    if (r->rows == 0)
        return queue_one(db, c, r, wanted, err);
    for (size_t left = r->rows; left != 0; left -= piece.rows) {
        piece.rows = next_piece(r, left);
        if (!queue_one(db, c, &piece, wanted, err))
            return false;
        piece.values += piece.rows * r->n;
    }
    return true;
}

bool pipeline_send_bare(struct postgres_connection *c, const char *sql)
{
    const struct db_request request = {.sql = sql};
    const struct values none = {.n = 0};
    return send_unprepared(c, &request, &none);
}

// ---- what comes back ------------------------------------------------------------------------------------------------

void results_free(struct results *results)
{
    for (size_t i = 0; i < results->n; i++)
        PQclear(results->list[i]);
    free(results->list);
}

bool pipeline_is_fine(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

// Takes what one of the pending ones came to.
static bool take_one(struct postgres *db, struct postgres_connection *c, const struct postgres_pending *p,
                     struct results *results, bool ok, struct error *err)
{
    PGresult *result = PQgetResult(c->pg), *more;
    bool fine = result != NULL && pipeline_is_fine(result);
    if (p->prepares != NULL)
        p->prepares->state = fine ? PREPARED : UNKNOWN;
    // Behind the first that fails, the others were not looked at.
    if (!fine && ok)
        pipeline_fail(db, c, result, err);
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
bool pipeline_settle(struct postgres *db, struct postgres_connection *c, struct results *results, struct error *err)
{
    struct postgres_wait wait;
    bool ok = true;
    stop_wait_begin(&db->source->stop, &wait, c->pg);
    if (PQpipelineSync(c->pg) == 0)
        ok = pipeline_fail(db, c, NULL, err);
    pipeline_flush(c, true);
    if (db->db.timings != NULL)
        counter_add(&db->db.timings->trips, 1);
    for (size_t i = 0; i < c->pending_n; i++)
        ok = take_one(db, c, &c->pending[i], results, ok, err) && ok;
    c->pending_n = 0;
    PGresult *sync = PQgetResult(c->pg);
    stop_wait_end(&db->source->stop, &wait);
    if (ok && PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
        ok = pipeline_fail(db, c, sync, err);
    PQclear(sync);
    return ok;
}
