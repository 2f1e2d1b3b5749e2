// Where the files of an image lie, by name: a folder, a tar archive, plain or compressed, or a registry.
//
// Nothing outside the folder or the archive is ever opened, whatever a name or a link says. Finding and reading belong
// to the thread that opens the image; opening a found blob is safe from several threads.
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/reader.h"
#include "layer/inflate.h"

struct blob {
    uint64_t where;               // for blobs_open
    uint64_t size;                // UINT64_MAX: nobody knows before it is read
    enum compression compression; // by its first bytes, where they are at hand
    bool no_document;             // it does not begin as JSON does
};

struct blobs {
    const struct blobs_ops *ops;
    struct arena arena; // freed by blobs_close
    struct limits limits;
    uint64_t indexed; // bytes counted against limits.image_index_bytes
    bool sequential;  // opening in the order of blob.where costs one pass in all
};

struct blobs_ops {
    bool (*find)(struct blobs *blobs, struct slice name, struct blob *blob, struct error *err);
    struct reader *(*open)(struct blobs *blobs, uint64_t where, struct error *err);
    void (*close)(struct blobs *blobs); // frees all but the arena
};

// A folder, open at `fd`, which is closed with the blobs. Never NULL.
struct blobs *blobs_of_folder(int fd, const struct limits *limits);

// A tar archive in a regular file, open at `fd`, which is closed with the blobs (also when this fails). The members are
// listed in one pass; of two with the same name the later one counts, as when extracting. NULL with ERR_FORMAT for a
// file that is empty, no archive, or cut short; ERR_LIMIT for archive_entries, image_index_bytes and those of
// inflate.h.
struct blobs *blobs_of_archive(int fd, const struct limits *limits, struct error *err);

// The file of that name. ERR_NOT_FOUND when there is none; ERR_FORMAT when it leads out or is no regular file.
bool blobs_find(struct blobs *blobs, struct slice name, struct blob *blob, struct error *err);

// A small document's contents, in the blobs' arena. ERR_FORMAT when it is none; ERR_LIMIT for manifest_bytes and
// image_index_bytes.
bool blobs_read(struct blobs *blobs, const struct blob *blob, struct slice *content, struct error *err);

// A found blob's bytes. The reader must be closed before the blobs.
struct reader *blobs_open(struct blobs *blobs, uint64_t where, struct error *err);

// Frees everything; NULL is fine. Sets it to NULL.
void blobs_close(struct blobs **blobs);

// Counts bytes that are kept for the image against limits.image_index_bytes. ERR_LIMIT.
bool blobs_charge(struct blobs *blobs, uint64_t bytes, struct error *err);

// What the first bytes of a stream say of its compression; four are enough.
enum compression compression_of(struct slice head);

// The first four bytes of a file from `offset` on, or what there is of them, likewise.
bool compression_at(int fd, uint64_t offset, enum compression *compression, struct error *err);

// `path` as seen from `folder` ("" is the root), without ".", ".." and needless slashes; a leading slash means the
// root. False when it climbs above the root.
bool path_resolve(struct arena *a, struct slice folder, struct slice path, struct slice *out);
