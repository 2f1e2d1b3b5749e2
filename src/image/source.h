// What the kinds of images share: how each opens, and what it leaves behind for image_open_layer.
#pragma once

#include "image/blobs.h"
#include "image/image.h"
#include "image/manifest.h"

struct image_source_ops {
    struct reader *(*open_layer)(struct image *image, size_t i, struct error *err);
    void (*close)(struct image *image);
};

// The ops of all kinds whose layers are blobs: image->source is a struct blobs, a layer's `where` is a blob's.
extern const struct image_source_ops blobs_source;

// Each takes what it is given over (also when it fails), and fills the image: kind, digests, layers, remarks.
bool oci_layout_open(struct blobs *blobs, struct slice tag, const struct image_options *options, struct arena *a,
                     struct image *image, struct error *err);
bool blob_folder_open(struct blobs *blobs, const struct image_options *options, struct arena *a, struct image *image,
                      struct error *err);
bool docker_archive_open(struct blobs *blobs, struct slice tag, const struct image_options *options, struct arena *a,
                         struct image *image, struct error *err);
bool root_folder_open(int fd, const struct image_options *options, struct arena *a, struct image *image,
                      struct error *err);

void image_remark(struct arena *a, struct image *image, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Adds a layer, zeroed.
struct image_layer *image_add_layer(struct arena *a, struct image *image);

// Reads a configuration into the image: platform, and which command made each layer. Compares its number of layers with
// the image's, which must be listed already.
bool image_describe(struct slice config, const struct image_options *options, struct arena *a, struct image *image,
                    struct image_config *parsed, struct error *err);

// False (ERR_NOT_FOUND) when a platform was asked for and the configuration is of another. For images that no index
// offers for a platform: an index's word counts more than the configuration's.
bool image_check_platform(const struct image_config *config, const struct image_options *options, struct arena *a,
                          struct error *err);
