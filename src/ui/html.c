#include "ui/html.h"

#include "base/clock.h"

#define DIGEST_DIGITS 12

void html_number(struct buf *out, uint64_t n)
{
    if (n >= 1000) {
        html_number(out, n / 1000);
        buf_addf(out, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_addf(out, "%u", (unsigned)n);
    }
}

void html_count(struct buf *out, uint64_t n, const char *word)
{
    html_number(out, n);
    buf_addf(out, " %s%s", word, n == 1 ? "" : "s");
}

void html_cell(struct buf *out, const char *class, struct slice text)
{
    if (class != NULL)
        buf_addf(out, "<td class=\"%s\">", class);
    else
        buf_adds(out, "<td>");
    markup_add(out, text);
    buf_adds(out, "</td>");
}

void html_table_begin(struct buf *out, const char *label, const char *caption, const char *const *headings)
{
    buf_addf(out,
             "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table class=\"table\"><caption>%s"
             "</caption><thead><tr>",
             label, caption);
    for (; *headings != NULL; headings++) {
        bool numbers = (*headings)[0] == '#';
        buf_addf(out, "<th scope=\"col\"%s>%s</th>", numbers ? " class=\"number\"" : "", *headings + numbers);
    }
    buf_adds(out, "</tr></thead>\n<tbody>\n");
}

void html_number_cell(struct buf *out, uint64_t n)
{
    buf_adds(out, "<td class=\"number\">");
    html_number(out, n);
    buf_adds(out, "</td>");
}

// ---- severities -----------------------------------------------------------------------------------------------------

const char *html_severity_word(enum severity severity)
{
    static const char *const words[] = {
        [SEVERITY_UNKNOWN] = "unknown", [SEVERITY_NEGLIGIBLE] = "negligible",
        [SEVERITY_LOW] = "low",         [SEVERITY_MEDIUM] = "medium",
        [SEVERITY_HIGH] = "high",       [SEVERITY_CRITICAL] = "critical",
    };
    return words[severity];
}

void html_severity(struct buf *out, enum severity severity)
{
    buf_addf(out, "<span class=\"severity %s\">%s</span>", html_severity_word(severity), severity_name(severity));
}

void html_severity_bar(struct buf *out, const uint64_t counts[static SEVERITY_CRITICAL + 1])
{
    uint64_t total = 0, at = 0;
    for (size_t s = 0; s <= SEVERITY_CRITICAL; s++)
        total += counts[s];
    if (total == 0)
        return;
    buf_adds(out, "<svg class=\"bar\" viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--)
        if (counts[s] != 0)
            buf_addf(out, "%s%llu %s", at++ != 0 ? ", " : "", (unsigned long long)counts[s],
                     html_severity_word((enum severity)s));
    buf_adds(out, "\">");
    at = 0;
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        double x = (double)at * 1000 / (double)total, width = (double)counts[s] * 1000 / (double)total;
        at += counts[s];
        if (counts[s] != 0)
            buf_addf(out, "<rect class=\"%s\" x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"16\"/>",
                     html_severity_word((enum severity)s), x, width);
    }
    buf_adds(out, "</svg>");
}

void html_severity_list(struct buf *out, const uint64_t counts[static SEVERITY_CRITICAL + 1], const char *href)
{
    const char *before = "<ul class=\"severities\">";
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_UNKNOWN; s--) {
        if (counts[s] == 0)
            continue;
        buf_addf(out, "%s<li>", before);
        before = "";
        if (href != NULL)
            buf_addf(out, "<a href=\"%s%s\">", href, html_severity_word((enum severity)s));
        html_severity(out, (enum severity)s);
        buf_adds(out, " <strong>");
        html_number(out, counts[s]);
        buf_addf(out, "</strong>%s</li>", href != NULL ? "</a>" : "");
    }
    buf_adds(out, before[0] == '\0' ? "</ul>" : "");
}

// ---- times ----------------------------------------------------------------------------------------------------------

void html_time(struct buf *out, int64_t when)
{
    char text[CLOCK_TEXT];
    if (when == 0) {
        buf_adds(out, "never");
        return;
    }
    clock_format(when, text);
    buf_addf(out, "<time datetime=\"%s\">%.10s %.5s UTC</time>", text, text, text + 11);
}

void html_age(struct buf *out, int64_t then, int64_t now)
{
    static const struct {
        int64_t below, unit;
        const char *word;
    } units[] = {{120, 1, "second"}, {7200, 60, "minute"}, {172800, 3600, "hour"}, {INT64_MAX, 86400, "day"}};
    int64_t age = now > then ? now - then : 0;
    size_t i = 0;
    if (then == 0) {
        buf_adds(out, "never");
        return;
    }
    while (age >= units[i].below)
        i++;
    html_count(out, (uint64_t)(age / units[i].unit), units[i].word);
    buf_adds(out, " ago");
}

