// Ranges of versions as "vers:TYPE/CONSTRAINT|CONSTRAINT…" tells them, and the schemes of kinds of packages.
#pragma once

#include "base/slice.h"
#include "version/version.h"

// The scheme that versions of a kind of packages ("deb", "python") are compared by; NULL: none is known.
const struct version_scheme *version_scheme_of_kind(struct slice kind);

// Is the version within the range? False for a range that cannot be read, as `*readable` then tells.
bool vers_holds(struct slice range, const struct version_scheme *scheme, struct slice version, bool *readable);
