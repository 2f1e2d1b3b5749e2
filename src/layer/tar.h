// Our own reader of tar archives: v7, ustar, pax (all overrides, global and per member), GNU long names and links, GNU
// and pax sparse files, base-256 numbers. Forwards only, in one pass, from a reader; nothing is ever extracted.
//
// Formats: POSIX.1-2017 pax; "Basic Tar Format" of the GNU tar manual; the OCI image layer specification. Where
// programs read an archive differently, Go's archive/tar is followed, since the container runtimes use it.
#pragma once

#include "base/limits.h"
#include "base/reader.h"

enum tar_type {
    TAR_FILE,
    TAR_HARDLINK, // link: the path of an earlier member
    TAR_SYMLINK,  // link: its target, as written
    TAR_DIR,
    TAR_OTHER, // devices, fifos, unknown types
};

// A member. Slices are valid until the next tar_next.
struct tar_entry {
    enum tar_type type;
    struct slice path; // normalised: no leading "/" or "./", no empty, "." parts, no trailing "/"; "" is the root
    bool escapes;      // the name climbs out of the root by ".."; path is then the name as written
    bool too_long;     // the name as written is longer than limits.path_bytes; path is then its beginning, as written
    struct slice link; // as written, however long
    uint64_t size;     // of the contents as the file would have it (a sparse file's real size)
    uint32_t mode;     // permission bits
    uint64_t offset;   // where the contents start in the archive (uncompressed), for archives with random access
    uint64_t stored;   // bytes that the contents take in the archive (of a sparse file, with a map that stands in them)
    bool sparse;       // contents are stored with holes left out
};

struct tar;

// Reads from `source`, which stays the caller's. `limits` must outlive the reader. Never NULL.
struct tar *tar_open(struct reader *source, const struct limits *limits);
void tar_close(struct tar **tar); // NULL is fine

#define TAR_AUTO __attribute__((cleanup(tar_close)))

// The next member, after skipping what is left of the current one. `*more` is false at the end (two zero blocks, or the
// end of the stream at a block boundary; GNU tar accepts both); what follows the zero blocks is read and ignored.
// Errors, which end the reading: ERR_FORMAT (check sum, cut short, numbers out of range), naming the byte; ERR_LIMIT
// (layer_entries, pax_bytes; path_bytes is no error, see tar_entry); those of the source.
bool tar_next(struct tar *tar, struct tar_entry *entry, bool *more, struct error *err);

// The next stretch of the current member's contents, holes given as zeros; empty at its end. Valid until the next call.
// Errors: as above, and ERR_UNSUPPORTED for a sparse file beyond limits.sparse_extents, which concerns this member
// alone: tar_next goes on behind it.
bool tar_read(struct tar *tar, struct slice *chunk, struct error *err);

// Bytes of the archive that were passed so far.
uint64_t tar_position(const struct tar *tar);
