// From the findings of layers to what is installed.
//
// Layers are laid over a merged tree (merged_tree.h), base first, as the OCI image layer specification says: a whiteout
// removes a path and all below it from the layers below, an opaque folder hides what they had in it, another file at a
// path replaces what was there.
//
// A path that leads through a link of a lower layer stands for the place that the link leads to, which is what a
// runtime makes of it when the layer has no entry for the folder itself. With such an entry containerd puts a real
// folder in the place of the link. Findings do not tell the two apart, and need not: either way the database of the
// upper layer is there and is the one that its package manager reads at that path.
#include "inventory/inventory.h"

#include "inventory/merged_tree.h"
#include "inventory/origin.h"
#include "scan/scanner.h"

#include <stdlib.h>

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

static void add_skip(struct merge *m, size_t layer, struct slice path, bool lost, struct slice reason)
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

// ---- laying one layer over the tree ---------------------------------------------------------------------------------

// The item that is to be seen at a place, TREE_NONE when there is none.
static int item_at(const struct merge *m, const struct tree_place *place)
{
    if (place->node == TREE_NONE)
        return TREE_NONE;
    int item = m->tree.nodes.v[place->node].item;
    return item != TREE_NONE && m->items.v[item].layer >= place->hidden ? item : TREE_NONE;
}

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
    if (tree_resolve(&m->tree, path, TREE_FIND, &place) == TREE_OK && item_at(m, &place) != TREE_NONE)
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

static int item_at_node(const struct merge *m, size_t node)
{
    int item = m->tree.nodes.v[node].item;
    return item != TREE_NONE && m->items.v[item].layer >= tree_hidden(&m->tree, (int)node) ? item : TREE_NONE;
}

static int item_at_path(struct merge *m, struct slice path, enum tree_mode mode)
{
    struct tree_place place;
    return tree_resolve(&m->tree, path, mode, &place) == TREE_OK ? item_at(m, &place) : TREE_NONE;
}

