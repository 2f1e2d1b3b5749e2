// Choosing one image's manifest among those that an index leads to.
#pragma once

#include "image/content.h"

struct choice {
    struct descriptor descriptor;
    struct manifest manifest;
    struct slice reference; // the full name that the outermost index gives it, may be empty
};

// Searches an index and the indexes inside it, in order, for the image that fits the wanted platform best; of several
// that fit alike, the first (OCI image-spec, image-index.md), unless they have different tags: then the user must say
// which. Entries that are no images, or are not there, are passed over with a remark; so is the platform when there is
// only one image. `tag` is about the entries of the outermost index: a name, "@N", or empty.
//
// Errors: ERR_NOT_FOUND (naming the tags or the platforms that there are), ERR_USAGE (several tags), ERR_LIMIT
// (manifest_depth), and those of reading a manifest or configuration.
bool choose_manifest(const struct content *content, const struct manifest *index, struct slice tag,
                     struct choice *choice, struct error *err);

// All images that an index and the indexes inside it lead to, each once, in order; what is none is passed over. Errors:
// those of reading an index, and why the first entry was passed over when there is no image at all.
struct listed_manifest {
    struct digest digest;
    struct platform platform; // os is empty when nobody says
};
bool choose_all(const struct content *content, const struct manifest *index, struct listed_manifest **images, size_t *n,
                struct error *err);
