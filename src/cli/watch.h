// Bars for what indexing and updating read.
#pragma once

#include "cli/progress.h"
#include "feed/feed.h"
#include "service/indexer.h"

// Shows a bar for each layer that is read. `how` and the progress (NULL: nothing is shown) live as long as it is used.
void watch_layers(struct index_options *how, struct progress *progress);

// The feeds of one run, which come one after the other: what is fetched and what is read of each.
struct feed_watch {
    struct progress *progress;
    char bar[128]; // the one that is shown; empty: none
    size_t number, of;
};
void watch_feeds(struct update_options *how, struct feed_watch *watch);

// The next feed begins; NULL: there is none any more.
void watch_feed(struct feed_watch *watch, const struct feed *feed);
