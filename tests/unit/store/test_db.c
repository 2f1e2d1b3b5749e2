// The layer over SQL: statements are kept, nested and dropped; rows end when the caller says so; transactions.
#include "base/arena.h"
#include "base/buf.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

#include <pthread.h>

struct fixture {
    struct opened in;
    struct db *db;
    struct arena arena;
};

static int open_db(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    if (!opened_place(&f->in, &err) || (f->db = db_open(f->in.home.database, &err)) == NULL ||
        !db_install(f->db, &err) || !db_exec_schema(f->db, "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)", &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int close_db(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    arena_free(&f->arena);
    int code = opened_close(&f->in);
    free(f);
    return code;
}

static bool sum_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(int64_t *)context += db_column_int(row, 0);
    return true;
}

static int64_t sum(struct db *db, const char *sql)
{
    int64_t n = 0;
    struct error err;
    if (!db_query(db, sql, NULL, 0, sum_row, &n, &err))
        fail_msg("%s", err.text);
    return n;
}

static void insert(struct fixture *f, int64_t from, int64_t to)
{
    struct error err;
    for (int64_t i = from; i <= to; i++)
        assert_true(db_run(f->db, &err, "INSERT INTO t (n, x) VALUES (?1, ?2)", db_int(i), db_blob(SLICE("x"))));
}

struct nest {
    struct fixture *f;
    int64_t rows, inner;
};

// Within a row of one query, more other statements than are kept.
static bool nest_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    struct nest *c = context;
    c->rows++;
    for (int i = 0; i < 100; i++) {
        const char *sql = arena_printf(&c->f->arena, "SELECT %d + max(n) FROM t", i).p;
        c->inner += sum(c->f->db, sql);
    }
    return db_column_int(row, 0) > 0;
}

static void test_nested(void **state)
{
    struct fixture *f = *state;
    struct nest c = {.f = f};
    struct error err;
    insert(f, 1, 3);
    assert_true(db_query(f->db, "SELECT n FROM t ORDER BY n", NULL, 0, nest_row, &c, &err));
    assert_int_equal(c.rows, 3);
    assert_int_equal(c.inner, 3 * (99 * 100 / 2 + 100 * 3));
}

static bool same_row(void *context, struct db_row *row, struct error *err)
{
    struct nest *c = context;
    int64_t n = db_column_int(row, 0);
    const struct db_value values[] = {db_int(n)};
    c->rows++;
    return db_query(c->f->db, "SELECT n FROM t WHERE n > ?1 ORDER BY n", values, 1, same_row, c, err);
}

// A query within itself: each has a statement of its own.
static void test_recursive(void **state)
{
    struct fixture *f = *state;
    struct nest c = {.f = f};
    const struct db_value values[] = {db_int(0)};
    struct error err;
    insert(f, 1, 5);
    assert_true(db_query(f->db, "SELECT n FROM t WHERE n > ?1 ORDER BY n", values, 1, same_row, &c, &err));
    assert_int_equal(c.rows, 31); // each subset that is not empty, once
    if (opened_on_server())
        return; // which keeps no statement open while rows are looked at
    // Deeper than there are places for statements: an error, and everything as before.
    insert(f, 6, 100);
    c.rows = 0;
    assert_false(db_query(f->db, "SELECT n FROM t WHERE n > ?1 ORDER BY n", values, 1, same_row, &c, &err));
    assert_int_equal(err.code, ERR_STORE);
    assert_non_null(strstr(err.text, "inside one another"));
    assert_int_equal(sum(f->db, "SELECT count(*) FROM t"), 100);
}

static bool stop_row(void *context, struct db_row *row, struct error *err)
{
    int64_t *left = context;
    (void)row;
    return --*left > 0 || (*left == -1 && error_set(err, ERR_USAGE, "no more"));
}

static void test_rows_end(void **state)
{
    struct fixture *f = *state;
    struct error err;
    int64_t left = 2;
    insert(f, 1, 5);
    assert_true(db_query(f->db, "SELECT n FROM t", NULL, 0, stop_row, &left, &err));
    assert_int_equal(left, 0);
    assert_false(db_query(f->db, "SELECT n FROM t", NULL, 0, stop_row, &left, &err));
    assert_int_equal(err.code, ERR_USAGE);
    const struct db_value values[] = {db_int(2)};
    uint64_t changed;
    assert_true(db_change(f->db, "DELETE FROM t WHERE n > ?1", values, 1, &changed, &err)); // no statement keeps a lock
    assert_int_equal(changed, 3);
}

static bool bytes_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    buf_add(context, db_column(row, 0));
    buf_addc(context, '|');
    return true;
}

