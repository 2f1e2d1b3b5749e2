// The list of images: searched, filtered and paged by the store, so that what a page costs does not follow how many
// images there are.
#include "ui/images.h"

#include "store/summaries.h"
#include "ui/page.h"

#define ROWS_A_PAGE 50
#define NAMES_SHOWN 3
#define UNJUDGED    "unjudged" // where a severity is asked for
#define NOTHING     "none"
#define ONLY        "only-" // before a severity: images that have nothing worse

// ---- what is asked for ----------------------------------------------------------------------------------------------

static bool take_query(struct page *p, struct summary_query *query)
{
    struct slice severity = web_parameter(p->request, "severity"), after = web_parameter(p->request, "after");
    enum severity least;
    struct error err;
    *query = (struct summary_query){
        .order = slice_eq(web_parameter(p->request, "order"), SLICE("newest")) ? SUMMARY_NEWEST : SUMMARY_WORST,
        .fixable = page_flag(p, "fixable"),
        .exploited = page_flag(p, "kev"),
        .unjudged = slice_eq(severity, SLICE(UNJUDGED)),
        .repository = slice_trim(web_parameter(p->request, "repository")),
        .text = slice_trim(web_parameter(p->request, "q")),
        .most = ROWS_A_PAGE};
    bool only = slice_starts(severity, SLICE(ONLY));
    if (severity_parse(slice_from(severity, only ? sizeof ONLY - 1 : 0), &least))
        query->least = 1 + (unsigned)least;
    query->only = only ? query->least != 0 : slice_eq(severity, SLICE(NOTHING));
    return after.n == 0 || summary_key_parse(after, &query->after, &err);
}

// All parameters but the place.
static void add_parameters(struct page *p, struct buf *out)
{
    static const char *const names[] = {"q", "repository", "severity", "fixable", "kev", "order"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        page_add_parameter(out, names[i], web_parameter(p->request, names[i]));
}

// Each severity with all that is worse, and then by itself, as the overview counts.
static void add_severities(struct page *p, const struct summary_query *q)
{
    html_option(p->out, "", "any, or none", q->least == 0 && !q->only && !q->unjudged);
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        const char *title =
            arena_printf(p->a, "%s%s", severity_name((enum severity)s), s == SEVERITY_CRITICAL ? "" : " or worse").p;
        html_option(p->out, html_severity_word((enum severity)s), title, !q->only && q->least == 1 + (unsigned)s);
    }
    for (int s = SEVERITY_HIGH; s >= SEVERITY_UNKNOWN; s--)
        html_option(p->out, arena_printf(p->a, ONLY "%s", html_severity_word((enum severity)s)).p,
                    arena_printf(p->a, "%s, nothing worse", severity_name((enum severity)s)).p,
                    q->only && q->least == 1 + (unsigned)s);
    html_option(p->out, NOTHING, "nothing found", q->only && q->least == 0);
    html_option(p->out, UNJUDGED, "not judged yet", q->unjudged);
}

static void add_filter(struct page *p, const struct summary_query *q)
{
    struct buf *out = p->out;
    buf_addf(
        out,
        "<form class=\"filter\" method=\"get\" action=\"%simages\" aria-label=\"Filter the images\">\n"
        "<label>Name or digest <input class=\"form-control form-control-sm\" name=\"q\" maxlength=\"512\" value=\"",
        p->root);
    markup_add(out, q->text);
    buf_adds(out, "\"></label>\n<label>Repository <input class=\"form-control form-control-sm\" name=\"repository\" "
                  "maxlength=\"512\" placeholder=\"docker.io/library/nginx\" value=\"");
    markup_add(out, q->repository);
    buf_adds(out, "\"></label>\n<label>Worst finding <select class=\"form-select form-select-sm\" name=\"severity\">");
    add_severities(p, q);
    buf_adds(out, "</select></label>\n<label>Order <select class=\"form-select form-select-sm\" name=\"order\">");
    html_option(out, "", "worst first", q->order == SUMMARY_WORST);
    html_option(out, "newest", "newest first", q->order == SUMMARY_NEWEST);
    buf_addf(out,
             "</select></label>\n<label class=\"check\"><input class=\"form-check-input\" type=\"checkbox\" "
             "name=\"fixable\" value=\"1\"%s> has a fix</label>\n<label class=\"check\"><input "
             "class=\"form-check-input\" type=\"checkbox\" name=\"kev\" value=\"1\"%s> known to be exploited</label>\n"
             "<button class=\"btn btn-sm\" type=\"submit\">Filter</button></form>\n",
             q->fixable ? " checked" : "", q->exploited ? " checked" : "");
}

// ---- the list -------------------------------------------------------------------------------------------------------

static void add_names(struct page *p, const struct listed_image *image)
{
    struct slice manifest = digest_slice(&image->manifest);
    html_link(p->out, p->root, "images/", manifest, image->reference.n != 0 ? image->reference : manifest);
    buf_adds(p->out, "<br>");
    html_digest(p->out, manifest);
    for (size_t i = 0; i < image->names_n && i < NAMES_SHOWN; i++) {
        buf_adds(p->out, " <small>");
        markup_add(p->out, image->names[i].repository);
        buf_adds(p->out, image->names[i].tag.n != 0 ? ":" : "");
        markup_add(p->out, image->names[i].tag);
        buf_adds(p->out, "</small>");
    }
    if (image->names_n > NAMES_SHOWN)
        buf_addf(p->out, " <small>and %zu more</small>", image->names_n - NAMES_SHOWN);
}

