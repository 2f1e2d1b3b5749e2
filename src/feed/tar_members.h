// Reads a tar archive member by member, without ever holding more than one of them in memory.
#pragma once

#include "feed/zip_members.h"
#include "layer/tar.h"

// The contents of a member, all at once, in place of what is in `text`. ERR_LIMIT over limits.feed_member_bytes.
bool tar_read_member(struct tar *tar, const struct tar_entry *entry, const struct limits *limits, struct buf *text,
                     struct error *err);

// Calls `take` with each regular file of the archive that `body` unpacks to. False when the archive is damaged or cut
// short, for a member over limits.feed_member_bytes, or what `take` says: each with the member's name.
bool tar_for_each_member(struct reader *body, const struct limits *limits, zip_member_fn *take, void *context,
                         struct error *err);
