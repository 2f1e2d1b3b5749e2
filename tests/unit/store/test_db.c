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

struct fixture {
    char folder[64], path[96];
    struct db *db;
    struct arena arena;
};

static int open_db(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    snprintf(f->folder, sizeof f->folder, "/tmp/clarion-test-XXXXXX");
    *state = f;
    if (mkdtemp(f->folder) == NULL)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/db", f->folder);
    f->db = db_open(f->path, &err);
    return f->db != NULL && db_exec(f->db, "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)", &err) ? 0 : -1;
}

static int close_db(void **state)
{
    struct fixture *f = *state;
    char command[128];
    db_close(&f->db);
    arena_free(&f->arena);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    free(f);
    return system(command);
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
        assert_true(db_run(f->db, &err, "INSERT INTO t (n, x) VALUES (?1, ?2)", db_int(i), db_text(SLICE("x"))));
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
    assert_true(db_run(f->db, &err, "DELETE FROM t WHERE n > ?1", db_int(2))); // no statement keeps a lock
    assert_int_equal(db_changes(f->db), 3);
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
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(0), db_text(SLICE(""))));
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(1), none));
    assert_true(db_run(f->db, &err, "INSERT INTO t VALUES (?1, ?2)", db_int(INT64_MAX), db_text(SLICE("'; --\xff"))));
    assert_int_equal(db_last_id(f->db), INT64_MAX);
    assert_true(db_query(f->db, "SELECT x FROM t ORDER BY n", NULL, 0, bytes_row, &got, &err));
    assert_true(slice_eq(buf_slice(&got), SLICE("a\0b|||'; --\xff|")));
    assert_int_equal(sum(f->db, "SELECT count(*) FROM t WHERE x IS NULL"), 1);
}

static void test_transactions(void **state)
{
    struct fixture *f = *state;
    struct error err;
    db_rollback(f->db); // harmless
    assert_true(db_begin(f->db, &err));
    insert(f, 1, 5);
    db_rollback(f->db);
    assert_int_equal(sum(f->db, "SELECT count(*) FROM t"), 0);
    assert_true(db_begin(f->db, &err));
    insert(f, 1, 5);
    assert_true(db_commit(f->db, &err));
    struct db *other = db_open(f->path, &err);
    assert_int_equal(sum(other, "SELECT count(*) FROM t"), 5);
    db_close(&other);
    assert_false(db_begin(f->db, &err) && db_begin(f->db, &err));
    assert_int_equal(err.code, ERR_STORE);
    db_rollback(f->db);
    assert_false(db_run(f->db, &err, "INSERT INTO t (n) VALUES (?1)", db_int(5)));
    assert_non_null(strstr(err.text, "UNIQUE"));
    assert_false(db_exec(f->db, "nonsense", &err));
    assert_false(db_run(f->db, &err, "SELECT nonsense WHERE ?1", db_int(1)));
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_db, close_db)
    const struct CMUnitTest tests[] = {
        TEST(test_nested), TEST(test_recursive), TEST(test_rows_end), TEST(test_values), TEST(test_transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
