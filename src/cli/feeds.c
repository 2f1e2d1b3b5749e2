// clarion feeds: each feed's state, age, records and last error.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/command.h"
#include "feed/feed.h"
#include "match/report.h"
#include "store/store.h"

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "table (default) or json", "table json"},
    {0},
};

static const struct feed_state *state_of(const struct generation *g, const struct feed *feed)
{
    for (size_t i = 0; i < g->feeds_n; i++)
        if (slice_eq(g->feeds[i].feed, slice_str(feed->name)))
            return &g->feeds[i];
    return NULL;
}

static enum feed_condition condition(const struct feed_state *state, int64_t now)
{
    if (state == NULL || state->segment.text[0] == '\0')
        return state != NULL && state->error.n != 0 ? FEED_IN_ERROR : FEED_MISSING;
    return now - state->checked > FEED_STALE_SECONDS ? FEED_STALE : FEED_LOADED;
}

static const char *age(int64_t then, int64_t now, char text[static 32])
{
    int64_t s = now > then ? now - then : 0;
    if (then == 0)
        snprintf(text, 32, "never");
    else if (s < 120)
        snprintf(text, 32, "%lld s ago", (long long)s);
    else if (s < 7200)
        snprintf(text, 32, "%lld min ago", (long long)(s / 60));
    else if (s < 172800)
        snprintf(text, 32, "%lld h ago", (long long)(s / 3600));
    else
        snprintf(text, 32, "%lld days ago", (long long)(s / 86400));
    return text;
}

static void write_table(const struct generation *g, int64_t now, struct buf *out)
{
    buf_addf(out, "%-20s %-8s %10s  %-12s %-12s %s\n", "FEED", "STATE", "RECORDS", "UPDATED", "CONFIRMED", "FROM");
    for (size_t i = 0; feeds[i] != NULL; i++) {
        const struct feed_state *s = state_of(g, feeds[i]);
        char updated[32], checked[32];
        buf_addf(out, "%-20s %-8s %10llu  %-12s %-12s %s\n", feeds[i]->name, feed_condition_name(condition(s, now)),
                 s != NULL ? (unsigned long long)s->records : 0, age(s != NULL ? s->updated : 0, now, updated),
                 age(s != NULL ? s->checked : 0, now, checked), feeds[i]->url);
        if (s != NULL && s->error.n != 0)
            buf_addf(out, "  last try, %s: %.*s\n", age(s->tried, now, updated), SLICE_ARG(s->error));
    }
    if (g->id.n == 0)
        buf_adds(out, "\nNo vulnerability data yet: run `clarion update`.\n");
    else {
        char made[CLOCK_TEXT];
        clock_format(g->created, made);
        buf_addf(out, "\nGeneration %.*s, made %s.\n", SLICE_ARG(g->id), made);
    }
}

static void add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t when)
{
    char text[CLOCK_TEXT] = "";
    if (when != 0)
        clock_format(when, text);
    json_add_str(doc, object, key, slice_str(text));
}

static void write_json(const struct generation *g, int64_t now, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    json_add_str(doc, root, "schema", SLICE("clarion/feeds/1"));
    json_add_str(doc, root, "generation", g->id);
    yyjson_mut_val *list = json_add_arr(doc, root, "feeds");
    for (size_t i = 0; feeds[i] != NULL; i++) {
        const struct feed_state *s = state_of(g, feeds[i]);
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, item, "feed", slice_str(feeds[i]->name));
        json_add_str(doc, item, "title", slice_str(feeds[i]->title));
        json_add_str(doc, item, "url", slice_str(feeds[i]->url));
        json_add_str(doc, item, "state", slice_str(feed_condition_name(condition(s, now))));
        yyjson_mut_obj_add_uint(doc, item, "records", s != NULL ? s->records : 0);
        add_time(doc, item, "updated", s != NULL ? s->updated : 0);
        add_time(doc, item, "checked", s != NULL ? s->checked : 0);
        json_add_str(doc, item, "ref", s != NULL ? s->ref : SLICE(""));
        json_add_str(doc, item, "segment", s != NULL ? digest_slice(&s->segment) : SLICE(""));
        json_add_str(doc, item, "error", s != NULL ? s->error : SLICE(""));
    }
    json_write(doc, true, out);
    buf_addc(out, '\n');
}

static int run(struct cli *cli)
{
    const char *format = cli_value(cli, "format");
    bool json = format != NULL && strcmp(format, "json") == 0;
    if (format != NULL && !json && strcmp(format, "table") != 0)
        return cli_usage(cli, "there is no format \"%s\" here; there are: table json", format);
    struct store store STORE_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    struct generation g;
    struct error err;
    if (!store_open(cli->data, &store, &err) || !store_generation(&store, &a, &g, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    struct buf out BUF_AUTO = {0};
    (json ? write_json : write_table)(&g, clock_now(), &out);
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_feeds = {
    .name = "feeds",
    .summary = "list the feeds: state, records, age, last error",
    .arguments = "",
    .options = options,
    .run = run,
};
