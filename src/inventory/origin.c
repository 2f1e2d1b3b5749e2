#include "inventory/origin.h"

// The packages of the newest version.
struct package_table {
    const struct package *packages;
    int *slots; // indexes of packages, -1 for an empty slot; open addressing
    size_t slots_n;
};

static bool same_package(const struct package *a, const struct package *b)
{
    return slice_eq(a->kind, b->kind) && slice_eq(a->name, b->name) && slice_eq(a->version, b->version) &&
           slice_eq(a->arch, b->arch) && slice_eq(a->inside, b->inside);
}

// Where the package is, or would have to be.
static int *slot_of(const struct package_table *t, const struct package *p)
{
    uint64_t hash =
        slice_hash(p->name) * 31 + slice_hash(p->version) * 7 + slice_hash(p->arch) * 3 + slice_hash(p->inside);
    size_t i = (size_t)hash & (t->slots_n - 1);
    while (t->slots[i] >= 0 && !same_package(&t->packages[t->slots[i]], p))
        i = (i + 1) & (t->slots_n - 1);
    return &t->slots[i];
}

static struct package_table empty_table(struct arena *a, const struct package_db *db)
{
    struct package_table t = {.packages = db->packages, .slots_n = 16};
    while (t.slots_n < 2 * db->n)
        t.slots_n *= 2;
    t.slots = ARENA_NEW(a, int, t.slots_n);
    for (size_t i = 0; i < t.slots_n; i++)
        t.slots[i] = -1;
    return t;
}

const int *package_origins(struct arena *a, const struct database_version *versions, size_t n)
{
    const struct package_db *newest = versions[0].db;
    int *origins = ARENA_NEW(a, int, newest->n);
    struct arena scratch ARENA_AUTO = {0};
    size_t *runs = ARENA_NEW(&scratch, size_t, newest->n); // how many versions below the newest list it too
    struct package_table table = empty_table(&scratch, newest);
    for (size_t i = 0; i < newest->n; i++) {
        int *slot = slot_of(&table, &newest->packages[i]);
        origins[i] = *slot < 0 ? versions[0].layer : ORIGIN_REPEATED;
        if (*slot < 0)
            *slot = (int)i;
    }
    bool unbroken = true;
    for (size_t v = 1; v < n && unbroken; v++) {
        unbroken = false;
        for (size_t i = 0; i < versions[v].db->n; i++) {
            int p = *slot_of(&table, &versions[v].db->packages[i]);
            if (p < 0 || runs[p] != v - 1)
                continue;
            runs[p] = v;
            origins[p] = versions[v].layer;
            unbroken = true;
        }
    }
    return origins;
}
