// The search box: a vulnerability, a package, or a part of an image's name or digest; whatever of these there is.
#include "ui/search.h"

#include "store/summaries.h"
#include "store/where_store.h"
#include "ui/page.h"

#include <stdlib.h>

#define IMAGES_SHOWN 25
#define ROWS_A_PAGE  100

// ---- packages -------------------------------------------------------------------------------------------------------

struct place {
    struct slice manifest, reference, kind, name, version, arch;
};

struct places {
    struct arena *a;
    VEC(struct place) v;
};

static bool take_place(void *context, const struct store_place *place, struct error *err)
{
    struct places *p = context;
    (void)err;
    VEC_PUSH(p->a, &p->v) = (struct place){.manifest = arena_dup(p->a, place->manifest),
                                           .reference = arena_dup(p->a, place->reference),
                                           .kind = package_kind(place->kind),
                                           .name = arena_dup(p->a, place->name),
                                           .version = arena_dup(p->a, place->version),
                                           .arch = arena_dup(p->a, place->arch)};
    return true;
}

static int by_image(const void *x, const void *y)
{
    const struct place *p = x, *q = y;
    const struct slice a[] = {p->reference, p->manifest, p->kind, p->name, p->version, p->arch};
    const struct slice b[] = {q->reference, q->manifest, q->kind, q->name, q->version, q->arch};
    return slices_cmp(a, b, sizeof a / sizeof a[0]);
}

// One more than are shown tells that there are more.
static bool find_places(struct page *p, struct slice asked, uint64_t most, struct places *places, struct error *err)
{
    if (!store_places_some(&p->view->store, asked, most + 1, take_place, places, err))
        return false;
    if (places->v.n > 1)
        qsort(places->v.v, places->v.n, sizeof *places->v.v, by_image);
    return true;
}

static void add_place(struct page *p, const struct place *place)
{
    buf_adds(p->out, "<tr><th scope=\"row\" class=\"name\">");
    html_link(p->out, p->root, "images/", place->manifest,
              place->reference.n != 0 ? place->reference : place->manifest);
    buf_adds(p->out, "</th>");
    html_cell(p->out, "name", place->name);
    html_cell(p->out, "version", place->version);
    html_cell(p->out, NULL, place->kind);
    html_cell(p->out, NULL, place->arch);
    buf_adds(p->out, "</tr>\n");
}

static void add_places(struct page *p, struct slice asked, const struct places *places, uint64_t most)
{
    uint64_t n = places->v.n < most ? places->v.n : most;
    struct buf query BUF_AUTO = {0};
    uint64_t page = page_number(p, "page"), from = page * ROWS_A_PAGE;
    struct slice path = arena_printf(p->a, "%ssearch", p->root);
    buf_adds(p->out, "<section><h2 id=\"packages\">Packages</h2>\n");
    if (places->v.n == 0) {
        buf_adds(p->out, "<p class=\"none\">No image has a package of exactly this name.</p></section>\n");
        return;
    }
    html_table_begin(p->out, "Packages", "Images that have this package",
                     (const char *const[]){"Image", "Package", "Version", "Kind", "Architecture", NULL});
    for (uint64_t i = from; i < n && i < from + ROWS_A_PAGE; i++)
        add_place(p, &places->v.v[i]);
    buf_adds(p->out, HTML_TABLE_END);
    page_add_parameter(&query, "q", asked);
    const struct html_pages pages = {
        .name = "page", .total = n, .page = page, .per = ROWS_A_PAGE, .query = buf_slice(&query), .path = path.p};
    html_pager(p->out, &pages);
    if (places->v.n > most)
        buf_addf(p->out,
                 "<p class=\"none\">There are more than these %llu (limit page_packages); <code>clarion where</code> "
                 "tells all.</p>\n",
                 (unsigned long long)most);
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
    struct places places = {.a = p->a};
    uint64_t most = p->service->config->limits.page_packages;
    const struct summary_query query = {.text = asked, .most = IMAGES_SHOWN};
    struct summarised_image *images;
    struct summary_key next;
    size_t n;
    bool more;
    if (!find_places(p, asked, most, &places, err) ||
        !store_summary_list(&p->view->store, &query, p->a, &images, &n, &next, &more, err))
        return false;
    page_begin(p, asked, SECTION_NONE);
    buf_adds(p->out, places.v.n + n != 0 ? "<h1>Found for “" : "<h1>Nothing found for “");
    markup_add(p->out, asked);
    buf_adds(p->out, "”</h1>\n");
    add_images(p, asked, images, n, more);
    add_places(p, asked, &places, most);
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
