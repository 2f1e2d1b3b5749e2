// The page's tables of what the report was made of: what is not known, the layers, and the feeds.
#include "base/clock.h"
#include "output/gaps.h"
#include "output/html.h"
#include "output/words.h"

void html_report_coverage(struct html_report *h)
{
    static const char *const columns[] = {"Weight", "What", "Where"};
    static const char *const levels[] = {[GAP_ERROR] = "error", [GAP_WARNING] = "warning", [GAP_NOTE] = "note"};
    const struct gaps gaps = report_gaps(h->report, h->options, h->a);
    html_report_heading(h, "coverage", "What is not known", gaps.n);
    if (gaps.n == 0) {
        buf_adds(h->out, "<p>All of the image was read, and all of its packages were judged.</p>\n");
        return;
    }
    html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < gaps.n; i++) {
        const struct gap *gap = &gaps.v[i];
        buf_addf(h->out, "<tr><td>%s</td>", levels[gap->level]);
        html_report_cell(h, "", gap->text);
        buf_adds(h->out, "<td class=\"path\">");
        html_report_text(h, gap->path);
        buf_adds(h->out, "<div class=\"dim\">");
        html_report_text(h, gap->layer);
        buf_adds(h->out, "</div></td></tr>\n");
    }
    html_report_end_table(h);
}

// ---- layers ---------------------------------------------------------------------------------------------------------

static struct slice size_text(struct arena *a, uint64_t bytes)
{
    if (bytes < 10 * 1024)
        return arena_printf(a, "%llu B", (unsigned long long)bytes);
    return bytes < 10 * 1024 * 1024 ? arena_printf(a, "%.0f KiB", (double)bytes / 1024)
                                    : arena_printf(a, "%.0f MiB", (double)bytes / (1024 * 1024));
}

void html_report_layers(struct html_report *h)
{
    static const char *const columns[] = {"", "Made by", "Size", "Packages", "Findings", "Digest"};
    const struct stored_image *image = h->report->image;
    size_t *packages = ARENA_NEW(h->a, size_t, image->layers_n), *findings = ARENA_NEW(h->a, size_t, image->layers_n);
    for (size_t i = 0; i < image->inventory.packages_n; i++)
        if (image->inventory.packages[i].layer < image->layers_n)
            packages[image->inventory.packages[i].layer]++;
    for (size_t i = 0; i < h->report->findings_n; i++) {
        size_t layer = words_package(h->report, &h->report->findings[i])->layer;
        if (layer < image->layers_n && !output_leaves_out(h->options, &h->report->findings[i]))
            findings[layer]++;
    }
    if (image->layers_n == 0)
        return;
    html_report_heading(h, "layers", "Layers", image->layers_n);
    html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < image->layers_n; i++) {
        const struct stored_layer *layer = &image->layers[i];
        buf_addf(h->out, "<tr><td class=\"num\">%zu</td>", i + 1);
        html_report_cell(h, "path",
                         layer->skip_reason.n != 0 ? arena_printf(h->a, "not read: %.*s", SLICE_ARG(layer->skip_reason))
                                                   : layer->created_by);
        html_report_cell(h, "num", size_text(h->a, layer->size));
        buf_addf(h->out, "<td class=\"num\">%zu</td><td class=\"num\">%zu</td>", packages[i], findings[i]);
        html_report_cell(h, "path", digest_slice(&layer->digest));
        buf_adds(h->out, "</tr>\n");
    }
    html_report_end_table(h);
}

// ---- feeds ----------------------------------------------------------------------------------------------------------

static void add_feeds(struct html_report *h, const struct report_feed *feeds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char updated[CLOCK_TEXT];
        clock_format(feeds[i].updated, updated);
        buf_adds(h->out, "<tr>");
        html_report_cell(h, "name", feeds[i].feed);
        html_report_cell(h, "", slice_str(feed_condition_name(feeds[i].state)));
        html_report_cell(h, "", feeds[i].updated != 0 ? slice_of(updated, sizeof "2026-11-24" - 1) : (struct slice){0});
        buf_addf(h->out, "<td class=\"num\">%llu</td>", (unsigned long long)feeds[i].records);
        html_report_cell(h, "", feeds[i].error);
        buf_adds(h->out, "</tr>\n");
    }
}

void html_report_feeds(struct html_report *h)
{
    static const char *const columns[] = {"Feed", "State", "Updated", "Records", "Last error"};
    html_report_heading(h, "feeds", "Feeds", h->report->feeds_n + ENRICHING_FEEDS);
    html_report_begin_table(h, columns, sizeof columns / sizeof columns[0]);
    add_feeds(h, h->report->feeds, h->report->feeds_n);
    add_feeds(h, h->report->enriching, ENRICHING_FEEDS);
    html_report_end_table(h);
}
