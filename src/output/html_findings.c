// The page's tables of what was found: what is shown, what is suppressed, and what the feeds do not know yet.
#include "output/html.h"
#include "output/words.h"

// ---- one finding ----------------------------------------------------------------------------------------------------

static struct slice first_link(const struct report_finding *f)
{
    struct slice link;
    slice_cut(f->links, ' ', &link, &(struct slice){0});
    return link;
}

static void add_id(struct html_report *h, const struct report_finding *f)
{
    buf_adds(h->out, "<td class=\"id\">");
    html_report_link(h, first_link(f), f->vulnerability);
    buf_adds(h->out, "</td>");
}

#define TEASER_BYTES ((size_t)140)

// The description's beginning, for the line that is seen before it is opened.
static struct slice teaser(struct arena *a, const struct report_finding *f)
{
    struct slice line = {0}, rest = slice_trim(f->statements[0].record.description);
    slice_next_line(&rest, &line);
    size_t end = line.n < TEASER_BYTES ? line.n : TEASER_BYTES;
    while (end < line.n && end > 0 && line.p[end] != ' ')
        end--;
    if (end == 0)
        return arena_printf(a, "about %.*s", SLICE_ARG(f->vulnerability));
    return end == line.n ? line : arena_printf(a, "%.*s …", (int)end, line.p);
}

// What can be opened below the packages of a flaw: its description, names and links.
static void add_details(struct html_report *h, const struct report_finding *f)
{
    struct slice link, rest = f->links;
    buf_adds(h->out, "<details><summary>");
    html_report_text(h, teaser(h->a, f));
    buf_adds(h->out, "</summary><div class=\"more\">");
    html_report_text(h, f->statements[0].record.description);
    buf_adds(h->out, "</div>");
    if (f->aliases.n != 0) {
        buf_adds(h->out, "<div class=\"dim\">Also called ");
        html_report_text(h, f->aliases);
        buf_adds(h->out, "</div>");
    }
    buf_addf(h->out, "<div class=\"dim\">Feed: %s", f->statements[0].feed);
    if (f->statements[0].record.state.n != 0) {
        buf_adds(h->out, ", which says: ");
        html_report_text(h, f->statements[0].record.state);
    }
    buf_adds(h->out, "</div>");
    while (words_next(&rest, &link)) {
        buf_adds(h->out, "<div>");
        html_report_link(h, link, link);
        buf_adds(h->out, "</div>");
    }
    buf_adds(h->out, "</details>");
}

static void add_scores(struct html_report *h, const struct report_finding *f)
{
    const struct report_epss *epss = finding_epss(f);
    html_report_cell(h, "num",
                     f->rating != NULL ? arena_printf(h->a, "%d.%d", f->rating->score / 10, f->rating->score % 10)
                                       : (struct slice){0});
    html_report_cell(h, "num",
                     epss != NULL ? arena_printf(h->a, "%.2f%%", epss->probability / 1e4) : (struct slice){0});
    buf_adds(h->out, finding_exploited(f) != NULL ? "<td><span class=\"sev kev\">exploited</span></td>" : "<td>-</td>");
}

static void add_place(struct html_report *h, const struct inventory_package *p)
{
    buf_adds(h->out, "<td class=\"path\">");
    html_report_text(h, p->db);
    buf_addf(h->out, " <span class=\"dim\">layer %zu</span></td>", p->layer + 1);
}

static void add_package(struct html_report *h, const struct report_finding *f)
{
    const struct package *p = &words_package(h->report, f)->package;
    buf_adds(h->out, "<td class=\"name\">");
    html_report_text(h, p->name);
    if (f->code.what != NULL) {
        buf_adds(h->out, f->code.missing ? " <span class=\"dim\">(no code, but " : " <span class=\"dim\">(with ");
        buf_addf(h->out, "%s)</span>", f->code.what);
    }
    buf_adds(h->out, "</td>");
    html_report_cell(h, "version", p->version);
}

// ---- shown ----------------------------------------------------------------------------------------------------------

static void add_finding(struct html_report *h, const struct report_finding *f)
{
    buf_adds(h->out, "<tr class=\"part\">");
    add_id(h, f);
    add_scores(h, f);
    add_package(h, f);
    html_report_cell(h, "version", f->fixed_in);
    add_place(h, words_package(h->report, f));
    buf_adds(h->out, "</tr>\n");
}

