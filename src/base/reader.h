// A stream of bytes, read forwards, chunk by chunk without copying.
//
// A reader is made by whoever knows the source (a file, a pipe, an inflater on top of another reader) and is pulled by
// whoever wants the bytes. Readers stack: closing the topmost closes those below it.
#pragma once

#include "base/error.h"
#include "base/slice.h"

struct reader {
    // The next bytes into `*chunk`, at least one, owned by the reader and valid until the next call; an empty chunk is
    // the end, and stays so. False on an error.
    bool (*next)(struct reader *r, struct slice *chunk, struct error *err);
    void (*close)(struct reader *r); // frees the reader itself
};

static inline bool reader_next(struct reader *r, struct slice *chunk, struct error *err)
{
    return r->next(r, chunk, err);
}

// Closes `*r` unless it is NULL, and sets it to NULL.
void reader_close(struct reader **r);

#define READER_AUTO __attribute__((cleanup(reader_close)))

// Reads a descriptor, in chunks of up to 256 KiB; closes it when `owned`. Never NULL.
struct reader *reader_of_fd(int fd, bool owned);

// `length` bytes of a file from `offset` on, by pread, so that several readers may share the descriptor (which stays
// open). A file that ends before is an error. Never NULL.
struct reader *reader_of_range(int fd, uint64_t offset, uint64_t length);

// Bytes in memory, which must outlive the reader. Never NULL.
struct reader *reader_of_slice(struct slice bytes);

// Reads `inner`, which it takes over, and tells after each chunk how many bytes that makes. Never NULL.
typedef void reader_watch_fn(void *context, uint64_t done);
struct reader *reader_watched(struct reader *inner, reader_watch_fn *watch, void *context);

struct buf;

// Appends everything that is left. More than `limit` bytes is ERR_LIMIT, worded by `what` ("the manifest").
bool reader_read_all(struct reader *r, struct buf *out, uint64_t limit, const char *what, struct error *err);