// What the layer has is compared with the image as it was before anything of the layer is put into the tree.
static void make_items(struct merge *m, const struct findings *f, int layer)
{
    for (size_t i = 0; i < f->dbs_n; i++) {
        int below = item_at_path(m, f->dbs[i].path, TREE_FIND);
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

static void add_layers(struct merge *m, const struct findings *const *layers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_layer(m, layers[i], (int)i);
    if (m->tree.steps <= m->limits->merge_steps)
        return;
    add_skip(m, n - 1, SLICE(""), true,
             arena_printf(m->arena, "the layers have more than %llu path components to walk (limit merge_steps)",
                          (unsigned long long)m->limits->merge_steps));
    m->tree.steps = 0; // what was merged is still looked at
}

// ---- packages -------------------------------------------------------------------------------------------------------

// What the same scanner found at the place, among an item and those beside it.
static int item_of_scanner(const struct merge *m, int item, struct slice scanner)
{
    while (item != TREE_NONE && (m->items.v[item].db == NULL || !slice_eq(m->items.v[item].db->scanner, scanner)))
        item = m->items.v[item].beside;
    return item;
}

// The versions of a database that stood at the same path one after the other, newest first.
static size_t versions_of(const struct merge *m, const struct item *newest, struct arena *a,
                          struct database_version **versions)
{
    VEC(struct database_version) v = {0};
    for (const struct item *it = newest; it != NULL;) {
        VEC_PUSH(a, &v) = (struct database_version){it->layer, it->db};
        int below = item_of_scanner(m, it->below, newest->db->scanner);
        it = below != TREE_NONE ? &m->items.v[below] : NULL;
    }
    *versions = v.v;
    return v.n;
}

static struct slice owner_text(struct arena *a, const struct package *owner)
{
    struct buf text BUF_AUTO = {0};
    buf_add(&text, owner->kind);
    buf_addc(&text, ':');
    buf_add(&text, owner->name);
    return arena_dup(a, buf_slice(&text));
}

static void take_package(struct merge *m, const struct package *package, struct slice path, int node, size_t layer,
                         const struct scanner *scanner)
{
    struct inventory *out = m->out;
    if (out->packages_n == out->packages_cap)
        out->packages = arena_grow(m->arena, out->packages, sizeof *out->packages, out->packages_n, &out->packages_cap);
    if (package->inside.n != 0) {
        struct buf whole BUF_AUTO = {0};
        buf_add(&whole, path);
        buf_addc(&whole, '!');
        buf_add(&whole, package->inside);
        path = arena_dup(m->arena, buf_slice(&whole));
    }
    out->packages[out->packages_n++] = (struct inventory_package){
        .package = *package, .db = path, .owner = package->owner, .layer = layer, .scanner = scanner->name};
    VEC_PUSH(m->arena, &m->places) = node;
}

static void take_database(struct merge *m, const struct item *item, const struct scanner *scanner, int node)
{
    struct arena scratch ARENA_AUTO = {0};
    struct database_version *versions;
    struct slice path = tree_path(&m->tree, node);
    size_t versions_n = versions_of(m, item, &scratch, &versions);
    const int *origins = package_origins(&scratch, versions, versions_n);
    for (size_t i = 0; i < item->db->n; i++)
        if (origins[i] != ORIGIN_REPEATED)
            take_package(m, &item->db->packages[i], path, node, (size_t)origins[i], scanner);
}

static void add_repository(struct merge *m, struct slice id, struct slice path, size_t layer)
{
    struct inventory *out = m->out;
    if (out->repositories_n == out->repositories_cap)
        out->repositories = arena_grow(m->arena, out->repositories, sizeof *out->repositories, out->repositories_n,
                                       &out->repositories_cap);
    out->repositories[out->repositories_n++] = (struct inventory_repository){id, path, layer};
}

static void take_repositories(struct merge *m, const struct item *item, int node)
{
    struct slice path = tree_path(&m->tree, node);
    for (size_t i = 0; i < item->db->n; i++)
        add_repository(m, item->db->packages[i].name, path, (size_t)item->layer);
}

// ---- databases in effect --------------------------------------------------------------------------------------------

// Where a path that a scanner looks for leads to in the merged image.
struct fixed_path {
    const struct scanner *scanner;
    struct slice path;
    enum tree_answer answer;
    struct tree_place place;
    bool used; // a database, or release file, was found there
};

typedef VEC(struct fixed_path) fixed_paths;

static void resolve_fixed_paths(struct merge *m, fixed_paths *paths)
{
    for (size_t i = 0; scanners[i] != NULL; i++) {
        const char *const *path = scanners[i]->fixed_paths;
        for (; path != NULL && *path != NULL; path++) {
            struct fixed_path *p = &VEC_PUSH(m->arena, paths);
            *p = (struct fixed_path){.scanner = scanners[i], .path = slice_str(*path)};
            p->answer = tree_resolve(&m->tree, p->path, TREE_FOLLOW, &p->place);
        }
    }
}

static bool is_at_or_below(const struct merge *m, int node, int above)
{
    while (node != TREE_NONE && node != above)
        node = m->tree.nodes.v[node].parent;
    return node != TREE_NONE;
}

// A database counts when a path that its scanner looks for leads to it, or to a folder above it. One that was captured
// because a link pointed there, and points there no more, does not.
static bool is_in_effect(const struct merge *m, int node, const struct scanner *scanner, fixed_paths *paths)
{
    bool found = scanner->fixed_paths == NULL;
    for (size_t i = 0; i < paths->n; i++) {
        struct fixed_path *p = &paths->v[i];
        if (p->scanner != scanner || p->answer != TREE_OK || p->place.node == TREE_NONE ||
            !is_at_or_below(m, node, p->place.node))
            continue;
        p->used = found = true;
    }
    return found;
}

// The item of the scanner that stands in the same folder and comes before it in the order of the fixed paths, or
// TREE_NONE.
static int preferred_to(const struct merge *m, int node, const struct scanner *scanner, const fixed_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++) {
        const struct fixed_path *p = &paths->v[i];
        if (p->scanner != scanner || p->answer != TREE_OK || p->place.node == TREE_NONE)
            continue;
        if (p->place.node == node)
            return TREE_NONE;
        int item = m->tree.nodes.v[p->place.node].parent == m->tree.nodes.v[node].parent
                       ? item_of_scanner(m, item_at(m, &p->place), slice_str(scanner->name))
                       : TREE_NONE;
        if (item != TREE_NONE)
            return item;
    }
    return TREE_NONE;
}

// True when another database in its folder is the one in effect, which is told.
static bool is_left_behind(struct merge *m, const struct item *it, int node, const struct scanner *scanner,
                           const fixed_paths *paths)
{
    int other = scanner->one_a_folder ? preferred_to(m, node, scanner, paths) : TREE_NONE;
    if (other == TREE_NONE)
        return false;
    add_skip(m, (size_t)it->layer, it->db->path, false,
             arena_printf(m->arena, "left out with its %zu packages: the database in effect in this folder is %.*s",
                          it->db->n, SLICE_ARG(slice_basename(m->items.v[other].db->path))));
    return true;
}

static void take_databases(struct merge *m, fixed_paths *paths)
{
    for (size_t i = 0; i < m->tree.nodes.n; i++) {
        for (int item = item_at_node(m, i); item != TREE_NONE; item = m->items.v[item].beside) {
            const struct package_db *db = m->items.v[item].db;
            const struct scanner *scanner = db != NULL ? scanner_named(db->scanner) : NULL;
            if (scanner == NULL || !is_in_effect(m, (int)i, scanner, paths))
                continue;
            if (is_left_behind(m, &m->items.v[item], (int)i, scanner, paths))
                continue;
            if (scanner->finds == FINDS_OWNERS)
                VEC_PUSH(m->arena, &m->owners) = db;
            else if (scanner->finds == FINDS_REPOSITORIES)
                take_repositories(m, &m->items.v[item], (int)i);
            else if (scanner->finds == FINDS_ORIGINS)
                VEC_PUSH(m->arena, &m->origins) =
                    (struct origin_source){db, tree_path(&m->tree, (int)i), (size_t)m->items.v[item].layer};
            else
                take_database(m, &m->items.v[item], scanner, (int)i);
        }
    }
}

// ---- who owns what --------------------------------------------------------------------------------------------------
//
// A package that pip, npm or another tool of a language would have put there may come with a package of the
// distribution, whose file list then has the file that tells of it. Lists and files are those of the merged image: a
// list of one layer speaks of a file of another, and a path in a list may lead through links (lib -> usr/lib).

// The packages by the node of the file that tells of them.
struct node_index {
    int *first; // by node: index of a package, TREE_NONE
    int *next;  // by package
};

static struct node_index index_nodes(struct merge *m, struct arena *a)
{
    struct node_index index = {ARENA_NEW(a, int, m->tree.nodes.n), ARENA_NEW(a, int, m->places.n)};
    for (size_t i = 0; i < m->tree.nodes.n; i++)
        index.first[i] = TREE_NONE;
    for (size_t i = 0; i < m->places.n; i++) {
        index.next[i] = index.first[m->places.v[i]];
        index.first[m->places.v[i]] = (int)i;
    }
    return index;
}

static void own(struct merge *m, const struct node_index *index, const struct package *owner)
{
    struct slice text = {0};
    for (size_t i = 0; i < owner->files_n; i++) {
        struct tree_place place;
        if (tree_resolve(&m->tree, owner->files[i], TREE_FIND, &place) != TREE_OK || place.node == TREE_NONE)
            continue;
        for (int p = index->first[place.node]; p != TREE_NONE; p = index->next[p]) {
            struct inventory_package *owned = &m->out->packages[p];
            const struct scanner *scanner = scanner_named(slice_str(owned->scanner));
            if (scanner->fixed_paths != NULL || owned->owner.n != 0)
                continue;
            if (text.n == 0)
                text = owner_text(m->arena, owner);
            owned->owner = text;
        }
    }
}

static int by_owner(const void *a, const void *b)
{
    const struct package *x = *(const struct package *const *)a, *y = *(const struct package *const *)b;
    int order = slice_cmp(x->kind, y->kind);
    return order != 0 ? order : slice_cmp(x->name, y->name);
}

// The installed packages that may own files, for looking up by kind and name.
static size_t possible_owners(const struct merge *m, struct arena *a, const struct package ***owners)
{
    size_t n = 0;
    *owners = ARENA_NEW(a, const struct package *, m->out->packages_n);
    for (size_t i = 0; i < m->out->packages_n; i++)
        if (scanner_named(slice_str(m->out->packages[i].scanner))->fixed_paths != NULL)
            (*owners)[n++] = &m->out->packages[i].package;
    if (n != 0)
        qsort(*owners, n, sizeof **owners, by_owner);
    return n;
}

static void take_owners(struct merge *m)
{
    struct arena scratch ARENA_AUTO = {0};
    const struct package **installed;
    struct node_index index = index_nodes(m, &scratch);
    size_t n = possible_owners(m, &scratch, &installed);
    for (size_t i = 0; i < n; i++)
        own(m, &index, installed[i]);
    // A list that stands apart counts as long as its package is installed.
    for (size_t i = 0; i < m->owners.n; i++) {
        for (size_t j = 0; j < m->owners.v[i]->n; j++) {
            const struct package *list = &m->owners.v[i]->packages[j];
            if (n != 0 && bsearch(&list, installed, n, sizeof *installed, by_owner) != NULL)
                own(m, &index, list);
        }
    }
}

// ---- which repository a package came from ---------------------------------------------------------------------------

struct origin {
    const struct package *package;
    const struct origin_source *source;
    size_t rank; // of the source, in the order of the scanner's fixed paths
};

static int by_identity(const struct package *x, const struct package *y)
{
    const struct slice left[] = {x->kind, x->name, x->version, x->arch};
    const struct slice right[] = {y->kind, y->name, y->version, y->arch};
    int order = 0;
    for (size_t i = 0; order == 0 && i < sizeof left / sizeof left[0]; i++)
        order = slice_cmp(left[i], right[i]);
    return order;
}

static int by_origin(const void *a, const void *b)
{
    const struct origin *x = a, *y = b;
    int order = by_identity(x->package, y->package);
    if (order == 0)
        order = (x->rank > y->rank) - (x->rank < y->rank);
    // dnf names a package once; a history that names it twice still gives the same answer each time.
    return order != 0 ? order : slice_cmp(x->package->repository, y->package->repository);
}

// Where the path stands among those that the scanner looks for; behind all of them when a link moved it.
static size_t rank_of(const struct origin_source *source)
{
    const char *const *path = scanner_named(source->db->scanner)->fixed_paths;
    size_t rank = 0;
    while (path[rank] != NULL && !slice_eq(source->path, slice_str(path[rank])))
        rank++;
    return rank;
}

static size_t all_origins(const struct merge *m, struct arena *a, struct origin **origins)
{
    VEC(struct origin) v = {0};
    for (size_t i = 0; i < m->origins.n; i++) {
        const struct origin_source *source = &m->origins.v[i];
        size_t rank = rank_of(source);
        for (size_t j = 0; j < source->db->n; j++)
            VEC_PUSH(a, &v) = (struct origin){&source->db->packages[j], source, rank};
    }
    if (v.n != 0)
        qsort(v.v, v.n, sizeof *v.v, by_origin);
    *origins = v.v;
    return v.n;
}

// A content manifest that names sets speaks for the image: where its build system wants dnf's history to be asked
// instead, the manifest says so, and its sets are none.
static bool has_content_sets(const struct inventory *out)
{
    for (size_t i = 0; i < out->repositories_n; i++)
        if (!slice_starts(out->repositories[i].id, SLICE("cpe:")))
            return true;
    return false;
}

// The packages must be in the order of by_name, which is that of the origins as far as it goes.
static void take_origins(struct merge *m)
{
    struct arena scratch ARENA_AUTO = {0};
    struct origin *origins;
    struct inventory *out = m->out;
    bool named = has_content_sets(out);
    size_t n = all_origins(m, &scratch, &origins);
    for (size_t i = 0, o = 0; i < out->packages_n && o < n;) {
        struct package *package = &out->packages[i].package;
        int order = by_identity(origins[o].package, package);
        if (order == 0) {
            package->repository = origins[o].package->repository;
            if (!named)
                add_repository(m, package->repository, origins[o].source->path, origins[o].source->layer);
        }
        o += order < 0;
        i += order >= 0;
    }
}

// ---- putting in order -----------------------------------------------------------------------------------------------

static void leave_out_doubles(struct inventory *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->packages_n; i++) {
        const struct inventory_package *p = &out->packages[i];
        if (p->owner.n == 0 || !scanner_named(slice_str(p->scanner))->unowned_only)
            out->packages[kept++] = *p;
    }
    out->packages_n = kept;
}

