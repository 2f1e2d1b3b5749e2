// What the harnesses of feeds share.
#pragma once

#include "fuzz.h"

#include "feed/feed.h"

#include <sys/mman.h>
#include <unistd.h>

// Has the feed named so read what is in `input`.
static inline void fuzz_feed_input(const char *feed, struct feed_input *input)
{
    struct limits limits = fuzz_limits();
    struct segment_builder *builder = segment_builder_new(feed, NULL);
    struct feed_tally tally = {0};
    struct error err;
    input->builder = builder;
    input->limits = &limits;
    input->tally = &tally;
    feed_named(slice_str(feed))->parse(input, &err);
    segment_builder_free(&builder);
}

// Reads the bytes as a file of that feed.
static inline void fuzz_feed(const char *feed, const char *scope, const uint8_t *data, size_t size)
{
    struct reader *r READER_AUTO = fuzz_reader(data, size);
    struct feed_input input = {.body = r, .file = -1, .scope = slice_str(scope)};
    fuzz_feed_input(feed, &input);
}

// The same of a feed that reads its files by place.
static inline void fuzz_feed_file(const char *feed, const char *scope, const uint8_t *data, size_t size)
{
    int fd = memfd_create("feed", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    struct feed_input input = {.file = fd, .scope = slice_str(scope)};
    fuzz_feed_input(feed, &input);
    close(fd);
}
