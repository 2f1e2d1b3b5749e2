#include "ui/image.h"

#include "base/utf8.h"
#include "service/matching.h"
#include "service/requests.h"

#define NAMES_SHOWN 5

// ---- what the tabs share --------------------------------------------------------------------------------------------

struct slice image_path(const struct image_page *image)
{
    struct buf path BUF_AUTO = {0};
    match_add_encoded(&path, digest_slice(&image->digest));
    return arena_printf(image->page->a, "%simages/%.*s", image->page->root, SLICE_ARG(buf_slice(&path)));
}

const struct package *image_package(const struct image_page *image, const struct report_finding *finding)
{
    return &image->report.image->inventory.packages[finding->package].package;
}

void image_add_layer(const struct image_page *image, size_t layer)
{
    struct buf *out = image->page->out;
    const struct stored_image *stored = image->report.image;
    if (layer >= stored->layers_n)
        return;
    struct slice command = stored->layers[layer].created_by;
    buf_addf(out, "<span class=\"layer\">layer %zu of %zu", layer + 1, stored->layers_n);
    if (command.n != 0) {
        buf_adds(out, ": <code class=\"command\" title=\"");
        markup_add(out, command);
        buf_adds(out, "\">");
        markup_add(out, utf8_shorten(image->page->a, command, 96));
        buf_adds(out, "</code>");
    }
    buf_adds(out, "</span>");
}

void image_add_pager(const struct image_page *image, uint64_t total, struct slice query)
{
    const struct html_pages pages = {.name = "page",
                                     .total = total,
                                     .page = page_number(image->page, "page"),
                                     .per = IMAGE_PAGE,
                                     .query = query,
                                     .path = image_path(image).p};
    html_pager(image->page->out, &pages);
}

// ---- the head -------------------------------------------------------------------------------------------------------

static void add_name(struct buf *out, const struct image_name *name)
{
    markup_add(out, name->repository);
    if (name->tag.n != 0) {
        buf_addc(out, ':');
        markup_add(out, name->tag);
    } else {
        buf_addc(out, '@');
        html_digest(out, digest_slice(&name->manifest));
    }
}

static void add_names(const struct image_page *image)
{
    struct buf *out = image->page->out;
    size_t now = 0;
    while (now < image->names_n && image->names[now].until == 0)
        now++;
    if (now == 0)
        return;
    buf_adds(out, "<dt>Names in registries</dt><dd><ul class=\"plain\">");
    for (size_t i = 0; i < now && i < NAMES_SHOWN; i++) {
        buf_adds(out, "<li>");
        add_name(out, &image->names[i]);
        buf_adds(out, " <small>pushed ");
        html_time(out, image->names[i].pushed / 1000000);
        buf_adds(out, "</small></li>");
    }
    if (now > NAMES_SHOWN)
        buf_addf(out, "<li>and %zu more</li>", now - NAMES_SHOWN);
    buf_adds(out, "</ul></dd>");
}

static void add_distribution(struct buf *out, const struct report *report)
{
    const struct distribution *d = &report->image->inventory.distribution;
    buf_adds(out, "<dt>Distribution</dt><dd>");
    if (!d->known)
        buf_adds(out, "unknown");
    else
        markup_add(out, d->pretty_name.n != 0 ? d->pretty_name : d->id);
    if (report->coverage == COVERAGE_END_OF_LIFE) {
        buf_adds(out, " <span class=\"tag kev\">no security support since ");
        markup_add(out, report->end_of_life);
        buf_adds(out, "</span>");
    }
    buf_adds(out, "</dd>");
}

static void add_facts(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct stored_image *stored = image->report.image;
    buf_adds(out, "<dl class=\"facts\">");
    add_distribution(out, &image->report);
    buf_adds(out, "<dt>Platform</dt><dd>");
    markup_add(out, stored->os);
    buf_adds(out, stored->os.n != 0 && stored->arch.n != 0 ? "/" : "");
    markup_add(out, stored->arch);
    buf_adds(out, stored->os.n + stored->arch.n == 0 ? "unknown</dd>" : "</dd>");
    buf_adds(out, "<dt>Indexed</dt><dd>");
    html_time(out, stored->indexed);
    buf_adds(out, "</dd><dt>Manifest</dt><dd><code class=\"whole\">");
    markup_add(out, digest_slice(&image->digest));
    buf_adds(out, "</code></dd>");
    add_names(image);
    buf_adds(out, "</dl>\n");
}

