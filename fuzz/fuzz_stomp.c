// Frames of STOMP from a broker: whatever comes, a frame's parts lie within what came, nothing is taken twice, and what
// is written comes back as it was.
#include "fuzz.h"

#include "notify/stomp_frame.h"

static void check_within(struct slice part, struct slice whole)
{
    if (part.n != 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

// A header's value, written and read again.
static void check_escapes(const struct limits *limits, struct slice value)
{
    struct arena a ARENA_AUTO = {0};
    struct buf text BUF_AUTO = {0};
    struct stomp_frame frame;
    struct error err;
    stomp_write_command(&text, "SEND");
    stomp_write_header(&text, "value", value, true);
    stomp_write_body(&text, SLICE("body"));
    struct slice bytes = buf_slice(&text);
    if (stomp_frame_take(&bytes, limits, &a, &frame, &err) != STOMP_FRAME || bytes.n != 0 ||
        !slice_eq(stomp_frame_header(&frame, "value"), value) || !slice_eq(frame.body, SLICE("body")))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = fuzz_limits();
    struct slice whole = slice_of((const char *)data, size), bytes = whole;
    limits.stomp_frame_bytes = 4 * KIB;
    limits.stomp_headers = 8;
    for (;;) {
        struct arena a ARENA_AUTO = {0};
        struct stomp_frame frame;
        struct error err;
        size_t before = bytes.n;
        enum stomp_taken taken = stomp_frame_take(&bytes, &limits, &a, &frame, &err);
        if (taken == STOMP_FRAME && bytes.n >= before)
            abort();
        if (taken == STOMP_MORE && bytes.n > limits.stomp_frame_bytes)
            abort();
        if (taken != STOMP_FRAME)
            break;
        check_within(frame.command, whole);
        check_within(frame.body, whole);
        if (frame.headers_n > limits.stomp_headers)
            abort();
    }
    if (size <= 1 * KIB)
        check_escapes(&limits, whole);
    return 0;
}
