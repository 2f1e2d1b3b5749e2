// The search box: a vulnerability, a package, or a part of an image's name or digest; whatever of these there is.
#include "ui/search.h"

#include "notify/where.h"
#include "store/summaries.h"
#include "ui/page.h"

#define IMAGES_SHOWN  25 // of those that are called so
#define IMAGES_A_PAGE 50 // of those that have a package

// ---- packages -------------------------------------------------------------------------------------------------------

// The images that have a package of that name, a page of them.
struct places {
    struct holders_key after;
    struct where_page page;
};

static bool find_places(struct page *p, struct slice asked, struct places *places, struct error *err)
{
    struct where_answer *answer = where_ask_packages(&p->view->store, asked, p->a, err);
    return answer != NULL && where_page(answer, &places->after, IMAGES_A_PAGE, p->a, &places->page, err);
}

static void add_place(struct page *p, const struct where *place)
{
    struct slice manifest = digest_slice(&place->image->manifest), reference = place->image->reference;
    buf_adds(p->out, "<tr><th scope=\"row\" class=\"name\">");
    html_link(p->out, p->root, "images/", manifest, reference.n != 0 ? reference : manifest);
    buf_adds(p->out, "</th>");
    html_cell(p->out, "name", place->package->name);
    html_cell(p->out, "version", place->package->version);
    html_cell(p->out, NULL, place->package->kind);
    html_cell(p->out, NULL, place->package->arch);
    buf_adds(p->out, "</tr>\n");
}

static void add_pager(struct page *p, struct slice asked, const struct places *places)
{
    bool first = places->after.set == 0;
    if (first && !places->page.more)
        return;
    buf_adds(p->out, "<nav class=\"pager\" aria-label=\"Pages of the packages\">");
    if (!first) {
        buf_addf(p->out, "<a class=\"btn btn-sm\" href=\"%ssearch?q=", p->root);
        match_add_encoded(p->out, asked);
        buf_adds(p->out, "\">First page</a>");
    }
    if (places->page.more) {
        buf_addf(p->out, "<a class=\"btn btn-sm\" rel=\"next\" href=\"%ssearch?after=%.*s&amp;q=", p->root,
                 SLICE_ARG(holders_key_text(&places->page.next, p->a)));
        match_add_encoded(p->out, asked);
        buf_adds(p->out, "\">Next →</a>");
    }
    buf_adds(p->out, "</nav>\n");
}

static bool is_nowhere(const struct places *places)
{
    return places->page.rows.n == 0 && places->after.set == 0 && !places->page.more;
}

static void add_places(struct page *p, struct slice asked, const struct places *places)
{
    const where_vec *rows = &places->page.rows;
    buf_adds(p->out, "<section><h2 id=\"packages\">Packages</h2>\n");
    if (is_nowhere(places)) {
        buf_adds(p->out, "<p class=\"none\">No image has a package of exactly this name.</p></section>\n");
        return;
    }
    html_table_begin(p->out, "Packages", "Images that have this package",
                     (const char *const[]){"Image", "Package", "Version", "Kind", "Architecture", NULL});
    for (size_t i = 0; i < rows->n; i++)
        add_place(p, &rows->v[i]);
    buf_adds(p->out, HTML_TABLE_END);
    add_pager(p, asked, places);
    buf_adds(p->out, "</section>\n");
}

// ---- images ---------------------------------------------------------------------------------------------------------

