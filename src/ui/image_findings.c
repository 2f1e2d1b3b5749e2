// The findings of an image: filtered, page by page, worst first, each with the layer that brought its package.
#include "ui/image.h"

struct filter {
    enum severity least;
    bool fixable, exploited;
    struct slice text; // in the vulnerability's names or the package's name
};

static struct filter filter_of(const struct page *p)
{
    struct filter filter = {.fixable = page_flag(p, "fixable"),
                            .exploited = page_flag(p, "kev"),
                            .text = arena_dup_lower(p->a, web_parameter(p->request, "q"))};
    severity_parse(web_parameter(p->request, "severity"), &filter.least);
    return filter;
}

static bool has_text(struct arena *scratch, struct slice where, struct slice text)
{
    return slice_find_slice(arena_dup_lower(scratch, where), text) >= 0;
}

static bool is_wanted(const struct image_page *image, const struct filter *filter, const struct report_finding *f)
{
    struct arena scratch ARENA_AUTO = {0};
    return f->severity >= filter->least && (!filter->fixable || f->fixed_in.n != 0) &&
           (!filter->exploited || finding_exploited(f) != NULL) &&
           (filter->text.n == 0 || has_text(&scratch, report_ids(&scratch, f), filter->text) ||
            has_text(&scratch, image_package(image, f)->name, filter->text));
}

// ---- above the list -------------------------------------------------------------------------------------------------

static void add_summary(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    uint64_t counts[SEVERITY_CRITICAL + 1] = {0}, fixable = 0, exploited = 0;
    for (size_t i = 0; i < r->findings_n; i++) {
        counts[r->findings[i].severity]++;
        fixable += r->findings[i].fixed_in.n != 0;
        exploited += finding_exploited(&r->findings[i]) != NULL;
    }
    if (r->findings_n == 0)
        return;
    buf_adds(out, "<section aria-label=\"Summary\" class=\"summary\">");
    html_severity_bar(out, counts);
    html_severity_list(out, counts, arena_printf(image->page->a, "%s?severity=", image_path(image).p).p);
    buf_adds(out, "<p><strong>");
    html_number(out, fixable);
    buf_adds(out, "</strong> of ");
    html_count(out, r->findings_n, "finding");
    buf_addf(out, " %s fixed by an update", fixable == 1 ? "is" : "are");
    if (exploited != 0) {
        buf_adds(out, "; <strong>");
        html_number(out, exploited);
        buf_addf(out, "</strong> %s known to be exploited", exploited == 1 ? "is" : "are");
    }
    buf_adds(out, ".</p></section>\n");
}

static void add_filter(const struct image_page *image, const struct filter *filter)
{
    struct buf *out = image->page->out;
    buf_addf(out, "<form class=\"filter\" method=\"get\" action=\"%s\" aria-label=\"Filter the findings\">\n",
             image_path(image).p);
    buf_adds(out, "<label>At least <select class=\"form-select form-select-sm\" name=\"severity\">");
    for (int s = SEVERITY_UNKNOWN; s <= SEVERITY_CRITICAL; s++)
        html_option(out, html_severity_word((enum severity)s),
                    s == SEVERITY_UNKNOWN ? "any severity" : severity_name((enum severity)s),
                    filter->least == (enum severity)s);
    buf_adds(out, "</select></label>\n<label>Name <input class=\"form-control form-control-sm\" name=\"q\" "
                  "placeholder=\"CVE or package\" maxlength=\"256\" value=\"");
    markup_add(out, web_parameter(image->page->request, "q"));
    buf_addf(out,
             "\"></label>\n<label class=\"check\"><input class=\"form-check-input\" type=\"checkbox\" name=\"fixable\" "
             "value=\"1\"%s> has a fix</label>\n<label class=\"check\"><input class=\"form-check-input\" "
             "type=\"checkbox\" name=\"kev\" value=\"1\"%s> known to be exploited</label>\n"
             "<button class=\"btn btn-sm\" type=\"submit\">Filter</button></form>\n",
             filter->fixable ? " checked" : "", filter->exploited ? " checked" : "");
}

