#include "telemetry/traceparent.h"

#define LENGTH 55 // "00-" 32 "-" 16 "-" 2

// In lower case only, as the grammar (3.2.2) has it.
static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_bytes(struct slice text, unsigned char *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = digit(text.p[2 * i]), low = digit(text.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool any(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return true;
    return false;
}

bool traceparent_parse(struct slice text, struct trace_context *context)
{
    unsigned char version;
    *context = (struct trace_context){0};
    if (text.n < LENGTH || !take_bytes(text, &version, 1) || version == 0xff ||
        (text.n != LENGTH && (version == 0 || text.p[LENGTH] != '-')))
        return false;
    return text.p[2] == '-' && take_bytes(slice_from(text, 3), context->trace_id, TRACE_ID_BYTES) &&
           text.p[35] == '-' && take_bytes(slice_from(text, 36), context->span_id, SPAN_ID_BYTES) &&
           text.p[52] == '-' && take_bytes(slice_from(text, 53), &context->flags, 1) &&
           any(context->trace_id, TRACE_ID_BYTES) && any(context->span_id, SPAN_ID_BYTES);
}

// 3.3.1.3.1: letters, digits and a few signs, in lower case, with at most one '@'.
static bool key_valid(struct slice key)
{
    size_t at = 0;
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (i == 0 || (c != '_' && c != '-' && c != '*' && c != '/' && c != '@')))
            return false;
        at += c == '@';
    }
    return key.n != 0 && key.n <= 256 && at <= 1;
}

// 3.3.1.3.2: visible ASCII and blanks, without ',' and '=' and not ending in a blank.
static bool value_valid(struct slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < 0x20 || value.p[i] > 0x7e || value.p[i] == ',' || value.p[i] == '=')
            return false;
    return value.n != 0 && value.n <= 256 && value.p[value.n - 1] != ' ';
}

// Blanks and tabs only: a line's end has no place in a header.
static struct slice trim(struct slice s)
{
    while (s.n != 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_from(s, 1);
    while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

bool tracestate_valid(struct slice text)
{
    struct slice member, rest = text, key, value;
    size_t n = 0;
    if (text.n == 0 || text.n > TRACESTATE_BYTES)
        return false;
    while (rest.n != 0) {
        slice_cut(rest, ',', &member, &rest);
        member = trim(member);
        if (member.n == 0) // which 3.3.1.2 allows
            continue;
        if (++n > TRACESTATE_MEMBERS || !slice_cut(member, '=', &key, &value) || !key_valid(key) || !value_valid(value))
            return false;
    }
    return n != 0;
}
