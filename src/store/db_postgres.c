// PostgreSQL, a server: questions, rows and transactions. Its connections are db_pool.c's, what is on its way there and
// back is db_pipeline.c's.
#include "store/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>

#define UNSETTLED 20000 // statements that are on their way: what they answer is kept until it is looked at

#define BULK_PIECE (1 << 20) // bytes

struct postgres_row {
    struct db_row row;
    const PGresult *result;
    int number;
};

// ---- questions ------------------------------------------------------------------------------------------------------

// `*done`: no more rows are wanted.
static bool call_back(const struct db_request *r, const PGresult *result, bool *done, struct error *err)
{
    for (int i = 0; r->row != NULL && i < PQntuples(result); i++) {
        struct postgres_row row = {{&db_postgres}, result, i};
        err->code = ERR_NONE;
        *done = !r->row(r->context, &row.row, err);
        if (*done)
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
        if (!pipeline_queue(db, c, &requests[i], true, err)) {
            pipeline_settle(db, c, NULL,
                            &ignored); // so that whoever asks next does not get the answers to those before it
            return false;
        }
    return pipeline_settle(db, c, results, err);
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
        struct postgres_connection *c = pool_borrow(db, err);
        bool ok = c != NULL && ask_on(db, c, requests, n, results, err);
        if (c != NULL)
            pool_give_back(db->source, c);
        if (ok)
            return true;
        results_free(results);
        *results = (struct results){0};
        if (!db_goes_on(&db->db, tries, since, err))
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
    for (size_t i = 0, next = 0; i < n; i++) {
        bool done = false;
        for (size_t pieces = pipeline_pieces(&requests[i]); pieces != 0; pieces--, next++)
            if (!done && !call_back(&requests[i], results.list[next], &done, err))
                return false;
    }
    return true;
}

// Calls back for each row of the statement that comes next, one by one. What is left when that ends early is dropped.
static bool take_rows(struct postgres *db, struct postgres_connection *c, const struct db_request *r, struct error *err)
{
    bool ok = true, wanted = true;
    PGresult *result;
    while ((result = PQgetResult(c->pg)) != NULL) {
        if (PQresultStatus(result) != PGRES_SINGLE_TUPLE && !pipeline_is_fine(result)) {
            ok = ok && pipeline_fail(db, c, result, err);
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
    if (!pipeline_settle(db, c, NULL, err))
        return false;
    if (!pipeline_send_bare(c, request->sql) || PQpipelineSync(c->pg) == 0 || PQsetSingleRowMode(c->pg) == 0)
        return pipeline_fail(db, c, NULL, err);
    bool ok = take_rows(db, c, request, err);
    PGresult *sync = PQgetResult(c->pg);
    if (ok && PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
        ok = pipeline_fail(db, c, sync, err);
    PQclear(sync);
    return ok;
}

static bool send_one(struct db *handle, const struct db_request *request, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    if (!handle->in_transaction)
        return ask(handle, request, 1, err);
    if (!pipeline_queue(db, db->connection, request, false, err))
        return false;
    return db->connection->pending_n < UNSETTLED || pipeline_settle(db, db->connection, NULL, err);
}

static bool change(struct db *handle, const struct db_request *request, uint64_t *changed, struct error *err)
{
    struct results results __attribute__((cleanup(results_free))) = {0};
    return ask_results((struct postgres *)handle, request, 1, &results, err) &&
           (slice_to_u64(slice_str(PQcmdTuples(results.list[0])), changed) ||
            error_set(err, ERR_STORE, "the statement changes no rows"));
}

// Around what is no matter for a pipeline.
static bool leave_pipeline(struct postgres *db, struct postgres_connection *c, struct error *err)
{
    if (!pipeline_settle(db, c, NULL, err))
        return false;
    PQexitPipelineMode(c->pg);
    PQsetnonblocking(c->pg, 0);
    return true;
}

static void enter_pipeline(struct postgres_connection *c)
{
    PQsetnonblocking(c->pg, 1);
    PQenterPipelineMode(c->pg);
}

// Several statements at once.
static bool exec_on(struct postgres *db, struct postgres_connection *c, const char *sql, struct error *err)
{
    if (!leave_pipeline(db, c, err))
        return false;
    PGresult *result = PQexec(c->pg, sql);
    bool ok = pipeline_is_fine(result) || pipeline_fail(db, c, result, err);
    PQclear(result);
    enter_pipeline(c);
    return ok;
}

static void add_number(struct buf *out, uint64_t number, size_t bytes)
{
    uint64_t big = htobe64(number);
    buf_add(out, slice_of((const char *)&big + sizeof big - bytes, bytes));
}

// COPY's binary format (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"): a header, then of each
// row the number of its fields, and of each of them its length, -1 for NULL, and its bytes; then a number of -1.
static void add_bulk(const struct db_request *rows, struct buf *out)
{
    static const char signature[] = "PGCOPY\n\377\r\n"; // and the NUL behind it
    buf_add(out, slice_of(signature, sizeof signature));
    add_number(out, 0, 4);
    add_number(out, 0, 4);
    for (size_t i = 0; i < rows->n * rows->rows; i++) {
        const struct db_value *value = &rows->values[i];
        if (i % rows->n == 0)
            add_number(out, rows->n, 2);
        if (value->type == DB_NULL) {
            add_number(out, UINT64_MAX, 4);
        } else if (value->type == DB_INT) {
            add_number(out, sizeof value->number, 4);
            add_number(out, (uint64_t)value->number, sizeof value->number);
        } else {
            add_number(out, value->bytes.n, 4);
            buf_add(out, value->bytes);
        }
    }
    add_number(out, UINT64_MAX, 2);
}

static bool send_bulk(struct postgres *db, const struct postgres_connection *c, const struct buf *data,
                      struct error *err)
{
    size_t sent = 0;
    while (sent < data->n) {
        int piece = data->n - sent < BULK_PIECE ? (int)(data->n - sent) : BULK_PIECE;
        if (PQputCopyData(c->pg, data->p + sent, piece) != 1)
            return pipeline_fail(db, c, NULL, err);
        sent += (size_t)piece;
    }
    return PQputCopyEnd(c->pg, NULL) == 1 || pipeline_fail(db, c, NULL, err);
}

// All that the statement has left to say, of which the first failure counts.
static bool end_bulk(struct postgres *db, const struct postgres_connection *c, bool ok, struct error *err)
{
    PGresult *result;
    while ((result = PQgetResult(c->pg)) != NULL) {
        if (ok && !pipeline_is_fine(result))
            ok = pipeline_fail(db, c, result, err);
        PQclear(result);
        if (pool_is_lost(c))
            break;
    }
    return ok;
}

static bool put_bulk(struct db *handle, const char *into, const struct db_request *rows, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    struct postgres_connection *c = db->connection;
    struct arena a ARENA_AUTO = {0};
    struct buf data BUF_AUTO = {0};
    if (!leave_pipeline(db, c, err))
        return false;
    PGresult *result = PQexec(c->pg, arena_printf(&a, "COPY %s FROM STDIN (FORMAT binary)", into).p);
    bool ok = PQresultStatus(result) == PGRES_COPY_IN || pipeline_fail(db, c, result, err);
    PQclear(result);
    if (ok) {
        add_bulk(rows, &data);
        ok = end_bulk(db, c, send_bulk(db, c, &data, err), err);
    }
    enter_pipeline(c);
    return ok;
}

static bool exec(struct db *handle, const char *sql, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    if (handle->in_transaction)
        return exec_on(db, db->connection, sql, err);
    struct postgres_connection *c = pool_borrow(db, err);
    bool ok = c != NULL && exec_on(db, c, sql, err);
    if (c != NULL)
        pool_give_back(db->source, c);
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

static bool queue_lock(struct postgres *db, enum db_turn turn, struct error *err)
{
    static const char take_turn[] = "SELECT pg_advisory_xact_lock(CAST(?1 AS INTEGER), CAST(?2 AS INTEGER))",
                      take_none[] = "SELECT pg_advisory_xact_lock_shared(CAST(?1 AS INTEGER), CAST(?2 AS INTEGER))";
    const struct db_value values[] = {db_int(LOCK_OF_TURN), db_int(turn)};
    const struct db_request request = {.sql = turn == DB_TURN_NONE ? take_none : take_turn, .values = values, .n = 2};
    return pipeline_queue(db, db->connection, &request, false, err);
}

// What has no turn yet shows that it writes, lest nobody ends it when we stand still in it.
static bool queue_before(struct postgres *db, const struct db_work *work, struct error *err)
{
    if (work->before_n != 0 && !queue_lock(db, DB_TURN_NONE, err))
        return false;
    for (size_t i = 0; i < work->before_n; i++)
        if (!pipeline_queue(db, db->connection, &work->before[i], false, err))
            return false;
    return true;
}

static bool begin(struct db *handle, const struct db_work *work, struct error *err)
{
    struct postgres *db = (struct postgres *)handle;
    const struct db_request start = {.sql = work->reads ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                                        : "BEGIN ISOLATION LEVEL READ COMMITTED"};
    db->told = false;
    db->connection = pool_borrow(db, err);
    if (db->connection == NULL)
        return false;
    if (pipeline_queue(db, db->connection, &start, false, err) && queue_before(db, work, err) &&
        (work->reads || queue_lock(db, work->turn, err)))
        return true;
    pool_give_back(db->source, db->connection);
    db->connection = NULL;
    return false;
}

static void end(struct postgres *db)
{
    pool_give_back(db->source, db->connection);
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
        pipeline_settle(db, c, NULL, &err);
    if (!pool_is_lost(c) && pipeline_queue(db, c, &request, false, &err))
        pipeline_flush(c, false);
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
    .bulk = put_bulk,
    .change = change,
    .exec = exec,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .version = version,
    .column_int = column_int,
    .column = column,
    .column_null = column_null,
    .batch_is_transaction = true, // what is sent before a Sync message is, unless there is a BEGIN
    .functions = functions,
    .words = words,
};
