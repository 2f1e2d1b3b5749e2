// From the findings of layers to what is installed.
#include "inventory/coalesce_merge.h"

#include <stdlib.h>

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
    return slices_cmp(left, right, sizeof left / sizeof left[0]);
}

void coalesce(struct arena *a, const struct findings *const *layers, size_t n, const struct limits *limits,
              struct inventory *out)
{
    struct merge m = {.arena = a, .limits = limits, .out = out};
    fixed_paths paths = {0};
    *out = (struct inventory){0};
    tree_init(&m.tree, a, limits);
    merge_add_layers(&m, layers, n);
    merge_take_skips(&m, layers, n);
    merge_resolve_fixed_paths(&m, &paths);
    merge_take_databases(&m, &paths);
    merge_take_owners(&m);
    leave_out_doubles(out);
    if (out->packages_n != 0)
        qsort(out->packages, out->packages_n, sizeof *out->packages, by_name);
    merge_take_origins(&m);
    merge_sort_repositories(out);
    merge_take_distribution(&m, &paths);
    merge_tell_lost_links(&m, &paths);
}
