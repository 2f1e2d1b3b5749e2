// Which distribution the merged image is.
#include "inventory/coalesce_merge.h"

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
        const struct release_file *r = release_of(m, merge_item_at_node(m, i));
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
    const struct release_file *r = release_of(m, merge_item_at_path(m, SLICE("etc/os-release"), TREE_FOLLOW));
    if (r == NULL)
        r = release_of(m, merge_item_at_path(m, SLICE("usr/lib/os-release"), TREE_FOLLOW));
    if (r == NULL)
        r = any_os_release(m);
    static const char *const older[] = {"etc/lsb-release", "etc/alpine-release", "etc/debian_version"};
    for (size_t i = 0; r == NULL && i < sizeof older / sizeof older[0]; i++)
        r = release_of(m, merge_item_at_path(m, slice_str(older[i]), TREE_FOLLOW));
    return r;
}

void merge_take_distribution(struct merge *m, fixed_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        if (paths->v[i].scanner->kind == NULL && paths->v[i].answer == TREE_OK)
            paths->v[i].used = merge_item_at(m, &paths->v[i].place) != TREE_NONE;
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
