// What the vendors' mappings say of an inventory: the CPEs of its repositories, and the names under which it is
// published.
//
// The mappings are feeds like others and are asked when the image is judged: without them the inventory is the same,
// and lacks nothing but these names.
#include "match/judging.h"

#include "advisory/mapping.h"

typedef VEC(struct slice) text_vec;

static bool look_up(struct report_segments *segments, const char *mapping, struct slice key, struct arena *a,
                    text_vec *texts, struct error *err)
{
    struct slice why = {0};
    struct segment *segment = report_segment(segments, mapping, &why);
    mapping_values values = {0};
    if (segment == NULL)
        return true;
    if (!mapping_lookup(segment, slice_str(mapping), key, a, &values, err))
        return error_wrap(err, "feed %s", mapping);
    for (size_t i = 0; i < values.n; i++)
        VEC_PUSH(a, texts) = values.v[i].text;
    return true;
}

static bool take_repository(struct report_segments *segments, const struct inventory_repository *repository,
                            struct arena *a, struct report_repository *out, struct error *err)
{
    text_vec cpes = {0};
    if (slice_starts(repository->id, SLICE("cpe:")))
        VEC_PUSH(a, &cpes) = repository->id;
    else if (!look_up(segments, MAPPING_REDHAT_REPOSITORIES, repository->id, a, &cpes, err))
        return false;
    *out = (struct report_repository){repository, cpes.v, cpes.n};
    return true;
}

static bool take_names(struct report_segments *segments, const struct inventory *inventory, size_t package,
                       struct arena *a, struct report *out, struct error *err)
{
    struct slice label = inventory->packages[package].package.name;
    text_vec names = {0};
    if (!look_up(segments, MAPPING_REDHAT_CONTAINERS, label, a, &names, err))
        return false;
    if (names.n == 0) // then by its own name
        VEC_PUSH(a, &names) = label;
    for (size_t i = 0; i < names.n; i++) {
        if (out->published_n == out->published_cap)
            out->published =
                arena_grow(a, out->published, sizeof *out->published, out->published_n, &out->published_cap);
        out->published[out->published_n++] = (struct report_published){package, names.v[i]};
    }
    return true;
}

bool report_repositories(const struct inventory *inventory, struct report_segments *segments, struct arena *a,
                         struct report *out, struct error *err)
{
    out->repositories_n = inventory->repositories_n;
    out->repositories = ARENA_NEW(a, struct report_repository, inventory->repositories_n);
    for (size_t i = 0; i < inventory->repositories_n; i++)
        if (!take_repository(segments, &inventory->repositories[i], a, &out->repositories[i], err))
            return false;
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (slice_eq(inventory->packages[i].package.kind, SLICE("container")) &&
            !take_names(segments, inventory, i, a, out, err))
            return false;
    return true;
}
