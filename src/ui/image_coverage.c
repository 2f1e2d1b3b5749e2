// What is not among the findings of an image: what somebody suppressed, and what was not judged or not read.
#include "ui/image.h"

#include "base/clock.h"

#define LISTED 200 // lines of one sort; the rest is counted

// ---- suppressed -----------------------------------------------------------------------------------------------------

// "VEX: not_affected, vulnerable_code_not_present: the parser is not built in. Statement 2 of urn:x by …"
static void add_statement(struct buf *out, const struct vex_statement *s)
{
    buf_addf(out, "<strong>%s</strong>", vex_status_name(s->status));
    if (s->justification.n != 0) {
        buf_adds(out, ", ");
        markup_add(out, s->justification);
    }
    if (s->impact.n != 0) {
        buf_adds(out, ": ");
        markup_add(out, s->impact);
    }
    buf_addf(out, "<br><small>statement %zu of ", s->number);
    markup_add(out, s->document->id);
    if (s->document->author.n != 0) {
        buf_adds(out, " by ");
        markup_add(out, s->document->author);
    }
    if (s->timestamp != 0) {
        buf_adds(out, ", ");
        html_time(out, s->timestamp);
    }
    buf_adds(out, "</small>");
}

static void add_rule(struct buf *out, const struct ignore_rule *rule)
{
    buf_adds(out, "<strong>ignored</strong>: ");
    markup_add(out, rule->reason);
    buf_adds(out, "<br><small>rule of ");
    markup_add(out, rule->file);
    buf_addf(out, " line %u", rule->line);
    if (rule->who.n != 0) {
        buf_adds(out, " by ");
        markup_add(out, rule->who);
    }
    buf_adds(out, "</small>");
}

static void add_suppressed(const struct image_page *image, const struct report_finding *f)
{
    struct buf *out = image->page->out;
    const struct package *p = image_package(image, f);
    buf_adds(out, "<tr><td>");
    html_severity(out, f->severity);
    buf_adds(out, "</td><th scope=\"row\">");
    html_link(out, image->page->root, "vulnerabilities/", f->vulnerability, f->vulnerability);
    buf_adds(out, "</th>");
    html_cell(out, "name", p->name);
    html_cell(out, "version", p->version);
    buf_adds(out, "<td>");
    if (f->decision.rule != NULL)
        add_rule(out, f->decision.rule);
    else
        add_statement(out, f->decision.statement);
    buf_adds(out, "</td></tr>\n");
}

static void add_unapplied(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    if (r->unapplied_n == 0)
        return;
    buf_adds(out, "<h3>Statements that cover nothing here</h3>\n<ul>");
    for (size_t i = 0; i < r->unapplied_n && i < LISTED; i++) {
        buf_adds(out, "<li>");
        markup_add(out, r->unapplied[i].statement->vulnerability);
        buf_adds(out, ": ");
        markup_add(out, r->unapplied[i].why);
        buf_adds(out, "</li>\n");
    }
    if (r->unapplied_n > LISTED)
        buf_addf(out, "<li>and %zu more</li>", r->unapplied_n - LISTED);
    buf_adds(out, "</ul>\n");
}

void image_write_suppressed(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    uint64_t from = page_number(image->page, "page") * IMAGE_PAGE;
    buf_adds(out, "<h2 class=\"visually-hidden\">Suppressed</h2>\n");
    if (r->suppressed_n == 0)
        buf_adds(out, "<p>Nobody has suppressed a finding of this image. <code>clarion vex add</code> stores what "
                      "somebody says of its vulnerabilities.</p>\n");
    if (r->suppressed_n != 0) {
        html_table_begin(
            out, "Suppressed findings", "Findings that are not counted",
            (const char *const[]){"Severity", "Vulnerability", "Package", "Installed", "Why, and who says so", NULL});
        for (size_t i = (size_t)from; i < r->suppressed_n && i < from + IMAGE_PAGE; i++)
            add_suppressed(image, &r->suppressed[i]);
        buf_adds(out, HTML_TABLE_END);
        image_add_pager(image, r->suppressed_n, SLICE("&show=suppressed"));
    }
    add_unapplied(image);
}

// ---- not judged, not read -------------------------------------------------------------------------------------------

static void add_unjudged(struct buf *out, const struct report *r)
{
    if (r->unmatched_n == 0)
        return;
    buf_adds(out, "<h3>Packages that nobody judged</h3>\n<ul>");
    for (size_t i = 0; i < r->unmatched_n; i++) {
        buf_adds(out, "<li><strong>");
        html_number(out, r->unmatched[i].packages);
        buf_adds(out, " ");
        markup_add(out, r->unmatched[i].kind);
        buf_adds(out, "</strong>: ");
        markup_add(out, r->unmatched[i].reason);
        buf_adds(out, "</li>\n");
    }
    buf_adds(out, "</ul>\n");
}

