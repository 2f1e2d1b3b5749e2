// Who asked, as a request's headers say it: W3C Trace Context, Recommendation of 23 November 2021 (level 1).
#pragma once

#include "base/slice.h"

#define TRACE_ID_BYTES     16
#define SPAN_ID_BYTES      8
#define TRACE_FLAG_SAMPLED 0x01
#define TRACESTATE_BYTES   512 // what 3.3.1.5 asks to be passed on
#define TRACESTATE_MEMBERS 32  // the most that 3.3.1.1 allows

// A span and the trace that it belongs to.
struct trace_context {
    unsigned char trace_id[TRACE_ID_BYTES];
    unsigned char span_id[SPAN_ID_BYTES];
    unsigned char flags; // of traceparent's trace-flags
};

// Reads the value of a traceparent header (3.2). Of a version that is not known, what version 00 has is read. False for
// anything else, ids of nothing but zeros among them: the trace then starts anew.
bool traceparent_parse(struct slice text, struct trace_context *context);

// May the value of a tracestate header (3.3) be passed on as it is?
bool tracestate_valid(struct slice text);
