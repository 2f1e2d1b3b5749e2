// Traces and metrics on their way out: a thread each that sends what there is, and never holds up anybody.
#pragma once

#include "service/config.h"
#include "service/metrics.h"
#include "telemetry/span.h"

struct telemetry_options {
    const struct config *config;
    const char *role;                                      // "combo"
    struct metrics *metrics;                               // for what was sent, and lost
    void (*tell)(void *context, struct metric_sink *sink); // tells all metrics; called on a thread of its own
    void *context;
};

struct telemetry;

// `options` and what it leads to must live as long. NULL with an error. Without traces and pushed metrics in the
// configuration it costs nothing.
struct telemetry *telemetry_new(const struct telemetry_options *options, struct error *err);

// NULL when there are no traces.
struct tracer *telemetry_tracer(struct telemetry *telemetry);

// Starts sending: metrics can be told from now on. ERR_IO when there is no thread to be had.
bool telemetry_start(struct telemetry *telemetry, struct error *err);

// Sends what is there (limit telemetry_flush_seconds), the metrics a last time, and ends the threads. Spans may still
// end, but go nowhere. Harmless when they were never started.
void telemetry_stop(struct telemetry *telemetry);

void telemetry_free(struct telemetry **telemetry); // after the last span; NULL is fine
