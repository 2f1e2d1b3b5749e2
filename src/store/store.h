// The data folder: the database with the inventory and the feeds' state, and the segments beside it.
//
//   DATA/clarion.db   inventory, layer findings, update operations, generations
//   DATA/segments/    immutable advisory segments, named by their digest
//   DATA/FEED.lock    held by the process that updates the feed
//
// Two processes may use one folder at once. A store belongs to one thread at a time.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "inventory/inventory.h"
#include "store/db.h"

struct store {
    struct db *db;
    char *folder;   // DATA
    char *segments; // DATA/segments
};

// Opens a data folder, making it and bringing its schema up to date when needed. A folder written by a newer Clarion is
// refused (ERR_STORE), never touched.
bool store_open(const char *folder, struct store *store, struct error *err);
void store_close(struct store *store);
#define STORE_AUTO __attribute__((cleanup(store_close)))

// ---- inventory_store.c ----------------------------------------------------------------------------------------------

// A layer's findings under an indexer state. `*found` tells whether they were there.
bool store_layer_get(struct store *s, const struct digest *layer, const struct digest *state, struct arena *a,
                     const struct limits *limits, struct findings *out, bool *found, struct error *err);
bool store_layer_put(struct store *s, const struct digest *layer, const struct digest *state,
                     struct slice findings_json, struct error *err);

struct stored_layer {
    struct digest digest;
    struct slice media_type, created_by, skip_reason;
    uint64_t size;
};

// An indexed image: what a report needs, without the image.
struct stored_image {
    struct digest manifest, config;
    struct slice reference, kind, os, arch;
    struct stored_layer *layers;
    size_t layers_n;
    struct slice *remarks;
    size_t remarks_n;
    int64_t indexed; // when, seconds
    struct inventory inventory;
};

// One transaction: after a crash the image is there whole or not at all. Replaces an earlier one of the same manifest.
bool store_image_put(struct store *s, const struct digest *state, const struct stored_image *image, struct error *err);

// `state` NULL: whatever state it was indexed under.
bool store_image_get(struct store *s, const struct digest *manifest, const struct digest *state, struct arena *a,
                     struct stored_image *out, bool *found, struct error *err);

// Full digests of the images whose manifest digest starts with `prefix` ("sha256:12ab" or "12ab"), at most `most`.
bool store_image_find(struct store *s, struct slice prefix, struct arena *a, struct digest *out, size_t most, size_t *n,
                      struct error *err);

// ---- update_store.c -------------------------------------------------------------------------------------------------

// A feed's place in a generation.
struct feed_state {
    struct slice feed;
    struct digest segment; // empty text: none was ever made
    uint64_t records;
    int64_t updated;    // when the segment was made, seconds; 0 never
    int64_t checked;    // when the upstream last confirmed it, seconds; 0 never
    int64_t tried;      // when it was last asked, seconds; 0 never
    struct slice error; // of the last try; empty when it went well
    struct slice ref;   // UUID of the update operation that made the segment
};

// What is known of one upstream file.
struct feed_file {
    struct slice url, scope, etag, last_modified, error;
    int64_t checked;  // when the upstream last gave or confirmed it
    unsigned version; // of the parser that read it
};

struct generation {
    struct slice id; // 16 hex digits, made of the segments' digests: the same segments give the same id
    int64_t created;
    struct feed_state *feeds; // ordered by name
    size_t feeds_n;
};

// The current generation; feeds_n is 0 when there is none yet.
bool store_generation(struct store *s, struct arena *a, struct generation *out, struct error *err);

// The newest generation made at or before `when`, or the one with that id; ERR_NOT_FOUND when there is none (any more).
bool store_generation_at(struct store *s, struct slice id_or_date, struct arena *a, struct generation *out,
                         struct error *err);

// A feed's files as they were last read.
bool store_feed_files(struct store *s, struct slice feed, struct arena *a, struct feed_file **files, size_t *n,
                      struct error *err);

// What the feed noted at its last run; empty when it did not.
bool store_feed_note(struct store *s, struct slice feed, struct arena *a, struct slice *note, struct error *err);

// Records a run of a feed, in one transaction: its files, its state, and, when `segment` is another one than before, an
// update operation and a new generation.
struct feed_result {
    struct slice feed;
    const struct digest *segment; // NULL: the run made none
    uint64_t records;
    bool confirmed; // the upstream gave or confirmed all of it
    struct slice error;
    const struct feed_file *files; // replaces all files of the feed; NULL leaves them
    size_t files_n;
    struct slice note; // likewise: p == NULL leaves the former one
};
bool store_feed_record(struct store *s, const struct feed_result *result, struct error *err);
