// A notification: what an update of a feed changed for the images that are known here.
//
// Clair v4 tells its clients of an id, and they come back for the pages of items behind it; Clarion keeps to that, and
// can put the items into the message as well. An item says of one image what became of one flaw in it.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "inventory/inventory.h"
#include "match/matcher.h"

enum notice_reason {
    NOTICE_ADDED,   // the image has a flaw that it did not have before
    NOTICE_CHANGED, // it has it still, but its severity, the version that mends it or being exploited is another one
    NOTICE_REMOVED, // it is not said to have it any more
};
const char *notice_reason_name(enum notice_reason reason); // "added", "changed", "removed", as Clair writes them

// A flaw in a package. The same one is in all items that speak of it. For a removed flaw it is as it was before.
struct notice_flaw {
    struct slice vulnerability; // "CVE-2014-0160"
    struct slice aliases;       // other ids, blank-separated
    struct slice description;   //
    struct slice links;         // blank-separated, the most useful first
    struct slice feed;          // that says so: "debian"
    enum severity severity;
    enum severity severity_clair; // as Clair v4's documents have it
    struct slice fixed_in;        // as Clarion writes it; empty: no fix is known
    struct slice fixed_in_clair;  // as Clair v4's documents have it
    bool exploited;               // is in CISA's catalogue
    struct package package;       // that is installed: kind, name, version, arch, module, source
    bool of_source;               // the feed speaks of the package's source
    struct slice record_package;  // the name under which the feed has it
    struct distribution distribution;
    struct slice repository, repository_uri; // of a language's packages: "pypi"; else empty
};

struct notice_item {
    struct slice id; // UUID; those of a notification are in their order
    struct digest manifest;
    struct slice reference;      // what the image was indexed by; may be empty
    struct digest introduced_in; // the layer that brought the package
    enum notice_reason reason;
    const struct notice_flaw *flaw;
};

// What an image is called in registries now: "registry.example/team/app:1.2", or, where no tag points at it,
// "registry.example/team/app@sha256:…".
struct notice_names {
    struct slice *v;
    size_t n;
    uint64_t more; // names that are not among them
};

struct notice {
    struct slice id;   // UUID
    struct slice feed; // whose update it is
    int64_t made;      // seconds
    uint64_t items, images;
};

// Where the items of a notification are read from.
struct notice_items {
    // Appends at most `most` items in their order, those behind the one with the id `after` (empty: from the first).
    // None: there are no more. Everything lives in the arena.
    bool (*read)(void *context, struct slice after, size_t most, struct arena *a, struct notice_item **items, size_t *n,
                 struct error *err);
    // At most `most` names of an image; none for one that was never seen in a registry. In the arena. NULL: none at
    // all.
    bool (*names)(void *context, const struct digest *manifest, size_t most, struct arena *a, struct notice_names *out,
                  struct error *err);
    void *context;
};
