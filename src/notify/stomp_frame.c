#include "notify/stomp_frame.h"

// ---- reading --------------------------------------------------------------------------------------------------------

// "\r", "\n", "\c" and "\\"; anything else behind a backslash is wrong.
static bool unescape(struct slice s, struct arena *a, struct slice *out, struct error *err)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\') {
            char escaped = ++i < s.n ? s.p[i] : '\0';
            c = escaped == 'r' ? '\r' : escaped == 'n' ? '\n' : escaped == 'c' ? ':' : escaped == '\\' ? '\\' : '\0';
            if (c == '\0')
                return error_set(err, ERR_FORMAT, "a frame has an unknown escape in a header");
        }
        p[n++] = c;
    }
    *out = slice_of(p, n);
    return true;
}

// A line without its end. False when that is not there yet.
static bool take_line(struct slice *rest, struct slice *line)
{
    ptrdiff_t end = slice_find(*rest, '\n');
    if (end < 0)
        return false;
    *line = slice_of(rest->p, (size_t)end);
    if (slice_ends(*line, SLICE("\r")))
        line->n--;
    *rest = slice_from(*rest, (size_t)end + 1);
    return true;
}

static bool take_header(struct slice line, bool escaped, const struct limits *limits, struct arena *a,
                        struct stomp_frame *frame, struct error *err)
{
    struct slice name, value;
    if (!slice_cut(line, ':', &name, &value) || name.n == 0)
        return error_set(err, ERR_FORMAT, "a frame has a header without a name and a colon");
    if (frame->headers_n >= limits->stomp_headers)
        return error_set(err, ERR_LIMIT, "a frame has more than the %llu headers that limit stomp_headers allows",
                         (unsigned long long)limits->stomp_headers);
    struct stomp_header *header = &frame->headers[frame->headers_n++];
    *header = (struct stomp_header){name, value};
    return !escaped || (unescape(name, a, &header->name, err) && unescape(value, a, &header->value, err));
}

// What is behind the header, and the NUL behind it.
static enum stomp_taken take_body(struct slice *rest, struct stomp_frame *frame, const struct limits *limits,
                                  struct error *err)
{
    uint64_t length;
    struct slice given = stomp_frame_header(frame, "content-length");
    if (given.n == 0) {
        ptrdiff_t end = slice_find(*rest, '\0');
        if (end < 0)
            return STOMP_MORE;
        length = (uint64_t)end;
    } else if (!slice_to_u64(given, &length)) {
        error_set(err, ERR_FORMAT, "a frame's content-length is no number");
        return STOMP_WRONG;
    } else if (length > limits->stomp_frame_bytes) {
        error_set(err, ERR_LIMIT, "a frame has more than the %llu bytes that limit stomp_frame_bytes allows",
                  (unsigned long long)limits->stomp_frame_bytes);
        return STOMP_WRONG;
    }
    if (rest->n <= length)
        return STOMP_MORE;
    if (rest->p[length] != '\0') {
        error_set(err, ERR_FORMAT, "a frame does not end with a NUL");
        return STOMP_WRONG;
    }
    frame->body = slice_of(rest->p, (size_t)length);
    *rest = slice_from(*rest, (size_t)length + 1);
    return STOMP_FRAME;
}

static void skip_line_ends(struct slice *bytes)
{
    while (slice_starts(*bytes, SLICE("\n")) || slice_starts(*bytes, SLICE("\r\n")))
        *bytes = slice_from(*bytes, bytes->p[0] == '\r' ? 2 : 1);
}

enum stomp_taken stomp_frame_take(struct slice *bytes, const struct limits *limits, struct arena *a,
                                  struct stomp_frame *frame, struct error *err)
{
    skip_line_ends(bytes);
    struct slice rest = *bytes, line;
    enum stomp_taken taken = STOMP_MORE;
    *frame = (struct stomp_frame){.headers = ARENA_NEW(a, struct stomp_header, (size_t)limits->stomp_headers)};
    if (take_line(&rest, &frame->command)) {
        bool escaped = !slice_eq(frame->command, SLICE("CONNECTED"));
        while (take_line(&rest, &line)) {
            if (line.n == 0) {
                taken = take_body(&rest, frame, limits, err);
                break;
            }
            if (!take_header(line, escaped, limits, a, frame, err))
                return STOMP_WRONG;
        }
    }
    if (taken == STOMP_FRAME) {
        *bytes = rest;
    } else if (taken == STOMP_MORE && bytes->n > limits->stomp_frame_bytes) {
        error_set(err, ERR_LIMIT, "a frame has more than the %llu bytes that limit stomp_frame_bytes allows",
                  (unsigned long long)limits->stomp_frame_bytes);
        return STOMP_WRONG;
    }
    return taken;
}

struct slice stomp_frame_header(const struct stomp_frame *frame, const char *name)
{
    for (size_t i = 0; i < frame->headers_n; i++)
        if (slice_eq(frame->headers[i].name, slice_str(name)))
            return frame->headers[i].value;
    return SLICE("");
}

// ---- writing --------------------------------------------------------------------------------------------------------

void stomp_write_command(struct buf *out, const char *command)
{
    buf_adds(out, command);
    buf_addc(out, '\n');
}

void stomp_write_header(struct buf *out, const char *name, struct slice value, bool escaped)
{
    buf_adds(out, name);
    buf_addc(out, ':');
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        const char *escape = c == '\r' ? "\\r" : c == '\n' ? "\\n" : c == ':' ? "\\c" : c == '\\' ? "\\\\" : NULL;
        if (escaped && escape != NULL)
            buf_adds(out, escape);
        else
            buf_addc(out, c);
    }
    buf_addc(out, '\n');
}

void stomp_write_body(struct buf *out, struct slice body)
{
    buf_addc(out, '\n');
    buf_add(out, body);
    buf_addc(out, '\0');
}
