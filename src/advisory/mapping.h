// Mappings: names to names, as vendors publish them beside their advisories (a repository's CPEs, the names under which
// an image is published). They come as feeds, so they are kept in segments too, as records of a scope of their own: the
// key is the record's package, a value its vulnerability, one record a value.
#pragma once

#include "advisory/advisory.h"

// Feeds and scopes at once.
#define MAPPING_REDHAT_REPOSITORIES "redhat-repositories" // content set → CPEs
#define MAPPING_REDHAT_CONTAINERS   "redhat-containers"   // an image's label "name" → repositories that publish it

// One value of a key, as a record for a segment.
struct advisory mapping_record(struct slice scope, struct slice key, struct slice value);

typedef VEC(struct slice) mapping_values;

// Appends the values of a key, in the order of their bytes; none when the mapping does not have it.
bool mapping_lookup(struct segment *s, struct slice scope, struct slice key, struct arena *a, mapping_values *out,
                    struct error *err);
