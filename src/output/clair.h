// Clair v4's documents (claircore's IndexReport and VulnerabilityReport), as its HTTP API gives them: the parts that
// both have in common.
#pragma once

#include "base/json.h"
#include "match/report.h"

// The manifest's digest and the maps `packages`, `distributions`, `repository` and `environments`.
void clair_add_inventory(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct report *report);

// A package as it stands inside a vulnerability, and in an inventory as the `source` of another: no detector, no
// source of its own. An empty id is written as "". `kind` is "source" or "binary", or empty.
struct clair_package {
    const char *kind;
    struct slice id, name, version;
    struct slice module, arch; // left out when they are empty
};
void clair_add_source(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                      const struct clair_package *package);

// What a package was found in, and the numbers of its version, as Clair writes them, in the arena; empty where it
// writes none.
struct slice clair_package_db(struct arena *a, const struct inventory_package *p);
struct slice clair_normalized_version(struct arena *a, const struct package *p);

// A repository without its id: what is empty is left out, but for the CPE.
void clair_add_repository(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice name, struct slice key,
                          struct slice uri, struct slice cpe);

// A distribution with all nine keys, which are empty strings when it is not known.
void clair_add_distribution(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *id,
                            const struct distribution *d);

// A record as claircore's Vulnerability.
struct clair_vulnerability {
    struct slice id;
    const struct matcher *matcher;
    const struct advisory *record; // with its long texts
    struct slice fixed_in;         // empty where no update fixes it
    const struct distribution *distribution;
};
yyjson_mut_val *clair_vulnerability(yyjson_mut_doc *doc, const struct clair_vulnerability *vulnerability);

// Adds a member whose key is made here.
void clair_add_member(yyjson_mut_doc *doc, yyjson_mut_val *object, struct slice key, yyjson_mut_val *value);

// Ids are decimal numbers, from 1, in the order of the document.
#define CLAIR_ID 24
struct slice clair_id(char text[static CLAIR_ID], size_t number);

// A vulnerability of the document, and the finding that it was written for.
struct clair_enriched {
    const struct report_finding *finding;
    size_t number; // of its id
};

// The map `enrichments`: {} when nothing is known of any vulnerability. `enriched` is in the order of the ids.
void clair_add_enrichments(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct clair_enriched *enriched, size_t n);
