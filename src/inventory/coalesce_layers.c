// Laying layers over the merged tree, base first, as the OCI image layer specification says: a whiteout removes a path
// and all below it from the layers below, an opaque folder hides what they had in it, another file at a path replaces
// what was there.
//
// A path that leads through a link of a lower layer stands for the place that the link leads to, which is what a
// runtime makes of it when the layer has no entry for the folder itself. With such an entry containerd puts a real
// folder in the place of the link. Findings do not tell the two apart, and need not: either way the database of the
// upper layer is there and is the one that its package manager reads at that path.
#include "inventory/coalesce_merge.h"

// ---- items ----------------------------------------------------------------------------------------------------------

int merge_item_at(const struct merge *m, const struct tree_place *place)
{
    if (place->node == TREE_NONE)
        return TREE_NONE;
    int item = m->tree.nodes.v[place->node].item;
    return item != TREE_NONE && m->items.v[item].layer >= place->hidden ? item : TREE_NONE;
}

int merge_item_at_node(const struct merge *m, size_t node)
{
    int item = m->tree.nodes.v[node].item;
    return item != TREE_NONE && m->items.v[item].layer >= tree_hidden(&m->tree, (int)node) ? item : TREE_NONE;
}

int merge_item_at_path(struct merge *m, struct slice path, enum tree_mode mode)
{
    struct tree_place place;
    return tree_resolve(&m->tree, path, mode, &place) == TREE_OK ? merge_item_at(m, &place) : TREE_NONE;
}

// ---- one layer ------------------------------------------------------------------------------------------------------

// Lower layers' files at the path, and below it, are gone. What the tree does not know needs no hiding.
static void hide(struct merge *m, struct slice path, int layer)
{
    struct tree_place place;
    if (tree_resolve(&m->tree, path, TREE_FIND, &place) == TREE_OK && place.node != TREE_NONE)
        m->tree.nodes.v[place.node].hide_layer = layer;
}

// The same of a file only: folders of several layers are one folder.
static void hide_file(struct merge *m, struct slice path, int layer)
{
    struct tree_place place;
    if (tree_resolve(&m->tree, path, TREE_FIND, &place) == TREE_OK && merge_item_at(m, &place) != TREE_NONE)
        m->tree.nodes.v[place.node].hide_layer = layer;
}

static void hide_contents(struct merge *m, struct slice folder, int layer)
{
    struct tree_place place;
    if (tree_resolve(&m->tree, folder, TREE_FOLLOW, &place) == TREE_OK && place.node != TREE_NONE)
        m->tree.nodes.v[place.node].opaque_layer = layer;
}

// The node for something that the layer has at this path, or NULL when its parents are a loop of links: such a path
// cannot exist in the merged root.
static struct tree_node *put(struct merge *m, struct slice path, int layer)
{
    struct tree_place place;
    if (tree_resolve(&m->tree, path, TREE_MAKE, &place) != TREE_OK)
        return NULL;
    struct tree_node *node = &m->tree.nodes.v[place.node];
    node->hide_layer = layer;
    return node;
}

static void put_link(struct merge *m, const struct layer_link *link, int layer)
{
    struct tree_node *node = put(m, link->path, layer);
    if (node == NULL)
        return;
    node->link_layer = layer;
    node->target = link->target;
}

static void put_item(struct merge *m, struct slice path, int item)
{
    struct item *it = &m->items.v[item];
    struct tree_node *node = put(m, path, it->layer);
    if (node == NULL)
        return;
    if (node->item != TREE_NONE && m->items.v[node->item].layer == it->layer)
        it->beside = node->item;
    // Only what stood at this very place: an item is then below those of one layer at most.
    const struct item *former = it->beside != TREE_NONE ? &m->items.v[it->beside] : NULL;
    if (it->below != (former != NULL ? former->below : node->item))
        it->below = TREE_NONE;
    node->link_layer = TREE_NONE;
    node->item = item;
}

