// What lookup_store.c keeps up to date while others write images; all of it within a transaction of theirs.
#pragma once

#include "store/store.h"

// Names the packages that have no names by these rules yet.
bool lookup_name_packages(struct store *s, const struct store_naming *naming, struct error *err);

// Puts the images that are in no context yet into theirs. Their packages and repositories must be there.
bool lookup_put_contexts(struct store *s, struct error *err);
