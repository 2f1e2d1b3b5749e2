// The first page: how the images stand, what came in the last day, and how old that is by which they are judged.
#include "ui/overview.h"

#include "base/clock.h"
#include "store/summaries.h"
#include "ui/feeds.h"

#define DAY 86400

// ---- images by their worst severity ---------------------------------------------------------------------------------

// A bar of the chart: of images, so "nothing found" and "not judged yet" are bars, too.
struct bar {
    const char *class, *title, *filter; // filter: of the list of images, which then shows just these
    uint64_t images;
};
#define BARS (SUMMARY_SEVERITIES + 2)

static void bars_of(struct page *p, const struct summary_overview *o, struct bar bars[static BARS])
{
    size_t n = 0;
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        const char *word = html_severity_word((enum severity)s);
        const char *filter = s == SEVERITY_CRITICAL ? word : arena_printf(p->a, "only-%s", word).p;
        bars[n++] = (struct bar){word, severity_name((enum severity)s), filter, o->worst[s + 1]};
    }
    bars[n++] = (struct bar){"clean", "Nothing found", "none", o->worst[0]};
    bars[n] = (struct bar){"unjudged", "Not judged yet", "unjudged", o->unjudged};
}

#define BAR_HEIGHT 34
#define BAR_LEFT   130
#define BAR_WIDTH  480

static void add_chart(struct page *p, const struct summary_overview *o)
{
    struct bar bars[BARS];
    uint64_t most = 1;
    bars_of(p, o, bars);
    for (size_t i = 0; i < BARS; i++)
        most = bars[i].images > most ? bars[i].images : most;
    buf_addf(p->out,
             "<svg class=\"chart\" viewBox=\"0 0 720 %d\" role=\"img\" aria-labelledby=\"chart-title\">"
             "<title id=\"chart-title\">Images by their worst finding; the table below has the numbers</title>",
             BARS * BAR_HEIGHT + 4);
    for (size_t i = 0; i < BARS; i++) {
        int y = (int)i * BAR_HEIGHT + 4;
        double width = (double)bars[i].images * BAR_WIDTH / (double)most;
        buf_addf(p->out, "<text class=\"label\" x=\"%d\" y=\"%d\">%s</text>", BAR_LEFT - 10, y + 15, bars[i].title);
        buf_addf(p->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"22\" rx=\"3\"/>", bars[i].class,
                 BAR_LEFT, y, bars[i].images != 0 && width < 3 ? 3 : width);
        buf_addf(p->out, "<text class=\"value\" x=\"%.1f\" y=\"%d\">", BAR_LEFT + width + 8, y + 15);
        html_number(p->out, bars[i].images);
        buf_adds(p->out, "</text>");
    }
    buf_adds(p->out, "</svg>\n");
}

static void add_numbers(struct page *p, const struct summary_overview *o)
{
    struct bar bars[BARS];
    bars_of(p, o, bars);
    buf_adds(p->out, "<table class=\"table compact\"><caption>Images by their worst finding</caption><thead><tr>"
                     "<th scope=\"col\">Worst finding</th><th scope=\"col\" class=\"number\">Images</th></tr></thead>"
                     "<tbody>\n");
    for (size_t i = 0; i < BARS; i++) {
        buf_addf(p->out, "<tr><th scope=\"row\"><a href=\"%simages?severity=%s\">%s</a></th>", p->root, bars[i].filter,
                 bars[i].title);
        html_number_cell(p->out, bars[i].images);
        buf_adds(p->out, "</tr>\n");
    }
    buf_adds(p->out, "</tbody></table>\n");
}

// ---- figures --------------------------------------------------------------------------------------------------------

static void add_card(struct page *p, uint64_t figure, const char *what, const char *link)
{
    buf_adds(p->out, "<li><span class=\"figure\">");
    html_number(p->out, figure);
    buf_adds(p->out, "</span><span class=\"what\">");
    if (link != NULL)
        buf_addf(p->out, "<a href=\"%s%s\">%s</a>", p->root, link, what);
    else
        buf_adds(p->out, what);
    buf_adds(p->out, "</span></li>\n");
}