// ---- links ----------------------------------------------------------------------------------------------------------

void html_external(struct buf *out, struct slice url, struct slice text)
{
    struct slice shown = text.n != 0 ? text : url;
    if (!markup_is_link(url)) {
        markup_add(out, shown);
        return;
    }
    buf_adds(out, "<a rel=\"noreferrer noopener\" href=\"");
    markup_add(out, url);
    buf_adds(out, "\">");
    markup_add(out, shown);
    buf_adds(out, "</a>");
}

void html_externals(struct buf *out, struct slice urls, size_t most)
{
    struct slice url;
    size_t n = 0, more = 0;
    while (urls.n != 0) {
        slice_cut(urls, ' ', &url, &urls);
        if (url.n == 0)
            continue;
        if (n == most) {
            more++;
            continue;
        }
        buf_adds(out, n++ != 0 ? "</li><li>" : "<ul class=\"links\"><li>");
        html_external(out, url, SLICE(""));
    }
    if (n != 0)
        buf_adds(out, "</li></ul>");
    if (more != 0)
        buf_addf(out, "<p>and %zu more</p>", more);
}

void html_digest(struct buf *out, struct slice digest)
{
    ptrdiff_t colon = slice_find(digest, ':');
    size_t shown = (size_t)(colon + 1) + DIGEST_DIGITS;
    buf_adds(out, "<code title=\"");
    markup_add(out, digest);
    buf_adds(out, "\">");
    markup_add(out, slice_of(digest.p, digest.n < shown ? digest.n : shown));
    buf_adds(out, digest.n > shown ? "…</code>" : "</code>");
}

void html_link(struct buf *out, const char *root, const char *path, struct slice id, struct slice text)
{
    buf_addf(out, "<a href=\"%s%s", root, path);
    match_add_encoded(out, id);
    buf_adds(out, "\">");
    markup_add(out, text);
    buf_adds(out, "</a>");
}

// ---- scores ---------------------------------------------------------------------------------------------------------

void html_score(struct buf *out, int tenths)
{
    buf_addf(out, "%d.%d", tenths / 10, tenths % 10);
}

void html_percent(struct buf *out, uint32_t millionths)
{
    double value = millionths / 1e4;
    buf_addf(out, value < 10 ? "%.2f%%" : "%.1f%%", value);
}

void html_rating(struct buf *out, const struct report_rating *rating)
{
    buf_adds(out, "<strong>");
    html_score(out, rating->score);
    buf_addf(out, "</strong> CVSS %s, ", cvss_version_name(rating->version));
    markup_add(out, rating->by.n != 0 ? rating->by : rating->source);
    buf_adds(out, " <code>");
    markup_add(out, rating->vector);
    buf_adds(out, "</code>");
}

void html_exploited(struct buf *out, bool exploited)
{
    if (exploited)
        buf_adds(out, " <span class=\"tag kev\" title=\"in CISA's catalogue of what is exploited\">KEV</span>");
}

// ---- forms and pages ------------------------------------------------------------------------------------------------

void html_option(struct buf *out, const char *value, const char *text, bool selected)
{
    buf_addf(out, "<option value=\"%s\"%s>%s</option>", value, selected ? " selected" : "", text);
}

static void add_page_link(struct buf *out, const struct html_pages *p, uint64_t page, const char *rel, const char *text)
{
    buf_addf(out, "<a class=\"btn btn-sm\" rel=\"%s\" href=\"%s?%s=%llu", rel, p->path, p->name,
             (unsigned long long)page);
    markup_add(out, p->query);
    buf_addf(out, "\">%s</a>", text);
}

void html_pager(struct buf *out, const struct html_pages *p)
{
    uint64_t from = p->page * p->per, to = from + p->per < p->total ? from + p->per : p->total;
    bool behind = p->total != 0 && from >= p->total; // of a list that was longer when somebody kept its address
    if (p->total <= p->per && !behind)
        return;
    buf_adds(out, "<nav class=\"pager\" aria-label=\"Pages of the list\">");
    if (behind)
        add_page_link(out, p, (p->total - 1) / p->per, "prev", "← Last page");
    else if (p->page != 0)
        add_page_link(out, p, p->page - 1, "prev", "← Previous");
    if (behind) {
        buf_adds(out, "<span>There is nothing here: the list ends with ");
        html_number(out, p->total);
    } else {
        buf_adds(out, "<span>");
        html_number(out, from + 1);
        buf_adds(out, "–");
        html_number(out, to);
        buf_adds(out, " of ");
        html_number(out, p->total);
    }
    buf_adds(out, "</span>");
    if (to < p->total)
        add_page_link(out, p, p->page + 1, "next", "Next →");
    buf_adds(out, "</nav>");
}