// What the layer has is compared with the image as it was before anything of the layer is put into the tree.
static void make_items(struct merge *m, const struct findings *f, int layer)
{
    for (size_t i = 0; i < f->dbs_n; i++) {
        int below = merge_item_at_path(m, f->dbs[i].path, TREE_FIND);
        VEC_PUSH(m->arena, &m->items) =
            (struct item){.layer = layer, .below = below, .beside = TREE_NONE, .db = &f->dbs[i]};
    }
    for (size_t i = 0; i < f->releases_n; i++)
        VEC_PUSH(m->arena, &m->items) =
            (struct item){.layer = layer, .below = TREE_NONE, .beside = TREE_NONE, .release = &f->releases[i]};
}

// A file that could not be read is remembered by its place: it is lost only as long as no later layer hides it.
static void put_skip(struct merge *m, const struct skip *skip)
{
    struct tree_place place = {.node = TREE_NONE};
    if (skip->lost && skip->path.n != 0)
        tree_resolve(&m->tree, skip->path, TREE_MAKE, &place);
    VEC_PUSH(m->arena, &m->skip_nodes) = place.node;
}

static void add_layer(struct merge *m, const struct findings *f, int layer)
{
    int first = (int)m->items.n;
    make_items(m, f, layer);
    for (size_t i = 0; i < f->whiteouts_n; i++)
        hide(m, f->whiteouts[i], layer);
    for (size_t i = 0; i < f->opaques_n; i++)
        hide_contents(m, f->opaques[i], layer);
    for (size_t i = 0; i < f->links_n; i++)
        put_link(m, &f->links[i], layer);
    for (size_t i = 0; i < f->nondirs_n; i++)
        hide(m, f->nondirs[i], layer);
    for (size_t i = 0; i < f->folders_n; i++)
        hide_file(m, f->folders[i], layer);
    for (size_t i = 0; i < f->dbs_n; i++)
        put_item(m, f->dbs[i].path, first + (int)i);
    for (size_t i = 0; i < f->releases_n; i++)
        put_item(m, f->releases[i].path, first + (int)(f->dbs_n + i));
    for (size_t i = 0; i < f->skips_n; i++)
        put_skip(m, &f->skips[i]);
}

// ---- what was not read ----------------------------------------------------------------------------------------------

void merge_add_skip(struct merge *m, size_t layer, struct slice path, bool lost, struct slice reason)
{
    struct inventory *out = m->out;
    out->skips_total++;
    // A flood of remarks must not crowd out what was lost: that has as many places again.
    if (out->skips_n >= (lost ? 2 * m->limits->skips : m->limits->skips))
        return;
    if (out->skips_n == out->skips_cap)
        out->skips = arena_grow(m->arena, out->skips, sizeof *out->skips, out->skips_n, &out->skips_cap);
    out->skips[out->skips_n++] = (struct inventory_skip){layer, {path, reason, lost}};
}

static bool stands_again(const struct findings *const *layers, size_t i, size_t n)
{
    for (size_t j = i + 1; j < n; j++)
        if (layers[j] == layers[i])
            return true;
    return false;
}

void merge_take_skips(struct merge *m, const struct findings *const *layers, size_t n)
{
    const int *node = m->skip_nodes.v;
    for (size_t i = 0; i < n; i++) {
        // A layer that stands there several times is told of once, for its topmost place.
        bool told_above = stands_again(layers, i, n);
        for (size_t j = 0; j < layers[i]->skips_n; j++, node++) {
            const struct skip *skip = &layers[i]->skips[j];
            bool hidden = *node != TREE_NONE && tree_hidden(&m->tree, *node) > (int)i;
            if (!told_above)
                merge_add_skip(m, i, skip->path, skip->lost && !hidden, skip->reason);
        }
        if (!told_above)
            m->out->skips_total += layers[i]->skips_total - layers[i]->skips_n;
    }
}

// ---- all layers -----------------------------------------------------------------------------------------------------

void merge_add_layers(struct merge *m, const struct findings *const *layers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_layer(m, layers[i], (int)i);
    if (m->tree.steps <= m->limits->merge_steps)
        return;
    merge_add_skip(m, n - 1, SLICE(""), true,
                   arena_printf(m->arena, "the layers have more than %llu path components to walk (limit merge_steps)",
                                (unsigned long long)m->limits->merge_steps));
    m->tree.steps = 0; // what was merged is still looked at
}
