// The merged root of an image, as far as it matters: where symbolic links are, what stands where, and what hides what.
//
// Layers are laid over it one after the other. A node is a path; it keeps the newest layer that hid what lower layers
// had there (a whiteout, another file, a link) and the newest that made the folder opaque. Something of layer k is
// still there when nothing at its path or above it was hidden by a layer above k. Finding a place costs one look-up a
// path component, however many layers there are.
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/slice.h"

#define TREE_NONE (-1) // no node, no layer, no item

struct tree_node {
    int parent; // TREE_NONE for the root, which is node 0
    struct slice name;
    int hide_layer;   // the newest layer that replaced or removed what was here
    int opaque_layer; // the newest layer that hid the former contents of this folder
    int link_layer;   // the newest layer that has a symbolic link here
    struct slice target;
    int item; // the newest item put here, for the user of the tree
};

struct tree_frame {
    int node;
    int hidden;
};

struct merged_tree {
    struct arena *arena;
    const struct limits *limits;
    VEC(struct tree_node) nodes;
    int *slots; // a hash table of nodes by parent and name
    size_t slots_n;
    uint64_t steps;                // path components walked so far
    VEC(struct tree_frame) frames; // these two belong to the walk under way
    VEC(struct slice) ahead;
};

enum tree_answer {
    TREE_OK,
    TREE_LOOP, // more links than limits.symlink_hops
    TREE_FULL, // more steps than limits.merge_steps, over all paths
};

enum tree_mode {
    TREE_FIND,   // a link at the last component is not followed
    TREE_FOLLOW, // it is
    TREE_MAKE,   // it is not, and missing nodes are made
};

struct tree_place {
    int node;   // TREE_NONE: nothing is known of this path
    int hidden; // what layers below this one have here is hidden
    int link;   // node of the last link that was followed
};

void tree_init(struct merged_tree *t, struct arena *a, const struct limits *limits);

// Where `path` leads, through the links that are there now. A ".." at the root stays there.
enum tree_answer tree_resolve(struct merged_tree *t, struct slice path, enum tree_mode mode, struct tree_place *place);

// What hides things at a node, as in struct tree_place.
int tree_hidden(const struct merged_tree *t, int node);

// True when there is a symbolic link that nothing has replaced.
bool tree_is_link(const struct merged_tree *t, const struct tree_place *place);

// The path of a node, in the arena.
struct slice tree_path(const struct merged_tree *t, int node);
