// Finished answers, kept by a tag of all that they are made of: under one tag there is only one answer for ever, so
// nothing has to be thrown away but for room. The least recently asked for goes first.
#pragma once

#include "base/buf.h"

struct cache;

// Keeps at most so many bytes of answers and their tags; 0: nothing.
struct cache *cache_new(uint64_t bytes);
void cache_free(struct cache **cache); // NULL is fine

// Safe from several threads. Appends the answer; false when it is not there.
bool cache_get(struct cache *cache, struct slice tag, struct buf *out);
void cache_put(struct cache *cache, struct slice tag, struct slice answer);
