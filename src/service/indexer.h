// Indexing: from a named image to its inventory, each layer read once in its life.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "image/image.h"
#include "match/report.h"
#include "service/leases.h"
#include "service/metrics.h"
#include "store/store.h"

// How far an image is. A layer is scanned while it is fetched.
enum index_stage { INDEX_CHECKING, INDEX_LAYERS, INDEX_COALESCING, INDEX_STORING };

struct index_options {
    const char *platform; // as in struct image_options
    const struct limits *limits;
    unsigned jobs;                            // layers read at the same time; 0: as many as there are processors
    const struct registry_settings *registry; // as in struct image_options
    void (*enters)(void *context, enum index_stage stage); // told of each stage but the first; NULL: nobody is
    void *enters_context;
    // Told how many bytes of the i-th layer's blob have been read, and when no more of them will be; by several
    // threads. NULL: nobody is.
    void (*reads)(void *context, const struct image *image, size_t i, uint64_t bytes, bool ended);
    void *reads_context;
    struct leases *leases;   // of layers, so that each is read by one at a time; NULL: whoever wants it reads it
    struct metrics *metrics; // NULL: nothing is counted
    const struct span *span; // what is done is a part of; NULL: it is not traced
};

// What indexing gave. Slices live in the arena that was handed in, or in the layers' own.
struct index_result {
    struct stored_image image;
    bool known;                  // the store knew it
    struct report_layer *layers; // of the image, in order
    size_t layers_n;
    struct slice *problems; // what could not be read to its end: the inventory is then incomplete, and not stored
    size_t problems_n, problems_cap;
    enum error_code problem; // the kind of the first one that is a layer's
    struct arena *layer_arenas;
    size_t layer_arenas_n;
};

// Opens TARGET, reads the layers that the store does not know under the present scanners, coalesces, and stores the
// inventory. An image that the store knows is not read again. False: nothing can be said about the image.
bool index_target(struct store *store, const char *target, const struct index_options *options, struct arena *a,
                  struct index_result *result, struct error *err);

// The same for an image that is open already; the caller closes it.
bool index_image(struct store *store, struct image *image, const struct index_options *options, struct arena *a,
                 struct index_result *result, struct error *err);

void index_result_free(struct index_result *result); // harmless for an all-zero one
#define INDEX_RESULT_AUTO __attribute__((cleanup(index_result_free)))
