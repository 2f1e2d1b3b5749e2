// What is really installed in an image: the layers' findings, coalesced.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "inventory/package.h"

// The distribution, decided from the release files of the merged image.
struct distribution {
    bool known;
    struct slice id;          // "debian", "alpine"
    struct slice id_like;     //
    struct slice name;        // "Debian GNU/Linux"
    struct slice version;     // "12 (bookworm)"
    struct slice version_id;  // "12"
    struct slice codename;    // "bookworm"
    struct slice pretty_name; // "Debian GNU/Linux 12 (bookworm)"
    struct slice cpe;         //
    struct slice support_end; //
};

struct inventory_package {
    struct package package;
    struct slice db;     // path of the database or file that lists it, and behind a '!' where in that archive
    struct slice owner;  // "deb:python3-jinja2": the package of the distribution that this one came with; or empty
    size_t layer;        // index of the layer that introduced it, 0 is the base
    const char *scanner; // not owned; a name of the scanners' table
};

// A repository that packages of the image came from, as far as the image says so.
struct inventory_repository {
    struct slice id;   // as the vendor calls it: "rhel-9-for-x86_64-baseos-rpms"; or a CPE
    struct slice path; // of the file that names it
    size_t layer;      // the lowest whose file names it
};

struct inventory_skip {
    size_t layer;
    struct skip skip;
};

// Packages are ordered by kind, name, version, arch, db: the same image always gives the same inventory.
struct inventory {
    struct distribution distribution;
    struct inventory_package *packages;
    size_t packages_n, packages_cap;
    struct inventory_repository *repositories; // ordered by id
    size_t repositories_n, repositories_cap;
    struct inventory_skip *skips;
    size_t skips_n, skips_cap;
    uint64_t skips_total;
};

// Merges the findings of an image's layers, base first (a layer may stand there several times). Obeys whiteouts, opaque
// folders, files that replace folders and symbolic links among the parent folders; follows links at the paths of
// release files and databases. Everything in the answer lives in the arena or in the findings.
void coalesce(struct arena *a, const struct findings *const *layers, size_t n, const struct limits *limits,
              struct inventory *out);

// A layer's findings as JSON and back. The decoder takes hostile text (a worker may have been taken over): every field
// is checked, every count bounded by `limits`. Slices of the decoded findings live in the arena.
void findings_encode(const struct findings *findings, struct buf *out);
bool findings_decode(struct slice text, struct arena *a, const struct limits *limits, struct findings *out,
                     struct error *err);

// The package URL of a package (purl.h), as far as the distribution is known with that of its release:
// pkg:deb/debian/openssl@1.0.1e-2%2Bdeb7u4?arch=amd64&distro=debian-7.
struct slice package_purl(struct arena *a, const struct package *package, const struct distribution *distribution);

// The word for a kind of packages as a literal; empty when there is no such kind.
struct slice package_kind(struct slice name);
