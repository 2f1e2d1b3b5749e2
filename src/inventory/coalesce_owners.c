// Who owns what.
//
// A package that pip, npm or another tool of a language would have put there may come with a package of the
// distribution, whose file list then has the file that tells of it. Lists and files are those of the merged image: a
// list of one layer speaks of a file of another, and a path in a list may lead through links (lib -> usr/lib).
#include "inventory/coalesce_merge.h"

#include <stdlib.h>

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

static struct slice owner_text(struct arena *a, const struct package *owner)
{
    struct buf text BUF_AUTO = {0};
    buf_add(&text, owner->kind);
    buf_addc(&text, ':');
    buf_add(&text, owner->name);
    return arena_dup(a, buf_slice(&text));
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

void merge_take_owners(struct merge *m)
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
