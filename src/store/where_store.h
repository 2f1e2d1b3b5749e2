// Which images hold some packages, for people who ask: page by page, so that what a page costs follows what it shows
// and the parts that the packages are in, not the images that hold them.
//
// Images come by their package sets, the newest first, then by their contexts and rows: what is indexed or forgotten
// meanwhile moves no other image to another page.
#pragma once

#include "store/store.h"

// Where a page ended. Opaque to clients, who get it as text and hand it back.
struct holders_key {
    int64_t set, context, image; // set 0: from the start
};
struct slice holders_key_text(const struct holders_key *key, struct arena *a); // "812.3.17"
bool holders_key_parse(struct slice text, struct holders_key *key, struct error *err);

// Appends the packages of that name, or built from a source of that name.
bool store_packages_named(struct store *s, struct slice name, struct arena *a, store_ids *out, struct error *err);

// How a package has to do with packages that others own: somewhere it is owned by one of the distribution; somewhere
// something is owned by one of its name.
struct package_owning {
    bool owned, owner;
};
bool store_packages_owning(struct store *s, const int64_t *packages, size_t n, struct package_owning *out,
                           struct error *err); // one for each

// ---- sets -----------------------------------------------------------------------------------------------------------

// A package in a part. Text lives in the arena of the walk.
struct part_member {
    int64_t part, package;
    struct slice db; // path of the database or file that lists it
    bool owned;
};

// A place of one of the packages in a set.
struct set_place {
    const struct part_member *member;
    int64_t layer; // that brought the part
};

struct holding_set {
    int64_t set;
    const struct set_place *places; // all that the set has of the packages
    size_t places_n;
};

// The sets that have any of some packages, from one on.
struct set_walk;

// Each package once. Lives in the arena. `from` 0: from the newest.
struct set_walk *set_walk_new(struct store *s, const int64_t *packages, size_t n, int64_t from, struct arena *a,
                              struct error *err);

// At most `most` sets more, with their places in the arena; none at the end.
bool set_walk_next(struct set_walk *walk, size_t most, struct arena *a, struct holding_set *out, size_t *n,
                   struct error *err);

// ---- images ---------------------------------------------------------------------------------------------------------

struct holding_image {
    struct holders_key key;
    int64_t chain; // of layers
    struct digest manifest;
    struct slice reference;
};
typedef VEC(struct holding_image) holding_images;

// Appends images of these sets in their order, those behind `after`; of each at most `most`.
bool store_images_of_sets(struct store *s, const struct holding_set *sets, size_t n, const struct holders_key *after,
                          uint64_t most, struct arena *a, holding_images *out, struct error *err);

// The lowest place of a package in a set. False with ERR_NOT_FOUND when it has none (any more).
bool store_place_in_set(struct store *s, int64_t set, int64_t package, struct arena *a, struct slice *db,
                        int64_t *layer, struct error *err);

// Of the layers at a position of a chain, their digests, empty where there is none (any more).
struct layer_position {
    int64_t chain, position;
    struct digest digest; // is set
};
bool store_layers_at(struct store *s, struct layer_position *positions, size_t n, struct arena *a, struct error *err);

// Appends those parts of a set that have to do with packages which others own, wherever that may be: sets that have
// these in common are judged alike.
bool store_set_owning_parts(struct store *s, int64_t set, struct arena *a, store_ids *out, struct error *err);
