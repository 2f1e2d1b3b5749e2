// What metrics tell of the store. A thread of its own asks for it, so that whoever tells them waits for a database that
// is away for two seconds and not for half a minute: that is when they are wanted most.
#pragma once

#include "service/views.h"
#include "store/notification_store.h"

#define GAUGES_PATIENCE 2.0 // seconds

struct feed_gauges {
    struct slice feed;
    uint64_t records;
    int64_t updated, checked;
    bool failed;
};

struct store_gauges {
    double seconds; // that the store took to be asked
    uint64_t images, events_waiting, events_failed, deliveries[DELIVERY_STATES];
    int64_t created; // the generation
    struct feed_gauges *feeds;
    size_t feeds_n;
};

struct gauges;

// The views must live as long. `deliveries`: these are counted, too. NULL with an error.
struct gauges *gauges_start(struct views *views, bool deliveries, struct error *err);
void gauges_stop(struct gauges **gauges); // NULL is fine

// Has the store asked now. False when it could not be, or not within the patience. Lives in the arena.
bool gauges_ask(struct gauges *gauges, struct arena *a, struct store_gauges *out, struct error *err);
