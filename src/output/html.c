// A page to look at, to print and to hand on: one file that asks for nothing from elsewhere, and needs no script.
//
// Its policy (Content-Security-Policy) allows nothing but its own style, so that even a mistake here would not let a
// name in an image run as a script. All foreign text goes through markup_add.
#include "output/html.h"

#include "base/clock.h"
#include "base/markup.h"
#include "match/remedies.h"
#include "output/words.h"

#include <ctype.h>

// ---- building blocks ------------------------------------------------------------------------------------------------

void html_report_text(struct html_report *h, struct slice text)
{
    markup_add(h->out, text);
}

void html_report_cell(struct html_report *h, const char *class, struct slice text)
{
    buf_addf(h->out, "<td class=\"%s\">", class);
    html_report_text(h, text.n != 0 ? text : SLICE("-"));
    buf_adds(h->out, "</td>");
}

void html_report_heading(struct html_report *h, const char *id, const char *title, size_t n)
{
    buf_addf(h->out, "<h2 id=\"%s\">%s <span class=\"n\">%zu</span></h2>\n", id, title, n);
}

void html_report_begin_table(struct html_report *h, const char *const *columns, size_t n)
{
    buf_adds(h->out, "<div class=\"wide\"><table>\n<thead><tr>");
    for (size_t i = 0; i < n; i++)
        buf_addf(h->out, "<th>%s</th>", columns[i]);
    buf_adds(h->out, "</tr></thead>\n<tbody>\n");
}

void html_report_end_table(struct html_report *h)
{
    buf_adds(h->out, "</tbody></table></div>\n");
}

void html_report_link(struct html_report *h, struct slice url, struct slice text)
{
    bool link = markup_is_link(url);
    if (link) {
        buf_adds(h->out, "<a rel=\"noreferrer noopener\" href=\"");
        html_report_text(h, url);
        buf_adds(h->out, "\">");
    }
    html_report_text(h, text);
    if (link)
        buf_adds(h->out, "</a>");
}

static const char *severity_class(enum severity severity)
{
    static const char *const classes[] = {
        [SEVERITY_UNKNOWN] = "s0", [SEVERITY_NEGLIGIBLE] = "s1", [SEVERITY_LOW] = "s2",
        [SEVERITY_MEDIUM] = "s3",  [SEVERITY_HIGH] = "s4",       [SEVERITY_CRITICAL] = "s5"};
    return classes[severity];
}

void html_report_severity(struct html_report *h, enum severity severity)
{
    buf_addf(h->out, "<span class=\"sev %s\">%s</span>", severity_class(severity), severity_name(severity));
}

// ---- the frame ------------------------------------------------------------------------------------------------------

