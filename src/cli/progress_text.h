// What a bar looks like in so many columns.
#pragma once

#include "base/buf.h"

struct progress_bar {
    const char *what; // harmless
    uint64_t done, total;
    double rate;    // bytes a second; 0: not known yet
    double seconds; // since it began, of one whose total nobody knows
};

// Adds "NAME  [#####------]  45%  12.3/27.4 MB  3.2 MB/s  0:05 left", without what has no room in that many columns:
// the bar itself goes first, then the time, the rate and the end of the name.
void progress_bar_write(const struct progress_bar *bar, size_t columns, struct buf *out);
