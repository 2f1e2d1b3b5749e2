// What is counted and timed, and how it is told.
//
// Counters and histograms are plain memory that any number of threads may add to; whoever owns them says what they mean
// when they are told: a metric, then each of its values with its labels, to a sink. Prometheus' text and OTLP's JSON
// are sinks, so both tell the same.
#pragma once

#include "base/buf.h"

#include <stdatomic.h>

typedef atomic_ullong counter;

static inline void counter_add(counter *c, uint64_t n)
{
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static inline uint64_t counter_read(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

// ---- histograms -----------------------------------------------------------------------------------------------------

#define HISTOGRAM_BOUNDS 14

// Upper bounds of the buckets, each included in its own, in seconds.
extern const double histogram_short[HISTOGRAM_BOUNDS]; // half a millisecond to 30 seconds: answers, statements
extern const double histogram_long[HISTOGRAM_BOUNDS];  // 5 milliseconds to an hour: layers, feeds

// All zero but for `bounds`, which is one of the above, it is empty.
struct histogram {
    const double *bounds;
    counter buckets[HISTOGRAM_BOUNDS + 1]; // not summed up; the last: over all bounds
    counter nanoseconds;
};

// Adds a duration in seconds. Harmless for NULL.
void histogram_add(struct histogram *h, double seconds);

// A histogram at one moment. What is added meanwhile may be in `sum` and not in the buckets, or the other way round.
struct histogram_reading {
    const double *bounds;
    uint64_t buckets[HISTOGRAM_BOUNDS + 1]; // not summed up
    uint64_t count;                         // their sum
    double sum;
};
void histogram_read(const struct histogram *h, struct histogram_reading *reading);

// ---- telling --------------------------------------------------------------------------------------------------------

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_spec {
    enum metric_kind kind;
    const char *name; // for Prometheus: "clarion_layers_read_total"
    const char *otlp; // for OpenTelemetry, without unit and "total": "clarion.layers.read"
    const char *unit; // as UCUM writes it: "s", "By", "{layer}"
    const char *help;
};

// Names and values are for programs: literals, or of a bounded set. Values may hold any bytes.
struct metric_label {
    const char *name;      // for Prometheus; NULL: not told there
    const char *attribute; // for OpenTelemetry; NULL: not told there
    const char *value;
    bool is_number; // OpenTelemetry's attribute is an integer
};

struct metric_sink {
    // The values that follow are of this one; it has not been told before. One without values is not told at all.
    void (*metric)(struct metric_sink *sink, const struct metric_spec *metric);
    void (*number)(struct metric_sink *sink, const struct metric_label *labels, size_t n, double value);
    void (*histogram)(struct metric_sink *sink, const struct metric_label *labels, size_t n,
                      const struct histogram_reading *reading);
};

// A metric of one value without labels.
void metric_tell(struct metric_sink *sink, const struct metric_spec *metric, double value);

// ---- prometheus.c ---------------------------------------------------------------------------------------------------

// Writes Prometheus' text exposition format, version 0.0.4.
struct prometheus_sink {
    struct metric_sink base;
    const struct metric_spec *metric;
    bool headed; // the metric's HELP and TYPE are written
    struct buf *out;
};
struct prometheus_sink prometheus_sink(struct buf *out);
