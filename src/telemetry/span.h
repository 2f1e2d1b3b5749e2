// Spans: what was done for whom, when, and for how long; for OpenTelemetry's collectors.
//
// A span is made by one thread and ended by it; others may make children of it meanwhile, so a parent must be ended
// after its last child was made. Without a tracer, and in a trace that is not sampled, a span is NULL: all functions
// take that, and then do nothing and allocate nothing. Ended spans wait in a queue of bounded length until whoever
// exports them takes them; those that it has no room for are counted.
//
// The model: OpenTelemetry specification, trace/api.md and trace/sdk.md.
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "telemetry/traceparent.h"

struct tracer_options {
    const struct limits *limits; // span_queue, span_text_bytes
    double probability;          // of a trace that nobody else has decided about, from 0 to 1
    bool all;                    // sample every trace, whatever whoever asks says
};

struct tracer;

// `options` need not live as long, the limits must. Never NULL.
struct tracer *tracer_new(const struct tracer_options *options);

// No span may be left. NULL is fine.
void tracer_free(struct tracer **tracer);

// As OTLP numbers them (trace.proto, SpanKind).
enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 };

#define SPAN_ATTRIBUTES 16 // what is beyond them is counted

// Where a text of a span is. They stand in one buffer, since thousands of spans may wait, each with little to say.
struct span_part {
    size_t at, n;
};

struct span_attribute {
    const char *key; // a literal
    bool is_number;
    int64_t number;
    struct span_part text;
};

// To be looked at by exporters only.
struct span {
    struct tracer *tracer;
    struct trace_context context;
    unsigned char parent[SPAN_ID_BYTES];
    bool has_parent, remote;                                                   // the parent is another process's
    char trace_text[2 * TRACE_ID_BYTES + 1], span_text[2 * SPAN_ID_BYTES + 1]; // in hex
    enum span_kind kind;
    struct span_part name;
    char *state;         // of tracestate; never changes, since children copy it; NULL: none
    uint64_t start, end; // nanoseconds since 1970
    double begun;        // on the monotonic clock, which no one sets
    struct span_attribute attributes[SPAN_ATTRIBUTES];
    size_t attributes_n, attributes_lost;
    bool failed;
    struct span_part problem; // with `failed`
    struct buf texts;
    struct span *next;
};

// The first span of a trace of our own; sampled by chance. `name` is a literal.
struct span *span_root(struct tracer *tracer, enum span_kind kind, const char *name);

// The first one in this process, of a trace that a traceparent header names; p == NULL or a malformed one: of a new
// trace.
struct span *span_remote(struct tracer *tracer, const char *name, struct slice traceparent, struct slice tracestate);

struct span *span_child(const struct span *parent, enum span_kind kind, const char *name);

// What it is called, when that is known later than that it began; copied.
void span_name(struct span *span, struct slice name);

// Foreign bytes may be in it; what is longer than the limit span_text_bytes is cut off.
void span_text(struct span *span, const char *key, struct slice text);
void span_number(struct span *span, const char *key, int64_t number);

// It did not go well.
void span_fail(struct span *span, struct slice problem);

void span_end(struct span **span); // sets it to NULL
#define SPAN_AUTO __attribute__((cleanup(span_end)))

// What this thread logs from now on belongs to that span, which must live until then; NULL: to none.
void span_log(const struct span *span);

// ---- for exporters --------------------------------------------------------------------------------------------------

// Valid until more is said of the span.
struct slice span_slice(const struct span *span, struct span_part part);

// Takes up to `most` ended spans; waits until so many are there, `seconds` have passed, or tracer_stop. NULL: none.
struct span *tracer_take(struct tracer *tracer, size_t most, double seconds);

// From now on tracer_take does not wait. Spans may still end.
void tracer_stop(struct tracer *tracer);

void spans_free(struct span *spans); // and all behind it

struct tracer_load {
    size_t queued;
    uint64_t ended;   // since the start
    uint64_t dropped; // of these, for want of room in the queue
};
struct tracer_load tracer_load(struct tracer *tracer); // all zero for NULL