static void add_share(struct page *p, const struct summary_overview *o)
{
    uint64_t with = 0;
    for (size_t i = 1; i <= SUMMARY_SEVERITIES; i++)
        with += o->worst[i];
    buf_adds(p->out, "<li><span class=\"figure\">");
    if (with != 0)
        buf_addf(p->out, "%.0f%%", (double)o->fixable * 100 / (double)with);
    else
        buf_adds(p->out, "–");
    buf_addf(p->out,
             "</span><span class=\"what\">of images with findings: <a href=\"%simages?fixable=1\">an update mends "
             "some</a></span></li>\n",
             p->root);
}

static void add_cards(struct page *p, const struct summary_overview *o)
{
    buf_adds(p->out, "<ul class=\"cards\">\n");
    add_card(p, o->images, o->images == 1 ? "image" : "images", "images");
    add_card(p, o->exploited, "with something known to be exploited", "images?kev=1");
    add_share(p, o);
    add_card(p, o->told,
             o->told == 1 ? "finding that is new or changed in the last day"
                          : "findings that are new or changed in the last day",
             "notifications");
    buf_adds(p->out, "</ul>\n");
}

// Never silent: what the figures leave out.
static void add_gaps(struct page *p, const struct summary_overview *o)
{
    if (o->unjudged == 0 && o->gaps == 0 && o->due == 0)
        return;
    buf_adds(p->out, "<div class=\"notice warn\" role=\"note\"><strong>Not all is judged.</strong> ");
    if (o->unjudged != 0) {
        buf_addf(p->out, "<a href=\"%simages?severity=unjudged\">", p->root);
        html_count(p->out, o->unjudged, "image");
        buf_addf(p->out, "</a> %s not judged yet. ", o->unjudged == 1 ? "is" : "are");
    }
    if (o->gaps != 0) {
        html_count(p->out, o->gaps, "image");
        buf_addf(p->out,
                 " %s judged in part: nothing is known of some packages, something was not read, or no package was "
                 "found. Each image's page says what, and why. ",
                 o->gaps == 1 ? "is" : "are");
    }
    if (o->due != 0) {
        buf_adds(p->out, "The figures of ");
        html_count(p->out, o->due, "set");
        buf_adds(p->out, " of packages are being made anew. ");
    }
    buf_adds(p->out, "</div>\n");
}

// ---- the page -------------------------------------------------------------------------------------------------------

static void write_none(struct page *p)
{
    buf_adds(p->out, "<p class=\"lead\">No image is indexed yet. <code>clarion index IMAGE</code> indexes one; a "
                     "registry can tell of its pushes, Quay and Harbor can send their images, and <code>clarion "
                     "backfill</code> takes all that a registry has.</p>\n");
}

static bool write_overview(struct page *p, struct error *err)
{
    struct summary_overview o;
    // To the full hour: so the page stays the same, and costs a 304, while nothing happens.
    int64_t since = clock_now() - DAY;
    if (!store_summary_overview(&p->view->store, since - since % 3600, &o, err))
        return false;
    page_begin(p, SLICE("Overview"), SECTION_OVERVIEW);
    buf_adds(p->out, "<h1>Overview</h1>\n");
    if (o.images == 0) {
        write_none(p);
    } else {
        add_gaps(p, &o);
        add_cards(p, &o);
        buf_adds(p->out, "<section class=\"split\" aria-label=\"Images by their worst finding\">\n");
        add_chart(p, &o);
        add_numbers(p, &o);
        buf_adds(p->out, "</section>\n");
    }
    buf_adds(p->out, "<section aria-labelledby=\"feeds\"><h2 id=\"feeds\">Feeds</h2>\n");
    feeds_add_strip(p);
    buf_adds(p->out, "</section>\n");
    page_end(p);
    return true;
}

void overview_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_overview);
}
