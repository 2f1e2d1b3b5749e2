// What is said of the exploitability of vulnerabilities (VEX): documents of OpenVEX, CSAF and CycloneDX, read into one
// shape, and held against an image and its packages.
//
// A document is foreign: its size, depth, statements and products have limits (vex_bytes and the like). What it names
// is compared forgivingly in how it is written and strictly in what it says: two spellings of one package agree, a
// version that is given and differs does not.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "inventory/inventory.h"

enum vex_status { VEX_NOT_AFFECTED, VEX_FIXED, VEX_AFFECTED, VEX_UNDER_INVESTIGATION };

// "not_affected", "fixed", "affected", "under_investigation".
const char *vex_status_name(enum vex_status status);

enum vex_naming {
    VEX_PURL,      // of a package, a source package or an image
    VEX_CPE,       // of a package, or of what the image's packages come from
    VEX_DIGEST,    // "sha256:…" of an image
    VEX_REFERENCE, // of an image, "docker.io/library/debian:12"; or text of which nothing is known
};

struct vex_name {
    enum vex_naming naming;
    struct slice text;
};

// A package or an image in all the ways that a document names it: any one that agrees is enough.
struct vex_thing {
    struct slice title; // as the document calls it, for people
    struct vex_name *names;
    size_t names_n, names_cap;
    struct slice range; // "vers:deb/<3.0.9": of versions, where the names have none
};

// What a statement is about: a thing, or, with a part, a thing within another.
struct vex_product {
    const struct vex_thing *whole, *part; // part: NULL without one
};

struct vex_document;

struct vex_statement {
    const struct vex_document *document;
    size_t number; // its place in the document, from 1
    struct slice vulnerability;
    struct slice aliases; // blank-separated
    enum vex_status status;
    struct slice justification; // the format's word: "vulnerable_code_not_present"
    struct slice impact;        // why it is not affected, in words
    struct slice action;        // what to do, in words
    int64_t timestamp;          // 0: none
    struct vex_product *products;
    size_t products_n, products_cap;
    struct slice defect; // why it cannot be obeyed, whatever it is about; empty: it can
};

struct vex_document {
    const char *format; // "OpenVEX", "CSAF", "CycloneDX"
    struct slice file;  // where it was read: a path as the user gave it, or "stored"
    struct slice id, author, version;
    size_t place;                     // in its set
    int64_t timestamp;                // of the last change; 0: none
    bool superseded;                  // by a later version of itself
    struct vex_statement *statements; //
    size_t statements_n, statements_cap;
};

// Reads a document; which format it has is told by what is in it. Everything lives in the arena. ERR_FORMAT,
// ERR_UNSUPPORTED for another kind of document, ERR_LIMIT.
bool vex_read(struct slice text, struct slice file, const struct limits *limits, struct arena *a,
              struct vex_document *out, struct error *err);

// ---- a set of documents ---------------------------------------------------------------------------------------------

struct vex_entry {
    struct slice id; // in lower case
    const struct vex_statement *statement;
    size_t index; // of the statement, among all of the set
};

struct vex_set {
    struct vex_document **documents;
    size_t documents_n, documents_cap;
    struct vex_entry *entries; // ordered by id; made by vex_set_index
    size_t entries_n, entries_cap;
    size_t statements_n;
};

// Takes a document, which must live as long as the set.
void vex_set_add(struct arena *a, struct vex_set *set, struct vex_document *document);

// To be called when all are there: finds what is superseded, and orders the statements by vulnerability.
void vex_set_index(struct arena *a, struct vex_set *set);

// The statements about a vulnerability by one of its names, in letters of either case: `*n` from the answer on.
const struct vex_entry *vex_set_find(const struct vex_set *set, struct slice id, size_t *n);

// Does `s` count more than `other`, since it was made later, or stands behind it? With no `other`: yes.
bool vex_later(const struct vex_statement *s, const struct vex_statement *other);

// Is `a` an older state of the document `b`? Their versions decide where both are numbers, else their times.
bool vex_older_version(const struct vex_document *a, const struct vex_document *b);

// ---- products -------------------------------------------------------------------------------------------------------

// What a product is held against.
struct vex_image {
    struct slice reference; // "debian:12"; or whatever the user named
    struct slice manifest, config;
    struct slice arch;
    const struct inventory *inventory;
    const struct slice *cpes; // of the repositories that its packages came from
    size_t cpes_n;
};

// How far a product agrees with a package.
enum vex_agreement {
    VEX_UNKNOWN,    // nothing can be told: not named by anything that can be compared
    VEX_OTHER_KIND, // another type of package
    VEX_OTHER_NAME,
    VEX_OTHER_SPACE, // the name of another distribution's
    VEX_OTHER_VERSION,
    VEX_OTHER_QUALIFIER,
    VEX_OTHER_IMAGE,
    VEX_AGREES,
};

// Does the product cover this package of the image? `why_not` says which part differs, in the arena, unless it is NULL.
enum vex_agreement vex_covers(const struct vex_product *product, const struct vex_image *image,
                              const struct package *package, struct arena *a, struct slice *why_not);

// The same of one package URL that names a package: for ignore rules too.
enum vex_agreement vex_purl_names(struct slice purl, struct slice range, const struct vex_image *image,
                                  const struct package *package, struct arena *a, struct slice *why_not);

// What the product is called, for people: "openssl in docker.io/library/debian".
struct slice vex_product_title(struct arena *a, const struct vex_product *product);

// ---- for the formats ------------------------------------------------------------------------------------------------

// Adds a name of whatever sort the text is of; nothing for an empty one. ERR_LIMIT for one longer than field_bytes.
bool vex_add_name(struct arena *a, struct vex_thing *thing, struct slice text, const struct limits *limits,
                  struct error *err);

// A copy of a text for people, at most 4 KiB of it.
struct slice vex_words(struct arena *a, struct slice text);

// Adds an empty statement. ERR_LIMIT beyond limits.vex_statements.
struct vex_statement *vex_add_statement(struct arena *a, struct vex_document *d, const struct limits *limits,
                                        struct error *err);

// Adds a product to a statement; `*products` counts those of the document. ERR_LIMIT beyond limits.vex_products.
bool vex_add_product(struct arena *a, struct vex_statement *s, const struct vex_thing *whole,
                     const struct vex_thing *part, uint64_t *products, const struct limits *limits, struct error *err);

// Appends another id of a vulnerability to a blank-separated list; not one that can be none: empty, with a blank in it,
// or longer than field_bytes.
void vex_add_alias(struct buf *aliases, struct slice id, const struct limits *limits);

// Notes what keeps a statement from being obeyed, when it lacks something: to be called when its fields are set.
void vex_check_statement(struct vex_statement *s);

struct vex_format {
    const char *name;
    bool (*is)(yyjson_val *root);
    bool (*read)(yyjson_val *root, const struct limits *limits, struct arena *a, struct vex_document *out,
                 struct error *err);
};
extern const struct vex_format vex_openvex, vex_csaf, vex_cyclonedx;