static void add_head(struct html_report *h)
{
    buf_adds(h->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n<title>Vulnerabilities in ");
    html_report_text(h, words_image(h->report));
    buf_adds(h->out, "</title>\n<style>\n");
    buf_add(h->out, slice_of(report_style, report_style_n));
    buf_adds(h->out, "</style>\n</head>\n<body>\n<main>\n");
}

static void add_fact(struct html_report *h, const char *name, struct slice value)
{
    if (value.n == 0)
        return;
    buf_addf(h->out, "<dt>%s</dt><dd>", name);
    html_report_text(h, value);
    buf_adds(h->out, "</dd>\n");
}

static void add_image(struct html_report *h)
{
    const struct report *report = h->report;
    const struct stored_image *image = report->image;
    char made[CLOCK_TEXT];
    clock_format(report->generation_created, made);
    buf_adds(h->out, "<header><p class=\"kicker\">Known vulnerabilities in</p><h1>");
    html_report_text(h, words_image(report));
    buf_adds(h->out, "</h1>\n<dl>\n");
    add_fact(h, "Manifest", digest_slice(&image->manifest));
    add_fact(h, "Distribution", words_distribution(h->a, &image->inventory.distribution));
    add_fact(h, "Architecture", image->arch);
    add_fact(
        h, "Packages",
        arena_printf(h->a, "%zu, of which %zu could be judged", report->judged + report->unjudged, report->judged));
    if (report->generation.n != 0)
        add_fact(h, "Judged by",
                 arena_printf(h->a, "feeds of %.10s (generation %.*s), Clarion %s", made, SLICE_ARG(report->generation),
                              CLARION_VERSION));
    buf_adds(h->out, "</dl></header>\n");
}

// What must be read before all numbers: as the table's first words, and at the top of the page.
static void add_warnings(struct html_report *h)
{
    const struct report *report = h->report;
    if (report->generation.n == 0)
        buf_adds(h->out, "<p class=\"alert\">Not judged: there is no vulnerability data yet. Run <code>clarion "
                         "update</code>.</p>\n");
    for (size_t i = 0; i < report->errors_n; i++) {
        buf_adds(h->out, "<p class=\"alert\">Incomplete: ");
        html_report_text(h, report->errors[i]);
        buf_adds(h->out, "</p>\n");
    }
    if (report->unjudged != 0)
        buf_addf(h->out,
                 "<p class=\"alert\">%zu of %zu packages could not be judged: nothing is known of them. <a "
                 "href=\"#coverage\">Why</a></p>\n",
                 report->unjudged, report->judged + report->unjudged);
}

// ---- summary --------------------------------------------------------------------------------------------------------

struct counts {
    size_t shown, hidden, exploited;
    size_t of[SEVERITY_CRITICAL + 1];
};

static struct counts count(const struct html_report *h)
{
    struct counts c = {0};
    for (size_t i = 0; i < h->report->findings_n; i++) {
        const struct report_finding *f = &h->report->findings[i];
        if (output_leaves_out(h->options, f)) {
            c.hidden++;
            continue;
        }
        c.shown++;
        c.of[f->severity]++;
        c.exploited += finding_exploited(f) != NULL;
    }
    return c;
}

#define BAR_WIDTH 960.0

// One bar, parted by severity; no part is too thin to be seen.
static void add_bar(struct html_report *h, const struct counts *c)
{
    double x = 0, parts = 0;
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
        parts += c->of[s] != 0;
    buf_adds(h->out, "<svg class=\"bar\" viewBox=\"0 0 960 22\" preserveAspectRatio=\"none\" role=\"img\" "
                     "aria-label=\"Findings by severity\">");
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        if (c->of[s] == 0)
            continue;
        double width = 6 + (BAR_WIDTH - 6 * parts) * (double)c->of[s] / (double)c->shown;
        buf_addf(h->out,
                 "<rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"22\"><title>%zu %s</title></rect>",
                 severity_class((enum severity)s), x, width, c->of[s], severity_name((enum severity)s));
        x += width;
    }
    buf_adds(h->out, "</svg>\n");
}

static void add_count(struct html_report *h, const char *class, size_t n, const char *what)
{
    buf_addf(h->out, "<li class=\"%s\"><b>%zu</b> %s</li>\n", class, n, what);
}

static void add_clean(struct html_report *h, const struct counts *c)
{
    const struct report *report = h->report;
    buf_adds(h->out, "<p class=\"clean\">");
    if (report->judged == 0)
        buf_adds(h->out, "No package was judged, so nothing is known.");
    else if (c->hidden != 0)
        buf_addf(h->out, "No findings are shown; %zu are left out by options.", c->hidden);
    else
        buf_addf(h->out, "No known vulnerabilities in the %zu packages that were judged.", report->judged);
    buf_adds(h->out, "</p>\n");
}

