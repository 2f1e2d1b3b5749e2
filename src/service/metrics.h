// What the service counts and times.
//
// Everything is safe from several threads. Functions take NULL for the metrics, and count nothing then: indexing on the
// command line is the same code.
#pragma once

#include "base/error.h"
#include "feed/feed.h"
#include "http/server.h"
#include "store/db.h"
#include "telemetry/metric.h"

struct metrics;

// Counts the answers of each of these routes; the table must live as long.
struct metrics *metrics_new(const struct web_route *routes);
void metrics_free(struct metrics **metrics); // NULL is fine

// `route` NULL: a path that there is not.
void metrics_answer(struct metrics *metrics, const struct web_route *route, struct slice method, unsigned status,
                    double seconds);

// What indexing an image is made of.
enum index_timing {
    TIMING_FETCH,    // of a layer: until its first byte is there
    TIMING_READ,     // of a layer: fetching the rest, hashing and scanning it, all at once
    TIMING_KEEP,     // of a layer: putting what was found into the store
    TIMING_COALESCE, // merging the layers
    TIMING_STORE,    // putting the image into the store
    TIMINGS,
};
void metrics_timing(struct metrics *metrics, enum index_timing timing, double seconds);

void metrics_layer_read(struct metrics *metrics, uint64_t bytes, uint64_t unpacked);
void metrics_layer_reused(struct metrics *metrics);

// A layer that failed, or was not read to its end. Of a limit it counts which one.
void metrics_layer_failed(struct metrics *metrics, const struct error *why);

void metrics_report(struct metrics *metrics, double seconds);
void metrics_report_cached(struct metrics *metrics, bool hit);

// A run of the feed; `outcome` NULL when our own store failed.
void metrics_feed(struct metrics *metrics, const struct feed *feed, const struct feed_outcome *outcome, double seconds);

// Of one of the exporters ("traces", "metrics"): so many spans or values were sent, or given up.
enum export_signal { EXPORT_TRACES, EXPORT_METRICS, EXPORT_SIGNALS };
void metrics_exported(struct metrics *metrics, enum export_signal signal, uint64_t sent, uint64_t lost);

// For connections to the store (store_observe). NULL for NULL.
struct db_timings *metrics_db(struct metrics *metrics);

void metrics_write(struct metrics *metrics, const char *scheme, struct metric_sink *sink);
