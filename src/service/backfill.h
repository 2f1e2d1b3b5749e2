// Indexing what registries have already: their catalogs and tags are gone through, and each name is treated as if it
// had just been pushed (arrivals.h). What is indexed stays so: a run that was broken off costs little the next time.
#pragma once

#include "service/arrivals.h"

enum backfill_outcome {
    BACKFILL_INDEXED, // at least one image of it, now; with dry_run it would be
    BACKFILL_KNOWN,   // all its images were indexed before
    BACKFILL_NOTED,   // it is no image, or none for these platforms: `why` says so
    BACKFILL_FAILED,  // of a list, or of a name
};

struct backfill_news {
    enum backfill_outcome outcome;
    struct slice name; // "registry.example/team/app:1.2", or what of a registry could not be listed
    const char *why;   // of the last two
    uint64_t done, found;
    bool listing; // more may be found
};

struct backfill {
    struct store_home *home;
    const struct limits *limits;
    const struct registry_settings *registry;
    struct slices registries; // "HOST", all that it has, or "HOST/REPOSITORY"
    struct slices only;       // patterns of the shell for repositories without their host; none: all
    struct slices platforms;
    unsigned jobs; // names worked on at the same time, at least one
    bool dry_run;
    // Told of each name, by one thread at a time.
    void (*news)(void *context, const struct backfill_news *news);
    void *context;
};

struct backfill_totals {
    uint64_t repositories; // that were gone through
    uint64_t names[BACKFILL_FAILED + 1];
    uint64_t images_indexed, images_known;
};

// ERR_USAGE for what is no registry or repository, before anything is asked; else what breaks all of it off, such as
// the store. What fails of a registry or a name is no error, but counted and told of.
bool backfill_run(const struct backfill *how, struct backfill_totals *totals, struct error *err);
