// Databases in effect, and their packages.
#include "inventory/coalesce_merge.h"
#include "inventory/origin.h"

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

static void take_package(struct merge *m, const struct package *package, struct slice path, int node, size_t layer,
                         const struct scanner *scanner)
{
    struct inventory *out = m->out;
    if (out->packages_n == out->packages_cap)
        out->packages = arena_grow(m->arena, out->packages, sizeof *out->packages, out->packages_n, &out->packages_cap);
    if (package->inside.n != 0) {
        struct buf whole BUF_AUTO = {0};
        buf_add(&whole, path);
        if (path.n != 0) // a bill of materials has none
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

// ---- databases in effect --------------------------------------------------------------------------------------------

void merge_resolve_fixed_paths(struct merge *m, fixed_paths *paths)
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
                       ? item_of_scanner(m, merge_item_at(m, &p->place), slice_str(scanner->name))
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
    merge_add_skip(m, (size_t)it->layer, it->db->path, false,
                   arena_printf(m->arena,
                                "left out with its %zu packages: the database in effect in this folder is %.*s",
                                it->db->n, SLICE_ARG(slice_basename(m->items.v[other].db->path))));
    return true;
}

void merge_take_databases(struct merge *m, fixed_paths *paths)
{
    for (size_t i = 0; i < m->tree.nodes.n; i++) {
        for (int item = merge_item_at_node(m, i); item != TREE_NONE; item = m->items.v[item].beside) {
            const struct package_db *db = m->items.v[item].db;
            const struct scanner *scanner = db != NULL ? scanner_named(db->scanner) : NULL;
            if (scanner == NULL || !is_in_effect(m, (int)i, scanner, paths))
                continue;
            if (is_left_behind(m, &m->items.v[item], (int)i, scanner, paths))
                continue;
            if (scanner->finds == FINDS_OWNERS)
                VEC_PUSH(m->arena, &m->owners) = db;
            else if (scanner->finds == FINDS_REPOSITORIES)
                merge_take_repositories(m, &m->items.v[item], (int)i);
            else if (scanner->finds == FINDS_ORIGINS)
                VEC_PUSH(m->arena, &m->origins) =
                    (struct origin_source){db, tree_path(&m->tree, (int)i), (size_t)m->items.v[item].layer};
            else
                take_database(m, &m->items.v[item], scanner, (int)i);
        }
    }
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

void merge_tell_lost_links(struct merge *m, const fixed_paths *paths)
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
        merge_add_skip(m, (size_t)node->link_layer, p->path, lost,
                       loop ? arena_printf(m->arena, "a loop of symbolic links, at %.*s -> %.*s", SLICE_ARG(at),
                                           SLICE_ARG(node->target))
                            : arena_printf(m->arena,
                                           "by the symbolic link %.*s -> %.*s it leads to nothing that was read",
                                           SLICE_ARG(at), SLICE_ARG(node->target)));
    }
}
