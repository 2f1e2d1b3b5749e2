// The tables of the schema, as a copy of a store goes through them.
#include "base/arena.h"
#include "store/schema_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// cmocka wants the above first
#include <cmocka.h>

#include "opened.h"

struct fixture {
    struct opened in;
    struct arena arena;
    struct schema_table *tables;
    size_t n;
};

static int open_all(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err;
    *state = f;
    if (opened_store(&f->in, &err) && schema_tables(&f->arena, &f->tables, &f->n, &err))
        return 0;
    print_error("%s\n", err.text);
    return -1;
}

static int close_all(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    int code = opened_close(&f->in);
    free(f);
    return code;
}

static ptrdiff_t place_of(const struct fixture *f, struct slice name)
{
    for (size_t i = 0; i < f->n; i++)
        if (slice_eq(f->tables[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

struct count {
    struct fixture *f;
    size_t rows;
};

static bool known_row(void *context, struct db_row *row, struct error *err)
{
    struct count *count = context;
    struct slice table = db_column(row, 0);
    ptrdiff_t place = place_of(count->f, table);
    (void)err;
    if (place < 0 || db_column_int(row, 1) != (int64_t)count->f->tables[place].columns_n)
        fail_msg("table %.*s is not known as it is in the store", SLICE_ARG(table));
    count->rows++;
    return true;
}

// What the store that was really made has, on either engine: the same tables with as many columns.
static void test_all(void **state)
{
    struct fixture *f = *state;
    struct count count = {f, 0};
    struct error err;
    const char *sql =
        opened_on_server()
            ? "SELECT t.table_name, count(*) FROM information_schema.tables t JOIN information_schema.columns c ON "
              "c.table_name = t.table_name AND c.table_schema = t.table_schema WHERE t.table_schema = 'public' AND "
              "t.table_type = 'BASE TABLE' AND t.table_name <> 'schema_step' AND t.table_name NOT LIKE 'shared%' GROUP BY t.table_name"
            : "SELECT t.name, (SELECT count(*) FROM pragma_table_info(t.name)) FROM sqlite_schema t WHERE t.type = "
              "'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'schema_step' AND t.name NOT LIKE 'shared%'";
    if (!db_query(f->in.store.db, sql, NULL, 0, known_row, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count.rows, f->n);
    assert_true(f->n > 20);
}

static void test_order(void **state)
{
    static const struct {
        struct slice parent, child;
    } cases[] = {
        {SLICE("layer"), SLICE("layer_findings")},
        {SLICE("context"), SLICE("image")},
        {SLICE("package_set"), SLICE("image")},
        {SLICE("notification"), SLICE("delivery")},
        {SLICE("feed_file"), SLICE("feed_file_left_out")},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(place_of(f, cases[i].parent) >= 0);
        assert_true(place_of(f, cases[i].parent) < place_of(f, cases[i].child));
    }
}

static void test_keys(void **state)
{
    static const struct {
        struct slice table, order;
        bool numbered;
    } cases[] = {
        {SLICE("layer"), SLICE("\"id\""), true},
        {SLICE("feed"), SLICE("\"name\""), false},
        {SLICE("generation_part"), SLICE("\"generation_id\", \"update_id\""), false},
        {SLICE("package_part_member"),
         SLICE("\"part_id\", \"package_id\", \"scanner\", \"db\", \"owner\", \"repository\""), false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ptrdiff_t place = place_of(f, cases[i].table);
        assert_true(place >= 0);
        assert_string_equal(f->tables[place].order.p, cases[i].order.p);
        assert_int_equal(f->tables[place].numbered, cases[i].numbered);
    }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_all, close_all)
    const struct CMUnitTest tests[] = {TEST(test_all), TEST(test_order), TEST(test_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
