#include "store/store_copy.h"

#include "base/buf.h"
#include "store/schema_tables.h"
#include "store/store_opening.h"
#include "store/update_rows.h"

#include <stdio.h>

#define BATCH_ROWS  2000
#define BATCH_BYTES (4 * 1024 * 1024)
#define TOLD_ROWS   1000 // progress is told of this often

struct copy {
    const struct store_copying *how;
    struct arena *a;
    struct store from, to;
    struct schema_table *tables;
    size_t tables_n;
    uint64_t *rows;      // of each table
    struct slice source; // what identifies `from`, and its state
    struct buf mark;     // as it stands in the target
};

static void copy_close(struct copy *c)
{
    store_close(&c->from);
    store_close(&c->to);
    buf_free(&c->mark);
}
#define COPY_AUTO __attribute__((cleanup(copy_close)))

static void tell(const struct copy *c, const char *what, struct slice of, uint64_t done, uint64_t total)
{
    if (c->how->progress != NULL && (done == total || done % TOLD_ROWS == 0))
        c->how->progress(c->how->context, slice_str(what), of, done, total);
}

// ---- statements -----------------------------------------------------------------------------------------------------
// They live in the copy's arena, since the database knows them by their address.

static void add_columns(const struct schema_table *table, struct buf *out)
{
    for (size_t i = 0; i < table->columns_n; i++)
        buf_addf(out, "%s\"%.*s\"", i != 0 ? ", " : "", SLICE_ARG(table->columns[i].name));
}

static const char *select_of(struct copy *c, const struct schema_table *table, uint64_t from)
{
    struct buf sql BUF_AUTO = {0};
    buf_adds(&sql, "SELECT ");
    add_columns(table, &sql);
    buf_addf(&sql, " FROM \"%.*s\" ORDER BY %.*s", SLICE_ARG(table->name), SLICE_ARG(table->order));
    if (from != 0) // SQLite wants a limit before it
        buf_addf(&sql, " LIMIT 1000000000000000 OFFSET %llu", (unsigned long long)from);
    return arena_dup(c->a, buf_slice(&sql)).p;
}

static struct db_bulk bulk_of(struct copy *c, const struct schema_table *table)
{
    struct buf into BUF_AUTO = {0}, insert BUF_AUTO = {0};
    buf_addf(&into, "\"%.*s\" (", SLICE_ARG(table->name));
    add_columns(table, &into);
    buf_addc(&into, ')');
    buf_addf(&insert, "INSERT INTO %.*s VALUES (", SLICE_ARG(buf_slice(&into)));
    for (size_t i = 0; i < table->columns_n; i++)
        buf_addf(&insert, "%s?%zu", i != 0 ? ", " : "", i + 1);
    buf_addc(&insert, ')');
    return (struct db_bulk){arena_dup(c->a, buf_slice(&into)).p, arena_dup(c->a, buf_slice(&insert)).p,
                            table->columns_n};
}

static struct db_value value_of(const struct schema_column *column, struct db_row *row, int i)
{
    if (db_column_null(row, i))
        return (struct db_value){.type = DB_NULL};
    switch (column->type) {
    case COLUMN_INT:
        return db_int(db_column_int(row, i));
    case COLUMN_TEXT:
        return db_text(db_column(row, i));
    case COLUMN_BLOB:
        break;
    }
    return db_blob(db_column(row, i));
}

// ---- what is there --------------------------------------------------------------------------------------------------

static bool table_number(struct copy *c, struct store *s, const struct schema_table *table, const char *expression,
                         int64_t *number, struct error *err)
{
    const char *sql = arena_printf(c->a, "SELECT %s FROM \"%.*s\"", expression, SLICE_ARG(table->name)).p;
    *number = 0;
    return db_query(s->db, sql, NULL, 0, number_row, number, err);
}

