// A security database in the form of Alpine's: for each package, which version fixed what.
#pragma once

#include "feed/feed.h"

// Reads a file whose records are all of input->scope. Packages are those that others are built from.
bool secdb_parse(struct feed_input *input, struct error *err);
