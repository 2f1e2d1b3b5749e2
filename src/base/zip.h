// Zip archives in memory or in a file: the central directory, and stored or deflated members.
//
// Format: PKWARE's APPNOTE.TXT 6.3.10. Where archives are ambiguous they are read as java.util.zip.ZipFile reads them:
// the central directory alone counts, what stands in front of the archive or behind it does not. The bytes are hostile:
// nothing is taken for granted about offsets and sizes, and nothing is written anywhere. Of a file no more is held than
// two windows, however many members it has.
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct zip_file;

struct zip {
    struct slice bytes;    // of an archive in memory
    struct zip_file *file; // of one that is not: its descriptor and windows
    uint64_t size;         // of the bytes, or of the file
    uint64_t start;        // of the archive in them: what its offsets count from
    uint64_t directory;    // where the central directory begins,
    uint64_t next, end;    // goes on, and ends
};

struct zip_entry {
    struct slice name; // any bytes; of a file valid until the next call of zip_next
    uint64_t packed;   // size in the archive
    uint64_t size;     // size unpacked, as it is claimed
    uint64_t offset;   // of the local header, from the archive's start
    uint32_t sum;      // CRC-32 of the contents, as it is claimed
    unsigned method;
    bool encrypted;
};

// Finds the central directory. ERR_FORMAT when there is none.
bool zip_open(struct slice bytes, struct zip *zip, struct error *err);

// The same in a regular file, whose descriptor stays the caller's and is read by place. zip_close frees the windows.
bool zip_open_file(int fd, struct zip *zip, struct error *err);
void zip_close(struct zip *zip); // all zero is fine, and so is one in memory

#define ZIP_AUTO __attribute__((cleanup(zip_close)))

// The next member of the directory; `*more` is false at its end. ERR_FORMAT when it cannot be read any further.
bool zip_next(struct zip *zip, struct zip_entry *entry, bool *more, struct error *err);

// A member's contents, at most `most` bytes of them; `*whole` tells whether that is all. Stored ones in memory are
// given in place, others are put into `room`, whose capacity stays near the smaller of `most` and what there is to
// unpack. ERR_FORMAT for what is damaged, ERR_UNSUPPORTED for what is encrypted or packed by another method. Size and
// check sum are not compared with what the entry claims, as Java does not.
bool zip_read(const struct zip *zip, const struct zip_entry *entry, size_t most, struct buf *room,
              struct slice *content, bool *whole, struct error *err);

// Are the whole contents of a member of the size and the check sum that its entry claims? ERR_FORMAT when not.
bool zip_check(const struct zip_entry *entry, struct slice content, struct error *err);