// The packages of one flaw stand together, and what is to be said of it is said once, below them.
static void end_flaw(struct html_report *h, const struct report_finding *f)
{
    buf_adds(h->out, "<tr><td colspan=\"8\">");
    add_details(h, f);
    buf_adds(h->out, "</td></tr>\n");
}

static size_t count_of(const struct html_report *h, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < h->report->findings_n; i++) {
        const struct report_finding *f = &h->report->findings[i];
        n += f->severity == severity && !output_leaves_out(h->options, f);
    }
    return n;
}

void html_report_findings(struct html_report *h)
{
    static const char *const columns[] = {"Vulnerability", "CVSS",      "EPSS",     "KEV",
                                          "Package",       "Installed", "Fixed in", "Where"};
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        size_t n = count_of(h, (enum severity)s);
        const struct report_finding *before = NULL;
        if (n == 0)
            continue;
        html_report_heading(h, severity_name((enum severity)s), severity_name((enum severity)s), n);
        html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
        for (size_t i = 0; i < h->report->findings_n; i++) {
            const struct report_finding *f = &h->report->findings[i];
            if (f->severity != (enum severity)s || output_leaves_out(h->options, f))
                continue;
            if (before != NULL && !slice_eq(before->vulnerability, f->vulnerability))
                end_flaw(h, before);
            add_finding(h, f);
            before = f;
        }
        if (before != NULL)
            end_flaw(h, before);
        html_report_end_table(h);
    }
}

// ---- suppressed and undetermined ------------------------------------------------------------------------------------

static void add_line(struct html_report *h, const char *before, struct slice text)
{
    if (text.n == 0)
        return;
    buf_adds(h->out, before);
    html_report_text(h, text);
}

static void add_reason(struct html_report *h, const struct report_finding *f)
{
    buf_adds(h->out, "<td>");
    if (strcmp(report_suppressed_by(f), "vex") == 0) {
        const struct vex_statement *s = f->decision.statement;
        buf_addf(h->out, "VEX: %s", vex_status_name(s->status));
        add_line(h, ", ", s->justification);
        add_line(h, ": ", s->impact);
        buf_addf(h->out, "<div class=\"dim\">statement %zu", s->number);
        add_line(h, " of ", s->document->id);
        add_line(h, ", ", s->document->file);
        add_line(h, ", by ", s->document->author);
    } else {
        const struct ignore_rule *rule = f->decision.rule;
        add_line(h, "ignored: ", rule->reason);
        add_line(h, "<div class=\"dim\">rule of ", rule->file);
        buf_addf(h->out, " line %u", rule->line);
        add_line(h, ", until ", rule->until);
        add_line(h, ", by ", rule->who);
    }
    buf_adds(h->out, "</div></td>");
}

void html_report_suppressed(struct html_report *h)
{
    static const char *const columns[] = {"Severity", "Vulnerability", "Package", "Installed", "Why it is suppressed"};
    if (h->report->suppressed_n == 0)
        return;
    html_report_heading(h, "suppressed", "Suppressed", h->report->suppressed_n);
    html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < h->report->suppressed_n; i++) {
        const struct report_finding *f = &h->report->suppressed[i];
        buf_adds(h->out, "<tr><td>");
        html_report_severity(h, f->severity);
        buf_adds(h->out, "</td>");
        add_id(h, f);
        add_package(h, f);
        add_reason(h, f);
        buf_adds(h->out, "</tr>\n");
    }
    html_report_end_table(h);
}

void html_report_undetermined(struct html_report *h)
{
    static const char *const columns[] = {"Vulnerability", "Package", "Installed", "Feed"};
    if (h->report->undetermined_n == 0)
        return;
    html_report_heading(h, "undetermined", "Undetermined", h->report->undetermined_n);
    buf_adds(h->out, "<p>The feeds cannot tell yet whether these apply.</p>\n");
    html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < h->report->undetermined_n; i++) {
        const struct report_finding *f = &h->report->undetermined[i];
        buf_adds(h->out, "<tr>");
        add_id(h, f);
        add_package(h, f);
        html_report_cell(h, "", slice_str(f->statements[0].feed));
        buf_adds(h->out, "</tr>\n");
    }
    html_report_end_table(h);
}
