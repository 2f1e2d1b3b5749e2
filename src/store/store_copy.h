// Copying a whole store into another one, of the same engine or the other.
//
// What is kept is copied table by table, in batches that are each a transaction together with the mark of how far the
// copy is (store_opening.h): a copy that was broken off goes on there. At the end the contents of both sides are
// digested and compared, and only then the target may be used.
#pragma once

#include "store/store.h"

// Told of now and then: what is done ("copying", "comparing", "segments"), how much of it, and of how much.
typedef void store_progress_fn(void *context, struct slice what, struct slice of, uint64_t done, uint64_t total);

struct store_copying {
    struct store_home *from, *to;
    store_progress_fn *progress;
    void *context;
};

struct copied_table {
    struct slice name;
    uint64_t rows;
    struct digest contents; // of all rows, the same on both sides
};

struct store_copied {
    struct copied_table *tables;
    size_t tables_n;
    uint64_t rows, resumed; // resumed: rows that an earlier run had copied
    uint64_t segments;
};

// `from` is read as it is when that begins; nothing is changed in it. `to` must be empty or have a part of a copy of
// the same `from` in it. The result lives in the arena. Errors: ERR_NOT_FOUND when there is no `from`, ERR_USAGE when
// `to` has something else in it, ERR_DIGEST when the sides differ at the end, and the databases'.
bool store_copy(const struct store_copying *how, struct arena *a, struct store_copied *out, struct error *err);

// ---- store_segments_copy.c ------------------------------------------------------------------------------------------

// Copies the segments that the updates and the notifications of `from` need, unless `to` has them. `*n`: how many there
// are.
bool store_segments_copy(struct store *from, struct store *to, const struct store_copying *how, uint64_t *n,
                         struct error *err);
