// Decompression of a layer: gzip (all members), zstd (all frames) or none, told by the first bytes.
#pragma once

#include "base/limits.h"
#include "base/reader.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

const char *compression_name(enum compression c); // "none", "gzip", "zstd"

// What an inflater has seen so far; filled as it reads.
struct inflate_stats {
    enum compression compression;
    uint64_t bytes_in, bytes_out;
    uint64_t trailing; // bytes after the last gzip member that are neither a member nor zero padding: ignored, counted
};

// How much may come out.
struct inflate_bounds {
    uint64_t bytes;
    const char *bytes_name; // the limit's name, for the error
    uint64_t ratio;         // bytes out for one byte in, judged once a GiB has come out
    uint64_t window;        // of a zstd stream
};

// Those of a layer: layer_bytes, layer_ratio and zstd_window_bytes.
struct inflate_bounds inflate_bounds_of_layer(const struct limits *limits);

// Wraps `source` (which it then owns and closes) in an inflater; never NULL. Errors when read: ERR_FORMAT for a stream
// is cut short, has a wrong check sum or is no such stream; ERR_LIMIT for the bounds, naming limit and value.
// `stats` must outlive the reader; NULL is fine.
struct reader *inflate_reader(struct reader *source, struct inflate_bounds bounds, struct inflate_stats *stats);