static int by_name(const void *a, const void *b)
{
    const struct inventory_package *x = a, *y = b;
    const struct slice left[] = {x->package.kind, x->package.name, x->package.version, x->package.arch, x->db};
    const struct slice right[] = {y->package.kind, y->package.name, y->package.version, y->package.arch, y->db};
    int order = 0;
    for (size_t i = 0; order == 0 && i < sizeof left / sizeof left[0]; i++)
        order = slice_cmp(left[i], right[i]);
    return order;
}

static int by_repository(const void *a, const void *b)
{
    const struct inventory_repository *x = a, *y = b;
    int order = slice_cmp(x->id, y->id);
    if (order == 0)
        order = (x->layer > y->layer) - (x->layer < y->layer);
    return order != 0 ? order : slice_cmp(x->path, y->path);
}

// Each repository once, by the lowest layer that names it.
static void sort_repositories(struct inventory *out)
{
    size_t kept = 0;
    if (out->repositories_n == 0)
        return;
    qsort(out->repositories, out->repositories_n, sizeof *out->repositories, by_repository);
    for (size_t i = 0; i < out->repositories_n; i++)
        if (kept == 0 || !slice_eq(out->repositories[kept - 1].id, out->repositories[i].id))
            out->repositories[kept++] = out->repositories[i];
    out->repositories_n = kept;
}