// Counts and the highest ids are had without reading all rows. What changes otherwise between two runs is found when
// contents are compared.
static bool survey_source(struct copy *c, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    c->rows = ARENA_NEW(c->a, uint64_t, c->tables_n);
    for (size_t i = 0; i < c->tables_n; i++) {
        const struct schema_table *table = &c->tables[i];
        int64_t rows, highest = 0;
        if (!table_number(c, &c->from, table, "count(*)", &rows, err) ||
            (table->numbered && !table_number(c, &c->from, table, "max(id)", &highest, err)))
            return false;
        c->rows[i] = (uint64_t)rows;
        buf_addf(&text, "%.*s %lld %lld\n", SLICE_ARG(table->name), (long long)rows, (long long)highest);
    }
    struct digest digest = digest_of(buf_slice(&text));
    c->source = arena_dup(c->a, digest_slice(&digest));
    return true;
}

// A target without a mark: is it empty, or has it as many rows of each table as the source? Then a copy has ended
// before, and only has to be compared.
static bool survey_target(struct copy *c, bool *whole, struct error *err)
{
    const struct schema_table *filled = NULL;
    *whole = true;
    for (size_t i = 0; i < c->tables_n; i++) {
        int64_t rows;
        if (!table_number(c, &c->to, &c->tables[i], "count(*)", &rows, err))
            return false;
        if (rows != 0 && filled == NULL)
            filled = &c->tables[i];
        *whole = *whole && (uint64_t)rows == c->rows[i];
    }
    return filled == NULL || *whole ||
           error_set(err, ERR_USAGE, "it is not empty: table %.*s has rows", SLICE_ARG(filled->name));
}

// ---- the mark: "DIGEST TABLE ROWS" ----------------------------------------------------------------------------------

struct place {
    size_t table;
    uint64_t rows; // of it that are there
};

static struct slice mark_at(const struct copy *c, struct arena *a, struct place at)
{
    struct slice table = at.table < c->tables_n ? c->tables[at.table].name : SLICE("-");
    return arena_printf(a, "%.*s %.*s %llu", SLICE_ARG(c->source), SLICE_ARG(table), (unsigned long long)at.rows);
}

struct text_row {
    struct arena *a;
    struct slice text;
};

static bool mark_row(void *context, struct db_row *row, struct error *err)
{
    struct text_row *out = context;
    (void)err;
    out->text = arena_dup(out->a, db_column(row, 0));
    return true;
}

static bool read_mark(struct copy *c, struct arena *a, struct slice *mark, struct error *err)
{
    struct text_row found = {.a = a};
    bool ok =
        db_query(c->to.db, "SELECT name FROM schema_step WHERE id = " STORE_COPY_MARK, NULL, 0, mark_row, &found, err);
    *mark = found.text;
    return ok;
}

static bool parse_mark(const struct copy *c, struct slice mark, struct place *at, struct error *err)
{
    struct slice source, rest, table, rows;
    slice_cut(mark, ' ', &source, &rest);
    if (!slice_eq(source, c->source))
        return error_set(err, ERR_USAGE,
                         "it has a part of a copy in it, of another store or of this one as it was before it changed: "
                         "empty it and begin again");
    slice_cut(rest, ' ', &table, &rows);
    for (at->table = 0; at->table < c->tables_n && !slice_eq(c->tables[at->table].name, table); at->table++)
        ;
    return slice_to_u64(rows, &at->rows) || error_set(err, ERR_STORE, "its mark of a copy is damaged");
}

static void keep_mark(struct copy *c, struct slice mark)
{
    c->mark.n = 0;
    buf_add(&c->mark, mark);
}

// Where to go on; an empty target gets its mark.
static bool find_place(struct copy *c, struct place *at, struct error *err)
{
    struct slice mark;
    *at = (struct place){0};
    if (!read_mark(c, c->a, &mark, err))
        return false;
    bool begun = mark.n != 0, whole = false;
    if (begun ? !parse_mark(c, mark, at, err) : !survey_target(c, &whole, err))
        return false;
    if (whole)
        at->table = c->tables_n;
    keep_mark(c, begun ? mark : mark_at(c, c->a, *at));
    return begun || whole ||
           db_run(c->to.db, err, "INSERT INTO schema_step (id, name) VALUES (" STORE_COPY_MARK ", ?1)",
                  db_text(buf_slice(&c->mark)));
}

