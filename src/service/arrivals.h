// What a registry has under a name is indexed: after a push that it told of (events.h), or because somebody goes
// through all that it has (`clarion backfill`).
//
// The name is kept whether or not the image can be indexed. Of an index all images are, each unless it has been under
// the present scanners.
#pragma once

#include "image/reference.h"
#include "image/registry.h"
#include "service/leases.h"
#include "store/store.h"

struct arrival_rules {
    const struct limits *limits;
    const struct registry_settings *registry;
    struct slices platforms;    // the images of an index that are wanted, "os/arch"; none: all
    const char *platforms_from; // what names these platforms, for people
    struct leases *leases;      // of layers; NULL: none
    unsigned jobs;              // layers of an image read at the same time; 0: as many as there are processors
    bool dry_run;               // only count: nothing is indexed or kept
    bool mostly_known;          // a tag is first asked what it names: of an image that is known nothing more is read
    // Waits until nobody else indexes a manifest, and keeps others from it until the end. False: to be broken off.
    bool (*begin)(void *context, const struct digest *manifest);
    void (*end)(void *context, const struct digest *manifest, bool indexed);
    bool (*stopping)(void *context); // is all to be broken off?
    // With dry_run: is it the first name by which this manifest, which would be indexed, has come?
    bool (*comes_first)(void *context, const struct digest *manifest);
    void *context;
};

struct arrival_counts {
    size_t indexed; // now, or with dry_run to be
    size_t again;   // of these, with dry_run: by another name already
    size_t known;   // before
};

// `pushed`: microseconds since 1970; 0: nobody says. A reference with a digest has its name already. Errors:
// ERR_UNSUPPORTED for what is no image, or none for these platforms; else those of fetching and indexing, of the first
// image that failed: the others are indexed all the same.
bool arrival_index(struct store *store, const struct arrival_rules *rules, const struct reference *reference,
                   int64_t pushed, struct arrival_counts *counts, struct error *err);