// ---- links that lead nowhere ----------------------------------------------------------------------------------------

static bool finds_anything(const fixed_paths *paths, const struct scanner *scanner)
{
    for (size_t i = 0; i < paths->n; i++)
        if (paths->v[i].scanner == scanner && paths->v[i].used)
            return true;
    return false;
}

// The node of a link at the path itself, or else, as long as its scanner has found nothing, at the folder that it is
// in. Links further above, such as lib -> usr/lib, say nothing about a database.
static int link_near(struct merge *m, const struct fixed_path *p, const fixed_paths *paths)
{
    struct tree_place place;
    if (tree_resolve(&m->tree, p->path, TREE_FIND, &place) == TREE_OK && tree_is_link(&m->tree, &place))
        return place.node;
    if (p->scanner->kind != NULL && !finds_anything(paths, p->scanner) &&
        tree_resolve(&m->tree, slice_dirname(p->path), TREE_FIND, &place) == TREE_OK && tree_is_link(&m->tree, &place))
        return place.node;
    return TREE_NONE;
}

static void tell_lost_links(struct merge *m, const fixed_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++) {
        const struct fixed_path *p = &paths->v[i];
        if (p->used || p->answer == TREE_FULL || p->scanner->finds != FINDS_PACKAGES)
            continue;
        bool loop = p->answer == TREE_LOOP;
        int link = loop ? p->place.link : link_near(m, p, paths);
        if (link == TREE_NONE)
            continue;
        // Of the release files one that can be read is enough.
        bool lost = p->scanner->kind != NULL || !m->out->distribution.known;
        const struct tree_node *node = &m->tree.nodes.v[link];
        struct slice at = tree_path(&m->tree, link);
        add_skip(m, (size_t)node->link_layer, p->path, lost,
                 loop ? arena_printf(m->arena, "a loop of symbolic links, at %.*s -> %.*s", SLICE_ARG(at),
                                     SLICE_ARG(node->target))
                      : arena_printf(m->arena, "by the symbolic link %.*s -> %.*s it leads to nothing that was read",
                                     SLICE_ARG(at), SLICE_ARG(node->target)));
    }
}

