#include "inventory/merged_tree.h"

#include "base/buf.h"

#define ROOT 0

// ---- nodes ----------------------------------------------------------------------------------------------------------

static size_t slot_of(const struct merged_tree *t, int parent, struct slice name)
{
    size_t i = (size_t)(slice_hash(name) + (uint64_t)parent * 0x9e3779b97f4a7c15U) & (t->slots_n - 1);
    while (t->slots[i] != TREE_NONE) {
        const struct tree_node *node = &t->nodes.v[t->slots[i]];
        if (node->parent == parent && slice_eq(node->name, name))
            break;
        i = (i + 1) & (t->slots_n - 1);
    }
    return i;
}

static void make_slots(struct merged_tree *t, size_t n)
{
    t->slots_n = n;
    t->slots = ARENA_NEW(t->arena, int, n);
    for (size_t i = 0; i < n; i++)
        t->slots[i] = TREE_NONE;
    for (size_t i = 0; i < t->nodes.n; i++)
        t->slots[slot_of(t, t->nodes.v[i].parent, t->nodes.v[i].name)] = (int)i;
}

static int find_node(const struct merged_tree *t, int parent, struct slice name)
{
    return t->slots[slot_of(t, parent, name)];
}

static int make_node(struct merged_tree *t, int parent, struct slice name)
{
    if (2 * t->nodes.n >= t->slots_n)
        make_slots(t, 2 * t->slots_n);
    int made = (int)t->nodes.n;
    VEC_PUSH(t->arena, &t->nodes) = (struct tree_node){
        .parent = parent,
        .name = name,
        .hide_layer = TREE_NONE,
        .opaque_layer = TREE_NONE,
        .link_layer = TREE_NONE,
        .item = TREE_NONE,
    };
    t->slots[slot_of(t, parent, name)] = made;
    return made;
}

void tree_init(struct merged_tree *t, struct arena *a, const struct limits *limits)
{
    *t = (struct merged_tree){.arena = a, .limits = limits};
    make_slots(t, 256);
    make_node(t, TREE_NONE, SLICE(""));
}

static int newer(int a, int b)
{
    return a > b ? a : b;
}

int tree_hidden(const struct merged_tree *t, int node)
{
    int hidden = t->nodes.v[node].hide_layer;
    for (int n = t->nodes.v[node].parent; n != TREE_NONE; n = t->nodes.v[n].parent)
        hidden = newer(hidden, newer(t->nodes.v[n].hide_layer, t->nodes.v[n].opaque_layer));
    return hidden;
}

struct slice tree_path(const struct merged_tree *t, int node)
{
    size_t n = 0;
    for (int i = node; i != ROOT; i = t->nodes.v[i].parent)
        n += t->nodes.v[i].name.n + 1;
    char *path = arena_alloc(t->arena, n + 1), *at = path + n;
    for (int i = node; i != ROOT; i = t->nodes.v[i].parent) {
        struct slice name = t->nodes.v[i].name;
        *--at = '/';
        at -= name.n;
        memcpy(at, name.p, name.n);
    }
    return slice_of(path, n != 0 ? n - 1 : 0);
}

// ---- walking --------------------------------------------------------------------------------------------------------

// The folders walked into so far are t->frames, from the root on; a folder without a node is one that no layer has said
// anything about. The text still to be walked is t->ahead, whose last slice comes first.

static struct tree_frame *top_frame(struct merged_tree *t)
{
    return &t->frames.v[t->frames.n - 1];
}

static void to_root(struct merged_tree *t)
{
    t->frames.n = 0;
    VEC_PUSH(t->arena, &t->frames) = (struct tree_frame){ROOT, TREE_NONE};
}

// Takes the next component off the text ahead; false at its end.
static bool next_name(struct merged_tree *t, struct slice *name)
{
    while (t->ahead.n != 0) {
        struct slice *text = &t->ahead.v[t->ahead.n - 1];
        slice_cut(*text, '/', name, text);
        if (text->n == 0)
            t->ahead.n--;
        if (name->n != 0 && !slice_eq(*name, SLICE(".")))
            return true;
    }
    return false;
}

static bool is_last(const struct merged_tree *t)
{
    for (size_t i = 0; i < t->ahead.n; i++)
        for (size_t j = 0; j < t->ahead.v[i].n; j++)
            if (t->ahead.v[i].p[j] != '/')
                return false;
    return true;
}

static void enter(struct merged_tree *t, struct slice name, enum tree_mode mode)
{
    struct tree_frame from = *top_frame(t), to = {TREE_NONE, from.hidden};
    if (from.node != TREE_NONE) {
        to.hidden = newer(to.hidden, t->nodes.v[from.node].opaque_layer);
        to.node = find_node(t, from.node, name);
        if (to.node == TREE_NONE && mode == TREE_MAKE)
            to.node = make_node(t, from.node, name);
    }
    if (to.node != TREE_NONE)
        to.hidden = newer(to.hidden, t->nodes.v[to.node].hide_layer);
    VEC_PUSH(t->arena, &t->frames) = to;
}

static bool has_link(const struct merged_tree *t, int node, int hidden)
{
    return node != TREE_NONE && t->nodes.v[node].link_layer != TREE_NONE && t->nodes.v[node].link_layer >= hidden;
}

bool tree_is_link(const struct merged_tree *t, const struct tree_place *place)
{
    return has_link(t, place->node, place->hidden);
}

// Goes on at a link's target, from the folder in which the link stands or from the root.
static void follow(struct merged_tree *t, int link)
{
    struct slice target = t->nodes.v[link].target;
    t->frames.n--;
    if (target.n != 0 && target.p[0] == '/')
        to_root(t);
    VEC_PUSH(t->arena, &t->ahead) = target;
}

static enum tree_answer walk(struct merged_tree *t, enum tree_mode mode, struct tree_place *place)
{
    uint64_t hops = 0;
    struct slice name;
    while (next_name(t, &name)) {
        if (++t->steps > t->limits->merge_steps)
            return TREE_FULL;
        if (slice_eq(name, SLICE(".."))) {
            t->frames.n -= t->frames.n > 1;
            continue;
        }
        enter(t, name, mode);
        int node = top_frame(t)->node;
        if (!has_link(t, node, top_frame(t)->hidden) || (mode != TREE_FOLLOW && is_last(t)))
            continue;
        place->link = node;
        if (++hops > t->limits->symlink_hops)
            return TREE_LOOP;
        follow(t, node);
    }
    return TREE_OK;
}

enum tree_answer tree_resolve(struct merged_tree *t, struct slice path, enum tree_mode mode, struct tree_place *place)
{
    *place = (struct tree_place){TREE_NONE, TREE_NONE, TREE_NONE};
    to_root(t);
    t->ahead.n = 0;
    VEC_PUSH(t->arena, &t->ahead) = path;
    enum tree_answer answer = walk(t, mode, place);
    if (answer == TREE_OK) {
        place->node = top_frame(t)->node;
        place->hidden = top_frame(t)->hidden;
    }
    return answer;
}
