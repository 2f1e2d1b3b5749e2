// Spans and metrics as OpenTelemetry's collectors take them: OTLP 1, its JSON encoding.
//
// Sources: opentelemetry-proto 1.x, trace.proto, metrics.proto, common.proto, resource.proto and docs/specification.md,
// "JSON Protobuf Encoding": names in lowerCamelCase, ids in hex, enumerations as numbers, 64-bit integers as decimal
// strings.
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "telemetry/metric.h"
#include "telemetry/span.h"

// Which process this is (semantic conventions, resource/service).
struct otlp_resource {
    const char *instance; // service.instance.id: another one at each start
    const char *role;     // "combo"
};

// Adds an ExportTraceServiceRequest of these spans and all behind them.
void otlp_spans_write(const struct span *spans, const struct otlp_resource *resource, struct buf *out);

// Gathers an ExportMetricsServiceRequest. Counters and histograms are cumulative, since `started`.
struct otlp_sink {
    struct metric_sink base;
    yyjson_mut_doc *doc;
    yyjson_mut_val *metrics, *points; // `points` of the metric; NULL: none yet
    const struct metric_spec *metric;
    uint64_t started, now; // nanoseconds since 1970
    size_t points_n;       // of all metrics
};
struct otlp_sink otlp_sink(const struct otlp_resource *resource, uint64_t started);

// Adds what was gathered, and forgets it.
void otlp_sink_write(struct otlp_sink *sink, struct buf *out);

// What a collector answers: how many it has not taken, and why (Export…PartialSuccess). `text` must be printable by who
// shows it. False when it took all, or says nothing that can be read: then it is taken to have taken all.
bool otlp_partial(struct slice answer, struct arena *a, uint64_t *rejected, struct slice *text);
