// A file made of pages of one size. Each page is taken once, so pages that lead to one another in a circle come to an
// end, and reading costs no more than the file has.
#pragma once

#include "base/arena.h"
#include "scan/scanner.h"

struct pages {
    struct scan_output *out; // where damage is noted
    struct slice path, file;
    bool lost; // is what stands on a damaged page lost, as in struct skip?
    size_t size;
    uint64_t n;           // whole ones in the file
    uint64_t first;       // number of the first of them
    unsigned char *taken; // one bit for each
};

// Divides the file of a scanner into pages, numbered from `first` on.
void pages_set(struct pages *p, struct arena *a, size_t size, uint64_t first);

// Page `number`, for the only time: false, with a note, when the file does not have it, or it was taken before.
bool pages_take(struct pages *p, uint64_t number, struct slice *page);
