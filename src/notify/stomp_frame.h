// Frames of STOMP 1.2 (https://stomp.github.io/stomp-specification-1.2.html), as text and back.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

struct stomp_header {
    struct slice name, value; // unescaped
};

struct stomp_frame {
    struct slice command;
    struct stomp_header *headers;
    size_t headers_n;
    struct slice body;
};

enum stomp_taken { STOMP_FRAME, STOMP_MORE, STOMP_WRONG };

// Takes one frame off the front of `bytes`, with the ends of lines before it (heart-beats); what it holds lives in the
// arena or in the bytes. STOMP_MORE: it is not complete yet; then only the ends of lines are taken. STOMP_WRONG:
// ERR_FORMAT, ERR_LIMIT (stomp_frame_bytes, stomp_headers).
enum stomp_taken stomp_frame_take(struct slice *bytes, const struct limits *limits, struct arena *a,
                                  struct stomp_frame *frame, struct error *err);

// A header's value; of several with that name the first. Empty when there is none.
struct slice stomp_frame_header(const struct stomp_frame *frame, const char *name);

// Writing a frame: its command, then its headers, then its body. In a CONNECT values are not escaped, so that they must
// not have any line's end.
void stomp_write_command(struct buf *out, const char *command);
void stomp_write_header(struct buf *out, const char *name, struct slice value, bool escaped);
void stomp_write_body(struct buf *out, struct slice body);