static void add_images(struct page *p, struct slice asked, const struct summarised_image *images, size_t n, bool more)
{
    buf_adds(p->out, "<section><h2 id=\"images\">Images</h2>\n");
    if (n == 0)
        buf_adds(p->out, "<p class=\"none\">No image has this in a name or at the start of its digest.</p>\n");
    buf_adds(p->out, n != 0 ? "<ul class=\"plain\">" : "");
    for (size_t i = 0; i < n; i++) {
        const struct listed_image *image = &images[i].image;
        struct slice manifest = digest_slice(&image->manifest);
        buf_adds(p->out, "<li>");
        html_link(p->out, p->root, "images/", manifest, image->reference.n != 0 ? image->reference : manifest);
        buf_adds(p->out, " ");
        html_digest(p->out, manifest);
        html_severity_list(p->out, images[i].summary.severities, NULL);
        buf_adds(p->out, images[i].class == SUMMARY_UNJUDGED
                             ? " <span class=\"state stale\">not judged yet</span></li>\n"
                             : "</li>\n");
    }
    buf_adds(p->out, n != 0 ? "</ul>\n" : "");
    if (more) {
        buf_addf(p->out, "<p><a href=\"%simages?q=", p->root);
        match_add_encoded(p->out, asked);
        buf_adds(p->out, "\">More images</a></p>\n");
    }
    buf_adds(p->out, "</section>\n");
}

// ---- the page -------------------------------------------------------------------------------------------------------

// Is it the id of a vulnerability, by its looks: how those of one database begin, and a number of some digits behind
// it? They have a page of their own, which says whether one is known. A package may begin so, too, but has no number.
static bool is_vulnerability(struct slice text)
{
    static const char *const beginnings[] = {"CVE-",  "PYSEC-", "GO-2", "RUSTSEC-", "DSA-",  "DLA-",
                                             "RHSA-", "RHBA-",  "USN-", "ALAS",     "ELSA-", "ALSA-",
                                             "RLSA-", "SUSE-",  "OSV-", "MAL-",     "TEMP-", "PHSA-"};
    size_t digits = 0;
    // Those of these two have letters as much as digits.
    bool begins = slice_starts_nocase(text, SLICE("GHSA-")) || slice_starts_nocase(text, SLICE("CGA-"));
    for (size_t i = 0; i < text.n; i++)
        digits += text.p[i] >= '0' && text.p[i] <= '9';
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0] && digits >= 4; i++)
        begins = begins || slice_starts_nocase(text, slice_str(beginnings[i]));
    return begins && slice_find(text, ' ') < 0;
}

static bool write_found(struct page *p, struct slice asked, struct error *err)
{
    struct places places = {0};
    struct slice after = web_parameter(p->request, "after");
    struct error unreadable;
    const struct summary_query query = {.text = asked, .most = IMAGES_SHOWN};
    struct summarised_image *images;
    struct summary_key next;
    size_t n;
    bool more;
    if (after.n != 0 && !holders_key_parse(after, &places.after, &unreadable)) {
        page_refuse(p, 400, SLICE("There is no such page of the list"),
                    SLICE("Its address has been changed. Search again."));
        return true;
    }
    if (!find_places(p, asked, &places, err) ||
        !store_summary_list(&p->view->store, &query, p->a, &images, &n, &next, &more, err))
        return false;
    page_begin(p, asked, SECTION_NONE);
    buf_adds(p->out, n != 0 || !is_nowhere(&places) ? "<h1>Found for “" : "<h1>Nothing found for “");
    markup_add(p->out, asked);
    buf_adds(p->out, "”</h1>\n");
    add_images(p, asked, images, n, more);
    add_places(p, asked, &places);
    page_end(p);
    return true;
}

static bool write_search(struct page *p, struct error *err)
{
    struct slice asked = slice_trim(web_parameter(p->request, "q"));
    struct buf place BUF_AUTO = {0};
    if (asked.n == 0) {
        page_refuse(p, 200, SLICE("Search"),
                    SLICE("Ask for a vulnerability (CVE-2014-0160), a package (openssl), or a part of an image's name "
                          "or digest."));
        return true;
    }
    if (!is_vulnerability(asked))
        return write_found(p, asked, err);
    buf_adds(&place, "vulnerabilities/");
    match_add_encoded(&place, asked);
    page_redirect(p, buf_slice(&place));
    return true;
}

void search_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_search);
}
