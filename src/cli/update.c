// clarion update [FEED...]: fetch feeds and make a new generation.
#include "base/log.h"
#include "cli/command.h"
#include "feed/feed.h"
#include "store/store.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"mirror", 0, "URL|DIR", "take https://HOST/PATH from URL/HOST/PATH or DIR/HOST/PATH", NULL},
    {"force", 0, NULL, "accept a feed that has shrunk below half its former records", NULL},
    {0},
};

static void say_progress(void *context, const char *feed, const char *message)
{
    (void)context;
    log_info("%s: %s", feed, message);
}

enum answer { UPDATED, FAILED, NOT_MIRRORED };

static enum answer update_one(struct store *store, const struct feed *feed, const struct update_options *how)
{
    struct feed_outcome outcome = {0};
    struct error err;
    if (!feed_update(feed, store, how, &outcome, &err)) {
        log_error("%s: %s", feed->name, err.text);
        return FAILED;
    }
    if (outcome.result == FEED_NOT_MIRRORED)
        return NOT_MIRRORED;
    static const char *const words[] = {[FEED_UPDATED] = "updated",
                                        [FEED_SAME] = "unchanged",
                                        [FEED_PARTLY] = "updated in part",
                                        [FEED_BROKEN] = "failed"};
    printf("%-20s %-16s %10llu records", feed->name, words[outcome.result], (unsigned long long)outcome.records);
    if (outcome.tally.left_out != 0)
        printf(", %llu left out", (unsigned long long)outcome.tally.left_out);
    putchar('\n');
    fflush(stdout);
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

static int run(struct cli *cli)
{
    struct store store STORE_AUTO = {0};
    struct error err;
    for (size_t i = 0; i < cli->arguments_n; i++)
        if (feed_named(slice_str(cli->arguments[i])) == NULL)
            return cli_usage(cli, "there is no feed \"%s\" (`clarion feeds` lists them)", cli->arguments[i]);
    if (!store_open(cli->data, &store, &err)) {
        log_error("%s", err.text);
        return EXIT_FAILED;
    }
    struct update_options how = {
        .mirror = cli_value(cli, "mirror"),
        .limits = &cli->limits,
        .force = cli_value(cli, "force") != NULL,
        .progress = say_progress,
    };
    struct buf lacking BUF_AUTO = {0};
    size_t answers[3] = {0};
    for (size_t i = 0; feeds[i] != NULL; i++) {
        if (!named(cli, feeds[i]))
            continue;
        enum answer answer = update_one(&store, feeds[i], &how); // the others go on
        answers[answer]++;
        if (answer == NOT_MIRRORED)
            buf_addf(&lacking, "%s%s", lacking.n != 0 ? ", " : "", feeds[i]->name);
    }
    if (lacking.n == 0)
        return answers[FAILED] != 0 ? EXIT_FAILED : EXIT_FINE;
    // A mirror may well have some of the feeds only, but not none of them, nor lack one that was asked for.
    if (cli->arguments_n != 0 || answers[UPDATED] + answers[FAILED] == 0) {
        log_error("the mirror %s does not have: %.*s", how.mirror, SLICE_ARG(buf_slice(&lacking)));
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
