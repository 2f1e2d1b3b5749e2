// The headers of Trace Context: what is taken is what it was read from, and what may be passed on has nothing in it
// that a header must not have.
#include "fuzz.h"

#include "http/headers.h"
#include "telemetry/traceparent.h"

#include <stdio.h>

static void same_bytes(const unsigned char *bytes, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", bytes[i]);
        if (memcmp(hex, text + 2 * i, 2) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct trace_context context;
    if (traceparent_parse(text, &context)) {
        same_bytes(context.trace_id, TRACE_ID_BYTES, text.p + 3);
        same_bytes(context.span_id, SPAN_ID_BYTES, text.p + 36);
        same_bytes(&context.flags, 1, text.p + 53);
    }
    if (tracestate_valid(text) && (size > TRACESTATE_BYTES || !header_value_is_safe(slice_trim(text))))
        abort();
    return 0;
}