static void add_findings(struct page *p, const struct summarised_image *image)
{
    struct buf *out = p->out;
    const struct image_summary *s = &image->summary;
    buf_adds(out, "<td>");
    if (image->class == SUMMARY_UNJUDGED) {
        buf_adds(out, "<span class=\"state stale\">not judged yet</span></td><td></td>");
        return;
    }
    html_severity_list(out, s->severities, NULL);
    if (summary_class_worst(image->class) == 0)
        buf_adds(out, s->judged != 0 ? "<span class=\"none\">nothing found</span>"
                                     : "<span class=\"none\">nothing can be said</span>");
    html_exploited(out, s->exploited != 0);
    if (s->unjudged != 0) {
        buf_adds(out, " <span class=\"tag\">");
        html_number(out, s->unjudged);
        buf_adds(out, " not judged</span>");
    } else if (s->judged != 0 && ((image->class - 1) & SUMMARY_GAPS) != 0) {
        buf_adds(out, " <span class=\"tag\">judged in part</span>");
    }
    if (image->due)
        buf_adds(out, " <span class=\"tag\">being judged again</span>");
    buf_adds(out, "</td>");
    html_number_cell(out, s->fixable);
}

static void add_image(struct page *p, const struct summarised_image *image)
{
    const struct listed_image *l = &image->image;
    buf_adds(p->out, "<tr><th scope=\"row\" class=\"name\">");
    add_names(p, l);
    buf_adds(p->out, "</th>");
    add_findings(p, image);
    html_cell(p->out, NULL, l->distribution_name.n != 0 ? l->distribution_name : SLICE("unknown"));
    html_cell(p->out, NULL, l->arch);
    buf_adds(p->out, "<td>");
    html_time(p->out, l->indexed);
    buf_adds(p->out, "</td></tr>\n");
}

static bool asks_for_some(const struct summary_query *q)
{
    return q->least != 0 || q->only || q->fixable || q->exploited || q->unjudged || q->repository.n + q->text.n != 0 ||
           q->after.image != 0;
}

static void add_table(struct page *p, const struct summary_query *q, const struct summarised_image *images, size_t n)
{
    html_table_begin(
        p->out, "Images", "Images that are indexed",
        (const char *const[]){"Image", "Findings", "#With a fix", "Distribution", "Architecture", "Indexed", NULL});
    for (size_t i = 0; i < n; i++)
        add_image(p, &images[i]);
    if (n == 0)
        buf_addf(p->out, "<tr><td colspan=\"6\">%s</td></tr>\n",
                 asks_for_some(q) ? "No image that is indexed is like that."
                                  : "No image is indexed yet: <code>clarion index IMAGE</code> indexes one.");
    buf_adds(p->out, HTML_TABLE_END);
}

// A page is found by the key of the image before it: so it costs the same wherever it is, and there is no number of it.
static void add_pager(struct page *p, const struct summary_query *q, const struct summary_key *next, bool more)
{
    struct buf parameters BUF_AUTO = {0};
    bool first = q->after.image == 0;
    if (first && !more)
        return;
    add_parameters(p, &parameters);
    buf_adds(p->out, "<nav class=\"pager\" aria-label=\"Pages of the list\">");
    if (!first) {
        buf_addf(p->out, "<a class=\"btn btn-sm\" href=\"%simages?", p->root);
        markup_add(p->out, slice_from(buf_slice(&parameters), 1));
        buf_adds(p->out, "\">First page</a>");
    }
    if (more) {
        buf_addf(p->out, "<a class=\"btn btn-sm\" rel=\"next\" href=\"%simages?after=", p->root);
        match_add_encoded(p->out, summary_key_text(next, p->a));
        markup_add(p->out, buf_slice(&parameters));
        buf_adds(p->out, "\">Next →</a>");
    }
    buf_adds(p->out, "</nav>\n");
}

// ---- the page -------------------------------------------------------------------------------------------------------

static bool write_images(struct page *p, struct error *err)
{
    struct summary_query query;
    struct summarised_image *images;
    struct summary_key next;
    size_t n;
    bool more;
    if (!take_query(p, &query)) {
        page_refuse(p, 400, SLICE("There is no such page of the list"),
                    SLICE("Its address has been changed. Begin with the first page of the images."));
        return true;
    }
    if (!store_summary_list(&p->view->store, &query, p->a, &images, &n, &next, &more, err))
        return false;
    page_begin(p, SLICE("Images"), SECTION_IMAGES);
    buf_adds(p->out, "<h1>Images</h1>\n");
    add_filter(p, &query);
    add_table(p, &query, images, n);
    add_pager(p, &query, &next, more);
    page_end(p);
    return true;
}

void images_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_images);
}
