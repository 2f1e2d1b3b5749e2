// What clients send, read as Clair v4 reads it: its words for what is wrong are part of what clients see.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "image/remote.h"

// A digest as claircore reads them. Errors: ERR_FORMAT, in its words.
bool request_digest(struct slice text, struct digest *digest, struct error *err);

// A body that is JSON. ERR_FORMAT, without context, in words like those of Clair's decoder.
yyjson_doc *request_json(struct slice body, struct error *err);

// A body that is a JSON array of digests. Errors: ERR_FORMAT, without context.
bool request_digests(struct slice body, struct arena *a, struct digest **digests, size_t *n, struct error *err);

// Clair's Manifest document.
struct posted_manifest {
    struct digest digest;
    struct remote_layer *layers; // base first
    size_t layers_n;
};

// A body that is one. ERR_FORMAT, without context, for what is no such document; ERR_USAGE for one that names no image;
// ERR_LIMIT (manifest_layers, layer_headers). Everything lives in the arena but the values of headers, which are to be
// forgotten when all is well.
bool request_manifest(struct slice body, const struct limits *limits, struct arena *a, struct posted_manifest *manifest,
                      struct error *err);
void posted_manifest_forget(struct posted_manifest *manifest);

// Go's strconv.ParseBool: 1, t, T, TRUE, true, True and their opposites. False for anything else.
bool request_bool(struct slice text, bool *value);