static void test_values(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf got BUF_AUTO = {0};
    const struct db_value none = {.type = DB_NULL};
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(INT64_MIN), db_blob(SLICE("a\0b"))));
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(0), db_blob(SLICE(""))));
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(1), none));
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(INT64_MAX), db_blob(SLICE("'; --\xff"))));
    assert_true(db_query(f->db, "SELECT x FROM t ORDER BY n", NULL, 0, bytes_row, &got, &err));
    assert_true(slice_eq(buf_slice(&got), SLICE("a\0b|||'; --\xff|")));
    assert_int_equal(sum(f->db, "SELECT count(*) FROM t WHERE x IS NULL"), 1);
}

// What is no text is made one, where it is kept and where it is looked for, in every way that a statement is run.
static void test_texts(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf got BUF_AUTO = {0};
    uint64_t changed;
    assert_true(db_exec_schema(f->db, "CREATE TABLE s (n INTEGER PRIMARY KEY, x TEXT NOT NULL UNIQUE)", &err));
    const struct slice odd = SLICE("a\0b\xff"), plain = SLICE("caf\xc3\xa9");
    const struct db_value values[] = {db_int(3), db_text(SLICE("\0"))}, looked_for[] = {db_text(odd)};
    struct db_work work = {0};
    while (db_works(f->db, &work, &err))
        work.ok = db_run(f->db, &err, "INSERT INTO s VALUES (?1, ?2)", db_int(1), db_text(odd)) &&
                  db_run(f->db, &err, "INSERT INTO s VALUES (?1, ?2)", db_int(2), db_text(plain));
    assert_true(work.ok);
    assert_true(db_change(f->db, "INSERT INTO s VALUES (?1, ?2)", values, 2, &changed, &err));
    const struct db_request both[] = {
        {.sql = "SELECT x FROM s ORDER BY n", .row = bytes_row, .context = &got},
        {.sql = "SELECT x FROM s WHERE x = ?1", .values = looked_for, .n = 1, .row = bytes_row, .context = &got},
    };
    assert_true(db_batch(f->db, both, 2, &err));
#define OTHER "\xef\xbf\xbd"
    assert_true(slice_eq(buf_slice(&got), SLICE("a" OTHER "b" OTHER "|caf\xc3\xa9|" OTHER "|a" OTHER "b" OTHER "|")));
    assert_true(slice_eq(looked_for[0].bytes, odd));
}

static int64_t rows(struct db *db)
{
    return sum(db, "SELECT count(*) FROM t");
}

static void test_transactions(void **state)
{
    struct fixture *f = *state;
    struct error err;
    db_rollback(f->db); // harmless
    struct db_work fails = {.turn = DB_TURN_NAMES}, works = fails, inner = fails;
    while (db_works(f->db, &fails, &err)) {
        insert(f, 1, 5);
        fails.ok = error_set(&err, ERR_USAGE, "no more");
    }
    assert_false(fails.ok);
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(rows(f->db), 0);
    while (db_works(f->db, &works, &err)) {
        insert(f, 1, 3);
        while (db_works(f->db, &inner, &err)) {
            insert(f, 4, 5);
            inner.ok = true;
        }
        works.ok = inner.ok;
    }
    assert_true(works.ok);
    struct db *other = db_open(f->in.home.database, &err);
    assert_int_equal(rows(other), 5);
    db_close(&other);
}

// What a statement is refused for is told at the end of the transaction at the latest, and nothing of it stays.
static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct db_work work = {0};
    insert(f, 1, 5);
    assert_false(db_run(f->db, &err, "INSERT INTO t (n) VALUES (?1)", db_int(5)));
    assert_int_equal(err.code, ERR_STORE);
    assert_non_null(strstr(err.text, opened_on_server() ? "t_pkey" : "UNIQUE"));
    while (db_works(f->db, &work, &err)) {
        insert(f, 6, 6);
        work.ok = db_run(f->db, &err, "INSERT INTO t (n) VALUES (?1)", db_int(1)) &&
                  db_run(f->db, &err, "INSERT INTO t (n) VALUES (?1)", db_int(7));
    }
    assert_false(work.ok);
    assert_non_null(strstr(err.text, opened_on_server() ? "t_pkey" : "UNIQUE"));
    assert_int_equal(rows(f->db), 5);
    assert_false(db_exec(f->db, "nonsense", &err));
    assert_false(db_run(f->db, &err, "SELECT nonsense WHERE ?1", db_int(1)));
    assert_int_equal(rows(f->db), 5);
}

