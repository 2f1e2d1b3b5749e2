// Lock files of source trees: what their scanners share.
//
// They say what will be installed, not what is, and so are read in trees of sources only. Left out, and told: packages
// that are for development only, and those of the tree itself, which have no vulnerabilities that anyone publishes.
#pragma once

#include "scan/scanner.h"

// A lock file while it is read.
struct lock_file {
    struct scan_output *out;
    struct package_db *db; // NULL: there is no room for one; nothing is to be read
    struct slice kind;     // of its packages, a literal
    size_t development;    // packages that are for development only
    size_t own;            // packages of the tree itself
};

struct lock_file lock_file_begin(struct scan_output *out, const struct scanner *scanner, const struct scan_file *file);

// Adds a package at a line (0: not known). One without name or version becomes a remark.
void lock_file_add(struct lock_file *lock, struct slice name, struct slice version, size_t line);

// Notes what was left out.
void lock_file_end(struct lock_file *lock);

// Is a file of that name at `path`, in the tree's own part: not among packages that were put there by their managers
// (node_modules, vendor, site-packages), and no data of tests?
bool lock_file_named(struct slice path, struct slice name);

// The part of that rule that is about folders.
bool lock_file_is_own(struct slice path);

uint64_t lock_file_limit(const struct limits *limits);

// What begins and ends with the same quote, without them.
struct slice lock_file_unquote(struct slice text);

// A name and the version behind the first '@' that is not the name's first character, as npm and its like write them.
bool lock_file_cut_at(struct slice text, struct slice *name, struct slice *version);

// The members that all scanners of lock files have in common.
#define LOCK_FILE_SCANNER .limit = lock_file_limit, .limit_name = "lock_file_bytes", .sources_only = true
