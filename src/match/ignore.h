// Rules of our own people on what is not to be shown: a file of YAML (docs/matching.md describes it).
//
//   ignore:
//     - id: CVE-2014-0160
//       package: openssl
//       until: 2026-12-31
//       reason: no service of this image speaks TLS
//       who: security@example.test
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "vex/vex.h"

struct ignore_rule {
    struct slice file; // as the user named it
    unsigned line;     // where the rule begins
    struct slice id;
    struct slice package; // a name, or a package URL; empty: any
    struct slice version; // as installed; empty: any
    struct slice path;    // of the database or file that lists the package, with * and ?; empty: any
    struct slice until;   // the last day; empty: for ever
    struct slice reason;
    struct slice who;
    bool expired;
    size_t used; // findings that it was obeyed for, or would have been
};

struct ignore_rules {
    struct ignore_rule *v;
    size_t n, cap;
};

// Appends the rules of a file. Everything lives in the arena. A rule whose last day is before `now` is there, expired.
// ERR_FORMAT names the file and the line of whatever is wrong: an unknown key, a missing id or reason, a date that is
// none. ERR_LIMIT (those of base/yaml.h, ignore_rules, field_bytes).
bool ignore_read(struct slice text, struct slice file, int64_t now, const struct limits *limits, struct arena *a,
                 struct ignore_rules *rules, struct error *err);

// Does the rule, expired or not, fit the package? The vulnerability is for the caller to compare.
bool ignore_fits(const struct ignore_rule *rule, const struct vex_image *image, const struct inventory_package *package,
                 struct arena *a);
