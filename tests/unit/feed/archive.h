// Archives as feeds' files: made in memory, read by place.
#pragma once

#include "../base/zip_maker.h"
#include "base/file.h"
#include "fixture.h"

#include <sys/mman.h>
#include <unistd.h>

static inline int file_of(struct slice bytes)
{
    struct error err;
    int fd = memfd_create("feed", MFD_CLOEXEC);
    assert_true(fd >= 0 && fd_write_all(fd, bytes, &err));
    return fd;
}

// Has the feed read an archive.
static inline bool parse_archive(struct fixture *f, const char *feed, const char *scope, struct slice archive)
{
    int fd FD_AUTO = file_of(archive);
    struct feed_input input = {.file = fd, .scope = slice_str(scope)};
    return parse_input(f, feed, &input);
}