// ---- the list -------------------------------------------------------------------------------------------------------

static void add_scores(struct buf *out, const struct report_finding *f)
{
    const struct report_epss *epss = finding_epss(f);
    buf_adds(out, "<td class=\"number\">");
    if (f->rating != NULL)
        html_score(out, f->rating->score);
    buf_adds(out, "</td><td class=\"number\">");
    if (epss != NULL)
        html_percent(out, epss->probability);
    buf_adds(out, "</td>");
}

static void add_source(struct buf *out, const struct report_finding *f)
{
    struct slice link, rest;
    slice_cut(f->links, ' ', &link, &rest);
    if (link.n != 0)
        html_external(out, link, slice_str(f->statements[0].feed));
    else
        buf_adds(out, f->statements[0].feed);
}

static void add_finding(const struct image_page *image, const struct report_finding *f)
{
    struct buf *out = image->page->out;
    const struct package *p = image_package(image, f);
    buf_adds(out, "<tr><td>");
    html_severity(out, f->severity);
    buf_adds(out, "</td><th scope=\"row\">");
    html_link(out, image->page->root, "vulnerabilities/", f->vulnerability, f->vulnerability);
    html_exploited(out, finding_exploited(f) != NULL);
    buf_adds(out, "</th>");
    add_scores(out, f);
    buf_adds(out, "<td class=\"name\">");
    markup_add(out, p->name);
    if (f->code.what != NULL) {
        buf_adds(out, f->code.missing ? " <span class=\"tag\">only " : " <span class=\"tag\">with ");
        markup_adds(out, f->code.what);
        buf_adds(out, "</span>");
    }
    buf_adds(out, "<br>");
    image_add_layer(image, image->report.image->inventory.packages[f->package].layer);
    buf_adds(out, "</td>");
    html_cell(out, "version", p->version);
    if (f->fixed_in.n != 0)
        html_cell(out, "version fix", f->fixed_in);
    else
        buf_adds(out, "<td class=\"none\">no fix yet</td>");
    buf_adds(out, "<td>");
    add_source(out, f);
    buf_adds(out, "</td></tr>\n");
}

static void add_table(const struct image_page *image, const struct filter *filter)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    uint64_t from = page_number(image->page, "page") * IMAGE_PAGE, found = 0;
    struct buf query BUF_AUTO = {0};
    html_table_begin(out, "Findings", "Findings, worst first",
                     (const char *const[]){"Severity", "Vulnerability", "#CVSS", "#EPSS",
                                           "Package, and what brought it", "Installed", "Fixed in", "Source", NULL});
    for (size_t i = 0; i < r->findings_n; i++) {
        if (!is_wanted(image, filter, &r->findings[i]))
            continue;
        if (found >= from && found < from + IMAGE_PAGE)
            add_finding(image, &r->findings[i]);
        found++;
    }
    if (found == 0)
        buf_adds(out, "<tr><td colspan=\"8\">None of the findings is like that.</td></tr>\n");
    buf_adds(out, HTML_TABLE_END);
    page_add_parameter(&query, "severity", web_parameter(image->page->request, "severity"));
    page_add_parameter(&query, "fixable", filter->fixable ? SLICE("1") : SLICE(""));
    page_add_parameter(&query, "kev", filter->exploited ? SLICE("1") : SLICE(""));
    page_add_parameter(&query, "q", web_parameter(image->page->request, "q"));
    image_add_pager(image, found, buf_slice(&query));
}

void image_write_findings(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    struct filter filter = filter_of(image->page);
    buf_adds(out, "<h2 class=\"visually-hidden\">Findings</h2>\n");
    if (r->findings_n == 0) {
        buf_adds(out, r->judged == 0 ? "<p class=\"lead\">Nothing can be said about this image.</p>\n"
                                     : "<p class=\"lead\">No known vulnerabilities in what could be judged");
        if (r->judged != 0) {
            buf_adds(out, " (");
            html_count(out, r->judged, "package");
            buf_adds(out, ").</p>\n");
        }
        return;
    }
    add_summary(image);
    image_add_first_updates(image);
    add_filter(image, &filter);
    add_table(image, &filter);
}
