// Coalescing: what its parts share. The parts are the steps in order and what comes of them (coalesce.c), laying layers
// over the merged tree (coalesce_layers.c), databases in effect and their packages (coalesce_databases.c), who owns
// what (coalesce_owners.c), which repositories packages came from (coalesce_repositories.c), and the distribution
// (coalesce_distribution.c).
#pragma once

#include "inventory/inventory.h"
#include "inventory/merged_tree.h"
#include "scan/scanner.h"

// A database or a release file (one of the two is NULL) of one layer.
struct item {
    int layer;
    int below;  // the item that the image has at the same place without this layer, TREE_NONE when it has none
    int beside; // the next of the same layer at the same place, TREE_NONE when there is none
    const struct package_db *db;
    const struct release_file *release;
};

// A history of installations as it stands in the merged image.
struct origin_source {
    const struct package_db *db;
    struct slice path;
    size_t layer;
};

struct merge {
    struct arena *arena;
    const struct limits *limits;
    struct merged_tree tree;
    VEC(struct item) items;
    VEC(int) skip_nodes; // for each skip of each layer, in order: the place of what is lost, or TREE_NONE
    VEC(int) places;     // for each package of `out`, before they are sorted: the node of its database
    VEC(const struct package_db *) owners; // lists of files that stand apart from their packages' database
    VEC(struct origin_source) origins;     // histories that tell where installed packages came from
    struct inventory *out;
};

// Where a path that a scanner looks for leads to in the merged image.
struct fixed_path {
    const struct scanner *scanner;
    struct slice path;
    enum tree_answer answer;
    struct tree_place place;
    bool used; // a database, or release file, was found there
};

typedef VEC(struct fixed_path) fixed_paths;

// ---- layers ---------------------------------------------------------------------------------------------------------

// Lays the layers over the tree, base first. With more path components than limits.merge_steps the rest is left out,
// which is told.
void merge_add_layers(struct merge *m, const struct findings *const *layers, size_t n);

// The item that is to be seen at a place, a node or a path; TREE_NONE when there is none.
int merge_item_at(const struct merge *m, const struct tree_place *place);
int merge_item_at_node(const struct merge *m, size_t node);
int merge_item_at_path(struct merge *m, struct slice path, enum tree_mode mode);

// Adds what was not read to the inventory. `lost` as in struct skip.
void merge_add_skip(struct merge *m, size_t layer, struct slice path, bool lost, struct slice reason);

// Adds what the layers say of it themselves, once all of them have been added.
void merge_take_skips(struct merge *m, const struct findings *const *layers, size_t n);

// ---- databases ------------------------------------------------------------------------------------------------------

void merge_resolve_fixed_paths(struct merge *m, fixed_paths *paths);

// Takes the packages of databases in effect, notes the lists of files, the histories and the repositories among them,
// and which of the paths led to one.
void merge_take_databases(struct merge *m, fixed_paths *paths);

// Tells of links that lead nowhere: after the databases and the distribution have been taken.
void merge_tell_lost_links(struct merge *m, const fixed_paths *paths);

// ---- owners ---------------------------------------------------------------------------------------------------------

// Says of packages of languages with which package of the distribution they came: as long as the packages stand in the
// order in which they were taken.
void merge_take_owners(struct merge *m);

// ---- repositories ---------------------------------------------------------------------------------------------------

// Takes those that an item, which stands at the node, names.
void merge_take_repositories(struct merge *m, const struct item *item, int node);

// Says of packages which repository they came from. They must be in order by kind, name, version and architecture.
void merge_take_origins(struct merge *m);

// Leaves each repository once, by the lowest layer that names it.
void merge_sort_repositories(struct inventory *out);

// ---- the distribution -----------------------------------------------------------------------------------------------

void merge_take_distribution(struct merge *m, fixed_paths *paths);
