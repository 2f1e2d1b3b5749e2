// Sorting for code that may run in a layer worker. The C library's qsort asks the system for the size of memory once an
// array is large, and the worker's filter of system calls ends the process for it.
#pragma once

#include <stddef.h>

// Sorts `n` items of `size` bytes in place, in the order that `compare` tells as for qsort(3): heapsort, so that no
// order of hostile items makes it slow, and no memory is needed. Equal items may change places.
void sort_items(void *items, size_t n, size_t size, int (*compare)(const void *a, const void *b));
