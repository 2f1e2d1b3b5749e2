// What Harbor sends: requests for scans, and the ids of scans that it was given.
//
// Source: goharbor/pluggable-scanner-spec, api/spec/scanner-adapter-openapi-v1.1.yaml and v1.2.yaml (ScanRequest,
// ScanRequestId); and Harbor's own client, src/pkg/scan/rest/v1, which also sends `registry.insecure`.
#pragma once

#include "base/limits.h"
#include "output/harbor.h"
#include "service/indexing.h"

// A scan that is asked for.
struct harbor_request {
    struct harbor_artifact artifact;
    struct pull pull; // of it
};

// Reads the body of a request for a scan. Everything lives in the arena but the pull's authorization, which is to be
// forgotten when all is well. ERR_FORMAT for what is no such document, or has a value of another type than it should
// (400), ERR_USAGE for a value that is missing or wrong (422), ERR_UNSUPPORTED for what is not scanned here (501).
bool harbor_request_parse(struct slice body, struct arena *a, struct harbor_request *request, struct error *err);

// The id of a scan is all that there is to know of it, in letters that a path has: no scan is forgotten over a restart.
//   sha256-HEX~KIND~TAG~library~nginx
// KIND is the kind of the manifest, TAG may be empty; '~' stands for the repository's '/', and is in none of the parts.
struct slice harbor_id(const struct harbor_artifact *artifact, struct arena *a);

// False for what is no such id.
bool harbor_id_parse(struct slice id, struct arena *a, struct harbor_artifact *artifact);
