// Files and folders of our own (the data folder) and, read-only, those that a user names.
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

// `int fd FD_AUTO = -1;` closes itself at the end of its scope.
#define FD_AUTO __attribute__((cleanup(fd_close)))
void fd_close(int *fd); // -1 is fine; sets it to -1

// Hands a descriptor over: answers it, and leaves -1.
int fd_take(int *fd);

// Reads a whole file. ERR_NOT_FOUND when it does not exist, ERR_LIMIT over `limit` bytes.
bool file_read(const char *path, uint64_t limit, struct buf *out, struct error *err);

// An unnamed temporary file in a folder, read and written; -1 when it cannot be made.
int fd_temporary(const char *folder, struct error *err);

// Writes all of `bytes`, whatever write(2) takes at a time.
bool fd_write_all(int fd, struct slice bytes, struct error *err);

// Writes a file so that after a crash either the old contents or the new are there, never half of them: temporary file
// beside it, fsync, rename, fsync of the folder. A link is followed; the new file is open to nobody to whom an old one
// was not. What is no regular file, such as a device or a pipe, is not replaced: it is written to. `write` gets a
// descriptor that stays the caller's.
typedef bool file_write_fn(void *context, int fd, struct error *err);
bool file_replace(const char *path, file_write_fn *write, void *context, struct error *err);
bool file_write_atomic(const char *path, struct slice bytes, struct error *err);

// fsync of a folder, so that a rename in it survives a power cut.
bool dir_sync(const char *path, struct error *err);

// Creates a folder and those above it (mode 0700 as far as they are new).
bool dir_make(const char *path, struct error *err);

// Size of an open regular file.
bool fd_size(int fd, uint64_t *size, struct error *err);