// ---- the distribution -----------------------------------------------------------------------------------------------

static const struct release_file *release_of(const struct merge *m, int item)
{
    const struct release_file *r = item != TREE_NONE ? m->items.v[item].release : NULL;
    return r != NULL && r->id.n != 0 ? r : NULL;
}

// An os-release under a name that nothing leads to; of several the one whose path sorts first.
static const struct release_file *any_os_release(struct merge *m)
{
    const struct release_file *best = NULL;
    struct slice best_path = {0};
    for (size_t i = 0; i < m->tree.nodes.n; i++) {
        const struct release_file *r = release_of(m, item_at_node(m, i));
        if (r == NULL || r->kind != RELEASE_OS)
            continue;
        struct slice path = tree_path(&m->tree, (int)i);
        if (best == NULL || slice_cmp(path, best_path) < 0) {
            best = r;
            best_path = path;
        }
    }
    return best;
}

static const struct release_file *find_release(struct merge *m)
{
    // os-release(5) has these two in this order.
    const struct release_file *r = release_of(m, item_at_path(m, SLICE("etc/os-release"), TREE_FOLLOW));
    if (r == NULL)
        r = release_of(m, item_at_path(m, SLICE("usr/lib/os-release"), TREE_FOLLOW));
    if (r == NULL)
        r = any_os_release(m);
    static const char *const older[] = {"etc/lsb-release", "etc/alpine-release", "etc/debian_version"};
    for (size_t i = 0; r == NULL && i < sizeof older / sizeof older[0]; i++)
        r = release_of(m, item_at_path(m, slice_str(older[i]), TREE_FOLLOW));
    return r;
}

