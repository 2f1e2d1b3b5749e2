// Which repositories packages came from.
#include "inventory/coalesce_merge.h"

#include <stdlib.h>

// ---- named by the image ---------------------------------------------------------------------------------------------

static void add_repository(struct merge *m, struct slice id, struct slice path, size_t layer)
{
    struct inventory *out = m->out;
    if (out->repositories_n == out->repositories_cap)
        out->repositories = arena_grow(m->arena, out->repositories, sizeof *out->repositories, out->repositories_n,
                                       &out->repositories_cap);
    out->repositories[out->repositories_n++] = (struct inventory_repository){id, path, layer};
}

void merge_take_repositories(struct merge *m, const struct item *item, int node)
{
    struct slice path = tree_path(&m->tree, node);
    for (size_t i = 0; i < item->db->n; i++)
        add_repository(m, item->db->packages[i].name, path, (size_t)item->layer);
}

// ---- told by histories of installations -----------------------------------------------------------------------------

struct origin {
    const struct package *package;
    const struct origin_source *source;
    size_t rank; // of the source, in the order of the scanner's fixed paths
};

static int by_identity(const struct package *x, const struct package *y)
{
    const struct slice left[] = {x->kind, x->name, x->version, x->arch};
    const struct slice right[] = {y->kind, y->name, y->version, y->arch};
    return slices_cmp(left, right, sizeof left / sizeof left[0]);
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

void merge_take_origins(struct merge *m)
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

// ---- each once ------------------------------------------------------------------------------------------------------

static int by_repository(const void *a, const void *b)
{
    const struct inventory_repository *x = a, *y = b;
    int order = slice_cmp(x->id, y->id);
    if (order == 0)
        order = (x->layer > y->layer) - (x->layer < y->layer);
    return order != 0 ? order : slice_cmp(x->path, y->path);
}

void merge_sort_repositories(struct inventory *out)
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