static void add_texts(struct buf *out, const char *title, const struct slice *texts, size_t n)
{
    if (n == 0)
        return;
    buf_addf(out, "<h3>%s</h3>\n<ul>", title);
    for (size_t i = 0; i < n && i < LISTED; i++) {
        buf_adds(out, "<li>");
        markup_add(out, texts[i]);
        buf_adds(out, "</li>\n");
    }
    if (n > LISTED)
        buf_addf(out, "<li>and %zu more</li>", n - LISTED);
    buf_adds(out, "</ul>\n");
}

static void add_skips(struct buf *out, const struct inventory *inventory)
{
    size_t shown = inventory->skips_n < LISTED ? inventory->skips_n : LISTED;
    if (inventory->skips_total == 0)
        return;
    buf_adds(out, "<h3>Files and records that were passed over</h3>\n<ul>");
    for (size_t i = 0; i < shown; i++) {
        const struct inventory_skip *s = &inventory->skips[i];
        buf_addf(out, "<li>layer %zu", s->layer + 1);
        if (s->skip.path.n != 0) {
            buf_adds(out, ", <code>");
            markup_add(out, s->skip.path);
            buf_adds(out, "</code>");
        }
        buf_adds(out, ": ");
        markup_add(out, s->skip.reason);
        buf_adds(out, s->skip.lost ? " <span class=\"tag kev\">packages may be missing</span></li>\n" : "</li>\n");
    }
    if (inventory->skips_total > shown)
        buf_addf(out, "<li>and %llu more</li>", (unsigned long long)(inventory->skips_total - shown));
    buf_adds(out, "</ul>\n");
}

static void add_undetermined(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    if (r->undetermined_n == 0)
        return;
    buf_adds(out, "<h3>Vulnerabilities of which the feed cannot tell yet whether they apply</h3>\n<ul>");
    for (size_t i = 0; i < r->undetermined_n && i < LISTED; i++) {
        const struct report_finding *f = &r->undetermined[i];
        buf_adds(out, "<li>");
        html_severity(out, f->severity);
        buf_adds(out, " ");
        html_link(out, image->page->root, "vulnerabilities/", f->vulnerability, f->vulnerability);
        buf_adds(out, " in ");
        markup_add(out, image_package(image, f)->name);
        buf_adds(out, "</li>\n");
    }
    if (r->undetermined_n > LISTED)
        buf_addf(out, "<li>and %zu more</li>", r->undetermined_n - LISTED);
    buf_adds(out, "</ul>\n");
}

static void add_feed(struct buf *out, const struct report_feed *feed)
{
    buf_adds(out, "<tr><th scope=\"row\">");
    markup_add(out, feed->feed);
    buf_addf(out, "</th><td><span class=\"state %s\">%s</span></td>", feed_condition_name(feed->state),
             feed_condition_name(feed->state));
    html_number_cell(out, feed->records);
    buf_adds(out, "<td>");
    html_time(out, feed->updated);
    buf_adds(out, "</td>");
    html_cell(out, NULL, feed->error);
    buf_adds(out, "</tr>\n");
}

static void add_feeds(struct buf *out, const struct report *r)
{
    buf_adds(out, "<h3>Feeds that this image was judged by</h3>\n");
    html_table_begin(out, "Feeds", "Feeds, and what they are good for now",
                     (const char *const[]){"Feed", "State", "#Records", "Updated", "Last error", NULL});
    for (size_t i = 0; i < r->feeds_n; i++)
        add_feed(out, &r->feeds[i]);
    for (size_t i = 0; i < ENRICHING_FEEDS; i++)
        add_feed(out, &r->enriching[i]);
    buf_adds(out, HTML_TABLE_END);
}

void image_write_coverage(const struct image_page *image)
{
    struct buf *out = image->page->out;
    const struct report *r = &image->report;
    buf_adds(out, "<h2>What was not judged or not read</h2>\n<p>");
    html_number(out, r->judged);
    buf_adds(out, " of ");
    html_count(out, r->judged + r->unjudged, "package");
    buf_addf(out, " %s judged.", r->judged == 1 ? "was" : "were");
    if (r->coverage == COVERAGE_UNKNOWN)
        buf_adds(out, " The distribution is not known, so its packages are not judged.");
    if (r->coverage == COVERAGE_END_OF_LIFE)
        buf_adds(out, " The distribution has no security support any more: what came up later may be missing here, and "
                      "will not be fixed.");
    buf_adds(out, "</p>\n");
    add_unjudged(out, r);
    add_texts(out, "What could not be read", r->errors, r->errors_n);
    add_texts(out, "Remarks on the image", r->image->remarks, r->image->remarks_n);
    add_skips(out, &r->image->inventory);
    add_undetermined(image);
    add_feeds(out, r);
}
