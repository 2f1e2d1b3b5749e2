// A matcher decides for one family of packages: which records to look up, and what they mean for a package.
//
// Adding one is one file and one line in matchers.c. It never guesses: no distribution known, no distribution match.
#pragma once

#include "advisory/advisory.h"
#include "base/arena.h"
#include "inventory/inventory.h"
#include "version/version.h"

#define MATCH_SCOPES 4

// Where a package is looked up.
struct match_key {
    struct slice scopes[MATCH_SCOPES]; // all are looked up
    size_t scopes_n;
    struct slice package; // name
    struct slice version; // what is compared: the source's version
};

enum verdict_kind { VERDICT_AFFECTED, VERDICT_NOT_AFFECTED, VERDICT_UNDETERMINED };

struct verdict {
    enum verdict_kind kind;
    struct slice fixed_in;             // when affected and a fix exists
    const struct advisory *decided_by; // the record that decided
    struct slice why;                  // for `explain`: the comparison done, in words
};

enum severity {
    SEVERITY_UNKNOWN,
    SEVERITY_NEGLIGIBLE,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};
const char *severity_name(enum severity s); // "Unknown", "Negligible", …
bool severity_parse(struct slice name, enum severity *severity);

struct matcher {
    const char *name; // "debian"
    const char *feed; // whose records it reads
    const char *kind; // of the packages it judges ("deb")
    const struct version_scheme *scheme;

    // True when packages of this distribution are judged here.
    bool (*applies)(const struct distribution *distribution);

    // When the distribution's vendor ceased or will cease to support the release, as RFC 3339 date; empty when unknown.
    struct slice (*end_of_life)(const struct distribution *distribution);

    // The scopes of a distribution, in the arena; 0 when the release cannot be told.
    size_t (*scopes)(struct arena *a, const struct distribution *distribution, struct slice out[MATCH_SCOPES]);

    // Judges all records that one vulnerability has for the key, one verdict. `why` is worded only when `explain` is
    // set.
    void (*judge)(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n, bool explain,
                  struct verdict *out);

    enum severity (*severity)(struct slice published);                     // Clarion's reading
    enum severity (*severity_clair)(struct slice published);               // Clair v4's, for its formats
    struct slice (*links)(struct arena *a, const struct advisory *record); // blank-separated, the most useful first

    // How Clair v4 names the updater that brings the records of a scope ("debian/updater"), in the arena.
    struct slice (*clair_updater)(struct arena *a, struct slice scope);
};

// The table, terminated by NULL.
extern const struct matcher *const matchers[];

// The matcher for packages of `kind` on `distribution`, or NULL.
const struct matcher *matcher_for(const struct distribution *distribution, struct slice kind);

// ---- for matchers ---------------------------------------------------------------------------------------------------

// The page of a vulnerability (`prefix` and its name, percent-encoded where need be), then the record's own links.
struct slice match_links(struct arena *a, const char *prefix, const struct advisory *record);

// What follows the first ':' of a scope: "bookworm", "v3.18/main".
struct slice match_scope_release(struct slice scope);
