// The packages of an image, and its layers with what each brought.
#include "ui/image.h"

#include "base/utf8.h"

// ---- packages -------------------------------------------------------------------------------------------------------

// Which findings each package has: the worst severity and their number.
struct burden {
    enum severity worst;
    size_t findings;
};

static struct burden *burdens_of(const struct image_page *image)
{
    const struct report *r = &image->report;
    struct burden *burdens = ARENA_NEW(image->page->a, struct burden, r->image->inventory.packages_n);
    for (size_t i = 0; i < r->findings_n; i++) {
        struct burden *b = &burdens[r->findings[i].package];
        if (b->findings++ == 0 || r->findings[i].severity > b->worst)
            b->worst = r->findings[i].severity;
    }
    return burdens;
}

static bool is_wanted(const struct package *p, struct slice text)
{
    struct arena scratch ARENA_AUTO = {0};
    return text.n == 0 || slice_find_slice(arena_dup_lower(&scratch, p->name), text) >= 0 ||
           slice_find_slice(arena_dup_lower(&scratch, p->source_name), text) >= 0;
}

static void add_package(const struct image_page *image, const struct inventory_package *package,
                        const struct burden *burden)
{
    struct buf *out = image->page->out;
    const struct package *p = &package->package;
    buf_adds(out, "<tr><th scope=\"row\" class=\"name\">");
    buf_addf(out, "<a href=\"%ssearch?q=", image->page->root);
    match_add_encoded(out, p->name);
    buf_adds(out, "\">");
    markup_add(out, p->name);
    buf_adds(out, "</a><br>");
    image_add_layer(image, package->layer);
    buf_adds(out, "</th>");
    html_cell(out, "version", p->version);
    html_cell(out, NULL, p->kind);
    html_cell(out, NULL, p->arch);
    html_cell(out, "path", package->db);
    if (burden->findings == 0) {
        buf_adds(out, "<td class=\"none\">none known</td></tr>\n");
        return;
    }
    buf_addf(out, "<td><a href=\"%s?q=", image_path(image).p);
    match_add_encoded(out, p->name);
    buf_adds(out, "\">");
    html_severity(out, burden->worst);
    buf_adds(out, " ");
    html_count(out, burden->findings, "finding");
    buf_adds(out, "</a></td></tr>\n");
}

void image_write_packages(const struct image_page *image)
{
    struct buf *out = image->page->out, query BUF_AUTO = {0};
    const struct inventory *inventory = &image->report.image->inventory;
    struct slice asked = web_parameter(image->page->request, "q"), text = arena_dup_lower(image->page->a, asked);
    uint64_t from = page_number(image->page, "page") * IMAGE_PAGE, found = 0;
    const struct burden *burdens = burdens_of(image);
    buf_addf(out,
             "<h2 class=\"visually-hidden\">Packages</h2>\n<form class=\"filter\" method=\"get\" action=\"%s\" "
             "aria-label=\"Filter the packages\"><input type=\"hidden\" name=\"show\" value=\"packages\">"
             "<label>Name <input class=\"form-control form-control-sm\" name=\"q\" maxlength=\"256\" value=\"",
             image_path(image).p);
    markup_add(out, asked);
    buf_adds(out, "\"></label>\n<button class=\"btn btn-sm\" type=\"submit\">Filter</button></form>\n");
    html_table_begin(out, "Packages", "Installed packages",
                     (const char *const[]){"Package, and what brought it", "Version", "Kind", "Architecture",
                                           "Listed in", "Findings", NULL});
    for (size_t i = 0; i < inventory->packages_n; i++) {
        const struct inventory_package *p = &inventory->packages[i];
        if (package_is_key(&p->package) || !is_wanted(&p->package, text))
            continue;
        if (found >= from && found < from + IMAGE_PAGE)
            add_package(image, p, &burdens[i]);
        found++;
    }
    if (found == 0)
        buf_adds(out, "<tr><td colspan=\"6\">There is no such package in this image.</td></tr>\n");
    buf_adds(out, HTML_TABLE_END);
    page_add_parameter(&query, "show", SLICE("packages"));
    page_add_parameter(&query, "q", asked);
    image_add_pager(image, found, buf_slice(&query));
}

// ---- layers ---------------------------------------------------------------------------------------------------------

struct brought {
    uint64_t packages, findings, by_severity[SEVERITY_CRITICAL + 1];
};

static struct brought *brought_by_layers(const struct image_page *image)
{
    const struct report *r = &image->report;
    const struct inventory *inventory = &r->image->inventory;
    struct brought *brought = ARENA_NEW(image->page->a, struct brought, r->image->layers_n);
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (inventory->packages[i].layer < r->image->layers_n && !package_is_key(&inventory->packages[i].package))
            brought[inventory->packages[i].layer].packages++;
    for (size_t i = 0; i < r->findings_n; i++) {
        size_t layer = inventory->packages[r->findings[i].package].layer;
        if (layer >= r->image->layers_n)
            continue;
        brought[layer].findings++;
        brought[layer].by_severity[r->findings[i].severity]++;
    }
    return brought;
}

void image_write_layers(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct stored_image *stored = image->report.image;
    const struct brought *brought = brought_by_layers(image);
    buf_adds(out, "<h2 class=\"visually-hidden\">Layers</h2>\n");
    html_table_begin(out, "Layers", "Layers, the base first",
                     (const char *const[]){"#Layer", "Made by", "#Bytes", "#Packages", "Findings", NULL});
    for (size_t i = 0; i < stored->layers_n; i++) {
        const struct stored_layer *layer = &stored->layers[i];
        buf_addf(out, "<tr><th scope=\"row\" class=\"number\">%zu</th><td class=\"path\">", i + 1);
        if (layer->created_by.n != 0) {
            buf_adds(out, "<code class=\"command\">");
            markup_add(out, utf8_shorten(image->page->a, layer->created_by, 512));
            buf_adds(out, "</code><br>");
        }
        html_digest(out, digest_slice(&layer->digest));
        if (layer->skip_reason.n != 0) {
            buf_adds(out, "<br><span class=\"tag kev\">not read</span> ");
            markup_add(out, layer->skip_reason);
        }
        buf_adds(out, "</td>");
        html_number_cell(out, layer->size);
        html_number_cell(out, brought[i].packages);
        buf_adds(out, brought[i].findings != 0 ? "<td>" : "<td class=\"none\">none known");
        html_severity_list(out, brought[i].by_severity, NULL);
        buf_adds(out, "</td></tr>\n");
    }
    buf_adds(out, HTML_TABLE_END);
}
