// Names of images, as VEX documents and users write them.
#pragma once

#include "base/arena.h"

struct image_name {
    struct slice registry;   // "docker.io" where none is written
    struct slice repository; // "library/debian"; empty: not known
    struct slice tag;        // empty: not said
    struct slice digest;     // likewise
};

// Takes a reference apart and gives it its full form: "debian:12" is docker.io, library/debian, 12, and every name of
// that registry is docker.io. Whatever can be no reference (a path, an address with a scheme) gives an empty
// repository.
struct image_name image_name_parse(struct arena *a, struct slice text);

// The registry and repository of a package URL's repository_url, which may begin with a scheme.
struct image_name image_name_parse_url(struct arena *a, struct slice url);
