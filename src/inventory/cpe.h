// CPE names: what a platform is called, and whether one name includes another.
//
// Sources: NIST IR 7695 (naming: the bindings as URI, "cpe:/o:redhat:enterprise_linux:9::baseos", and as formatted
// string, "cpe:2.3:o:…") and IR 7696 (name matching).
#pragma once

#include "base/arena.h"

enum cpe_attribute {
    CPE_PART,
    CPE_VENDOR,
    CPE_PRODUCT,
    CPE_VERSION,
    CPE_UPDATE,
    CPE_EDITION,
    CPE_LANGUAGE,
    CPE_SW_EDITION,
    CPE_TARGET_SW,
    CPE_TARGET_HW,
    CPE_OTHER,
    CPE_ATTRIBUTES
};

// Values in lower case and without their quoting, for the functions below only: wildcards and "not applicable" stand in
// them as control characters. An empty one is any.
struct cpe {
    struct slice attribute[CPE_ATTRIBUTES];
};

// Reads either binding. False when it is neither. The values live in the arena.
bool cpe_parse(struct slice text, struct arena *a, struct cpe *out);

// A name as a formatted string, "cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*:*", in the arena; empty for
// what is no name.
struct slice cpe_formatted(struct slice text, struct arena *a);

// Does the value of a name, in which wildcards may stand, include another's? (IR 7696, table 6-2: equal or superset.)
bool cpe_includes(struct slice pattern, struct slice value);
