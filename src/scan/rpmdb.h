// rpm's database of installed packages: headers in one of three containers, each with a reader of its own.
//
// rpmdb_NAME_opens looks at the file's head: false says that it is no such container. rpmdb_NAME_read hands every
// header to rpmdb_take; what it cannot read it notes with scan_skip, and goes on behind it as far as the container lets
// it.
#pragma once

#include "scan/scanner.h"

struct rpmdb {
    struct scan_output *out;
    struct package_db *packages; // where rpmdb_take puts what it finds
    struct slice path, file;
    uint64_t left; // bytes of the file that no header has been taken from
};

bool rpmdb_sqlite_opens(struct slice file, struct error *err);
void rpmdb_sqlite_read(struct rpmdb *db);
bool rpmdb_ndb_opens(struct slice file, struct error *err);
void rpmdb_ndb_read(struct rpmdb *db);
bool rpmdb_bdb_opens(struct slice file, struct error *err);
void rpmdb_bdb_read(struct rpmdb *db);

// How many pages a write-ahead log of SQLite holds that a reader of the database must take from it.
uint64_t rpmdb_sqlite_log_pages(struct slice log);

// Takes one package's header. `number` is what the container calls it.
void rpmdb_take(struct rpmdb *db, uint64_t number, struct slice header);

// False, with a note, when a header of that size is more than a limit or the file allow.
bool rpmdb_may_hold(struct rpmdb *db, uint64_t number, uint64_t size);
