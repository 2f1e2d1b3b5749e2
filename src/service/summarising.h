// Keeps the summaries of images up to date (store/summaries.h): those of images that were just indexed, and, after an
// update of a feed or another change, those that it concerns.
#pragma once

#include "service/config.h"
#include "store/store.h"

struct summarising;

// Starts a thread; the configuration and `home` (of the store) must live as long. Of several processes that use a store
// one works, and another takes over when it ends: what was not made yet is in the store. New images are judged within
// about a second, as long as nothing else is due. NULL with an error.
struct summarising *summarising_start(const struct config *config, struct store_home *home, struct error *err);

void summarising_stop(struct summarising **summarising); // NULL is fine

// What it did since the start, for metrics.
struct summarising_load {
    uint64_t groups, errors;
};
struct summarising_load summarising_load(const struct summarising *summarising);
