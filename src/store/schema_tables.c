// The schema is made in an SQLite database in memory, which then tells what is in it: a list by hand would lack what
// the next step adds, and a parser of our own would be a second opinion on what CREATE TABLE means.
#include "store/schema_tables.h"

#include "base/buf.h"
#include "store/db.h"
#include "store/schema.h"

struct found_table {
    struct schema_table table;
    VEC(struct slice) parents; // tables that it refers to
    bool placed;
};

struct survey {
    struct arena *a;
    struct db *db;
    VEC(struct found_table) found;
};

// ---- what there is --------------------------------------------------------------------------------------------------

static bool table_row(void *context, struct db_row *row, struct error *err)
{
    struct survey *survey = context;
    (void)err;
    VEC_PUSH(survey->a, &survey->found) = (struct found_table){.table.name = arena_dup(survey->a, db_column(row, 0))};
    return true;
}

static bool type_of(struct slice name, struct schema_column *column)
{
    static const struct {
        struct slice name;
        enum column_type type;
    } types[] = {{SLICE("INTEGER"), COLUMN_INT}, {SLICE("TEXT"), COLUMN_TEXT}, {SLICE("BLOB"), COLUMN_BLOB}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (slice_eq(name, types[i].name)) {
            column->type = types[i].type;
            return true;
        }
    return false;
}

// A column, with its place in the primary key (from 1 on; 0: in none).
struct described {
    struct schema_column column;
    int64_t key;
    bool nullable;
};

struct columns {
    struct arena *a;
    struct slice table;
    VEC(struct described) list;
    size_t keys;
};

static bool column_row(void *context, struct db_row *row, struct error *err)
{
    struct columns *columns = context;
    struct described *d = &VEC_PUSH(columns->a, &columns->list);
    d->column.name = arena_dup(columns->a, db_column(row, 0));
    d->key = db_column_int(row, 2);
    d->nullable = db_column_int(row, 3) == 0;
    columns->keys += d->key != 0;
    return type_of(db_column(row, 1), &d->column) ||
           error_set(err, ERR_STORE, "column %.*s of %.*s has a type that is not known here: %.*s",
                     SLICE_ARG(d->column.name), SLICE_ARG(columns->table), SLICE_ARG(db_column(row, 1)));
}

static void add_order(const struct described *d, bool says_nulls, struct buf *out)
{
    buf_addf(out, "%s\"%.*s\"%s", out->n != 0 ? ", " : "", SLICE_ARG(d->column.name),
             says_nulls && d->nullable ? " NULLS FIRST" : "");
}

// By the primary key; by all columns where there is none, since rows that are then alike are the same.
static struct slice order_of(const struct columns *columns)
{
    struct buf out BUF_AUTO = {0};
    for (size_t key = 1; key <= columns->keys; key++)
        for (size_t i = 0; i < columns->list.n; i++)
            if (columns->list.v[i].key == (int64_t)key)
                add_order(&columns->list.v[i], false, &out);
    for (size_t i = 0; columns->keys == 0 && i < columns->list.n; i++)
        add_order(&columns->list.v[i], true, &out);
    return arena_dup(columns->a, buf_slice(&out));
}

static bool describe(struct survey *survey, struct found_table *found, struct error *err)
{
    struct schema_table *table = &found->table;
    struct columns columns = {.a = survey->a, .table = table->name};
    const struct db_value values[] = {db_text(table->name)};
    if (!db_query(survey->db, "SELECT name, type, pk, \"notnull\" FROM pragma_table_info(?1) ORDER BY cid", values, 1,
                  column_row, &columns, err))
        return false;
    table->columns = ARENA_NEW(survey->a, struct schema_column, columns.list.n);
    table->columns_n = columns.list.n;
    for (size_t i = 0; i < columns.list.n; i++) {
        const struct described *d = &columns.list.v[i];
        table->columns[i] = d->column;
        table->numbered = table->numbered || (columns.keys == 1 && d->key == 1 &&
                                              slice_eq(d->column.name, SLICE("id")) && d->column.type == COLUMN_INT);
    }
    table->order = order_of(&columns);
    return true;
}

static bool parent_row(void *context, struct db_row *row, struct error *err)
{
    struct survey *survey = context;
    (void)err;
    for (size_t i = 0; i < survey->found.n; i++)
        if (slice_eq(survey->found.v[i].table.name, db_column(row, 0)))
            VEC_PUSH(survey->a, &survey->found.v[i].parents) = arena_dup(survey->a, db_column(row, 1));
    return true;
}

static bool look(struct survey *survey, struct error *err)
{
    for (const struct schema_step *step = schema_steps; step->name != NULL; step++)
        if (!db_exec_schema(survey->db, step->sql, err))
            return error_wrap(err, "schema step %s", step->name);
    if (!db_query(
            survey->db,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'shared%'",
            NULL, 0, table_row, survey, err))
        return false;
    for (size_t i = 0; i < survey->found.n; i++)
        if (!describe(survey, &survey->found.v[i], err))
            return false;
    return db_query(survey->db,
                    "SELECT DISTINCT t.name, f.\"table\" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f "
                    "WHERE t.type = 'table'",
                    NULL, 0, parent_row, survey, err);
}

// ---- their order ----------------------------------------------------------------------------------------------------

static bool parents_placed(const struct survey *survey, const struct found_table *found)
{
    for (size_t i = 0; i < found->parents.n; i++)
        for (size_t j = 0; j < survey->found.n; j++)
            if (slice_eq(survey->found.v[j].table.name, found->parents.v[i]) && !survey->found.v[j].placed)
                return false;
    return true;
}

static bool place(struct survey *survey, struct schema_table *tables, struct error *err)
{
    for (size_t placed = 0, before; placed < survey->found.n;) {
        before = placed;
        for (size_t i = 0; i < survey->found.n; i++) {
            struct found_table *found = &survey->found.v[i];
            if (found->placed || !parents_placed(survey, found))
                continue;
            found->placed = true;
            tables[placed++] = found->table;
        }
        if (placed == before)
            return error_set(err, ERR_STORE, "tables of the schema refer to one another in a circle");
    }
    return true;
}

bool schema_tables(struct arena *a, struct schema_table **tables, size_t *n, struct error *err)
{
    struct survey survey = {.a = a};
    struct db_source *source = db_source_new(SLICE(":memory:"), 0, err);
    bool ok = source != NULL && (survey.db = db_open(source, err)) != NULL && look(&survey, err);
    *tables = ARENA_NEW(a, struct schema_table, survey.found.n);
    *n = survey.found.n;
    ok = ok && place(&survey, *tables, err);
    db_close(&survey.db);
    db_source_free(&source);
    return ok;
}
