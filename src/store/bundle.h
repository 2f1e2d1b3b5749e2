// Bundles carry what is in force of feeds from one data folder to another, where no network is.
//
// A bundle is a tar archive (ustar), packed with zstd. Its first member, "manifest.json", says of each feed its segment
// with digest, size and number of records, when it was made and last confirmed, and what is known of the upstream's
// files; behind it comes each segment, "segments/HEX.segment", in the manifest's order. The same state gives the same
// bytes, and nothing in a bundle is believed before all of it has been seen.
#pragma once

#include "base/reader.h"
#include "store/store.h"

#define BUNDLE_FORMAT   "clarion/bundle/"
#define BUNDLE_VERSION  1
#define BUNDLE_MANIFEST "manifest.json"
#define BUNDLE_SEGMENTS "segments/"

struct bundle {
    struct slice program;      // that wrote it: "clarion 0.1.0"
    struct slice generation;   // that was exported
    int64_t created;           // the newest moment that its feeds speak of; not when it was written
    struct feed_import *feeds; // ordered by name
    size_t feeds_n;
};

// ---- bundle_manifest.c ----------------------------------------------------------------------------------------------

void bundle_manifest_write(const struct bundle *bundle, struct buf *out);

// Errors: ERR_FORMAT for text that is no manifest, names a feed twice or has numbers or times out of range;
// ERR_UNSUPPORTED for one of a newer version.
bool bundle_manifest_read(struct slice text, struct arena *a, struct bundle *out, struct error *err);

// ---- bundle_write.c -------------------------------------------------------------------------------------------------

// What is in force of the feeds of a generation: of those that are named in `feeds` (blank-separated; empty: of all
// that have a segment). ERR_NOT_FOUND when one that is named has none, or none has. The segments are to be held.
bool bundle_of(struct store *s, const struct generation *g, struct slice feeds, struct arena *a, struct bundle *out,
               struct error *err);

// Writes it. ERR_DIGEST when a segment is damaged.
bool bundle_write(struct store *s, const struct bundle *bundle, int fd, struct error *err);

// ---- bundle_read.c --------------------------------------------------------------------------------------------------

struct bundle_reader;

// Reads a bundle's manifest. `source`, which is taken over, is read forwards. NULL on errors; those of
// bundle_manifest_read, ERR_LIMIT, and ERR_FORMAT for what is no bundle.
struct bundle_reader *bundle_open(struct reader *source, const struct limits *limits, struct arena *a,
                                  struct bundle *out, struct error *err);
void bundle_close(struct bundle_reader **r); // NULL is fine

// Reads the rest, and puts it in force: all of it, or, with an error, nothing. Segments that are there already are not
// written again. A feed of which something newer is in force makes it fail, unless `force` is given; the error says
// which. Takes the locks of the feeds, whose names must be this program's.
bool bundle_import(struct bundle_reader *r, struct store *s, bool force, struct error *err);
