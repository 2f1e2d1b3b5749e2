// clarion update [FEED...]: fetch feeds and make a new generation.
#include "base/log.h"
#include "cli/watch.h"
#include "feed/feed.h"
#include "store/store.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"mirror", 0, "URL|DIR", "take https://HOST/PATH from URL/HOST/PATH or DIR/HOST/PATH", NULL},
    {"source", 0, "FEED|URL=PLACE",
     "take what begins with that URL, the feed's for a name, from a URL or path instead; may be repeated", NULL},
    {"force", 0, NULL, "accept a feed that has shrunk below half its former records", NULL},
    {"keep", 0, "N", "keep N updates of each feed, for --as-of and rollback (default: limit feed_updates, 20)", NULL},
    {0},
};

static void say_progress(void *context, const char *feed, const char *message)
{
    (void)context;
    log_info("%s: %s", feed, message);
}

enum answer { UPDATED, FAILED, NOT_MIRRORED };

// Of all feeds together.
struct totals {
    uint64_t records, repeated, left_out;
    size_t results[FEED_STOPPED + 1];
};

static void print_counts(uint64_t records, uint64_t repeated, uint64_t left_out)
{
    printf("%10llu records", (unsigned long long)records);
    if (repeated != 0)
        printf(", %llu repeated", (unsigned long long)repeated);
    if (left_out != 0)
        printf(", %llu left out", (unsigned long long)left_out);
    putchar('\n');
    fflush(stdout);
}

static const char *const words[] = {
    [FEED_UPDATED] = "updated", [FEED_SAME] = "unchanged", [FEED_PARTLY] = "updated in part", [FEED_BROKEN] = "failed"};

static void print_totals(const struct totals *t)
{
    size_t feeds_n = 0;
    for (size_t i = 0; i <= FEED_BROKEN; i++)
        feeds_n += t->results[i];
    if (feeds_n < 2)
        return;
    printf("%zu feeds:", feeds_n);
    for (size_t i = 0, told = 0; i <= FEED_BROKEN; i++)
        if (t->results[i] != 0)
            printf("%s %zu %s", told++ != 0 ? "," : "", t->results[i], words[i]);
    putchar(';');
    print_counts(t->records, t->repeated, t->left_out);
}

static enum answer update_one(struct store *store, const struct feed *feed, const struct update_options *how,
                              struct feed_watch *watch, struct totals *totals)
{
    struct feed_outcome outcome = {0};
    struct error err;
    watch_feed(watch, feed);
    bool ok = feed_update(feed, store, how, &outcome, &err);
    watch_feed(watch, NULL);
    progress_pause(watch->progress);
    if (!ok) {
        log_error("%s: %s", feed->name, err.text);
        return FAILED;
    }
    totals->results[outcome.result]++;
    if (outcome.result == FEED_NOT_MIRRORED)
        return NOT_MIRRORED;
    totals->records += outcome.records;
    totals->repeated += outcome.repeated;
    totals->left_out += outcome.left_out;
    printf("%-20s %-15s ", feed->name, words[outcome.result]);
    print_counts(outcome.records, outcome.repeated, outcome.left_out);
    if (outcome.result == FEED_UPDATED || outcome.result == FEED_SAME)
        return UPDATED;
    log_error("%s: %s", feed->name, outcome.error.text);
    return FAILED;
}

static bool named(const struct cli *cli, const struct feed *feed)
{
    for (size_t i = 0; i < cli->arguments_n; i++)
        if (strcmp(cli->arguments[i], feed->name) == 0)
            return true;
    return cli->arguments_n == 0;
}

static bool set_kept(struct cli *cli)
{
    const char *keep = cli_value(cli, "keep");
    return keep == NULL || (slice_to_u64(slice_str(keep), &cli->limits.feed_updates) && cli->limits.feed_updates != 0);
}

static bool read_places(struct cli *cli, struct arena *a, struct update_options *how, struct error *err)
{
    VEC(struct feed_place) places = {0};
    const char *text;
    for (size_t at = 0; (text = cli_next_value(cli, "source", &at)) != NULL;) {
        struct feed_place place;
        if (!feed_place_parse(slice_str(text), &place, err))
            return false;
        VEC_PUSH(a, &places) = place;
    }
    how->places = places.v;
    how->places_n = places.n;
    return true;
}

static int run(struct cli *cli)
{
    struct store store STORE_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    struct update_options how = {
        .mirror = cli_value(cli, "mirror"),
        .limits = &cli->limits,
        .force = cli_value(cli, "force") != NULL,
        .progress = say_progress,
    };
    struct error err;
    for (size_t i = 0; i < cli->arguments_n; i++)
        if (feed_named(slice_str(cli->arguments[i])) == NULL)
            return cli_no_such_feed(cli, cli->arguments[i]);
    if (!set_kept(cli))
        return cli_usage(cli, "--keep takes a number from 1 on, not \"%s\"", cli_value(cli, "keep"));
    if (!read_places(cli, &a, &how, &err))
        return cli_usage(cli, "--source: %s", err.text);
    if (!store_open(&cli->home, &store, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    struct buf lacking BUF_AUTO = {0};
    struct totals totals = {0};
    struct feed_watch watch = {.progress = progress_new(cli)};
    watch_feeds(&how, &watch);
    for (size_t i = 0; feeds[i] != NULL; i++)
        watch.of += named(cli, feeds[i]);
    size_t answers[3] = {0};
    for (size_t i = 0; feeds[i] != NULL; i++) {
        if (!named(cli, feeds[i]))
            continue;
        enum answer answer = update_one(&store, feeds[i], &how, &watch, &totals); // the others go on
        answers[answer]++;
        if (answer == NOT_MIRRORED)
            buf_addf(&lacking, "%s%s", lacking.n != 0 ? ", " : "", feeds[i]->name);
    }
    progress_free(&watch.progress);
    print_totals(&totals);
    if (lacking.n == 0)
        return answers[FAILED] != 0 ? EXIT_FAILED : EXIT_FINE;
    // A mirror may well have some of the feeds only, but not none of them, nor lack one that was asked for.
    if (cli->arguments_n != 0 || answers[UPDATED] + answers[FAILED] == 0) {
        log_error("the mirror %s does not have: %.*s (what is at https://HOST/PATH has to be at %s/HOST/PATH)",
                  how.mirror, SLICE_ARG(buf_slice(&lacking)), how.mirror);
        return EXIT_FAILED;
    }
    printf("not in this mirror: %.*s\n", SLICE_ARG(buf_slice(&lacking)));
    return answers[FAILED] != 0 ? EXIT_FAILED : EXIT_FINE;
}

const struct command command_update = {
    .name = "update",
    .summary = "fetch the vulnerability feeds",
    .arguments = "[FEED...]",
    .details =
        "Without a FEED: all of them. A feed that fails keeps what it had, and the others go on; the exit status is then 3.\n"
        "A mirror need not have every feed: one that it never had is passed over.\n",
    .options = options,
    .least = 0,
    .most = 100,
    .run = run,
};
