#include "image/source.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

static void note(struct opening *o, struct slice **list, size_t *n, size_t *cap, const char *format, va_list args)
    __attribute__((format(printf, 5, 0)));

static void note(struct opening *o, struct slice **list, size_t *n, size_t *cap, const char *format, va_list args)
{
    char text[512];
    if (*n > o->limits->skips)
        return;
    vsnprintf(text, sizeof text, format, args);
    if (*n == *cap)
        *list = arena_grow(o->arena, *list, sizeof **list, *n, cap);
    (*list)[*n] = *n < o->limits->skips
                      ? arena_dup(o->arena, slice_str(text))
                      : arena_printf(o->arena, "and more than the %llu that limit skips allows to be named",
                                     (unsigned long long)o->limits->skips);
    ++*n;
}

void opening_remark(struct opening *o, const char *format, ...)
{
    struct image *image = o->image;
    va_list args;
    va_start(args, format);
    note(o, &image->remarks, &image->remarks_n, &image->remarks_cap, format, args);
    va_end(args);
}

void opening_problem(struct opening *o, const char *format, ...)
{
    struct image *image = o->image;
    va_list args;
    va_start(args, format);
    note(o, &image->problems, &image->problems_n, &image->problems_cap, format, args);
    va_end(args);
}

void opening_add_layers(struct opening *o, size_t n)
{
    o->image->layers = ARENA_NEW(o->arena, struct image_layer, n);
    o->image->layers_n = n;
}

void opening_describe(struct opening *o, const struct image_config *config)
{
    struct image *image = o->image;
    image->os = config->platform.os;
    image->arch = config->platform.arch;
    // A history that does not tell of each layer does not tell which it means.
    for (size_t i = 0; i < image->layers_n && config->created_by.n == image->layers_n; i++)
        image->layers[i].created_by = config->created_by.v[i];
    if (config->diff_ids.n != image->layers_n)
        opening_remark(o, "the manifest names %zu layers, the configuration %zu", image->layers_n, config->diff_ids.n);
}

bool opening_accept(struct opening *o, const struct platform *have, struct error *err)
{
    if (!o->asked || have->os.n == 0 || platform_rank(&o->wanted, have) != 0)
        return true;
    struct slice wanted = platform_text(o->arena, &o->wanted), only = platform_text(o->arena, have);
    return error_set(err, ERR_NOT_FOUND, "there is no image for %.*s; the only one is for %.*s", SLICE_ARG(wanted),
                     SLICE_ARG(only));
}

bool opening_list(struct buf *list, struct slice item)
{
    bool room = list->n + item.n < 500;
    if (list->n != 0)
        buf_adds(list, ", ");
    if (room)
        buf_add(list, item);
    else
        buf_adds(list, "…");
    return room;
}

bool tag_is_index(struct slice tag, uint64_t *index)
{
    return slice_starts(tag, SLICE("@")) && slice_to_u64(slice_from(tag, 1), index);
}