static void add_summary(struct html_report *h, const struct counts *c, const struct remedies *r)
{
    const struct report *report = h->report;
    buf_adds(h->out, "<section>\n");
    if (c->shown == 0)
        add_clean(h, c);
    else
        add_bar(h, c);
    buf_adds(h->out, "<ul class=\"counts\">\n");
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
        if (c->of[s] != 0)
            add_count(h, severity_class((enum severity)s), c->of[s], severity_name((enum severity)s));
    if (c->exploited != 0)
        add_count(h, "kev", c->exploited, "known to be exploited");
    if (c->shown != 0)
        add_count(h, "", r->fixable, "closed by the updates below");
    if (r->unfixable != 0)
        add_count(h, "", r->unfixable, "without a fix");
    if (c->shown != 0 && c->hidden != 0)
        add_count(h, "", c->hidden, "left out by options");
    if (report->suppressed_n != 0)
        add_count(h, "", report->suppressed_n, "suppressed");
    if (report->undetermined_n != 0)
        add_count(h, "", report->undetermined_n, "undetermined");
    buf_adds(h->out, "</ul>\n</section>\n");
}

// ---- updates --------------------------------------------------------------------------------------------------------

static bool counts_here(const void *options, const struct report_finding *f)
{
    return !output_leaves_out(options, f);
}

#define NAMES_SHOWN 12 // packages of one update, before "and N more"

static void add_packages(struct html_report *h, const struct remedy *r)
{
    const struct inventory_package *packages = h->report->image->inventory.packages;
    size_t shown = r->packages_n < NAMES_SHOWN ? r->packages_n : NAMES_SHOWN;
    buf_adds(h->out, "<td>");
    for (size_t i = 0; i < shown; i++) {
        const struct remedy_package *p = &r->packages[i];
        buf_adds(h->out, i != 0 ? ", " : "");
        html_report_text(h, packages[p->package].package.name);
        if (r->to.n != 0)
            continue;
        buf_adds(h->out, " to ");
        html_report_text(h, p->to);
    }
    if (shown < r->packages_n)
        buf_addf(h->out, " and %zu more", r->packages_n - shown);
    buf_adds(h->out, "</td>");
}

static void add_remedy(struct html_report *h, const struct remedy *r)
{
    buf_adds(h->out, "<tr>");
    html_report_cell(h, "name", r->name);
    html_report_cell(h, "", r->kind);
    html_report_cell(h, "version", r->from.n != 0 ? r->from : SLICE("several"));
    html_report_cell(h, "version", r->to.n != 0 ? r->to : SLICE("each its own"));
    add_packages(h, r);
    buf_addf(h->out, "<td class=\"num\">%zu</td><td>", r->findings);
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
        if (r->by_severity[s] != 0)
            buf_addf(h->out, "<span class=\"sev %s\">%zu %c%s</span> ", severity_class((enum severity)s),
                     r->by_severity[s], tolower(severity_name((enum severity)s)[0]),
                     severity_name((enum severity)s) + 1);
    if (r->exploited != 0)
        buf_addf(h->out, "<span class=\"sev kev\">%zu exploited</span>", r->exploited);
    buf_adds(h->out, "</td></tr>\n");
}

static void add_remedies(struct html_report *h, const struct remedies *r)
{
    static const char *const columns[] = {"Update", "Kind", "Installed", "To", "Packages", "Closes", "By severity"};
    if (r->n == 0)
        return;
    html_report_heading(h, "updates", "Updates that fix the most", r->n);
    html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < r->n; i++)
        add_remedy(h, &r->v[i]);
    html_report_end_table(h);
}

static void write_report(const struct report *report, const struct output_options *options, struct buf *out)
{
    struct arena scratch ARENA_AUTO = {0};
    struct html_report h = {report, options, &scratch, out};
    const struct counts c = count(&h);
    const struct remedies r = report_remedies(report, counts_here, options, &scratch);
    add_head(&h);
    add_image(&h);
    add_warnings(&h);
    add_summary(&h, &c, &r);
    add_remedies(&h, &r);
    html_report_findings(&h);
    html_report_suppressed(&h);
    html_report_undetermined(&h);
    html_report_coverage(&h);
    html_report_layers(&h);
    html_report_feeds(&h);
    buf_adds(out, "</main>\n</body>\n</html>\n");
}

extern const struct output output_html;
const struct output output_html = {
    .name = "html",
    .title = "a page to look at and to print",
    .report = write_report,
};
