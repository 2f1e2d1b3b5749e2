#include "feed/csaf.h"

#define FIRST_SLOTS ((size_t)64)
#define MOST_HOPS   8 // from pair to pair: component in module in product is two

// ---- ids ------------------------------------------------------------------------------------------------------------

static size_t slot_of(const struct csaf_ids *ids, struct slice id)
{
    size_t at = (size_t)slice_hash(id) & (ids->slots_n - 1);
    while (ids->slots[at] != 0 && !slice_eq(ids->ids.v[ids->slots[at] - 1], id))
        at = (at + 1) & (ids->slots_n - 1);
    return at;
}

static void grow(struct csaf_ids *ids, struct arena *a)
{
    ids->slots_n = ids->slots_n != 0 ? ids->slots_n * 2 : FIRST_SLOTS;
    ids->slots = ARENA_NEW(a, uint32_t, ids->slots_n);
    for (size_t i = 0; i < ids->ids.n; i++)
        ids->slots[slot_of(ids, ids->ids.v[i])] = (uint32_t)i + 1;
}

size_t csaf_ids_add(struct csaf_ids *ids, struct arena *a, struct slice id)
{
    if (ids->ids.n * 2 >= ids->slots_n)
        grow(ids, a);
    uint32_t *slot = &ids->slots[slot_of(ids, id)];
    if (*slot == 0) {
        VEC_PUSH(a, &ids->ids) = id;
        *slot = (uint32_t)ids->ids.n;
    }
    return *slot - 1;
}

size_t csaf_ids_find(const struct csaf_ids *ids, struct slice id)
{
    if (ids->slots_n == 0)
        return CSAF_NO_ID;
    uint32_t slot = ids->slots[slot_of(ids, id)];
    return slot != 0 ? slot - 1 : CSAF_NO_ID;
}

// ---- the tree -------------------------------------------------------------------------------------------------------

struct reading {
    struct arena *arena;
    const struct limits *limits;
    struct csaf_products *out;
};

// The product of that id, new or not; NULL for an empty id.
static struct csaf_product *product_for(struct reading *r, struct slice id)
{
    if (id.n == 0)
        return NULL;
    size_t number = csaf_ids_add(&r->out->ids, r->arena, id);
    if (number == r->out->products.n)
        VEC_PUSH(r->arena, &r->out->products) = (struct csaf_product){0};
    return &r->out->products.v[number];
}

// A "full_product_name".
static void take_product(struct reading *r, yyjson_val *name)
{
    struct csaf_product *product = product_for(r, json_str(name, "product_id"));
    yyjson_val *helper = yyjson_obj_get(name, "product_identification_helper");
    if (product != NULL)
        *product = (struct csaf_product){.purl = json_str(helper, "purl"), .cpe = json_str(helper, "cpe")};
}

static bool take_branches(struct reading *r, yyjson_val *branches, uint64_t depth, struct error *err)
{
    yyjson_val *branch;
    size_t i, n;
    if (depth > r->limits->csaf_depth)
        return error_set(err, ERR_LIMIT, "branches of products are deeper than %llu (limit csaf_depth)",
                         (unsigned long long)r->limits->csaf_depth);
    yyjson_arr_foreach(branches, i, n, branch)
    {
        take_product(r, yyjson_obj_get(branch, "product"));
        if (!take_branches(r, yyjson_obj_get(branch, "branches"), depth + 1, err))
            return false;
    }
    return true;
}

static void take_relationship(struct reading *r, yyjson_val *relationship)
{
    struct slice id = json_str(yyjson_obj_get(relationship, "full_product_name"), "product_id");
    if (!slice_eq(json_str(relationship, "category"), SLICE("default_component_of")))
        return;
    struct csaf_product *product = product_for(r, id);
    if (product != NULL)
        *product = (struct csaf_product){.component = json_str(relationship, "product_reference"),
                                         .whole = json_str(relationship, "relates_to_product_reference")};
}

bool csaf_products_read(yyjson_val *tree, struct arena *a, const struct limits *limits, struct csaf_products *out,
                        struct error *err)
{
    struct reading r = {a, limits, out};
    yyjson_val *item;
    size_t i, n;
    *out = (struct csaf_products){0};
    yyjson_arr_foreach(yyjson_obj_get(tree, "full_product_names"), i, n, item)
    {
        take_product(&r, item);
    }
    if (!take_branches(&r, yyjson_obj_get(tree, "branches"), 1, err))
        return false;
    yyjson_arr_foreach(yyjson_obj_get(tree, "relationships"), i, n, item)
    {
        take_relationship(&r, item);
    }
    return true;
}

// ---- taking ids apart -----------------------------------------------------------------------------------------------

static const struct csaf_product *product_of(const struct csaf_products *products, struct slice id)
{
    size_t number = csaf_ids_find(&products->ids, id);
    return number != CSAF_NO_ID ? &products->products.v[number] : NULL;
}

static bool is_pair(const struct csaf_product *product)
{
    return product != NULL && product->component.n != 0;
}

bool csaf_products_resolve(const struct csaf_products *products, struct slice id, const struct csaf_product **component,
                           const struct csaf_product **whole)
{
    const struct csaf_product *pair = product_of(products, id);
    if (!is_pair(pair))
        return false;
    *component = product_of(products, pair->component);
    *whole = product_of(products, pair->whole);
    for (int hops = 0; hops < MOST_HOPS && is_pair(*component); hops++)
        *component = product_of(products, (*component)->component);
    for (int hops = 0; hops < MOST_HOPS && is_pair(*whole); hops++)
        *whole = product_of(products, (*whole)->whole);
    return true;
}
