// The feeds: how old each is, how much it holds, and why it failed.
#include "ui/feeds.h"

#include "base/clock.h"
#include "feed/feed.h"
#include "match/judging.h"

// What one is good for now. One that was never asked for is missing.
static struct report_feed condition_of(struct page *p, const struct feed *feed)
{
    struct segment *segment;
    return report_feed_condition(p->view->segments, feed->name, clock_now(), p->a, &segment);
}

static void add_state(struct buf *out, enum feed_condition state)
{
    buf_addf(out, "<span class=\"state %s\">%s</span>", feed_condition_name(state), feed_condition_name(state));
}

void feeds_add_strip(struct page *p)
{
    int64_t now = clock_now();
    buf_adds(p->out, "<ul class=\"strip\">");
    for (size_t i = 0; feeds[i] != NULL; i++) {
        const struct feed_state *state = report_feed_state(p->view->segments, feeds[i]->name);
        struct report_feed condition = condition_of(p, feeds[i]);
        buf_addf(p->out, "<li class=\"%s\"><strong>%s</strong> ", feed_condition_name(condition.state), feeds[i]->name);
        add_state(p->out, condition.state);
        if (state != NULL && state->checked != 0) {
            buf_adds(p->out, " <small>");
            html_age(p->out, state->checked, now);
            buf_adds(p->out, "</small>");
        }
        buf_adds(p->out, "</li>");
    }
    buf_adds(p->out, "</ul>\n");
}

static void add_feed(struct page *p, const struct feed *feed, int64_t now)
{
    struct buf *out = p->out;
    const struct feed_state *state = report_feed_state(p->view->segments, feed->name);
    struct report_feed condition = condition_of(p, feed);
    buf_addf(out, "<tr><th scope=\"row\">%s<br><small>%s</small></th><td>", feed->name, feed->title);
    add_state(out, condition.state);
    buf_adds(out, "</td>");
    html_number_cell(out, condition.records);
    buf_adds(out, "<td>");
    html_age(out, state != NULL ? state->checked : 0, now);
    buf_adds(out, "</td><td>");
    html_time(out, state != NULL ? state->updated : 0);
    buf_adds(out, "</td><td class=\"path\">");
    markup_add(out, condition.error);
    if (condition.error.n != 0 && state != NULL && state->tried != 0) {
        buf_adds(out, " <small>(tried ");
        html_age(out, state->tried, now);
        buf_adds(out, ")</small>");
    }
    buf_adds(out, "</td><td class=\"path\">");
    html_external(out, slice_str(feed->url), SLICE(""));
    buf_adds(out, "</td></tr>\n");
}

static void add_total(struct page *p)
{
    uint64_t records = 0, counts[FEED_IN_ERROR + 1] = {0};
    for (size_t i = 0; feeds[i] != NULL; i++) {
        struct report_feed condition = condition_of(p, feeds[i]);
        records += condition.records;
        counts[condition.state]++;
    }
    buf_adds(p->out, "<p class=\"lead\">");
    html_count(p->out, records, "record");
    for (int state = FEED_LOADED; state <= FEED_IN_ERROR; state++) {
        if (counts[state] == 0)
            continue;
        buf_adds(p->out, ", ");
        html_count(p->out, counts[state], "feed");
        buf_addf(p->out, " %s", feed_condition_name((enum feed_condition)state));
    }
    buf_adds(p->out, ".</p>\n<p>A feed is stale when its upstream has not confirmed it for two days. One that fails "
                     "keeps what it had; what is missing is said in each report. <code>clarion update</code> asks all "
                     "of them now.</p>\n");
}

static bool write_feeds(struct page *p, struct error *err)
{
    int64_t now = clock_now();
    (void)err;
    page_begin(p, SLICE("Feeds"), SECTION_FEEDS);
    buf_adds(p->out, "<h1>Feeds</h1>\n");
    add_total(p);
    html_table_begin(
        p->out, "Feeds", "State of each feed",
        (const char *const[]){"Feed", "State", "#Records", "Confirmed", "Changed", "Last error", "Upstream", NULL});
    for (size_t i = 0; feeds[i] != NULL; i++)
        add_feed(p, feeds[i], now);
    buf_adds(p->out, HTML_TABLE_END);
    page_end(p);
    return true;
}

void feeds_get(void *service, const struct web_request *request, struct web_response *response)
{
    page_answer(service, request, response, write_feeds);
}
