#include "notify/where_list.h"

#include "base/json.h"

#include <stdlib.h>

void where_list_free(struct where_list *list)
{
    arena_free(&list->arena);
}

// NULL with an error when the limit leaves no room.
static struct where_row *add_row(struct where_list *list, const struct store_place *p, struct error *err)
{
    struct arena *a = &list->arena;
    if (list->most != 0 && list->rows.n >= list->most) {
        error_set(err, ERR_LIMIT,
                  "there are more than the %llu that limit affected_images allows: `clarion where` tells all",
                  (unsigned long long)list->most);
        return NULL;
    }
    struct where_row *row = &VEC_PUSH(a, &list->rows);
    *row = (struct where_row){
        .manifest = arena_dup(a, p->manifest),
        .reference = arena_dup(a, p->reference),
        .layer = arena_dup(a, p->layer),
        .kind = arena_dup(a, p->kind),
        .name = arena_dup(a, p->name),
        .version = arena_dup(a, p->version),
        .arch = arena_dup(a, p->arch),
        .db = arena_dup(a, p->db),
    };
    return row;
}

static bool take_place(void *context, const struct store_place *place, struct error *err)
{
    return add_row(context, place, err) != NULL;
}

static bool take_where(void *context, const struct where *where, struct error *err)
{
    struct where_list *list = context;
    struct where_row *row = add_row(list, where->place, err);
    if (row == NULL)
        return false;
    row->vulnerability = arena_dup(&list->arena, where->finding->vulnerability);
    row->fixed_in = arena_dup(&list->arena, where->finding->fixed_in);
    row->severity = severity_name(where->finding->severity);
    return true;
}

static int by_image(const void *x, const void *y)
{
    const struct where_row *r = x, *s = y;
    const struct slice a[] = {r->reference, r->manifest, r->kind, r->name, r->version, r->arch, r->db};
    const struct slice b[] = {s->reference, s->manifest, s->kind, s->name, s->version, s->arch, s->db};
    int order = 0;
    for (size_t i = 0; order == 0 && i < sizeof a / sizeof a[0]; i++)
        order = slice_cmp(a[i], b[i]);
    return order;
}

bool where_list_fill(struct where_list *list, struct store *s, const struct generation *g,
                     struct report_segments *segments, struct slice asked, int64_t now, bool *known, struct error *err)
{
    bool ok = where_vulnerability(s, g, segments, asked, now, take_where, list, known, err) &&
              (*known || store_places_named(s, asked, take_place, list, err));
    if (list->rows.n > 1)
        qsort(list->rows.v, list->rows.n, sizeof *list->rows.v, by_image);
    return ok;
}

bool where_list_begins_image(const struct where_list *list, size_t row)
{
    return row == 0 || !slice_eq(list->rows.v[row].manifest, list->rows.v[row - 1].manifest);
}

void where_list_write(const struct where_list *list, struct slice asked, bool pretty, struct buf *out)
{
    yyjson_mut_val *root, *image = NULL, *packages = NULL;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "asked", asked);
    yyjson_mut_val *images = json_add_arr(doc, root, "images");
    for (size_t i = 0; i < list->rows.n; i++) {
        const struct where_row *r = &list->rows.v[i];
        if (where_list_begins_image(list, i)) {
            image = yyjson_mut_arr_add_obj(doc, images);
            json_add_str(doc, image, "manifest", r->manifest);
            json_add_str(doc, image, "reference", r->reference);
            packages = json_add_arr(doc, image, "packages");
        }
        yyjson_mut_val *p = yyjson_mut_arr_add_obj(doc, packages);
        json_add_str(doc, p, "kind", r->kind);
        json_add_str(doc, p, "name", r->name);
        json_add_str(doc, p, "version", r->version);
        json_add_str_if(doc, p, "arch", r->arch);
        json_add_str(doc, p, "path", r->db);
        json_add_str(doc, p, "layer", r->layer);
        if (r->severity == NULL)
            continue;
        json_add_str(doc, p, "vulnerability", r->vulnerability);
        json_add_str(doc, p, "severity", slice_str(r->severity));
        json_add_str(doc, p, "fixed_in", r->fixed_in);
    }
    json_write(doc, pretty, out);
}