static void test_batch(void **state)
{
    struct fixture *f = *state;
    struct error err;
    int64_t all = 0, some = 0;
    const struct db_value values[] = {db_int(2)};
    const struct db_request requests[] = {
        {.sql = "SELECT n FROM t", .row = sum_row, .context = &all},
        {.sql = "DELETE FROM t WHERE n > ?1", .values = values, .n = 1},
        {.sql = "SELECT n FROM t", .row = sum_row, .context = &some},
    };
    insert(f, 1, 5);
    assert_true(db_batch(f->db, requests, 3, &err));
    assert_int_equal(all, 15);
    assert_int_equal(some, 3);
    assert_true(db_batch(f->db, NULL, 0, &err));
    const struct db_request wrong[] = {requests[0], {.sql = "nonsense"}};
    assert_false(db_batch(f->db, wrong, 2, &err));
    assert_int_equal(rows(f->db), 2);
}

#define EACH_N "FROM (VALUES (?1)) AS each "

static const struct db_value *numbers(struct fixture *f, int64_t from, size_t n)
{
    struct db_value *values = ARENA_NEW(&f->arena, struct db_value, n);
    for (size_t i = 0; i < n; i++)
        values[i] = db_int(from + (int64_t)i);
    return values;
}

// A statement for any number of rows: more than a server takes at once, and what is left of such.
static void test_rows(void **state)
{
    struct fixture *f = *state;
    struct error err;
    for (size_t n = 0; n < 80; n += 1 + n / 9) {
        struct db_work work = {0};
        while (db_works(f->db, &work, &err))
            work.ok = db_send_rows(f->db, "INSERT INTO t (n) SELECT column1 " EACH_N, numbers(f, 1, n), 1, n, &err);
        assert_true(work.ok);
        assert_int_equal(rows(f->db), n);
        assert_int_equal(sum(f->db, "SELECT CAST(sum(n) AS INTEGER) FROM t"), n * (n + 1) / 2);
        assert_true(db_exec(f->db, "DELETE FROM t", &err));
    }
    // Those that are there, or come a second time, are left as they are.
    struct db_value twice[40];
    for (size_t i = 0; i < 40; i++)
        twice[i] = db_int((int64_t)i / 2);
    insert(f, 3, 3);
    assert_true(db_send_rows(f->db, "INSERT INTO t (n) SELECT column1 " EACH_N "WHERE TRUE ON CONFLICT DO NOTHING",
                             twice, 1, 40, &err));
    assert_int_equal(rows(f->db), 20);
    // One that is refused: none of them is there.
    struct db_work fails = {0};
    while (db_works(f->db, &fails, &err))
        fails.ok = db_send_rows(f->db, "INSERT INTO t (n) SELECT column1 " EACH_N, numbers(f, -50, 60), 1, 60, &err);
    assert_false(fails.ok);
    assert_int_equal(rows(f->db), 20);
}

struct in_order {
    int64_t next, end;
};

static bool ordered_row(void *context, struct db_row *row, struct error *err)
{
    struct in_order *order = context;
    (void)err;
    assert_int_equal(db_column_int(row, 0), order->next);
    assert_int_equal(db_column_int(row, 1), order->next % 2 == 0 ? order->next : 0);
    return ++order->next != order->end;
}

