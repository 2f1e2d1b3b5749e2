// Mappings: names to texts, as upstreams publish them beside advisories (a repository's CPEs, the names under which an
// image is published, what else is known of a CVE). They come as feeds, so they are kept in segments too, as records of
// a scope of their own.
//
// Keys come by the hundred thousand, so those that differ in their last character only stand together: a value is a
// record of the package "CVE-2014-016*" and the vulnerability "*0", and is itself its bound. Its label is the record's
// state: a text that many values have in common, such as who says it.
#pragma once

#include "advisory/advisory.h"

// Feeds and scopes at once.
#define MAPPING_REDHAT_REPOSITORIES "redhat-repositories" // content set → CPEs
#define MAPPING_REDHAT_CONTAINERS   "redhat-containers"   // an image's label "name" → repositories that publish it

struct mapping_value {
    struct slice text, label; // an empty label: none
};

// One value of a key, as a record for a segment; its names are made in the arena.
struct advisory mapping_record(struct arena *a, struct slice scope, struct slice key, struct mapping_value value);

// The key that such a record is of, in the arena.
struct slice mapping_key(struct arena *a, const struct advisory *record);

typedef VEC(struct mapping_value) mapping_values;

// Appends the values of a key, in the order of their bytes; none when the mapping does not have it.
bool mapping_lookup(struct segment *s, struct slice scope, struct slice key, struct arena *a, mapping_values *out,
                    struct error *err);
