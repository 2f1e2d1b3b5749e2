// The header block of a tar archive.
//
// Formats: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; star(5).
#pragma once

#include "base/slice.h"

#define TAR_BLOCK ((size_t)512)

// Slices point into the block.
struct tar_header {
    char type;                 // the typeflag
    struct slice prefix, name; // a prefix stands before the name, with a slash between them
    struct slice link;
    uint64_t size;
    uint32_t mode; // permission bits; 0 when the field is no number
};

// False, with what is wrong in `problem`, when the block is no header.
bool tar_header_decode(const char *block, struct tar_header *header, const char **problem);

bool tar_block_is_zero(const char *block);

// A field of octal digits (blanks before, a blank or NUL behind), or base-256 as GNU tar writes large numbers (the top
// bit of the first byte set). An empty field is 0. False for anything else, and for what is negative or beyond 63 bits.
bool tar_number(struct slice field, uint64_t *value);