// Within a transaction. *moved is false when it stood there already: the transaction was committed before, and nobody
// could hear of it.
static bool move_mark(struct copy *c, struct slice mark, bool *moved, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    const struct db_value values[] = {db_text(mark), db_text(buf_slice(&c->mark))};
    struct slice found;
    uint64_t changed;
    if (!db_change(c->to.db, "UPDATE schema_step SET name = ?1 WHERE id = " STORE_COPY_MARK " AND name = ?2", values, 2,
                   &changed, err))
        return false;
    *moved = changed != 0;
    if (*moved)
        return true;
    return read_mark(c, &a, &found, err) &&
           (slice_eq(found, mark) || error_set(err, ERR_STORE, "another copy into the same store is under way"));
}

// ---- rows -----------------------------------------------------------------------------------------------------------

struct batch {
    struct copy *c;
    const struct schema_table *table;
    struct db_bulk bulk;
    struct place at;
    struct arena arena;
    VEC(struct db_value) values;
    uint64_t rows, total;
};

static bool write_batch(struct batch *b, struct place next, struct error *err)
{
    struct copy *c = b->c;
    struct slice mark = mark_at(c, &b->arena, next);
    struct db_work work = {0};
    while (db_works(c->to.db, &work, err)) {
        bool moved;
        work.ok =
            move_mark(c, mark, &moved, err) && (!moved || db_put_bulk(c->to.db, &b->bulk, b->values.v, b->rows, err));
    }
    keep_mark(c, mark);
    b->at = next;
    arena_free(&b->arena);
    b->values.v = NULL;
    b->values.n = b->values.cap = 0;
    b->rows = 0;
    return work.ok;
}

static bool copy_row(void *context, struct db_row *row, struct error *err)
{
    struct batch *b = context;
    for (size_t i = 0; i < b->table->columns_n; i++) {
        struct db_value value = value_of(&b->table->columns[i], row, (int)i);
        value.bytes = arena_dup(&b->arena, value.bytes);
        VEC_PUSH(&b->arena, &b->values) = value;
    }
    b->rows++;
    tell(b->c, "copying", b->table->name, b->at.rows + b->rows, b->total);
    if (b->rows < BATCH_ROWS && b->arena.used < BATCH_BYTES)
        return true;
    return write_batch(b, (struct place){b->at.table, b->at.rows + b->rows}, err);
}

// The last batch of a table moves the mark on to the next one.
static bool copy_table(struct copy *c, struct place at, struct error *err)
{
    const struct schema_table *table = &c->tables[at.table];
    struct batch b = {.c = c, .table = table, .bulk = bulk_of(c, table), .at = at, .total = c->rows[at.table]};
    bool ok = db_stream(c->from.db, select_of(c, table, at.rows), copy_row, &b, err) &&
              write_batch(&b, (struct place){at.table + 1, 0}, err);
    arena_free(&b.arena);
    return ok || error_wrap(err, "table %.*s", SLICE_ARG(table->name));
}

static bool copy_tables(struct copy *c, struct store_copied *out, struct error *err)
{
    struct place at;
    if (!find_place(c, &at, err))
        return error_wrap(err, "the store to copy to");
    for (size_t i = 0; i < at.table; i++)
        out->resumed += c->rows[i];
    out->resumed += at.rows;
    for (; at.table < c->tables_n; at = (struct place){at.table + 1, 0})
        if (!copy_table(c, at, err))
            return false;
    return true;
}

// ---- comparing ------------------------------------------------------------------------------------------------------

struct digesting {
    struct copy *c;
    const struct schema_table *table;
    struct hasher *hash;
    uint64_t rows, total;
};

