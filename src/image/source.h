// What the kinds of images share while one is being opened, and how an open image is read.
#pragma once

#include "image/blobs.h"
#include "image/image.h"
#include "image/manifest.h"

// How the layers of an open image are read.
struct image_source_ops {
    struct reader *(*open_layer)(struct image *image, size_t i, struct error *err);
    void (*close)(struct image *image);
};

// An image that is being opened.
struct opening {
    struct image *image;
    struct arena *arena; // of the image
    const struct limits *limits;
    struct platform wanted;
    bool asked; // for that platform, by the user: else it is this machine's, and an image of another will do
};

// Adds a remark for people; over limits.skips of them, one more says so.
void opening_remark(struct opening *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same for what should have been read: without it packages may be missing.
void opening_problem(struct opening *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Gives the image its `n` layers, zeroed.
void opening_add_layers(struct opening *o, size_t n);

// Takes over what the configuration says of the image, whose layers are there already: the platform, and which command
// made each layer.
void opening_describe(struct opening *o, const struct image_config *config);

// Will the only image that there is do, which is for the platform `have`? ERR_NOT_FOUND when another was asked for.
bool opening_accept(struct opening *o, const struct platform *have, struct error *err);

// Appends an item to a list for people; false when the list is long enough.
bool opening_list(struct buf *list, struct slice item);

// "@N": the N-th entry from 0 on, as in containers-transports(5). False for anything else.
bool tag_is_index(struct slice tag, uint64_t *index);

// The kinds. Each fills o->image, whose `reference` is what the user named where it finds no better one. The blobs
// belong to the image already.

// An OCI image layout (image-spec, image-layout.md), in a folder or an archive. `tag` chooses among the entries of its
// index: a reference name, "@N", or empty.
bool oci_layout_open(struct opening *o, struct blobs *blobs, struct slice tag, struct error *err);

// A docker archive. `tag` chooses among its images: a repository and tag, "@N", or empty.
bool docker_archive_open(struct opening *o, struct blobs *blobs, struct slice tag, struct error *err);

// A manifest beside its blobs: the "dir" transport of containers-transports(5).
bool blob_folder_open(struct opening *o, struct blobs *blobs, struct error *err);

// Is it such a folder: does its file `version` say so?
bool blob_folder_is(struct blobs *blobs);

// A root file system in the folder open at `fd`, which belongs to the image from now on (also when this fails).
bool root_folder_open(struct opening *o, int fd, struct error *err);

// A bill of materials in the regular file open at `fd`, which belongs to the image from now on (also when this fails).
bool sbom_open(struct opening *o, int fd, struct error *err);

// True for a file whose first bytes are those of a JSON document: of the kinds of images only a bill of materials.
bool sbom_begins(int fd);
