// A scanner reads one kind of package database (or one kind of file that names the distribution) out of a layer.
//
// It says by path, mode and size which files it wants, before any byte of them is read; gets each wanted file captured
// whole, up to its own limit; and adds what it finds to the layer's findings. It runs inside the sandboxed layer
// worker: no file system, no network, foreign bytes only. Adding one is one file and one line in scanners.c.
//
// The names and versions of all scanners are the indexer state: a layer's findings are kept under (layer digest,
// state), so a scanner whose answers change must get a new version.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "inventory/package.h"

// A wanted file. The path has no leading slash, no "." or ".." and no doubled slashes; it may be any bytes but NUL.
struct scan_file {
    struct slice path;
    struct slice content;
    uint32_t mode; // permission bits
};

// Where a scanner puts what it finds.
struct scan_output {
    struct arena *arena;       // of the layer: what is put into findings must be copied here
    struct findings *findings; //
    const struct limits *limits;
    uint64_t packages; // found in the layer so far
};

struct scanner {
    const char *name;                               // "dpkg"
    unsigned version;                               // changes when its answers change
    const char *kind;                               // of the packages it finds, NULL when it finds none ("deb")
    uint64_t (*limit)(const struct limits *limits); // largest file it takes; a larger one is skipped as lost
    const char *limit_name;                         // of that limit, for the note
    bool (*wants)(struct slice path, uint32_t mode, uint64_t size);

    // Files, and folders of files, that it looks for by name, terminated by NULL; NULL when it only goes by patterns.
    // Symbolic links at them or above them are followed; a database counts when one of them leads to it.
    const char *const *fixed_paths;

    // Reads one file. A malformed record is skipped and noted with scan_skip, and never ends the file. False only when
    // the file as a whole is not of this format.
    bool (*scan)(const struct scan_file *file, struct scan_output *out, struct error *err);
};

// The table, in a fixed order, terminated by NULL.
extern const struct scanner *const scanners[];

// The first scanner that wants the file, or NULL.
const struct scanner *scanner_for(struct slice path, uint32_t mode, uint64_t size);

// Identifies the set of scanners and their versions.
struct digest scanner_state(void);

// By name; NULL when there is none.
const struct scanner *scanner_named(struct slice name);

// A new package database, for scan_add_package; valid until the next one is made. NULL when the layer has more than
// limits.packages of them: the file is then skipped as lost.
struct package_db *scan_add_db(struct scan_output *out, const struct scanner *scanner, struct slice path);

// A new release file, likewise valid until the next one is made, and NULL over limits.packages.
struct release_file *scan_add_release(struct scan_output *out, enum release_file_kind kind, struct slice path);

// Adds a package (its slices are copied). Fields over limits.field_bytes and more than limits.packages are refused: the
// package is skipped as lost. `line` (1-based, 0 for none) goes into that note.
bool scan_add_package(struct scan_output *out, struct package_db *db, const struct package *package, size_t line);

// Notes that something was not read. `lost` as in struct skip.
void scan_skip(struct scan_output *out, struct slice path, bool lost, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
