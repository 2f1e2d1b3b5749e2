// Which images hold a package, for people who ask.
#pragma once

#include "store/store.h"

// A package in an image. Text is valid in the callback.
struct store_place {
    struct slice manifest, reference; // of the image
    struct slice layer;               // digest of that which brought the package; empty where it is not known
    struct slice kind, name, version, arch;
    struct slice db; // path of the database or file that lists it
};
typedef bool store_place_fn(void *context, const struct store_place *place, struct error *err);

// Tells of the packages of that name, or built from a source of that name, ordered by image.
bool store_places_named(struct store *s, struct slice name, store_place_fn *each, void *context, struct error *err);

// Tells of at most `most` of these, whichever are found first: the cost follows their number, not how many there are.
bool store_places_some(struct store *s, struct slice name, uint64_t most, store_place_fn *each, void *context,
                       struct error *err);

// Tells of one package in one image, by their rows: its first place.
bool store_place(struct store *s, int64_t image, int64_t package, store_place_fn *each, void *context,
                 struct error *err);
