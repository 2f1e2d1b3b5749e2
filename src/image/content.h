// Blobs that are named by their digest: read, and held against what their descriptor says of them.
#pragma once

#include "image/source.h"

// How a digest becomes a file's name.
enum content_layout {
    CONTENT_OCI,      // blobs/sha256/HEX (OCI image-spec, image-layout.md)
    CONTENT_REGISTRY, // manifests/DIGEST, blobs/DIGEST (OCI distribution-spec, "Pulling manifests", "Pulling blobs")
    CONTENT_FLAT, // HEX, and HEX.manifest.json for the manifests of an index (the "dir" transport of containers/image)
};

struct content {
    struct opening *opening;
    struct blobs *blobs;
    enum content_layout layout;
};

// Where a described manifest or index is. ERR_NOT_FOUND when it is not there, ERR_DIGEST when it is of another size.
bool content_find_manifest(const struct content *content, const struct descriptor *d, struct blob *blob,
                           struct error *err);

// Reads a described manifest or index, verified by size, digest and the kind that the descriptor's media type names.
// ERR_DIGEST names both digests.
bool content_read_manifest(const struct content *content, const struct descriptor *d, struct manifest *manifest,
                           struct error *err);

// Reads the configuration of an image's manifest, verified likewise. ERR_UNSUPPORTED when it is of no container image.
bool content_read_config(const struct content *content, const struct manifest *manifest, struct image_config *config,
                         struct error *err);

// Fills an image from its manifest, which has the digest given. All blobs that the image needs must be there and of the
// size that the manifest says.
bool content_fill_image(const struct content *content, const struct digest *digest, const struct manifest *manifest,
                        struct error *err);
