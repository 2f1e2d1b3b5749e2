#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum log_level threshold = LOG_WARN;
static bool as_json;
static struct {
    void (*prepare)(void *context);
    void *context;
} before;
static _Thread_local const char *request;
static _Thread_local struct {
    const char *trace_id, *span_id;
} span;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(enum log_level level, bool json)
{
    threshold = level;
    as_json = json;
}

void log_request(const char *id)
{
    request = id;
}

void log_span(const char *trace_id, const char *span_id)
{
    span.trace_id = trace_id;
    span.span_id = span_id;
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

void log_before(void (*prepare)(void *context), void *context)
{
    before.context = context;
    before.prepare = prepare;
}

bool log_enabled(enum log_level level)
{
    return level <= threshold;
}

// Puts a backslash before what JSON wants escaped; the text has no control characters any more.
static void escape(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; *text != '\0' && n + 3 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[n] = '\0';
}

// What the message is about, as members of the object; ids need no escaping.
static void about(char *out, size_t size)
{
    int n = 0;
    if (request != NULL)
        n = snprintf(out, size, "\"request\":\"%s\",", request);
    if (span.trace_id != NULL)
        snprintf(out + n, size - (size_t)n, "\"trace_id\":\"%s\",\"span_id\":\"%s\",", span.trace_id, span.span_id);
}

void log_message(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    char raw[2048], clean[2048], escaped[4096], line[4800];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    utf8_printable(clean, sizeof clean, slice_str(raw));
    int n;
    if (as_json) {
        char now[CLOCK_TEXT];
        clock_format(clock_now(), now);
        escape(escaped, sizeof escaped, clean);
        char ids[256] = "";
        about(ids, sizeof ids);
        n = snprintf(line, sizeof line, "{\"time\":\"%s\",\"level\":\"%s\",%s\"message\":\"%s\"}\n", now,
                     level_names[level], ids, escaped);
    } else {
        n = snprintf(line, sizeof line, "clarion: %s%s%s%s%s\n", request != NULL ? "[" : "",
                     request != NULL ? request : "", request != NULL ? "] " : "", level == LOG_WARN ? "warning: " : "",
                     clean);
    }
    if (before.prepare != NULL)
        before.prepare(before.context);
    // One write a line, so that the lines of threads and processes do not mix.
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)n);
    (void)ignored;
}
