// A matcher decides for one family of packages: which records to look up, and what they mean for a package.
//
// Adding one is one file and one line in matchers.c. It never guesses: no distribution known, no distribution match.
#pragma once

#include "advisory/advisory.h"
#include "base/arena.h"
#include "base/buf.h"
#include "inventory/inventory.h"
#include "store/store.h"
#include "version/version.h"

// What a matcher may know of the image around a package.
struct match_image {
    const struct distribution *distribution;
    const struct slice *cpes; // of the repositories that its packages came from
    size_t cpes_n;
};

struct match_package {
    const struct package *package;
    const struct slice *published; // of a container: the repositories that publish it
    size_t published_n;
};

typedef VEC(struct slice) scope_vec;

// A name under which a package is looked up, and the version that counts where a record goes by that name.
struct match_name {
    struct slice name, version;
    bool of_source;
};

typedef VEC(struct match_name) name_vec;

// What a package is looked up and judged by.
struct match_key {
    const struct slice *scopes; // all are looked up,
    size_t scopes_n;
    const struct match_name *names; // for each of these
    size_t names_n;
    struct slice arch, module; // of the package
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

// What Clair v4's documents have of a record.
struct match_clair {
    struct slice severity, fixed_in;
    struct slice repository; // where the packages come from: "pypi", or a CPE name; empty for what a distribution says
    struct slice key, uri, cpe;         // of the repository, what there is
    struct slice self_space, self_name; // the id in two parts, where Clair has it so
};

#define MATCH_FEEDS 3

struct matcher {
    const char *name;                   // "debian"
    const char *feeds[MATCH_FEEDS + 1]; // whose records it reads, NULL behind the last: the first that has the scopes
    const char *kind;                   // of the packages it judges ("deb")
    const char *authority;              // for `explain`: "the Debian tracker"
    const struct version_scheme *scheme;

    // True when packages of this distribution are judged here; NULL: on every distribution, and without any.
    bool (*applies)(const struct distribution *distribution);

    // When the distribution's vendor ceased or will cease to support the release, as RFC 3339 date; empty when unknown.
    // NULL where there is no distribution.
    struct slice (*end_of_life)(const struct distribution *distribution);

    // Appends the scopes that speak of the image, in the arena; none when the release cannot be told. `loaded` are
    // those that the feed has now, for scopes that are patterns.
    void (*scopes)(struct arena *a, const struct match_image *image, const struct slice *loaded, size_t loaded_n,
                   scope_vec *out);

    // Appends the names of a package, in the arena. NULL: that of its source. A matcher that may give none says in
    // `unnamed` why such packages are not judged: "their version is none".
    void (*names)(struct arena *a, const struct match_package *package, name_vec *out);
    const char *unnamed;

    // Judges all records that one vulnerability has for the key, one verdict. `why` is worded only when `explain` is
    // set. NULL: by match_by_ranges.
    void (*judge)(struct arena *a, const struct match_key *key, const struct advisory *records, size_t n, bool explain,
                  struct verdict *out);

    // The feed's own words on severity, read Clarion's way; SEVERITY_UNKNOWN when it has none.
    enum severity (*severity)(const struct advisory *record);
    enum severity (*severity_clair)(const struct advisory *record); // as Clair v4 reads it, for its formats

    // Blank-separated, the most useful first. NULL: the record's own.
    struct slice (*links)(struct arena *a, const struct advisory *record);

    // Changes what Clair v4's documents have of a record otherwise than Clarion. NULL: nothing.
    void (*clair)(struct arena *a, const struct advisory *record, struct match_clair *value);

    // How Clair v4 names the updater that brings the records of a scope ("debian/updater"), in the arena.
    struct slice (*clair_updater)(struct arena *a, struct slice scope);
};

// The table, terminated by NULL.
extern const struct matcher *const matchers[];

// The matcher for packages of `kind` on `distribution`, or NULL.
const struct matcher *matcher_for(const struct distribution *distribution, struct slice kind);

// Does any matcher read this feed? Else it maps names, or adds to what was found.
bool matchers_read(struct slice feed);

// All names under which matchers look packages up, whatever the distribution is: for the store's reverse look-up. Those
// of containers are not among them, since they are what a feed says.
extern const struct store_naming match_naming;

// ---- for matchers ---------------------------------------------------------------------------------------------------

// The name of the key that the record goes by, NULL when the record is not for the package: another name, architecture
// or module. A record may be for several modules, blank-separated, and for all streams of one: "varnish", without a
// ':'.
const struct match_name *match_applies(const struct match_key *key, const struct advisory *record);

// Judges by the ranges of those records that apply: affected when one of them holds the version, with the highest fix
// that is named; and not affected when a record says so of the package as a whole.
void match_by_ranges(const struct matcher *matcher, struct arena *a, const struct match_key *key,
                     const struct advisory *records, size_t n, bool explain, struct verdict *out);

// The package by its own name.
void match_own_name(struct arena *a, const struct match_package *package, name_vec *out);

// The package by the name of its source, which is its own where it has no other.
void match_source_name(struct arena *a, const struct match_package *package, name_vec *out);

// The package by its own name, and by that of its source.
void match_own_and_source_name(struct arena *a, const struct match_package *package, name_vec *out);

// rpm notes of the source its file's name, in which there is no epoch. Where a package has the source's version and
// release it has its epoch too, which these put in front of it, also a 0; else it stays out, and is not compared.
void match_rpm_source_epoch(struct arena *a, const struct package *p, struct match_name *source);
void match_rpm_source_name(struct arena *a, const struct match_package *package, name_vec *out);
struct slice match_rpm_source_bound(const struct match_name *name, struct slice bound); // to compare the name's with
struct slice match_without_epoch(struct slice version);

// As match_by_ranges, for keys of one such name.
void match_by_rpm_source(const struct matcher *matcher, struct arena *a, const struct match_key *key,
                         const struct advisory *records, size_t n, bool explain, struct verdict *out);

// The page of a vulnerability (`prefix` and its name, percent-encoded where need be), then the record's own links.
struct slice match_links(struct arena *a, const char *prefix, const struct advisory *record);

// Reads a severity off the words that sources of advisories use: low, moderate, important, …, in whatever case.
enum severity match_severity_word(struct slice word);

// That which a CVSS vector stands for; SEVERITY_UNKNOWN for what is none.
enum severity match_severity_cvss(struct slice vector);

// Appends text as it stands in a URL: everything but RFC 3986's unreserved characters as %XX.
void match_add_encoded(struct buf *out, struct slice text);

// A release of a distribution, and the last day on which it is supported; NULL when none was set.
struct match_release {
    const char *name, *support_end;
};

// The last day of the release of that name, as RFC 3339 date; empty when `releases`, which end with one that has no
// name, do not tell.
struct slice match_support_end(const struct match_release *releases, struct slice name);

// What follows the first ':' of a scope: "bookworm", "v3.18/main".
struct slice match_scope_release(struct slice scope);
