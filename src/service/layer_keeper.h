// Keeping what was found in the layers of an image while others of it are still read: once a second, so that an
// interrupted run need not read much again, and others who wait for a layer get it. What is left at the end goes along
// with the image: a server far away is not waited for by itself for an image that is read within a second.
#pragma once

#include "service/leases.h"
#include "service/metrics.h"
#include "store/store.h"

#include <pthread.h>

#define KEEP_SECONDS 1.0

struct layer_keeper {
    struct store *store;
    pthread_mutex_t *store_lock; // of the store and of all below
    const struct digest *state;
    struct leases *leases;   // NULL: there are none
    struct metrics *metrics; // NULL: nothing is counted
    const struct span *span; // what is done is a part of; NULL: it is not traced
    // Private.
    struct layer_put *layers;
    size_t n, kept; // of them, the first
    double since;   // of those that are not kept, the first, or when that was tried
    pthread_cond_t changed;
    pthread_t thread;
    bool started, end;
    bool at_once; // no thread could be started
};

// The first part of the structure is the caller's to fill. At most so many layers will be read.
void layer_keeper_start(struct layer_keeper *k, size_t layers, struct arena *a);

// Takes the findings of a layer over, which live in the caller's memory until the end, and its lease. Under no lock.
void layer_keeper_add(struct layer_keeper *k, const struct layer_put *layer);

// Ends it, and gives those that are not kept yet.
const struct layer_put *layer_keeper_end(struct layer_keeper *k, size_t *n);