// What keeps the findings from being the whole truth, in one box above all tabs: nobody has to look for it.
static void add_gaps(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    if (r->unjudged == 0 && r->errors_n == 0 && r->coverage != COVERAGE_UNKNOWN && r->judged != 0)
        return;
    buf_adds(out, "<div class=\"notice warn\" role=\"note\"><strong>This image is not judged as a whole.</strong> ");
    if (r->judged + r->unjudged == 0)
        buf_adds(out, "No package was found in it. ");
    else if (r->unjudged != 0) {
        buf_adds(out, "Nothing is known about vulnerabilities in ");
        html_number(out, r->unjudged);
        buf_adds(out, " of its ");
        html_count(out, r->judged + r->unjudged, "package");
        buf_adds(out, ". ");
    }
    if (r->errors_n != 0) {
        html_count(out, r->errors_n, "part");
        buf_adds(out, " of it could not be read. ");
    }
    if (r->coverage == COVERAGE_UNKNOWN)
        buf_adds(out, "Its distribution is not known. ");
    buf_addf(out, "<a href=\"%s?show=coverage\">What is missing, and why</a></div>\n", image_path(image).p);
}

// ---- the tabs -------------------------------------------------------------------------------------------------------

static uint64_t findings_of(const struct report *r)
{
    return r->findings_n;
}

static uint64_t packages_of(const struct report *r)
{
    return r->judged + r->unjudged;
}

static uint64_t layers_of(const struct report *r)
{
    return r->image->layers_n;
}

static uint64_t suppressed_of(const struct report *r)
{
    return r->suppressed_n;
}

static uint64_t gaps_of(const struct report *r)
{
    uint64_t n = r->unmatched_n + r->errors_n + r->image->remarks_n + r->image->inventory.skips_total;
    return n + (r->undetermined_n != 0) + (r->coverage != COVERAGE_RECOGNISED);
}

static const struct {
    const char *name, *title;
    uint64_t (*count)(const struct report *report);
    void (*write)(const struct image_page *image);
} tabs[] = {
    {"findings", "Findings", findings_of, image_write_findings},
    {"updates", "Updates", image_count_updates, image_write_updates},
    {"packages", "Packages", packages_of, image_write_packages},
    {"layers", "Layers", layers_of, image_write_layers},
    {"suppressed", "Suppressed", suppressed_of, image_write_suppressed},
    {"coverage", "Not judged, not read", gaps_of, image_write_coverage},
};
#define TABS (sizeof tabs / sizeof tabs[0])

static size_t tab_asked(const struct page *p)
{
    struct slice name = web_parameter(p->request, "show");
    for (size_t i = 0; i < TABS; i++)
        if (slice_eq(name, slice_str(tabs[i].name)))
            return i;
    return 0;
}

static void add_tabs(const struct image_page *image, size_t chosen)
{
    struct buf *out = image->page->out;
    buf_adds(out, "<nav class=\"tabs\" aria-label=\"Parts of the report\"><ul>");
    for (size_t i = 0; i < TABS; i++) {
        buf_addf(out, "<li><a href=\"%s?show=%s\"%s>%s <span class=\"count\">", image_path(image).p, tabs[i].name,
                 i == chosen ? " aria-current=\"page\"" : "", tabs[i].title);
        html_number(out, tabs[i].count(&image->report));
        buf_adds(out, "</span></a></li>");
    }
    buf_adds(out, "</ul></nav>\n");
}

static void write_whole(const struct image_page *image)
{
    struct page *p = image->page;
    struct slice reference = image->report.image->reference;
    size_t chosen = tab_asked(p);
    page_begin(p, reference.n != 0 ? reference : digest_slice(&image->digest), SECTION_IMAGES);
    buf_adds(p->out, "<h1 class=\"name\">");
    markup_add(p->out, reference.n != 0 ? reference : digest_slice(&image->digest));
    buf_adds(p->out, "</h1>\n");
    add_facts(image);
    add_gaps(image);
    add_tabs(image, chosen);
    tabs[chosen].write(image);
    page_end(p);
}

// ---- the page -------------------------------------------------------------------------------------------------------

static bool write_image(struct page *p, struct error *err)
{
    struct image_page image = {.page = p};
    struct stored_image *stored;
    struct error why;
    if (!request_digest(p->request->rest, &image.digest, &why)) {
        page_refuse(p, 404, SLICE("This is no digest of an image"),
                    SLICE("An image is named by the digest of its manifest, \"sha256:\" and 64 hexadecimal digits. "
                          "Search for a part of its name or digest."));
        return true;
    }
    stored = matching_image(p->view, &image.digest, p->request, err);
    if (stored == NULL && err->code == ERR_NOT_FOUND) {
        page_refuse(p, 404, SLICE("This image is not indexed"),
                    arena_printf(p->a,
                                 "Nothing is known of %s. It may have been forgotten, or was never indexed: run "
                                 "`clarion index`, or have the registry tell of its pushes.",
                                 image.digest.text));
        return true;
    }
    if (stored == NULL || !store_image_names(&p->view->store, &image.digest, p->a, &image.names, &image.names_n, err) ||
        !matching_what_is_known(p->service, p->view, stored, p->request, &image.report, err))
        return false;
    write_whole(&image);
    return true;
}

void image_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_image);
}
