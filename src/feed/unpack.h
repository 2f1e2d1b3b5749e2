// What a feed's file is packed in, told by its first bytes.
#pragma once

#include "base/limits.h"
#include "base/reader.h"

// Takes `packed` over and gives a reader of what is in it: gzip, zstd, bzip2 and xz are unpacked (up to
// limits.feed_unpacked_bytes), other bytes are given as they are. False, with `packed` closed, when it cannot be read.
bool unpack(struct reader *packed, const struct limits *limits, struct reader **body, struct error *err);

// A reader of what the bzip2 (xz) stream `packed`, which it takes over, unpacks to. Never NULL. Errors when read:
// ERR_FORMAT for a stream that is cut short, has a wrong check sum or is none; ERR_LIMIT for more than
// limits.feed_unpacked_bytes, and, of xz, for a dictionary that takes more memory than limits.zstd_window_bytes.
struct reader *unpack_bzip2(struct reader *packed, const struct limits *limits);
struct reader *unpack_xz(struct reader *packed, const struct limits *limits);
