// Does a package carry the code of the source that it was built from? A flaw of the source is none of its headers or
// documentation.
#pragma once

#include "inventory/package.h"

struct package_code {
    bool missing;     // the package holds none of it
    const char *what; // what it holds instead, or beside it: "documentation"; NULL: nothing is known, so the code
};

// Decides by the distribution's rules for names: there is no list of files in an inventory. What was not built from a
// source of another name is that source, whatever it is called.
struct package_code package_code(const struct package *package);