// What is asked for many rows is told in their order, beside other questions, and until no more is wanted; texts are
// made such in each row.
static void test_rows_asked(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct in_order all = {0}, some = {.end = 40};
    struct buf got BUF_AUTO = {0};
    int64_t count = 0;
    const struct db_value texts[] = {db_text(SLICE("a")), db_text(SLICE("\xff"))};
    for (int64_t i = 0; i < 100; i += 2)
        insert(f, i, i);
    const char *sql = "SELECT column1, (SELECT n FROM t WHERE n = column1) " EACH_N;
    const struct db_request requests[] = {
        {.sql = sql, .values = numbers(f, 0, 77), .n = 1, .rows = 77, .row = ordered_row, .context = &all},
        {.sql = sql, .values = numbers(f, 0, 77), .n = 1, .rows = 77, .row = ordered_row, .context = &some},
        {.sql = "SELECT column1 " EACH_N, .values = texts, .n = 1, .rows = 2, .row = bytes_row, .context = &got},
        {.sql = "SELECT count(*) FROM t", .row = sum_row, .context = &count},
    };
    assert_true(db_batch(f->db, requests, 4, &err));
    assert_int_equal(all.next, 77);
    assert_int_equal(some.next, 40);
    assert_true(slice_eq(buf_slice(&got), SLICE("a|" OTHER "|")));
    assert_int_equal(count, 50);
}

// Each row knows the number of the one before, also across what a server takes at once.
static void test_rows_linked(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct db_work work = {0};
    assert_true(db_exec_schema(f->db, "CREATE TABLE linked (id INTEGER PRIMARY KEY, parent INTEGER, x INTEGER)", &err));
    while (db_works(f->db, &work, &err))
        work.ok = db_run(f->db, &err, "INSERT INTO linked (parent, x) VALUES (0, ?1)", db_int(-1)) &&
                  db_send_rows(f->db, "INSERT INTO linked (parent, x) SELECT last_insert_rowid(), column1 " EACH_N,
                               numbers(f, 0, 75), 1, 75, &err);
    assert_true(work.ok);
    assert_int_equal(sum(f->db, "SELECT count(*) FROM linked a JOIN linked b ON b.parent = a.id AND b.x = a.x + 1"),
                     75);
}

static bool bulk(struct fixture *f, const struct db_value *values, size_t rows, struct error *err)
{
    static const struct db_bulk into = {"t (n, x, word)", "INSERT INTO t (n, x, word) VALUES (?1, ?2, ?3)", 3};
    struct db_work work = {.turn = DB_TURN_NONE};
    while (db_works(f->db, &work, err))
        work.ok = db_run(f->db, err, "DELETE FROM t WHERE n = ?1", db_int(7)) &&
                  db_put_bulk(f->db, &into, values, rows, err) &&
                  db_run(f->db, err, "UPDATE t SET word = 'after' WHERE n = ?1", db_int(-3));
    return work.ok;
}

// Very many rows at once, between other statements; all or none of them.
static void test_bulk(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf long_text BUF_AUTO = {0};
    const struct db_value null = {.type = DB_NULL};
    while (long_text.n < 3 << 20)
        buf_adds(&long_text, "0123456789abcdef");
    const struct db_value some[] = {
        db_int(-3),
        db_blob(SLICE("\0\377")),
        null,
        db_int(INT64_MAX),
        null,
        db_text(buf_slice(&long_text)),
        db_int(2),
        db_blob(SLICE("")),
        db_text(slice_of("a\0b", 3)),
    };
    assert_true(db_exec(f->db, "ALTER TABLE t ADD COLUMN word TEXT", &err));
    insert(f, 7, 7);
    assert_true(bulk(f, some, 0, &err));
    assert_true(bulk(f, some, 3, &err));
    assert_int_equal(sum(f->db, "SELECT count(*) FROM t"), 3);
    assert_int_equal(sum(f->db, "SELECT length(word) FROM t WHERE x IS NULL"), (int64_t)long_text.n);
    assert_int_equal(sum(f->db, "SELECT length(x) FROM t WHERE word = 'after'"), 2);
    assert_int_equal(sum(f->db, "SELECT length(x) + 10 FROM t WHERE word = 'a\xEF\xBF\xBD"
                                "b'"),
                     10);
    // A row that is there already.
    assert_false(bulk(f, &some[6], 1, &err));
    assert_int_equal(err.code, ERR_STORE);
    assert_int_equal(sum(f->db, "SELECT count(*) FROM t"), 3);
    enum { MANY = 5000 };
    struct db_value *values = ARENA_NEW(&f->arena, struct db_value, 3 * MANY);
    for (size_t i = 0; i < MANY; i++) {
        values[3 * i] = db_int((int64_t)i + 100);
        values[3 * i + 1] = db_blob(SLICE("x"));
        values[3 * i + 2] = db_text(SLICE("many"));
    }
    assert_true(bulk(f, values, MANY, &err));
    assert_int_equal(sum(f->db, "SELECT n FROM t WHERE word = 'many'"), (int64_t)MANY * (100 + 100 + MANY - 1) / 2);
}

