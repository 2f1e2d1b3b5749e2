// Sorts items of one size, more of them than memory is given for: sorted runs in an unnamed temporary file, merged when
// they are read. Of equal items one is kept.
#pragma once

#include "base/error.h"

#include <stddef.h>

// As for qsort_r(3). Items that compare equal must be the same.
typedef int sorter_compare(const void *a, const void *b, void *context);

struct sorter;

// `memory`: bytes of items that are held at a time (sorting them takes as much again). `folder`, where temporary files
// are made, must outlive the sorter; NULL: everything stays in memory. Never NULL.
struct sorter *sorter_new(size_t item_size, size_t memory, const char *folder, sorter_compare *compare, void *context);
void sorter_free(struct sorter **s); // NULL is fine

// Adds an item, which is copied. Not after sorter_start.
bool sorter_add(struct sorter *s, const void *item, struct error *err);

// Makes ready to read from the first item on.
bool sorter_start(struct sorter *s, struct error *err);

// The next item, valid until the next call; NULL behind the last.
bool sorter_next(struct sorter *s, const void **item, struct error *err);
