// Reads a zip archive member by member, by place, without ever holding more than one of them in memory.
#pragma once

#include "base/limits.h"
#include "base/slice.h"

// Called with each file of the archive, unpacked. Its name and contents are valid until it returns.
typedef bool zip_member_fn(void *context, struct slice name, struct slice content, struct error *err);

// Reads the archive that the descriptor, which stays the caller's, is open at. Every member must be whole and of the
// size and the check sum that the central directory tells. False with ERR_FORMAT when the archive is damaged or its
// members overlap, ERR_LIMIT beyond limits.feed_members, feed_member_bytes or feed_unpacked_bytes, ERR_UNSUPPORTED for
// what is encrypted or packed by a rare method, or what `take` says: each with the member's name.
bool zip_for_each_member(int fd, const struct limits *limits, zip_member_fn *take, void *context, struct error *err);
