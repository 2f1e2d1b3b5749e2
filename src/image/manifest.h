// The JSON documents that describe an image: manifest, index and configuration, in OCI's and in Docker's dialect, and
// the manifest.json of a docker archive.
//
// Pure functions on slices: nothing is opened, nothing that a document names is believed. Everything that they give is
// copied into the arena. Sources: OCI image-spec (manifest.md, image-index.md, descriptor.md, config.md,
// media-types.md); Docker's "Image Manifest Version 2, Schema 2" and "Image Specification v1.2" (the archive).
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/limits.h"
#include "image/platform.h"

// What one document says of another: where it is, by content.
struct descriptor {
    struct digest digest;
    uint64_t size;               // UINT64_MAX when it is not said
    struct slice media_type;     // may be empty
    struct slice artifact_type;  // of an entry of an index: what the manifest is about, if it is no image
    struct slice reference_type; // annotation vnd.docker.reference.type: "attestation-manifest"
    struct slice ref_name;       // annotation org.opencontainers.image.ref.name
    struct slice image_name;     // annotation io.containerd.image.name
    struct platform platform;    // os is empty when it is not said
    struct slice *urls;          // further places where the bytes are said to be
    size_t urls_n;
};

enum manifest_kind {
    MANIFEST_UNKNOWN,
    MANIFEST_IMAGE,
    MANIFEST_INDEX,
    MANIFEST_SCHEMA1, // Docker's first kind, for which there is no configuration and no list of layer sizes
};

struct manifest {
    enum manifest_kind kind;    // MANIFEST_IMAGE or MANIFEST_INDEX
    struct slice artifact_type; // not empty: it is about something else than an image
    struct descriptor config;   // of an image
    struct descriptor *items;   // an image's layers, base first; an index's entries
    size_t n;
};

// What a media type says of the document that bears it.
enum manifest_kind manifest_kind_of(struct slice media_type);

// Reads an image manifest or an index. Errors: ERR_FORMAT; ERR_UNSUPPORTED for schema 1; ERR_LIMIT (manifest_layers,
// index_entries, fetch_layer_urls).
bool manifest_parse(struct slice text, const struct limits *limits, struct arena *a, struct manifest *manifest,
                    struct error *err);

// Is this the configuration of an image that can be run? An empty type is taken for one.
bool manifest_config_is_image(struct slice media_type);

// Is a layer of this media type one whose bytes are kept elsewhere?
bool manifest_layer_is_foreign(struct slice media_type);

// Why a layer of this media type cannot be read, or empty when it can.
struct slice manifest_layer_skip_reason(struct slice media_type, struct arena *a);

struct image_config {
    struct platform platform;
    VEC(struct digest) diff_ids;  // of the uncompressed layers, base first
    VEC(struct slice) created_by; // of the history's entries that made a layer, base first
};

// Reads an image configuration. Errors: ERR_FORMAT, ERR_LIMIT (manifest_layers).
bool image_config_parse(struct slice text, const struct limits *limits, struct arena *a, struct image_config *config,
                        struct error *err);

// One image of a docker archive: names of members.
struct docker_image {
    struct slice config;
    VEC(struct slice) tags;
    VEC(struct slice) layers; // base first
};

struct docker_manifest {
    VEC(struct docker_image) images;
};

// Reads the manifest.json of a docker archive. Errors: ERR_FORMAT, ERR_LIMIT (manifest_layers, index_entries).
bool docker_manifest_parse(struct slice text, const struct limits *limits, struct arena *a,
                           struct docker_manifest *manifest, struct error *err);
