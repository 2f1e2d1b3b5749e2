// What lookup_store.c keeps up to date while others write images; all of it within a transaction of theirs.
#pragma once

#include "store/store.h"

// A package's row, and what its names come from.
struct named_package {
    int64_t id;
    const struct package *package;
};

// The names under which packages are looked up that were made with these rules as `named`.
bool lookup_add_names(struct store *s, const struct named_package *packages, size_t n,
                      const struct store_naming *naming, struct error *err);

// The same of one, in the place of those that it had by other rules.
bool lookup_put_names(struct store *s, int64_t id, const struct package *package, const struct store_naming *naming,
                      struct error *err);
