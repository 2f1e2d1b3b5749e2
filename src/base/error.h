// Errors are for people: what happened, to which image, layer, path or line; which limit; what to do next.
//
// A function that can fail answers false (or NULL) and fills a `struct error`. Callers put their own context in front
// with error_wrap, so that a message reads from the outside in:
//   "layer sha256:…: var/lib/dpkg/status: line 812: no Version".
#pragma once

#include "base/slice.h"

enum error_code {
    ERR_NONE,
    ERR_USAGE,       // the command line or a request is wrong
    ERR_IO,          // the operating system refused: files, disk, memory
    ERR_NOT_FOUND,   // what was asked for does not exist
    ERR_FORMAT,      // bytes that do not follow their format
    ERR_LIMIT,       // a named limit was reached
    ERR_DIGEST,      // bytes that are not those that their digest names
    ERR_NETWORK,     // a peer did not answer, or answered with an error
    ERR_REFUSED,     // a rule for addresses, credentials or TLS forbids it
    ERR_UNSUPPORTED, // well-formed, but nothing that Clarion can read
    ERR_STORE,       // the database refused
    ERR_CRASH,       // a worker died
};

#define ERROR_TEXT 1024

// All zero means that nothing went wrong. The text is terminated, valid UTF-8 and free of control characters, however
// hostile the bytes that went into it; what does not fit is cut off.
struct error {
    enum error_code code;
    char text[ERROR_TEXT];
};

// All three are false, so that `return error_set(…)` reads well; macros, so that compilers and analysers know it.
// `err` must not be NULL.
//
// error_set(struct error *err, enum error_code code, const char *format, ...)
#define error_set(err, code, ...)                                                                                      \
    ({                                                                                                                 \
        error_text_set((err), (code), __VA_ARGS__);                                                                    \
        false;                                                                                                         \
    })

// error_wrap(struct error *err, const char *format, ...): puts "context: " in front of the text that is there.
#define error_wrap(err, ...)                                                                                           \
    ({                                                                                                                 \
        error_text_wrap((err), __VA_ARGS__);                                                                           \
        false;                                                                                                         \
    })

// error_errno(struct error *err, const char *format, ...): ERR_IO, with the text of errno behind it: "cannot open x: No
// such file or directory".
#define error_errno(err, ...)                                                                                          \
    ({                                                                                                                 \
        error_text_errno((err), __VA_ARGS__);                                                                          \
        false;                                                                                                         \
    })

// What to do next, in brackets behind the text that is there; as far as it has room.
void error_hint(struct error *err, const char *hint);

void error_text_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void error_text_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_text_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
