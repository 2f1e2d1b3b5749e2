// Messages for the operator, on standard error: one line each, plain or as JSON. Data never goes through here.
#pragma once

#include "base/slice.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

// To be called before threads start. The default: warnings and errors, plain.
void log_setup(enum log_level level, bool json);

// What this thread does from now on is for that request: its id stands in each message. NULL: for none any more. The
// text, of letters, digits, '-', '_' and '.', must live until then.
void log_request(const char *id);

// The same for a span of a trace: their ids, in hex, stand in each message that is JSON. NULL: none any more.
void log_span(const char *trace_id, const char *span_id);

// Says more or less from now on. To be called before threads start, too.
void log_set_level(enum log_level level);

// Called before each message, by the thread that has it: whatever else is on the terminal is to go. NULL: nothing any
// more. To be called while no other thread has something to say.
void log_before(void (*prepare)(void *context), void *context);

bool log_enabled(enum log_level level);

// Foreign bytes in the arguments are made harmless (utf8_printable).
void log_message(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_message(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)
