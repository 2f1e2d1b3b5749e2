// What both engines have in common: which one it is, timing, trying again.
#include "store/db_engine.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <time.h>

bool db_is_server(struct slice where)
{
    return slice_starts(where, SLICE("postgres://")) || slice_starts(where, SLICE("postgresql://")) ||
           (slice_find(where, '=') >= 0 && slice_find(where, '/') != 0);
}

struct db_source *db_source_new(struct slice where, unsigned connections, struct error *err)
{
    return db_is_server(where) ? db_postgres_source(where, connections, err) : db_sqlite_source(where);
}

void db_source_free(struct db_source **source)
{
    if (*source == NULL)
        return;
    if ((*source)->engine == &db_postgres)
        db_postgres_source_free(*source);
    else
        db_sqlite_source_free(*source);
    *source = NULL;
}

bool db_source_shared(const struct db_source *source)
{
    return source->engine == &db_postgres;
}

bool db_source_there(const struct db_source *source)
{
    return source->engine != &db_sqlite || db_sqlite_there(source);
}

void db_source_stopping(struct db_source *source)
{
    atomic_store(&source->stopping, clock_monotonic());
    if (source->engine == &db_postgres)
        db_postgres_stopping(source);
}

struct db *db_open(struct db_source *source, struct error *err)
{
    struct db *db = source->engine->open(source, err);
    if (db != NULL)
        db->source = source;
    return db;
}

void db_close(struct db **db)
{
    if (*db == NULL)
        return;
    db_rollback(*db); // else its connection would stay with it
    (*db)->engine->close(*db);
    *db = NULL;
}

void db_observe(struct db *db, struct db_timings *timings)
{
    db->timings = timings;
}

// ---- statements -----------------------------------------------------------------------------------------------------

// 0 when nobody wants to know.
static double timing_start(const struct db *db)
{
    return db->timings != NULL ? clock_monotonic() : 0;
}

static void timing_end(struct db *db, enum db_kind kind, double start)
{
    if (db->timings != NULL)
        histogram_add(&db->timings->kinds[kind], clock_monotonic() - start);
}

static enum db_kind kind_of(const char *sql)
{
    struct slice text = slice_str(sql);
    return slice_starts(text, SLICE("SELECT")) || slice_starts(text, SLICE("WITH")) ? DB_READ : DB_WRITE;
}

// The values that a request has, its texts clean: its own array, or a copy in the arena.
static const struct db_value *clean_values(const struct db_request *request, struct arena *a)
{
    size_t n = db_request_values(request);
    struct db_value *copy = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct db_value *value = &request->values[i];
        struct slice text = value->type == DB_TEXT ? utf8_clean(a, value->bytes) : value->bytes;
        if (text.p == value->bytes.p)
            continue;
        if (copy == NULL) {
            copy = ARENA_NEW(a, struct db_value, n);
            memcpy(copy, request->values, n * sizeof *copy);
        }
        copy[i].bytes = text;
    }
    return copy != NULL ? copy : request->values;
}

// Requests whose texts are clean: nearly always those that were given.
static const struct db_request *clean_requests(const struct db_request *requests, size_t n, struct arena *a)
{
    struct db_request *copy = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct db_value *values = clean_values(&requests[i], a);
        if (values == requests[i].values)
            continue;
        if (copy == NULL) {
            copy = ARENA_NEW(a, struct db_request, n);
            memcpy(copy, requests, n * sizeof *copy);
        }
        copy[i].values = values;
    }
    return copy != NULL ? copy : requests;
}

bool db_batch(struct db *db, const struct db_request *requests, size_t n, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    double start = timing_start(db);
    err->code = ERR_NONE;
    bool ok = n == 0 || db->engine->ask(db, clean_requests(requests, n, &scratch), n, err);
    if (n != 0)
        timing_end(db, kind_of(requests[0].sql), start);
    return ok;
}

bool db_query(struct db *db, const char *sql, const struct db_value *values, size_t n, db_row_fn *row, void *context,
              struct error *err)
{
    const struct db_request request = {.sql = sql, .values = values, .n = n, .row = row, .context = context};
    return db_batch(db, &request, 1, err);
}

bool db_stream(struct db *db, const char *sql, db_row_fn *row, void *context, struct error *err)
{
    const struct db_request request = {.sql = sql, .row = row, .context = context};
    err->code = ERR_NONE;
    return db->engine->stream(db, &request, err);
}

static bool send(struct db *db, const struct db_request *request, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    double start = timing_start(db);
    bool ok = db->engine->send(db, clean_requests(request, 1, &scratch), err);
    timing_end(db, DB_WRITE, start);
    return ok;
}

bool db_send(struct db *db, const char *sql, const struct db_value *values, size_t n, struct error *err)
{
    const struct db_request request = {.sql = sql, .values = values, .n = n};
    return send(db, &request, err);
}

bool db_send_rows(struct db *db, const char *sql, const struct db_value *values, size_t n, size_t rows,
                  struct error *err)
{
    const struct db_request request = {.sql = sql, .values = values, .n = n, .rows = rows};
    return rows == 0 || send(db, &request, err);
}

