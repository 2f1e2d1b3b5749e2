#include "layer/places.h"

static uint64_t hash_of(int parent, struct slice name)
{
    return (slice_hash(name) ^ (uint64_t)parent) * 0x9e3779b97f4a7c15U;
}

static size_t slot_of(const struct places *t, int parent, struct slice name, uint64_t hash)
{
    size_t i = (size_t)(hash >> 20) & (t->slots_n - 1);
    for (; t->slots[i] >= 0; i = (i + 1) & (t->slots_n - 1)) {
        const struct place *p = &t->v[t->slots[i]];
        if (p->hash == hash && p->parent == parent && slice_eq(p->name, name))
            break;
    }
    return i;
}

static void make_slots(struct places *t, size_t n)
{
    t->slots_n = n;
    t->slots = ARENA_NEW(t->arena, int, n);
    memset(t->slots, 0xff, n * sizeof t->slots[0]);
    for (size_t i = 1; i < t->n; i++)
        t->slots[slot_of(t, t->v[i].parent, t->v[i].name, t->v[i].hash)] = (int)i;
}

static int new_place(struct places *t, int parent, struct slice name, uint64_t hash)
{
    if (t->n == t->cap)
        t->v = arena_grow(t->arena, t->v, sizeof *t->v, t->n, &t->cap);
    t->v[t->n] = (struct place){.parent = parent,
                                .name = arena_dup(t->arena, name),
                                .hash = hash,
                                .route = -1,
                                .link = -1,
                                .capture = -1,
                                .nondir = -1};
    return (int)t->n++;
}

void places_init(struct places *t, struct arena *a)
{
    *t = (struct places){.arena = a, .folder_place = PLACE_ROOT};
    new_place(t, PLACE_ROOT, SLICE(""), 0);
    make_slots(t, 256);
}

static int child_of(const struct places *t, int parent, struct slice name)
{
    return t->slots[slot_of(t, parent, name, hash_of(parent, name))];
}

static int walk(const struct places *t, struct slice path)
{
    int at = PLACE_ROOT;
    while (path.n != 0 && at != PLACE_UNKNOWN) {
        struct slice name;
        slice_cut(path, '/', &name, &path);
        at = child_of(t, at, name);
    }
    return at;
}

static void remember_folder(struct places *t, struct slice folder, int place)
{
    if (folder.n > t->folder_cap) {
        t->folder_cap = 2 * folder.n;
        t->folder.p = arena_alloc(t->arena, t->folder_cap);
    }
    t->folder.n = folder.n;
    memcpy((char *)(uintptr_t)t->folder.p, folder.p, folder.n);
    t->folder_place = place;
}

int places_find(struct places *t, struct slice path, int *parent)
{
    struct slice folder = slice_dirname(path);
    if (!slice_eq(folder, t->folder))
        remember_folder(t, folder, walk(t, folder));
    *parent = t->folder_place;
    if (path.n == 0)
        return PLACE_ROOT;
    return *parent != PLACE_UNKNOWN ? child_of(t, *parent, slice_basename(path)) : PLACE_UNKNOWN;
}

int places_add(struct places *t, struct slice path)
{
    int at = PLACE_ROOT;
    while (path.n != 0) {
        struct slice name;
        slice_cut(path, '/', &name, &path);
        uint64_t hash = hash_of(at, name);
        size_t slot = slot_of(t, at, name, hash);
        if (t->slots[slot] < 0 && 2 * t->n >= t->slots_n) {
            make_slots(t, 2 * t->slots_n);
            slot = slot_of(t, at, name, hash);
        }
        if (t->slots[slot] < 0)
            t->slots[slot] = new_place(t, at, name, hash);
        at = t->slots[slot];
    }
    // The folder of the last look-up may be there now.
    t->folder.n = 0;
    t->folder_place = PLACE_ROOT;
    return at;
}

void places_occupy(struct places *t, int place, uint64_t member, bool folder)
{
    t->v[place].last = member;
    if (!folder)
        t->v[place].replaced = member;
}

bool places_stands(const struct places *t, int place, uint64_t member)
{
    if (t->v[place].last != member)
        return false;
    while (place != PLACE_ROOT) {
        place = t->v[place].parent;
        if (t->v[place].replaced > member)
            return false;
    }
    return true;
}
