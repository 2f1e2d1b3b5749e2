// An image as a client of the API describes it: the digest of its manifest, and where its layers are.
//
// Clair v4's manifest document: for each layer its digest, a URI and headers to be sent with the request. The bytes go
// from the socket to whoever reads the layer; nothing is fetched when the image is made.
#pragma once

#include "http/stream.h"
#include "image/image.h"

struct remote_layer {
    struct digest digest;
    struct slice uri;
    const struct http_header *headers; // for the URI's own origin
    size_t headers_n;
};

// The layers, base first, and the rules must outlive the image; all else that it holds lives in the arena.
// ERR_LIMIT (manifest_layers). A URI that cannot be fetched is an error when its layer is opened.
bool remote_image(struct http_client *http, const struct address_rules *allow, const struct limits *limits,
                  const struct digest *manifest, const struct remote_layer *layers, size_t n, struct arena *a,
                  struct image *image, struct error *err);