static void take_distribution(struct merge *m, fixed_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        if (paths->v[i].scanner->kind == NULL && paths->v[i].answer == TREE_OK)
            paths->v[i].used = item_at(m, &paths->v[i].place) != TREE_NONE;
    const struct release_file *r = find_release(m);
    if (r == NULL)
        return;
    m->out->distribution = (struct distribution){
        .known = true,
        .id = r->id,
        .id_like = r->id_like,
        .name = r->name,
        .version = r->version,
        .version_id = r->version_id,
        .codename = r->codename,
        .pretty_name = r->pretty_name,
        .cpe = r->cpe,
        .support_end = r->support_end,
    };
}

// ---- what was not read ----------------------------------------------------------------------------------------------

static bool stands_again(const struct findings *const *layers, size_t i, size_t n)
{
    for (size_t j = i + 1; j < n; j++)
        if (layers[j] == layers[i])
            return true;
    return false;
}

static void take_skips(struct merge *m, const struct findings *const *layers, size_t n)
{
    const int *node = m->skip_nodes.v;
    for (size_t i = 0; i < n; i++) {
        // A layer that stands there several times is told of once, for its topmost place.
        bool told_above = stands_again(layers, i, n);
        for (size_t j = 0; j < layers[i]->skips_n; j++, node++) {
            const struct skip *skip = &layers[i]->skips[j];
            bool hidden = *node != TREE_NONE && tree_hidden(&m->tree, *node) > (int)i;
            if (!told_above)
                add_skip(m, i, skip->path, skip->lost && !hidden, skip->reason);
        }
        if (!told_above)
            m->out->skips_total += layers[i]->skips_total - layers[i]->skips_n;
    }
}

void coalesce(struct arena *a, const struct findings *const *layers, size_t n, const struct limits *limits,
              struct inventory *out)
{
    struct merge m = {.arena = a, .limits = limits, .out = out};
    fixed_paths paths = {0};
    *out = (struct inventory){0};
    tree_init(&m.tree, a, limits);
    add_layers(&m, layers, n);
    take_skips(&m, layers, n);
    resolve_fixed_paths(&m, &paths);
    take_databases(&m, &paths);
    take_owners(&m);
    leave_out_doubles(out);
    if (out->packages_n != 0)
        qsort(out->packages, out->packages_n, sizeof *out->packages, by_name);
    take_origins(&m);
    sort_repositories(out);
    take_distribution(&m, &paths);
    tell_lost_links(&m, &paths);
}
