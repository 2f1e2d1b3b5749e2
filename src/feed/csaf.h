// The products of a document of the Common Security Advisory Framework (CSAF).
//
// Format: OASIS, "Common Security Advisory Framework Version 2.0", 3.2.2 (product_tree). A document names products by
// ids of its own. Those of the tree's branches come with a package URL or a CPE; a relationship makes an id of two
// others: this component in that product, which may be such a pair itself.
#pragma once

#include "base/json.h"
#include "base/limits.h"

// Numbers for ids: 0, 1, … in the order in which they were first seen. All zero is empty; it lives in an arena.
struct csaf_ids {
    VEC(struct slice) ids; // not copied
    uint32_t *slots;       // by hash: 0 is free, else the number plus one
    size_t slots_n;
};

#define CSAF_NO_ID SIZE_MAX

size_t csaf_ids_add(struct csaf_ids *ids, struct arena *a, struct slice id); // its number, new or not
size_t csaf_ids_find(const struct csaf_ids *ids, struct slice id);           // CSAF_NO_ID: it is not there

// As the document has it: the slices belong to that.
struct csaf_product {
    struct slice purl, cpe;        // of a product by itself
    struct slice component, whole; // of a relationship: the ids of its two sides
};

struct csaf_products {
    struct csaf_ids ids;
    VEC(struct csaf_product) products; // by the numbers of their ids
};

// Reads "product_tree". ERR_LIMIT: branches are deeper than limits.csaf_depth.
bool csaf_products_read(yyjson_val *tree, struct arena *a, const struct limits *limits, struct csaf_products *out,
                        struct error *err);

// Takes an id apart: the component that is not a pair any more, and the product that all of it is a part of; either
// NULL when the document does not describe it. False: the id is of no component of a product.
bool csaf_products_resolve(const struct csaf_products *products, struct slice id, const struct csaf_product **component,
                           const struct csaf_product **whole);
