// A database file of SQLite, read straight from its b-trees: tables and their rows. docs/decisions.md says why not with
// the library.
//
// What is damaged is noted with scan_skip, and reading goes on behind it. Every page is taken once, so a table can be
// walked once.
//
// Format: "Database File Format" of sqlite.org (fileformat2.html).
#pragma once

#include "base/buf.h"
#include "scan/pages.h"

struct sqlite_file {
    struct pages pages;
    size_t usable;     // bytes of a page without those reserved at its end
    struct buf record; // of a row that stands there in pieces

    // Asked before a row of that size is put together; NULL takes all of them.
    bool (*admits)(void *context, uint64_t id, uint64_t size);
    void *context;
};

#define SQLITE_FILE_AUTO __attribute__((cleanup(sqlite_file_free)))

// A table that is looked for by its name.
struct sqlite_table {
    const char *name;
    uint64_t root;    // page of its b-tree, 0 when the file does not have the table
    struct slice sql; // the CREATE TABLE that made it
};

// Looks at the file's head: false says that it is no database of SQLite.
bool sqlite_file_opens(struct slice file, struct error *err);

// Only for a file with such a head. The arena must outlive the file, and so must the bytes. `lost` as in struct skip.
void sqlite_file_open(struct sqlite_file *f, const struct scan_file *file, struct scan_output *out, bool lost,
                      struct arena *a);
void sqlite_file_free(struct sqlite_file *f);

// Finds the tables in the schema; their texts are copied into the arena.
void sqlite_find_tables(struct sqlite_file *f, struct arena *a, struct sqlite_table *tables, size_t n);

// The place of a column in the table's records. False when the table does not have it.
bool sqlite_find_column(const struct sqlite_table *table, const char *name, unsigned *place);

// Hands over each row: its number (rowid) and its record, which is valid during the call.
void sqlite_walk(struct sqlite_file *f, uint64_t root, void (*row)(void *context, uint64_t id, struct slice record),
                 void *context);

// The value of a column, by its place. False when the record does not have it, or it is of another type.
bool sqlite_text(struct slice record, unsigned place, struct slice *value);
bool sqlite_blob(struct slice record, unsigned place, struct slice *value);
bool sqlite_integer(struct slice record, unsigned place, int64_t *value);