// All of them or none.
static void test_batch_write(void **state)
{
    struct fixture *f = *state;
    struct error err;
    const struct db_value values[] = {db_int(1), db_int(2)};
    const struct db_request requests[] = {
        {.sql = "INSERT INTO t (n) VALUES (?1)", .values = &values[0], .n = 1},
        {.sql = "INSERT INTO t (n) VALUES (?1)", .values = &values[1], .n = 1},
        {.sql = "INSERT INTO t (n) VALUES (?1)", .values = &values[0], .n = 1},
    };
    assert_false(db_batch_write(f->db, requests, 3, &err));
    assert_non_null(strstr(err.text, opened_on_server() ? "t_pkey" : "UNIQUE"));
    assert_int_equal(rows(f->db), 0);
    assert_true(db_batch_write(f->db, requests, 2, &err));
    struct db *other = db_open(f->in.home.database, &err);
    assert_int_equal(rows(other), 2);
    db_close(&other);
}

static void test_snapshot(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct db *other = db_open(f->in.home.database, &err);
    insert(f, 1, 3);
    assert_true(db_snapshot(other, &err));
    assert_int_equal(rows(other), 3);
    insert(f, 4, 5);
    assert_int_equal(rows(other), 3);
    db_rollback(other);
    assert_int_equal(rows(other), 5);
    db_close(&other);
}

// More statements than are on their way at once, more texts than are kept, and values of any size.
static void test_many(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf large BUF_AUTO = {0};
    struct db_work work = {0};
    for (size_t i = 0; i < 5000000; i++)
        buf_addc(&large, (char)(i % 251));
    while (db_works(f->db, &work, &err)) {
        insert(f, 1, 3000);
        for (int i = 0; i < 600; i++) {
            const char *sql = arena_printf(&f->arena, "DELETE FROM t WHERE n = %d + ?1", 4 * i).p;
            work.ok = db_run(f->db, &err, sql, db_int(1));
        }
        work.ok = work.ok && db_run(f->db, &err, "INSERT INTO t VALUES (0, ?1)", db_blob(buf_slice(&large)));
    }
    assert_true(work.ok);
    assert_int_equal(rows(f->db), 3001 - 600);
    struct buf got BUF_AUTO = {0};
    assert_true(db_query(f->db, "SELECT x FROM t WHERE n = 0", NULL, 0, bytes_row, &got, &err));
    assert_int_equal(got.n, large.n + 1);
    assert_memory_equal(got.p, large.p, large.n);
}

static void test_versions(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct db *other = db_open(f->in.home.database, &err);
    struct db_work work = {0};
    int64_t before, after;
    assert_true(db_version(f->db, &before, &err));
    while (db_works(other, &work, &err))
        work.ok = db_run(other, &err, "INSERT INTO t (n) VALUES (?1)", db_int(1)) && db_tell(other, &err);
    assert_true(db_version(f->db, &after, &err));
    assert_true(after != before);
    db_close(&other);
}

// ---- a server alone -------------------------------------------------------------------------------------------------

#define SERVER_ONLY                                                                                                    \
    if (!opened_on_server())                                                                                           \
    skip()

// All connections of this database are cut.
static void cut(const struct fixture *f)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'; END $$",
             f->in.database);
    assert_true(opened_ask(sql));
}

static void test_cut(void **state)
{
    struct fixture *f = *state;
    struct error err;
    SERVER_ONLY;
    insert(f, 1, 5);
    cut(f);
    assert_int_equal(rows(f->db), 5);
    struct db_work work = {0};
    unsigned runs = 0;
    while (db_works(f->db, &work, &err)) {
        if (runs++ == 1)
            cut(f);
        insert(f, 6, 10);
        if (runs == 1)
            cut(f);
        work.ok = true;
    }
    assert_true(work.ok);
    assert_int_equal(runs, 3);
    assert_int_equal(rows(f->db), 10);
}

struct racer {
    struct fixture *f;
    pthread_t thread;
    struct error err;
    bool ok;
};

