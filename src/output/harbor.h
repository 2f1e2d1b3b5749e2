// The reports of Harbor's pluggable scanner API (goharbor/pluggable-scanner-spec, scanner-adapter-openapi-v1.2.yaml:
// HarborVulnerabilityReport, HarborSbomReport). They are about an artifact that Harbor names, so they are no outputs of
// the table.
#pragma once

#include "base/json.h"
#include "match/report.h"

#define HARBOR_TYPE_OCI    "application/vnd.oci.image.manifest.v1+json"
#define HARBOR_TYPE_DOCKER "application/vnd.docker.distribution.manifest.v2+json"

struct harbor_artifact {
    struct slice repository; // "library/nginx"
    struct slice tag;        // may be empty
    struct digest digest;    // of its manifest
    const char *mime_type;   // one of the two above
};

// The member "scanner": who we are.
void harbor_add_scanner(yyjson_mut_doc *doc, yyjson_mut_val *object);

// Appends the report. What could not be judged stands among the vulnerabilities, with ids that begin with "CLARION-":
// Harbor shows nothing else, and a report without any is a clean image to it.
void harbor_write(const struct report *report, const struct harbor_artifact *artifact, int64_t now, struct buf *out);

// The bills of materials that Harbor asks for, and the outputs that write them. Ends with a row of NULLs.
struct harbor_bom {
    const char *media_type;
    const char *output;
};
extern const struct harbor_bom harbor_boms[];

// Appends a report of the image's inventory alone.
void harbor_write_bom(const struct report *report, const struct harbor_artifact *artifact, const struct harbor_bom *bom,
                      int64_t now, struct buf *out);
