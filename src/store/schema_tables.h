// The tables that the schema makes, read off the schema itself.
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum column_type { COLUMN_INT, COLUMN_TEXT, COLUMN_BLOB };

struct schema_column {
    struct slice name;
    enum column_type type;
};

struct schema_table {
    struct slice name;
    struct schema_column *columns;
    size_t columns_n;
    bool numbered;      // the database gives ids: its `id` is INTEGER PRIMARY KEY
    struct slice order; // what an ORDER BY has to say so that both engines give the rows alike
};

// All of them but schema_step, each behind those that it refers to. ERR_STORE for a schema that has something in it
// that this does not know.
bool schema_tables(struct arena *a, struct schema_table **tables, size_t *n, struct error *err);
