// "Updates that fix the most": what to update in an image, and how many findings each update closes.
#include "match/remedies.h"
#include "ui/image.h"

#define SHOWN_FIRST 5 // above the findings; the tab has all

static void add_version(struct buf *out, const char *class, struct slice version)
{
    if (version.n != 0)
        html_cell(out, class, version);
    else
        buf_adds(out, "<td class=\"none\">differs by package</td>");
}

static void add_packages(const struct image_page *image, const struct remedy *r)
{
    struct buf *out = image->page->out;
    bool uniform = r->from.n != 0 && r->to.n != 0;
    if (r->packages_n == 1 && uniform)
        return;
    buf_adds(out, "<details><summary>");
    html_count(out, r->packages_n, "package");
    buf_adds(out, "</summary><ul class=\"plain\">");
    for (size_t i = 0; i < r->packages_n; i++) {
        const struct remedy_package *p = &r->packages[i];
        buf_adds(out, "<li>");
        markup_add(out, image->report.image->inventory.packages[p->package].package.name);
        if (!uniform) {
            buf_adds(out, " ");
            markup_add(out, p->from);
            buf_adds(out, " → ");
            markup_add(out, p->to);
        }
        buf_adds(out, "</li>");
    }
    buf_adds(out, "</ul></details>");
}

static void add_remedy(const struct image_page *image, const struct remedy *r)
{
    struct buf *out = image->page->out;
    uint64_t counts[SEVERITY_CRITICAL + 1];
    for (size_t s = 0; s <= SEVERITY_CRITICAL; s++)
        counts[s] = r->by_severity[s];
    buf_adds(out, "<tr><th scope=\"row\" class=\"name\">");
    markup_add(out, r->name);
    buf_adds(out, " <small>");
    markup_add(out, r->kind);
    buf_adds(out, "</small>");
    add_packages(image, r);
    buf_adds(out, "</th>");
    add_version(out, "version", r->from);
    add_version(out, "version fix", r->to);
    html_number_cell(out, r->findings);
    buf_adds(out, "<td>");
    html_severity_list(out, counts, NULL);
    html_exploited(out, r->exploited != 0);
    buf_adds(out, "</td></tr>\n");
}

static void add_table(const struct image_page *image, const struct remedies *all, size_t from, size_t to)
{
    struct buf *out = image->page->out;
    html_table_begin(out, "Updates", "Updates that fix the most",
                     (const char *const[]){"Update", "From", "To", "#Closes", "By severity", NULL});
    for (size_t i = from; i < to; i++)
        add_remedy(image, &all->v[i]);
    buf_adds(out, HTML_TABLE_END);
}

uint64_t image_count_updates(const struct report *report)
{
    struct arena a ARENA_AUTO = {0};
    return report_remedies(report, NULL, NULL, &a).n;
}

void image_add_first_updates(const struct image_page *image)
{
    struct remedies all = report_remedies(&image->report, NULL, NULL, image->page->a);
    size_t shown = all.n < SHOWN_FIRST ? all.n : SHOWN_FIRST;
    if (all.n == 0)
        return;
    add_table(image, &all, 0, shown);
    if (all.n > shown) {
        buf_addf(image->page->out, "<p><a href=\"%s?show=updates\">All ", image_path(image).p);
        html_count(image->page->out, all.n, "update");
        buf_adds(image->page->out, "</a></p>\n");
    }
}

void image_write_updates(const struct image_page *image)
{
    struct buf *out = image->page->out;
    struct remedies all = report_remedies(&image->report, NULL, NULL, image->page->a);
    uint64_t from = page_number(image->page, "page") * IMAGE_PAGE;
    buf_adds(out, "<h2 class=\"visually-hidden\">Updates</h2>\n<p>");
    if (all.n == 0) {
        buf_adds(out, "No update closes anything");
    } else {
        html_count(out, all.n, "update");
        buf_addf(out, " close%s <strong>", all.n == 1 ? "s" : "");
        html_count(out, all.fixable, "finding");
        buf_adds(out, "</strong>");
    }
    buf_adds(out, "; for ");
    html_number(out, all.unfixable);
    buf_adds(out, " there is no fix yet.</p>\n");
    if (from < all.n)
        add_table(image, &all, (size_t)from, (size_t)(from + IMAGE_PAGE < all.n ? from + IMAGE_PAGE : all.n));
    image_add_pager(image, all.n, SLICE("&show=updates"));
}