// Reads, thinks, writes what follows from that: a hundred times.
static void *race(void *argument)
{
    struct racer *r = argument;
    struct db *db = db_open(r->f->in.home.database, &r->err);
    r->ok = true;
    for (int i = 0; r->ok && i < 100; i++) {
        struct db_work work = {.turn = DB_TURN_NAMES};
        while (db_works(db, &work, &r->err)) {
            int64_t n = sum(db, "SELECT coalesce(max(n), 0) FROM t");
            work.ok = db_run(db, &r->err, "INSERT INTO t (n) VALUES (?1)", db_int(n + 1));
        }
        r->ok = work.ok;
    }
    db_close(&db);
    return NULL;
}

// Eight that take turns share two connections, on either engine.
static void test_turns(void **state)
{
    struct fixture *f = *state;
    struct racer racers[8] = {0};
    struct error err;
    struct store_home two = {0};
    assert_true(store_home_make(f->in.folder, slice_str(f->in.url), 2, &two, &err));
    struct fixture shared = {.in = {.home = two}};
    for (size_t i = 0; i < 8; i++) {
        racers[i].f = &shared;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(racers[i].thread, NULL);
        if (!racers[i].ok)
            fail_msg("%s", racers[i].err.text);
    }
    assert_int_equal(rows(f->db), 800);
    store_home_free(&two);
}

static void test_locks(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct store_home other;
    bool got;
    assert_true(db_source_lock(f->in.home.database, SLICE("a"), &got, &err) && got);
    assert_true(db_source_holds(f->in.home.database, SLICE("a")));
    SERVER_ONLY;
    assert_true(store_home_make(f->in.folder, slice_str(f->in.url), 0, &other, &err));
    assert_true(db_source_lock(f->in.home.database, SLICE("a"), &got, &err) && !got); // once is once
    assert_true(db_source_lock(other.database, SLICE("a"), &got, &err) && !got);
    assert_true(db_source_lock(other.database, SLICE("b"), &got, &err) && got);
    db_source_unlock(f->in.home.database, SLICE("a"));
    assert_true(db_source_lock(other.database, SLICE("a"), &got, &err) && got);
    cut(f);
    for (int i = 0; i < 500 && db_source_holds(other.database, SLICE("a")); i++)
        usleep(10000);
    assert_false(db_source_holds(other.database, SLICE("a")));
    assert_true(db_source_lock(f->in.home.database, SLICE("a"), &got, &err) && got);
    store_home_free(&other);
}

// Told by another process, that is by another source: heard within a second.
static void test_heard(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct store_home home;
    struct db_work work = {0};
    int64_t before, after;
    SERVER_ONLY;
    assert_true(store_home_make(f->in.folder, slice_str(f->in.url), 0, &home, &err));
    struct db *other = db_open(home.database, &err);
    // Until somebody listens there may be a change each time.
    for (int i = 0; i < 500; i++) {
        usleep(10000);
        assert_true(db_version(f->db, &before, &err) && db_version(f->db, &after, &err));
        if (before == after)
            break;
    }
    assert_int_equal(before, after);
    while (db_works(other, &work, &err))
        work.ok = db_tell(other, &err);
    for (int i = 0; i < 500 && before == after; i++) {
        usleep(10000);
        assert_true(db_version(f->db, &after, &err));
    }
    assert_true(before != after);
    db_close(&other);
    store_home_free(&home);
}

