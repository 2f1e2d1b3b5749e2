#include "layer/tar_sparse.h"

#include "base/arena.h"
#include "layer/tar_header.h"

#include <stdlib.h>

#define NUMBER_FIELD ((size_t)12)

void tar_sparse_free(struct tar_sparse *map)
{
    free(map->extents);
    *map = (struct tar_sparse){0};
}

void tar_sparse_clear(struct tar_sparse *map)
{
    *map = (struct tar_sparse){.extents = map->extents, .cap = map->cap};
}

bool tar_sparse_add(struct tar_sparse *map, uint64_t offset, uint64_t length, uint64_t most)
{
    uint64_t end;
    if (__builtin_add_overflow(offset, length, &end) || end > INT64_MAX || offset < map->end)
        return false;
    map->end = end;
    map->stored += length; // at most `end`
    map->too_many = map->too_many || map->n >= most;
    if (map->too_many)
        return true;
    if (map->n == map->cap) {
        map->cap = map->cap != 0 ? map->cap * 2 : 16;
        map->extents = must_realloc(map->extents, map->cap * sizeof *map->extents);
    }
    map->extents[map->n++] = (struct tar_extent){offset, length};
    return true;
}

bool tar_sparse_add_fields(struct tar_sparse *map, const char *fields, size_t n, uint64_t most)
{
    for (size_t i = 0; i < n && fields[2 * NUMBER_FIELD * i] != '\0'; i++) {
        uint64_t offset, length;
        const char *pair = fields + 2 * NUMBER_FIELD * i;
        if (!tar_number(slice_of(pair, NUMBER_FIELD), &offset) ||
            !tar_number(slice_of(pair + NUMBER_FIELD, NUMBER_FIELD), &length) ||
            !tar_sparse_add(map, offset, length, most))
            return false;
    }
    return true;
}

bool tar_sparse_add_list(struct tar_sparse *map, struct slice list, uint64_t most)
{
    while (list.n != 0) {
        struct slice offset_text, length_text;
        uint64_t offset, length;
        slice_cut(list, ',', &offset_text, &list);
        slice_cut(list, ',', &length_text, &list);
        if (!slice_to_u64(offset_text, &offset) || !slice_to_u64(length_text, &length) ||
            !tar_sparse_add(map, offset, length, most))
            return false;
    }
    return true;
}
