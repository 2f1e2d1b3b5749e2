// What the harnesses of feeds share.
#pragma once

#include "fuzz.h"

#include "feed/feed.h"

// Reads the bytes as a file of the feed named so.
static inline void fuzz_feed(const char *feed, const char *scope, const uint8_t *data, size_t size)
{
    struct limits limits = fuzz_limits();
    struct segment_builder *builder = segment_builder_new(feed, NULL);
    struct reader *r READER_AUTO = fuzz_reader(data, size);
    struct feed_tally tally = {0};
    struct feed_input input = {
        .body = r, .file = -1, .scope = slice_str(scope), .builder = builder, .limits = &limits, .tally = &tally};
    struct error err;
    feed_named(slice_str(feed))->parse(&input, &err);
    segment_builder_free(&builder);
}
