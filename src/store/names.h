// What images are called in registries: repositories and tags, which manifests they point at, and where they pointed
// before. A repository is named in full, "docker.io/library/nginx".
//
// Names are kept as registries tell of them, whether or not the image was indexed. A push that is older than what is
// known of its tag changes nothing, so that what comes twice or late does no harm.
#pragma once

#include "store/store.h"

struct name_push {
    struct slice repository, tag; // the tag may be empty
    struct digest manifest;       // of an image or of an index
    int64_t pushed;               // microseconds; 0: nobody says, it was seen there just now
};

struct name_delete {
    struct slice repository, tag;
    struct digest manifest; // with it, all tags that point there; without it and the tag, the whole repository
    int64_t at;             // microseconds
};

// Both inside a transaction of the caller's. At most `history` earlier places of a tag are kept.
bool store_name_push(struct store *s, const struct name_push *push, uint64_t history, struct error *err);
bool store_name_delete(struct store *s, const struct name_delete *gone, struct error *err);

// An image that an index leads to.
struct name_member {
    struct digest manifest;
    struct slice platform; // "linux/arm/v7"; may be empty
};

// A push, and with n != 0 the images that its manifest is an index of; one transaction.
bool store_name_put(struct store *s, const struct name_push *push, const struct name_member *members, size_t n,
                    uint64_t history, struct error *err);

// The same without a push; and whether a repository has a manifest still.
bool store_index_members(struct store *s, const struct digest *parent, const struct name_member *members, size_t n,
                         struct error *err);
bool store_name_has(struct store *s, struct slice repository, const struct digest *manifest, bool *has,
                    struct error *err);

// One name of an image, now or formerly.
struct image_name {
    struct slice repository, tag; // without a tag: it is there by its digest alone
    struct digest manifest;       // that the name stands for: the image, or an index with it
    int64_t pushed, since, until; // as in the schema; without a tag since and until are 0
};

// All names of an image, those in force first, then by repository and tag.
bool store_image_names(struct store *s, const struct digest *image, struct arena *a, struct image_name **names,
                       size_t *n, struct error *err);

// The indexed images that a name stands for: one, or those of an index. `tag` empty: of `manifest`, which must be in
// that repository.
struct named_image {
    struct digest manifest;
    struct slice os, arch;
};
bool store_name_find(struct store *s, struct slice repository, struct slice tag, const struct digest *manifest,
                     struct arena *a, struct named_image **images, size_t *n, struct error *err);

// An indexed image in a list.
struct listed_image {
    struct digest manifest;
    struct slice reference, kind, os, arch;
    struct slice distribution, distribution_version, distribution_name; // empty: unknown
    int64_t indexed;                                                    // seconds
    struct image_name *names;                                           // in force
    size_t names_n;
};

struct image_query {
    struct slice repository, tag; // only images that are there, under that tag; may be empty
    struct digest after;          // the last one of the page before; may be empty
    uint64_t most;
};

// Indexed images ordered by digest, so that no page changes another. By what was found, by a text and in other orders:
// summaries.h.
bool store_image_list(struct store *s, const struct image_query *query, struct arena *a, struct listed_image **images,
                      size_t *n, struct error *err);
