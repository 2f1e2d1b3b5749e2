// Zip archives, as far as Java archives need them: the central directory, and stored or deflated members.
//
// Format: PKWARE's APPNOTE.TXT 6.3.10. Where archives are ambiguous they are read as java.util.zip.ZipFile reads them:
// the central directory alone counts, what stands in front of the archive or behind it does not, of several members
// with one name the last is the one that is loaded. The bytes are hostile: nothing is taken for granted about offsets
// and sizes, and nothing is written anywhere.
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct zip {
    struct slice bytes;
    uint64_t start;     // of the archive in the bytes: what its offsets count from
    struct slice rest;  // of the central directory
    uint64_t directory; // where that begins
};

struct zip_entry {
    struct slice name; // any bytes
    uint64_t packed;   // size in the archive
    uint64_t size;     // size unpacked, as it is claimed
    uint64_t offset;   // of the local header, from the archive's start
    unsigned method;
    bool encrypted;
};

// Finds the central directory. ERR_FORMAT when there is none.
bool zip_open(struct slice bytes, struct zip *zip, struct error *err);

// The next member of the directory; `*more` is false at its end. ERR_FORMAT when it cannot be read any further.
bool zip_next(struct zip *zip, struct zip_entry *entry, bool *more, struct error *err);

// A member's contents, at most `most` bytes of them; `*whole` tells whether that is all. Stored ones are given in
// place, others are unpacked into `room`, whose capacity stays near the smaller of `most` and what there is to unpack.
// ERR_FORMAT for what is damaged, ERR_UNSUPPORTED for what is encrypted or packed by another method.
bool zip_read(const struct zip *zip, const struct zip_entry *entry, size_t most, struct buf *room,
              struct slice *content, bool *whole, struct error *err);
