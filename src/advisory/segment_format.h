// The form of a segment: an SQLite database.
//
// Ids are given in a fixed order and rows are written in the order of their keys, so that the same records give the
// same bytes. What a look-up wants at once stands together: a row of `block` packs all records of one package in one
// scope (segment_block.h). Long texts stand in `note`, once, and are read only for the records that somebody asks
// about.
#pragma once

#define SEGMENT_APPLICATION 0x434c5347 // "CLSG"
#define SEGMENT_VERSION     3
#define SEGMENT_SUFFIX      ".segment"
#define SEGMENT_BUILDING    ".building-" // begins the name of one that is being written

// scope, package: numbered from 1 in the order of their names. trait: numbered from 1.
// block: its id is SEGMENT_BLOCK_ID of the package's and the scope's ids.
// note: numbered from 1 in the order of first use; a record without any such text has note 0.
// vulnerability: the ids of the packages that have records of it, as in segment_block.h.
// clang-format off
#define SEGMENT_TABLES(X)                                                                                              \
    X("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")                                   \
    X("CREATE TABLE scope (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")                                               \
    X("CREATE TABLE trait (id INTEGER PRIMARY KEY, severity TEXT NOT NULL, state TEXT NOT NULL, arch TEXT NOT NULL, module TEXT NOT NULL, of_source INTEGER NOT NULL)") \
    X("CREATE TABLE package (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")                                             \
    X("CREATE TABLE block (id INTEGER PRIMARY KEY, records BLOB NOT NULL)")                                            \
    X("CREATE TABLE note (id INTEGER PRIMARY KEY, description TEXT NOT NULL, links TEXT NOT NULL, aliases TEXT NOT NULL, advisories TEXT NOT NULL, cvss TEXT NOT NULL)") \
    X("CREATE TABLE vulnerability (name TEXT PRIMARY KEY, packages BLOB NOT NULL) WITHOUT ROWID")                      \
    X("CREATE UNIQUE INDEX package_name ON package (name)")
// clang-format on

#define SEGMENT_STATEMENT(sql) sql ";"
#define SEGMENT_SCHEMA         SEGMENT_TABLES(SEGMENT_STATEMENT)

// In C and, with the two ids as ?, in SQL.
#define SEGMENT_BLOCK_ID(package, scope) ((int64_t)(package) << 32 | (int64_t)(scope))
