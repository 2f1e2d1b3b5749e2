// Where a sparse file of a tar archive has data.
//
// Formats: GNU tar manual, "Storing Sparse Files" (old GNU, and pax 0.0, 0.1 and 1.0).
#pragma once

#include "base/slice.h"

struct tar_extent {
    uint64_t offset, length;
};

// All zero is an empty map: nothing but a hole.
struct tar_sparse {
    struct tar_extent *extents; // ascending, apart from each other
    size_t n, cap;
    bool too_many;   // there were more than could be kept
    uint64_t end;    // of the last
    uint64_t stored; // the sum of their lengths
};

void tar_sparse_free(struct tar_sparse *map);
void tar_sparse_clear(struct tar_sparse *map);

// Adds an extent; beyond `most` it is only counted. False when it begins before the end of the former one, or ends
// beyond 63 bits.
bool tar_sparse_add(struct tar_sparse *map, uint64_t offset, uint64_t length, uint64_t most);

// Adds those of an old GNU header: `n` pairs of 12-byte numbers, ended by an empty one.
bool tar_sparse_add_fields(struct tar_sparse *map, const char *fields, size_t n, uint64_t most);

// Adds those of "offset,length,offset,length,…".
bool tar_sparse_add_list(struct tar_sparse *map, struct slice list, uint64_t most);
