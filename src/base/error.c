#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void error_text_set(struct error *err, enum error_code code, const char *format, ...)
{
    char raw[ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    err->code = code;
    utf8_printable(err->text, sizeof err->text, slice_str(raw));
}

void error_text_wrap(struct error *err, const char *format, ...)
{
    char context[ERROR_TEXT], whole[2 * ERROR_TEXT + 4];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s: %s", context, err->text);
    utf8_printable(err->text, sizeof err->text, slice_str(whole));
}

void error_text_errno(struct error *err, const char *format, ...)
{
    int number = errno;
    char what[ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    error_set(err, ERR_IO, "%s: %s", what, strerror(number));
}

void error_hint(struct error *err, const char *hint)
{
    size_t n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, " (%s)", hint);
}
