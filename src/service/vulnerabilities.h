// Clair v4's Vulnerability documents of records, as update_diff gives them and affected_manifest takes them.
//
// Clair identifies a record by its distribution or repository. Beside these ours have a member "clarion" with what the
// record is really looked up and judged by; documents without it, such as those of Clair, are read by Clair's members.
#pragma once

#include "advisory/advisory.h"
#include "base/json.h"
#include "base/limits.h"
#include "inventory/inventory.h"
#include "match/matcher.h"

// Appends the document of a record that has its long texts. `matcher` judges by it.
void vulnerability_write(const struct advisory *record, const char *feed, const struct matcher *matcher, size_t id,
                         struct buf *out);

struct posted_vulnerability {
    yyjson_val *document; // of the body
    struct slice id;
    enum severity severity;
    struct slice feed;                // that has the record; empty where the document does not tell it
    struct advisory record;           // without a scope where the document does not tell it:
    struct distribution distribution; // then it is for this one, where that is known,
    struct slice repository;          // or for this repository: "pypi", or a CPE name,
    struct slice repository_key;      // or for one of this kind: "rhcc-container-repository"
    struct slice fixed_in;            // as Clair's member has it
};

// Reads the body of affected_manifest, {"vulnerabilities":[…]}, whose document must live as long as what is read. Text
// lives in the arena or the document. ERR_FORMAT, without context, for what is none, ERR_LIMIT
// (affected_vulnerabilities).
bool vulnerabilities_read(yyjson_doc *body, const struct limits *limits, struct arena *a,
                          struct posted_vulnerability **out, size_t *n, struct error *err);
