// Content codings (RFC 9110, 8.4.1), part by part.
#pragma once

#include "base/buf.h"

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_ZSTD, CODING_REFUSED, CODING_UNKNOWN };

// As Content-Encoding names it; NULL for one that bytes are not changed by.
const char *coding_name(enum coding coding);

struct encoder;

// NULL for a coding without a name.
struct encoder *encoder_new(enum coding coding);
void encoder_free(struct encoder **e); // NULL is fine

// Appends the encoded part, all of it: whoever has what came so far can decode it. After the last part nothing may
// follow. False when the library fails, which it has no reason to.
bool encoder_add(struct encoder *e, struct slice part, bool last, struct buf *out);
