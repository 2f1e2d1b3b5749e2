// Rows of lists of images: what name_store.c and summary_list.c share.
#pragma once

#include "store/names.h"

// What of a row of `image` makes a struct listed_image but for its names: the first columns of a row, for listed_read.
#define LISTED_COLUMNS                                                                                                 \
    "image.manifest, reference, kind, os, arch, image.indexed, coalesce(did, ''), coalesce(version_id, ''), "          \
    "coalesce(pretty_name, '')"
#define LISTED_JOINS                                                                                                   \
    "JOIN image_sort ON image_sort.id = sort_id LEFT JOIN distribution ON distribution.id = distribution_id"
bool listed_read(struct db_row *row, struct arena *a, struct listed_image *out, struct error *err);

// Fills in their names in force: one wait for a server.
bool listed_names(struct store *s, struct listed_image *const *images, size_t n, struct arena *a, struct error *err);
