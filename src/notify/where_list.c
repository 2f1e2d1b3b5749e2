#include "notify/where_list.h"

#include "base/json.h"

void where_list_free(struct where_list *list)
{
    arena_free(&list->arena);
}

static struct where_row *add_row(struct arena *a, where_rows *rows, const struct where *w)
{
    const struct package *p = w->package;
    struct where_row *row = &VEC_PUSH(a, rows);
    *row = (struct where_row){
        .manifest = arena_dup(a, digest_slice(&w->image->manifest)),
        .reference = arena_dup(a, w->image->reference),
        .layer = arena_dup(a, w->layer),
        .kind = arena_dup(a, p->kind),
        .name = arena_dup(a, p->name),
        .version = arena_dup(a, p->version),
        .arch = arena_dup(a, p->arch),
        .db = arena_dup(a, w->db),
    };
    return row;
}

static void take_statement(struct arena *a, const struct vex_statement *s, struct where_row *row)
{
    row->status = vex_status_name(s->status);
    row->justification = arena_dup(a, s->justification);
    row->impact = arena_dup(a, s->impact);
    row->document = arena_dup(a, s->document->id);
    row->statement = s->number;
}

static void take_where(struct where_list *list, const struct where *w)
{
    struct where_row *row = add_row(&list->arena, w->suppressed != NULL ? &list->suppressed : &list->rows, w);
    if (w->finding == NULL)
        return;
    row->vulnerability = arena_dup(&list->arena, w->finding->vulnerability);
    row->fixed_in = arena_dup(&list->arena, w->finding->fixed_in);
    row->severity = severity_name(w->finding->severity);
    if (w->suppressed != NULL)
        take_statement(&list->arena, w->suppressed->statement, row);
}

bool where_list_add(struct where_list *list, struct where_answer *answer, uint64_t most, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct where_page page;
    if (!where_page(answer, &list->next, most, &a, &page, err))
        return false;
    for (size_t i = 0, end; i < page.rows.n; i = end) {
        bool shown = false;
        for (end = i; end < page.rows.n && page.rows.v[end].image == page.rows.v[i].image; end++) {
            shown = shown || page.rows.v[end].suppressed == NULL;
            take_where(list, &page.rows.v[end]);
        }
        list->images += shown;
        list->suppressed_only += !shown;
    }
    list->more = page.more;
    list->next = page.next;
    return true;
}

bool where_list_begins_image(const where_rows *rows, size_t row)
{
    return row == 0 || !slice_eq(rows->v[row].manifest, rows->v[row - 1].manifest);
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
    struct arena a ARENA_AUTO = {0};
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "asked", asked);
    add_images(doc, root, "images", &list->rows);
    add_images(doc, root, "suppressed", &list->suppressed);
    if (list->more)
        json_add_str(doc, root, "next", holders_key_text(&list->next, &a));
    else
        yyjson_mut_obj_add_null(doc, root, "next");
    json_write(doc, pretty, out);
}
