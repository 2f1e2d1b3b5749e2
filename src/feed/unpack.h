// What a feed's file is packed in, told by its first bytes.
#pragma once

#include "base/limits.h"
#include "base/reader.h"

// Takes `packed` over and gives a reader of what is in it: gzip and zstd are unpacked (up to
// limits.feed_unpacked_bytes), other bytes are given as they are. False, with `packed` closed, for bzip2 and xz
// (ERR_UNSUPPORTED), or when it cannot be read.
bool unpack(struct reader *packed, const struct limits *limits, struct reader **body, struct error *err);
