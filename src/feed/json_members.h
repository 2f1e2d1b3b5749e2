// Reads one huge JSON object member by member, or a huge array in it element by element, without ever holding more than
// one of them in memory.
#pragma once

#include "base/json.h"
#include "base/limits.h"
#include "base/reader.h"

// Reads a file whole, as one document: for those that are small. ERR_LIMIT over limits.feed_member_bytes; NULL on
// errors.
yyjson_doc *json_read_all(struct reader *r, const struct limits *limits, struct error *err);

// Called with the text of an object that has just the one member: {"key":value}. It is complete and its brackets are
// balanced, but not yet parsed: what is inside may still be no JSON.
typedef bool json_member_fn(void *context, struct slice object, struct error *err);

// Reads an object to its end, and the stream to its end. False with ERR_FORMAT (and the byte) when the stream is no
// object, is cut short or goes on behind it, ERR_LIMIT for a member over limits.feed_member_bytes, or what `take` says.
bool json_for_each_member(struct reader *r, const struct limits *limits, json_member_fn *take, void *context,
                          struct error *err);

// The same for an object that holds an array under `key`: `take` is called with the text of each element of it. What
// else the object has must be JSON, and is passed over. ERR_FORMAT when there is no such array.
bool json_for_each_element(struct reader *r, const char *key, const struct limits *limits, json_member_fn *take,
                           void *context, struct error *err);
