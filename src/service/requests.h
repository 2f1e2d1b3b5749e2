// What clients send, read as Clair v4 reads it: its words for what is wrong are part of what clients see.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

// A digest as claircore reads them. Errors: ERR_FORMAT, in its words.
bool request_digest(struct slice text, struct digest *digest, struct error *err);

// A body that is a JSON array of digests. Errors: ERR_FORMAT, without context.
bool request_digests(struct slice body, struct arena *a, struct digest **digests, size_t *n, struct error *err);

// Go's strconv.ParseBool: 1, t, T, TRUE, true, True and their opposites. False for anything else.
bool request_bool(struct slice text, bool *value);
