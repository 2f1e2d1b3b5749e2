#include "notify/filter.h"

#include "store/notification_store.h"

#include <fnmatch.h>
#include <stdlib.h>

#define MICROS INT64_C(1000000)

// ---- one image ------------------------------------------------------------------------------------------------------

static bool fits(const struct slices *patterns, struct slice repository)
{
    struct arena scratch ARENA_AUTO = {0};
    const char *name = arena_dup(&scratch, repository).p;
    for (size_t i = 0; i < patterns->n; i++)
        if (fnmatch(patterns->v[i].p, name, FNM_NOESCAPE) == 0)
            return true;
    return patterns->n == 0;
}

static bool is_recent(const struct image_name *name, int64_t oldest)
{
    return name->pushed != 0 ? name->pushed / MICROS >= oldest : name->since != 0 && name->since >= oldest;
}

bool notice_filter_names(const struct notice_filter *filter, const struct image_name *names, size_t n, int64_t now)
{
    for (size_t i = 0; i < n; i++)
        if (names[i].until == 0 && (!filter->only_tagged || names[i].tag.n != 0) &&
            (filter->pushed_within == 0 || is_recent(&names[i], now - filter->pushed_within)) &&
            fits(&filter->repositories, names[i].repository))
            return true;
    return false;
}

// ---- those of a store -----------------------------------------------------------------------------------------------

enum { UNKNOWN, WANTED, UNWANTED };

static bool asks_for_names(const struct notice_filter *filter)
{
    return filter->repositories.n != 0 || filter->only_tagged || filter->pushed_within != 0;
}

static bool look_up(const struct image_filter *images, int64_t row, bool *wanted, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct stored_image image;
    struct image_name *names;
    size_t n;
    if (!store_image_identity(images->store, row, &scratch, &image, err) ||
        !store_image_names(images->store, &image.manifest, &scratch, &names, &n, err))
        return false;
    *wanted = notice_filter_names(images->filter, names, n, images->now);
    return true;
}

static void make_room(struct image_filter *images, size_t row)
{
    size_t n = images->known_n != 0 ? images->known_n : 1024;
    while (n <= row)
        n *= 2;
    if (n == images->known_n)
        return;
    images->known = must_realloc(images->known, n);
    memset(images->known + images->known_n, UNKNOWN, n - images->known_n);
    images->known_n = n;
}

bool image_filter_wants(struct image_filter *images, int64_t row, bool *wanted, struct error *err)
{
    *wanted = true;
    if (!asks_for_names(images->filter))
        return true;
    make_room(images, (size_t)row);
    uint8_t *known = &images->known[row];
    if (*known == UNKNOWN) {
        if (!look_up(images, row, wanted, err))
            return false;
        *known = *wanted ? WANTED : UNWANTED;
    }
    *wanted = *known == WANTED;
    return true;
}

void image_filter_free(struct image_filter *images)
{
    free(images->known);
}
