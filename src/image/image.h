// Where an image comes from: a docker archive, an OCI layout or archive, a folder of blobs, a root file system, a
// registry.
//
// Opening an image reads and verifies its manifest and configuration and lists its layers; the layers' bytes are read
// only when image_open_layer is called, and are verified by who reads them. Nothing is written, and nothing outside the
// named file, folder or registry is opened, whatever the image says.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/reader.h"
#include "scan/scanner.h"

struct image_layer {
    struct digest digest;     // of the bytes that image_open_layer gives
    struct slice media_type;  //
    uint64_t size;            // as the manifest says; 0 when unknown
    struct slice created_by;  // from the configuration's history, may be empty
    struct slice skip_reason; // not empty: this layer's bytes are not part of the image (foreign layer); do not open it
    uint64_t where;           // for the source's own use
};

struct image {
    struct slice reference; // what the user named, or the tag that the image carries
    struct slice kind;      // "docker-archive", "oci", "oci-archive", "dir", "blobs" (manifest beside blobs), "sbom",
                            // "registry", "manifest" (as a client described it)
    struct digest manifest; // of the manifest chosen, of a document; what stands for it is said where the kind has none
    struct digest config;   // empty text: none
    struct digest named;    // of what a reference to a registry names: the manifest, or an index that led to it
    struct slice os, arch;  // of the configuration
    enum scan_subject subject;  // what its layers' bytes are; a document is its own only layer
    struct image_layer *layers; // base first
    size_t layers_n;
    bool sequential;       // layers are best opened one after the other, in order of `where`
    struct slice *remarks; // what was passed over, for people
    size_t remarks_n, remarks_cap;
    struct slice *problems; // what should have been read and could not be: packages may be missing
    size_t problems_n, problems_cap;
    const struct image_source_ops *ops;
    void *source;
};

struct registry_settings;

struct image_options {
    const char *platform; // "os/arch[/variant]"; NULL: linux and this machine's architecture
    const struct limits *limits;
    const struct registry_settings *registry; // must outlive the image; NULL: no registry is asked
};

// Opens TARGET: "docker-archive:FILE[:NAME:TAG]", "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "dir:ROOT", "sbom:FILE",
// "registry:REFERENCE", or a bare path whose kind is recognised, or, where no such file is and the text can be no
// file's name by its looks, a bare reference; ":@N" instead of a tag means the N-th image from 0 on. Everything in
// `image` lives in the arena, but image_close must be called before that is freed. Errors: ERR_NOT_FOUND, ERR_FORMAT,
// ERR_DIGEST (naming both digests), ERR_LIMIT, ERR_UNSUPPORTED, ERR_IO, ERR_USAGE, ERR_NETWORK, ERR_REFUSED.
bool image_open(const char *target, const struct image_options *options, struct arena *a, struct image *image,
                struct error *err);

struct reference;

// The same for a reference that is read already: the image in its registry. With a digest it is that one manifest, or
// one of those that it is an index of.
bool image_pull(const struct reference *reference, const struct image_options *options, struct arena *a,
                struct image *image, struct error *err);

// What a reference to a registry names: one image, or all those of an index.
struct image_listing {
    struct digest named;
    bool is_index;
    struct listed_manifest *images; // image/choose.h
    size_t images_n;
};
bool image_list(const struct reference *reference, const struct image_options *options, struct arena *a,
                struct image_listing *listing, struct error *err);

// Closes what image_open opened; harmless for an all-zero image.
void image_close(struct image *image);

// The compressed bytes of layer `i`. Safe to call from several threads, also for the same image.
struct reader *image_open_layer(struct image *image, size_t i, struct error *err);