static void test_written(void **state)
{
    (void)state;
    static const struct {
        const char *where;
        bool server, ok;
    } cases[] = {
        {"/var/lib/clarion/clarion.db", false, true},
        {"/var/lib/a=b/clarion.db", false, true},
        {"postgres://u:p@h:5432/n?sslmode=disable&pool_max_conns=3&pool_min_conns=1", true, true},
        {"postgresql:///n?host=/run/p", true, true},
        {"host=h dbname='a b' pool_max_conns=10 password='it\\'s'", true, true},
        {"host = h", true, true},
        {"host=h pool_max_conns=many", true, false},
        {"postgres://h/n?pool_max_conns=0", true, false},
        {"postgres://h/n?colour=green", true, false},
        {"host=h secret", true, false},
        {"host=h password='s3cret", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err;
        struct db_source *source = db_source_new(slice_str(cases[i].where), 0, &err);
        assert_int_equal(source != NULL, cases[i].ok);
        assert_int_equal(db_is_server(slice_str(cases[i].where)), cases[i].server);
        if (source == NULL)
            assert_null(strstr(err.text, "s3cret"));
        else
            assert_int_equal(db_source_shared(source), cases[i].server);
        db_source_free(&source);
    }
}

// Nobody there: an error that says so, without the password.
static void test_nobody(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct db_source *source =
        db_source_new(arena_printf(&f->arena, "postgres://u:s3cret@/n?host=%s", f->in.folder), 0, &err);
    bool got;
    assert_non_null(source);
    assert_false(db_source_lock(source, SLICE("a"), &got, &err));
    assert_non_null(strstr(err.text, "cannot connect to the database server"));
    assert_null(strstr(err.text, "s3cret"));
    db_source_free(&source);
}

struct streamed {
    int64_t rows, nulls, sum, end; // end: the row that is the last that is wanted; 0: all are
    bool fails;
};

static bool streamed_row(void *context, struct db_row *row, struct error *err)
{
    struct streamed *s = context;
    s->rows++;
    s->nulls += db_column_null(row, 1);
    s->sum += db_column_int(row, 0);
    if (s->fails)
        return error_set(err, ERR_FORMAT, "no such row");
    return s->rows != s->end;
}

// Rows one by one: all, some, none; and the handle serves for others afterwards.
static void test_stream(void **state)
{
    struct fixture *f = *state;
    struct error err;
    insert(f, 1, 5000);
    assert_true(db_exec(f->db, "UPDATE t SET x = NULL WHERE n > 4990", &err));
    static const struct {
        const char *sql;
        struct streamed in, out;
        bool ok;
    } cases[] = {
        {"SELECT n, x FROM t ORDER BY n", {0}, {5000, 10, 12502500, 0, false}, true},
        {"SELECT n, x FROM t ORDER BY n", {.end = 3}, {3, 0, 6, 3, false}, true},
        {"SELECT n, x FROM t WHERE n > 9999", {0}, {0}, true},
        {"SELECT n, x FROM t ORDER BY n", {.fails = true}, {1, 0, 1, 0, true}, false},
        {"SELECT n, nothing FROM t", {0}, {0}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct streamed got = cases[i].in;
        assert_true(db_snapshot(f->db, &err));
        assert_int_equal(db_stream(f->db, cases[i].sql, streamed_row, &got, &err), cases[i].ok);
        assert_memory_equal(&got, &cases[i].out, sizeof got);
        if (cases[i].ok)
            assert_int_equal(sum(f->db, "SELECT count(*) FROM t"), 5000);
        db_rollback(f->db);
        assert_int_equal(sum(f->db, "SELECT count(*) FROM t"), 5000);
    }
}

// Ids of one's own, then those that the database gives.
static void test_number_on(void **state)
{
    struct fixture *f = *state;
    struct error err;
    assert_true(db_exec_schema(f->db, "CREATE TABLE numbered (id INTEGER PRIMARY KEY, x INTEGER)", &err));
    struct db_work work = {0};
    while (db_works(f->db, &work, &err))
        work.ok = db_run(f->db, &err, "INSERT INTO numbered (id, x) VALUES (?1, 0)", db_int(7)) &&
                  db_number_on(f->db, "numbered", &err);
    assert_true(work.ok);
    assert_true(db_run(f->db, &err, "INSERT INTO numbered (x) VALUES (?1)", db_int(1)));
    assert_int_equal(sum(f->db, "SELECT max(id) FROM numbered"), 8);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_db, close_db)
    const struct CMUnitTest tests[] = {
        TEST(test_nested),      TEST(test_recursive),    TEST(test_rows_end),    TEST(test_values),
        TEST(test_texts),       TEST(test_transactions), TEST(test_refused),     TEST(test_batch),
        TEST(test_rows),        TEST(test_rows_asked),   TEST(test_rows_linked), TEST(test_bulk),
        TEST(test_batch_write), TEST(test_snapshot),     TEST(test_many),        TEST(test_versions),
        TEST(test_cut),         TEST(test_turns),        TEST(test_locks),       TEST(test_heard),
        TEST(test_nobody),      TEST(test_stream),       TEST(test_number_on),   cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