bool db_put_bulk(struct db *db, const struct db_bulk *bulk, const struct db_value *values, size_t rows,
                 struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct db_request all = {.sql = bulk->insert, .values = values, .n = bulk->n, .rows = rows};
    double start = timing_start(db);
    bool ok = true;
    if (rows != 0 && db->engine->bulk != NULL) {
        ok = db->engine->bulk(db, bulk->into, clean_requests(&all, 1, &scratch), err);
        timing_end(db, DB_WRITE, start);
    }
    for (size_t i = 0; ok && db->engine->bulk == NULL && i < rows; i++)
        ok = db_send(db, bulk->insert, &values[i * bulk->n], bulk->n, err);
    return ok;
}

bool db_change(struct db *db, const char *sql, const struct db_value *values, size_t n, uint64_t *changed,
               struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct db_request request = {.sql = sql, .values = values, .n = n};
    double start = timing_start(db);
    *changed = 0;
    bool ok = db->engine->change(db, clean_requests(&request, 1, &scratch), changed, err);
    timing_end(db, DB_WRITE, start);
    return ok;
}

bool db_exec(struct db *db, const char *sql, struct error *err)
{
    return db->engine->exec(db, sql, err);
}

// Puts the engine's own words in the place of the schema's.
static void translate(const struct db_engine *engine, const char *sql, struct buf *out)
{
    for (struct slice left = slice_str(sql); left.n != 0;) {
        size_t i = 0;
        while (engine->words[i][0] != NULL && !slice_starts(left, slice_str(engine->words[i][0])))
            i++;
        if (engine->words[i][0] == NULL) {
            buf_addc(out, left.p[0]);
            left = slice_from(left, 1);
        } else {
            buf_adds(out, engine->words[i][1]);
            left = slice_from(left, strlen(engine->words[i][0]));
        }
    }
    buf_addc(out, '\0');
}

bool db_exec_schema(struct db *db, const char *sql, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    if (db->engine->words == NULL)
        return db_exec(db, sql, err);
    translate(db->engine, sql, &text);
    return db_exec(db, buf_slice(&text).p, err);
}

bool db_install(struct db *db, struct error *err)
{
    return db->engine->functions == NULL || db_exec(db, db->engine->functions, err);
}

int64_t db_column_int(struct db_row *row, int column)
{
    return row->engine->column_int(row, column);
}

struct slice db_column(struct db_row *row, int column)
{
    return row->engine->column(row, column);
}

bool db_column_null(struct db_row *row, int column)
{
    return row->engine->column_null(row, column);
}

// ---- transactions ---------------------------------------------------------------------------------------------------

bool db_goes_on(struct db *db, unsigned tries, double since, const struct error *err)
{
    double now = clock_monotonic(), stopping = atomic_load(&db->source->stopping);
    if (tries >= db->again || (tries != 0 && now - since > DB_PATIENCE))
        return false;
    if (stopping == 0 || now - stopping <= DB_LAST_PATIENCE)
        return true;
    if (!atomic_exchange(&db->source->given_up, true))
        log_warn("store: what is left to be asked is given up, since the service stops: %s", err->text);
    return false;
}

// Those that were refused together come back at different times.
void db_pause(unsigned tries)
{
    long most = tries < 6 ? 2000000L << tries : 128000000L;
    const struct timespec pause = {.tv_nsec = most / 2 + random() % (most / 2)};
    nanosleep(&pause, NULL);
}

static bool begin(struct db *db, struct db_work *work, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct db_work clean = *work;
    double start = timing_start(db);
    clean.before = clean_requests(work->before, work->before_n, &scratch);
    work->begun = db->engine->begin(db, &clean, err);
    db->in_transaction = work->begun;
    if (!work->reads)
        timing_end(db, DB_BEGIN, start);
    return work->begun;
}

// Ends a run of the body. False when it is to be run again.
static bool end(struct db *db, struct db_work *work, struct error *err)
{
    double start = timing_start(db);
    work->begun = false;
    if (work->ok)
        db->again = 0; // of a failure that the body got over
    if (work->ok && !work->reads) {
        work->ok = db->engine->commit(db, err);
        timing_end(db, DB_COMMIT, start);
        db->in_transaction = db->in_transaction && !work->ok;
    }
    db_rollback(db);
    if (work->ok || !db_goes_on(db, work->tries, work->since, err))
        return true;
    log_debug("store: trying a transaction again: %s", err->text);
    db_pause(work->tries++);
    return false;
}

bool db_works(struct db *db, struct db_work *work, struct error *err)
{
    if (work->inner)
        return false;
    if (work->begun) {
        if (end(db, work, err))
            return false;
    } else if (db->in_transaction) {
        work->inner = true;
        return true;
    } else {
        work->since = clock_monotonic();
    }
    work->ok = false;
    db->again = 0;
    return begin(db, work, err);
}

bool db_batch_write(struct db *db, const struct db_request *requests, size_t n, struct error *err)
{
    if (db->engine->batch_is_transaction)
        return db_batch(db, requests, n, err);
    struct db_work work = {.turn = DB_TURN_NONE};
    while (db_works(db, &work, err))
        work.ok = db_batch(db, requests, n, err);
    return work.ok;
}

bool db_snapshot(struct db *db, struct error *err)
{
    const struct db_work view = {.reads = true};
    db->in_transaction = db->engine->begin(db, &view, err);
    return db->in_transaction;
}

void db_rollback(struct db *db)
{
    if (db->in_transaction)
        db->engine->rollback(db);
    db->in_transaction = false;
}

bool db_version(struct db *db, int64_t *version, struct error *err)
{
    return db->engine->version(db, version, err);
}
