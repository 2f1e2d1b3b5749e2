// Bills of materials: what CycloneDX and SPDX share.
//
// Neither format has room for all that Clarion knows of a package and needs to judge it again. What is left is a list
// of facts, each a key and a text: in CycloneDX properties ("clarion:KEY"), in SPDX the comment of an annotation
// ("clarion:{…}"). scan/sbom_own.c reads back those of packages, of the distribution and of the image; those on
// coverage are for people. docs/sbom.md lists them all.
#pragma once

#include "output/output.h"

struct bom_fact {
    const char *key; // a literal
    struct slice value;
};

typedef VEC(struct bom_fact) bom_facts;

// Append facts, in the arena; none with an empty value. Of a package by its index in the inventory; of the image: its
// digest, layers, repositories, and what of it was not read; on coverage: what judged it, and what was not judged.
void bom_package_facts(struct arena *a, const struct stored_image *image, size_t package, bom_facts *out);
void bom_distribution_facts(struct arena *a, const struct distribution *distribution, bom_facts *out);
void bom_image_facts(struct arena *a, const struct report *report, bom_facts *out);
void bom_coverage_facts(struct arena *a, const struct report *report, const struct output_options *options,
                        bom_facts *out);

// True when packages may be missing, since something of the image was not read.
bool bom_is_incomplete(const struct report *report);

// True when packages could not be judged, or not by all that is to be had of them.
bool bom_is_judged_in_part(const struct report *report);

// When a document was made, RFC 3339: when the feeds were that judged it, or, of the inventory alone, when the image
// was read. So the same data give the same bytes.
void bom_time(const struct report *report, bool judged, char text[static 32]);

// The name of what the document is about: the image's reference, or its digest.
struct slice bom_name(const struct stored_image *image);

// The index of the package that another one came with, or SIZE_MAX.
size_t bom_owner(const struct inventory *inventory, const struct inventory_package *package);

// A finding that is written: of report.findings, then .suppressed, then .undetermined, in their order; but for those
// that the options leave out, which does not concern what is undetermined.
struct bom_finding {
    const struct report_finding *finding;
    bool suppressed;
};
typedef VEC(struct bom_finding) bom_findings;
void bom_take_findings(struct arena *a, const struct report *report, const struct output_options *options,
                       bom_findings *out);

// Why a suppressed finding is, for people: "VEX: not_affected (…): …" or "ignored: …". In the arena.
struct slice bom_decision(struct arena *a, const struct report_finding *finding);

// The name of a document stands for its contents: where BOM_UNNAMED stands first in `out`, behind `from`, comes a UUID
// made of the digest of all that follows `from` (RFC 9562, version 8).
#define BOM_UNNAMED "urn:uuid:00000000-0000-0000-0000-000000000000"
void bom_put_name(struct buf *out, size_t from);
