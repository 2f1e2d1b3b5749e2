// What lookup_store.c keeps up to date while others write images; all of it within a transaction of theirs.
#pragma once

#include "store/store.h"

// The names under which a package is looked up that was made with these rules as `named`.
bool lookup_add_names(struct store *s, int64_t id, const struct package *package, const struct store_naming *naming,
                      struct error *err);

// The same, in the place of those that it had by other rules.
bool lookup_put_names(struct store *s, int64_t id, const struct package *package, const struct store_naming *naming,
                      struct error *err);
