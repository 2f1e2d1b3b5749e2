// Which layer brought a package.
#pragma once

#include "base/arena.h"
#include "inventory/package.h"

// A database as one layer has it.
struct database_version {
    int layer;
    const struct package_db *db;
};

#define ORIGIN_REPEATED (-1)

// For each package of the newest of some versions of a database (newest first, at least one), the lowest layer of the
// unbroken run of versions that list it, by name, version and architecture; ORIGIN_REPEATED for an entry that an
// earlier one of the same database has already. In the arena. Costs as much as reading each version once.
const int *package_origins(struct arena *a, const struct database_version *versions, size_t n);
