// A scanner reads one kind of package database (or one kind of file that names the distribution) out of a layer.
//
// It says by path, mode and size which files it wants, before any byte of them is read; may decline one by its first
// bytes; gets each wanted file captured whole, up to its own limit; and adds what it finds to the layer's findings.
// Several scanners may want the same file. It runs inside the sandboxed layer worker: no file system, no network,
// foreign bytes only. Adding one is one file and one line in scanners.c.
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
    bool cut;      // the file is larger: these are the first bytes that the scanner's limit allows
};

// What a file comes from.
enum scan_subject {
    SUBJECT_LAYER,   // a layer of an image, or an unpacked root file system
    SUBJECT_SOURCES, // a tree of sources, whose lock files say what will be installed
    SUBJECT_SBOM,    // no tree at all: the file is a bill of materials
};

// Where a scanner puts what it finds.
struct scan_output {
    struct arena *arena;       // of the layer: what is put into findings must be copied here
    struct findings *findings; //
    const struct limits *limits;
    enum scan_subject subject;
    uint64_t packages; // found in the layer so far
    uint64_t owned;    // files of packages that were remembered
};

// What the packages of a scanner's databases are.
enum scanner_finds {
    FINDS_PACKAGES,     // installed packages
    FINDS_OWNERS,       // not installed ones: they only tell which files the installed packages of that name own
    FINDS_REPOSITORIES, // none: each is the name of a repository that packages of the image came from
    FINDS_ORIGINS, // not installed ones: each tells the repository that the installed package of that name, version
                   // and architecture came from
};

struct scanner {
    const char *name;                               // "dpkg"
    unsigned version;                               // changes when its answers change
    const char *kind;                               // of the packages it finds, NULL when it finds none ("deb")
    uint64_t (*limit)(const struct limits *limits); // largest file it takes; a larger one is skipped as lost
    const char *limit_name;                         // of that limit, for the note
    bool takes_prefix;                              // of a larger file it takes as much as the limit allows instead
    bool (*wants)(struct slice path, uint32_t mode, uint64_t size);

    // Files that tell of nothing where they are, but hard links to them may stand where the scanner looks: an archive
    // has the contents under the first of the names only. NULL when there are none.
    bool (*may_be_linked)(struct slice path);

    // Looks at a wanted file's first bytes (at least SCAN_HEAD of them, if it has so many): false declines it, which is
    // no loss. NULL: every wanted file is read.
    bool (*begins)(struct slice head);

    enum scanner_finds finds;

    // What it finds in a file that a package of the distribution owns is that very package once more: it is left out.
    bool unowned_only;

    // It reads files of source trees only: what such a file in an image names need not be installed there.
    bool sources_only;

    // Its packages are of several kinds, and each names its own (one of package_kind); `kind` is then NULL.
    bool any_kind;

    // Files, and folders of files, that it looks for by name, terminated by NULL; NULL when it only goes by patterns.
    // Symbolic links at them or above them are followed; a database counts when one of them leads to it.
    const char *const *fixed_paths;

    // Of its databases that stand in one folder only the one that the first of the fixed paths leads to is in effect.
    bool one_a_folder;

    // Reads one file. A malformed record is skipped and noted with scan_skip, and never ends the file. False only when
    // the file as a whole is not of this format.
    bool (*scan)(const struct scan_file *file, struct scan_output *out, struct error *err);
};

#define SCAN_HEAD ((size_t)64)

// The table, in a fixed order, terminated by NULL.
extern const struct scanner *const scanners[];

// The scanners that want a file, in the order of the table: their number, at most SCANNERS_MOST of them.
#define SCANNERS_MOST ((size_t)48)
size_t scanners_for(enum scan_subject subject, struct slice path, uint32_t mode, uint64_t size,
                    const struct scanner *out[SCANNERS_MOST]);

// Would a scanner that goes by patterns look for packages in a file at this path, whose mode and size are not known?
// They are taken for those of a program.
bool may_hold_packages(enum scan_subject subject, struct slice path);

// Identifies the set of scanners that read such a subject, their versions, and the limits that were changed: what was
// left out because of a limit is looked at again when that is another one.
struct digest scanner_state(enum scan_subject subject, const struct limits *limits);

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

// Adds the only package of a file, in a database of its own.
void scan_add_only_package(struct scan_output *out, const struct scanner *scanner, struct slice path,
                           const struct package *package);

// Notes that the last package of the database owns the file at `path` (a leading slash does not count). Only files in
// which a scanner without fixed paths looks for packages are remembered.
void scan_add_owned(struct scan_output *out, struct package_db *db, struct slice path);

// Notes that something was not read. `lost` as in struct skip.
void scan_skip(struct scan_output *out, struct slice path, bool lost, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
