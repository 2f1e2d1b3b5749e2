// The header of an installed package, as rpm's database keeps it: tags with values.
//
// Format: rpm, docs/manual/format_header.md and lib/header.cc (4.20): two counts, an index of entries (tag, type,
// offset, count), then the data that they point into, all numbers big-endian; in a database the magic that a package
// file has in front is left out. What rpm adds when it installs a package stands behind the immutable region of the
// index, and replaces entries of the same tag in it.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

// Tags: rpm, include/rpm/rpmtag.h.
enum rpm_tag {
    RPM_NAME = 1000,
    RPM_VERSION = 1001,
    RPM_RELEASE = 1002,
    RPM_EPOCH = 1003,
    RPM_VENDOR = 1011,
    RPM_ARCH = 1022,
    RPM_SOURCERPM = 1044,
    RPM_DIRINDEXES = 1116,
    RPM_BASENAMES = 1117,
    RPM_DIRNAMES = 1118,
    RPM_MODULARITYLABEL = 5096,
};

// Slices of the bytes that it was opened on.
struct rpm_header {
    struct slice index, data;
};

bool rpm_header_open(struct slice bytes, struct rpm_header *header, struct error *err);

// The value of a tag, of an array the first one. True with an empty string, and with 0, when the header does not have
// the tag; false when it has it in another form, or outside of the data.
bool rpm_header_string(const struct rpm_header *header, enum rpm_tag tag, struct slice *value, struct error *err);
bool rpm_header_number(const struct rpm_header *header, enum rpm_tag tag, uint32_t *value, struct error *err);

// The files of the package: names, each with the number of the folder that it is in.
struct rpm_files {
    struct slice names;  // each followed by a NUL
    const char *indexes; // four bytes for each name
    struct slice *folders;
    size_t n; // names that are left
};

// None when the header tells of none. Everything is checked here; folders are put into the arena.
bool rpm_files_open(const struct rpm_header *header, const struct limits *limits, struct arena *a,
                    struct rpm_files *files, struct error *err);

// The next path, written into `path`; false behind the last one.
bool rpm_files_next(struct rpm_files *files, struct buf *path);
