// Reading the layers of an image that the store does not know: several at a time, each by one thread of all nodes, and
// none that somebody else reads already.
#pragma once

#include "image/image.h"
#include "service/indexer.h"
#include "service/layer_keeper.h"

#include <pthread.h>
#include <stdatomic.h>

struct layer_job {
    size_t index;             // of the first layer of the image with this digest
    struct findings findings; // valid once done
    struct slice lease;       // its name; empty: there is none
    bool leased;              // it is ours, and not handed on to the keeper
    bool now;                 // read in this run
    bool done;                // findings may be used
    bool failed;
    struct error error;   // failed: nothing is known of the layer
    struct error problem; // code != ERR_NONE: read in part
    struct arena *arena;
};

struct layer_pool {
    struct image *image;
    const struct limits *limits;
    const struct index_options *options;
    struct leases *leases;
    struct metrics *metrics;
    const struct span *span;
    struct store *store;
    const struct digest *state;
    // The pool's own.
    struct layer_job *jobs;
    size_t jobs_n;
    atomic_size_t next;
    atomic_bool stop; // a layer failed: the image cannot be indexed any more
    pthread_mutex_t store_lock;
    struct layer_keeper keeper;
    const struct layer_put *left; // that were read to their end, and are not kept yet
    size_t left_n;
};

// Of the first part of the structure, up to `state`, which is the caller's to fill, a job for each distinct layer.
// Arenas are the result's.
void layer_pool_jobs(struct layer_pool *pool, struct arena *a, struct index_result *result);

// The job of the layer with this digest, or NULL.
struct layer_job *layer_pool_job(struct layer_pool *pool, const struct digest *digest);

// Asks the store for the image, and, when it does not know that, for its layers: those that it knows are done, and
// those of the others that nobody reads are ours.
bool layer_pool_look(struct layer_pool *pool, struct arena *a, struct index_result *result, struct error *err);

// Reads the layers that are not done. What was found in some of them may then be `left` to be kept, and leases to be
// given back.
void layer_pool_read(struct layer_pool *pool, struct arena *a);

// Has a layer failed, so that nothing can be said of the image?
bool layer_pool_failed(const struct layer_pool *pool, struct error *err);

// The end after layer_pool_read. `with_image`: what was left has gone along with the image, or could not.
void layer_pool_end(struct layer_pool *pool, bool with_image, struct arena *a);