// Of each value its type, and its length or number; then its bytes.
static void add_value(struct hasher *hash, const struct db_value *value)
{
    char head[32];
    int64_t number = value->type == DB_INT ? value->number : (int64_t)value->bytes.n;
    int n = snprintf(head, sizeof head, "%d:%lld;", (int)value->type, (long long)number);
    hasher_add(hash, slice_of(head, (size_t)n));
    hasher_add(hash, value->bytes);
}

static bool digest_row(void *context, struct db_row *row, struct error *err)
{
    struct digesting *d = context;
    (void)err;
    for (size_t i = 0; i < d->table->columns_n; i++) {
        const struct db_value value = value_of(&d->table->columns[i], row, (int)i);
        add_value(d->hash, &value);
    }
    d->rows++;
    tell(d->c, "comparing", d->table->name, d->rows, d->total);
    return true;
}

static bool digest_table(struct copy *c, struct store *s, size_t i, struct copied_table *out, struct error *err)
{
    struct digesting d = {c, &c->tables[i], hasher_new(NULL), 0, c->rows[i]};
    bool ok = db_stream(s->db, select_of(c, d.table, 0), digest_row, &d, err);
    *out = (struct copied_table){d.table->name, d.rows, hasher_end(d.hash)};
    return ok;
}

static bool compare(struct copy *c, struct store_copied *out, struct error *err)
{
    out->tables = ARENA_NEW(c->a, struct copied_table, c->tables_n);
    out->tables_n = c->tables_n;
    for (size_t i = 0; i < c->tables_n; i++) {
        struct copied_table there, *here = &out->tables[i];
        if (!digest_table(c, &c->from, i, here, err) || !digest_table(c, &c->to, i, &there, err))
            return false;
        if (here->rows != there.rows || !digest_eq(&here->contents, &there.contents))
            return error_set(err, ERR_DIGEST,
                             "table %.*s is not the same on both sides (%llu rows with the digest %s, and %llu with "
                             "%s): it has changed since the copy began; empty the store to copy to and begin again",
                             SLICE_ARG(here->name), (unsigned long long)here->rows, here->contents.text,
                             (unsigned long long)there.rows, there.contents.text);
        out->rows += here->rows;
    }
    return true;
}

static bool compare_all(struct copy *c, struct store_copied *out, struct error *err)
{
    if (!db_snapshot(c->to.db, err))
        return false;
    bool ok = compare(c, out, err);
    db_rollback(c->to.db);
    return ok;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

static bool finish(struct copy *c, struct error *err)
{
    struct db_work work = {0};
    while (db_works(c->to.db, &work, err)) {
        work.ok = db_run(c->to.db, err, "DELETE FROM schema_step WHERE id = " STORE_COPY_MARK " AND name = ?1",
                         db_text(buf_slice(&c->mark)));
        for (size_t i = 0; work.ok && i < c->tables_n; i++)
            if (c->tables[i].numbered)
                work.ok = db_number_on(c->to.db, c->tables[i].name.p, err);
    }
    return work.ok;
}

bool store_copy(const struct store_copying *how, struct arena *a, struct store_copied *out, struct error *err)
{
    struct copy c COPY_AUTO = {.how = how, .a = a};
    *out = (struct store_copied){0};
    if (!schema_tables(a, &c.tables, &c.tables_n, err))
        return false;
    if (!store_open_as(how->from, STORE_AS_SOURCE, &c.from, err))
        return error_wrap(err, "the store to copy from");
    if (!store_open_as(how->to, STORE_AS_TARGET, &c.to, err))
        return error_wrap(err, "the store to copy to");
    return db_snapshot(c.from.db, err) && survey_source(&c, err) && copy_tables(&c, out, err) &&
           store_segments_copy(&c.from, &c.to, how, &out->segments, err) && compare_all(&c, out, err) &&
           finish(&c, err);
}
