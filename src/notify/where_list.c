#include "notify/where_list.h"

#include "base/json.h"

#include <stdlib.h>

void where_list_free(struct where_list *list)
{
    arena_free(&list->arena);
}

// NULL with an error when the limit leaves no room.
static struct where_row *add_row(struct where_list *list, where_rows *rows, const struct store_place *p,
                                 struct error *err)
{
    struct arena *a = &list->arena;
    if (list->most != 0 && list->rows.n + list->suppressed.n >= list->most) {
        error_set(err, ERR_LIMIT,
                  "there are more than the %llu that limit affected_images allows: `clarion where` tells all",
                  (unsigned long long)list->most);
        return NULL;
    }
    struct where_row *row = &VEC_PUSH(a, rows);
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
    struct where_list *list = context;
    return add_row(list, &list->rows, place, err) != NULL;
}

static void take_statement(struct arena *a, const struct vex_statement *s, struct where_row *row)
{
    row->status = vex_status_name(s->status);
    row->justification = arena_dup(a, s->justification);
    row->impact = arena_dup(a, s->impact);
    row->document = arena_dup(a, s->document->id);
    row->statement = s->number;
}

static bool take_where(void *context, const struct where *where, struct error *err)
{
    struct where_list *list = context;
    struct where_row *row =
        add_row(list, where->suppressed != NULL ? &list->suppressed : &list->rows, where->place, err);
    if (row == NULL)
        return false;
    row->vulnerability = arena_dup(&list->arena, where->finding->vulnerability);
    row->fixed_in = arena_dup(&list->arena, where->finding->fixed_in);
    row->severity = severity_name(where->finding->severity);
    if (where->suppressed != NULL)
        take_statement(&list->arena, where->suppressed->statement, row);
    return true;
}

// ---- order ----------------------------------------------------------------------------------------------------------

static int compare_images(const struct where_row *r, const struct where_row *s)
{
    const struct slice a[] = {r->reference, r->manifest}, b[] = {s->reference, s->manifest};
    return slices_cmp(a, b, sizeof a / sizeof a[0]);
}

static int by_image(const void *x, const void *y)
{
    const struct where_row *r = x, *s = y;
    const struct slice a[] = {r->kind, r->name, r->version, r->arch, r->db};
    const struct slice b[] = {s->kind, s->name, s->version, s->arch, s->db};
    int order = compare_images(r, s);
    return order != 0 ? order : slices_cmp(a, b, sizeof a / sizeof a[0]);
}

static void sort(where_rows *rows)
{
    if (rows->n > 1)
        qsort(rows->v, rows->n, sizeof *rows->v, by_image);
}

bool where_list_fill(struct where_list *list, const struct where_question *question, bool *known, struct error *err)
{
    bool ok = where_vulnerability(question, take_where, list, known, err) &&
              (*known || store_places_named(question->store, question->asked, take_place, list, err));
    sort(&list->rows);
    sort(&list->suppressed);
    return ok;
}

bool where_list_begins_image(const where_rows *rows, size_t row)
{
    return row == 0 || compare_images(&rows->v[row], &rows->v[row - 1]) != 0;
}

size_t where_list_images_suppressed(const struct where_list *list)
{
    size_t images = 0, shown = 0;
    for (size_t i = 0; i < list->suppressed.n; i++) {
        const struct where_row *row = &list->suppressed.v[i];
        while (shown < list->rows.n && compare_images(&list->rows.v[shown], row) < 0)
            shown++;
        images += where_list_begins_image(&list->suppressed, i) &&
                  (shown == list->rows.n || compare_images(&list->rows.v[shown], row) != 0);
    }
    return images;
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

// As reports have it.
static void add_statement(yyjson_mut_doc *doc, yyjson_mut_val *package, const struct where_row *r)
{
    json_add_str(doc, package, "by", SLICE("vex"));
    yyjson_mut_val *vex = json_add_obj(doc, package, "vex");
    json_add_str(doc, vex, "status", slice_str(r->status));
    json_add_str(doc, vex, "justification", r->justification);
    json_add_str(doc, vex, "impact_statement", r->impact);
    json_add_str(doc, vex, "document", r->document);
    yyjson_mut_obj_add_uint(doc, vex, "statement", r->statement);
}

static void add_package(yyjson_mut_doc *doc, yyjson_mut_val *packages, const struct where_row *r)
{
    yyjson_mut_val *p = yyjson_mut_arr_add_obj(doc, packages);
    json_add_str(doc, p, "kind", r->kind);
    json_add_str(doc, p, "name", r->name);
    json_add_str(doc, p, "version", r->version);
    json_add_str_if(doc, p, "arch", r->arch);
    json_add_str(doc, p, "path", r->db);
    json_add_str(doc, p, "layer", r->layer);
    if (r->severity == NULL)
        return;
    json_add_str(doc, p, "vulnerability", r->vulnerability);
    json_add_str(doc, p, "severity", slice_str(r->severity));
    json_add_str(doc, p, "fixed_in", r->fixed_in);
    if (r->status != NULL)
        add_statement(doc, p, r);
}

static void add_images(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, const where_rows *rows)
{
    yyjson_mut_val *image, *packages = NULL, *images = json_add_arr(doc, root, key);
    for (size_t i = 0; i < rows->n; i++) {
        if (where_list_begins_image(rows, i)) {
            image = yyjson_mut_arr_add_obj(doc, images);
            json_add_str(doc, image, "manifest", rows->v[i].manifest);
            json_add_str(doc, image, "reference", rows->v[i].reference);
            packages = json_add_arr(doc, image, "packages");
        }
        add_package(doc, packages, &rows->v[i]);
    }
}

void where_list_write(const struct where_list *list, struct slice asked, bool pretty, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "asked", asked);
    add_images(doc, root, "images", &list->rows);
    add_images(doc, root, "suppressed", &list->suppressed);
    json_write(doc, pretty, out);
}
