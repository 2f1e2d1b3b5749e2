// clarion store: what is done with a store as a whole.
#include "base/log.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "store/store_copy.h"

#include <stdio.h>

static void say_progress(void *context, struct slice what, struct slice of, uint64_t done, uint64_t total)
{
    progress_say(context, "%.*s %.*s: %llu of %llu", SLICE_ARG(what), SLICE_ARG(of), (unsigned long long)done,
                 (unsigned long long)total);
}

// A data folder, or a database server, whose segments are in the folder of --data.
static bool make_home(const struct cli *cli, const char *place, struct store_home *home, struct error *err)
{
    bool server = db_is_server(slice_str(place));
    return store_home_make(server ? cli->data : place, server ? slice_str(place) : SLICE(""), 0, home, err);
}

static void print_copied(const struct store_copied *copied)
{
    for (size_t i = 0; i < copied->tables_n; i++)
        printf("%-26.*s %12llu rows  %.19s\n", SLICE_ARG(copied->tables[i].name),
               (unsigned long long)copied->tables[i].rows, copied->tables[i].contents.text);
    if (copied->resumed != 0)
        printf("%llu rows were there from an earlier run.\n", (unsigned long long)copied->resumed);
    printf("Copied %llu rows of %zu tables and %llu segments; all tables have the same contents on both sides.\n",
           (unsigned long long)copied->rows, copied->tables_n, (unsigned long long)copied->segments);
}

static int copy(struct cli *cli)
{
    struct store_home from STORE_HOME_AUTO = {0}, to STORE_HOME_AUTO = {0};
    struct arena a ARENA_AUTO = {0};
    struct progress *progress PROGRESS_AUTO = progress_new(cli);
    const struct store_copying how = {.from = &from, .to = &to, .progress = say_progress, .context = progress};
    struct store_copied copied;
    struct error err;
    if (!make_home(cli, cli->arguments[1], &from, &err) || !make_home(cli, cli->arguments[2], &to, &err))
        return cli_usage(cli, "%s", err.text);
    bool ok = store_copy(&how, &a, &copied, &err);
    progress_free(&progress);
    if (!ok) {
        log_error("%s", err.text);
        return err.code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_FAILED;
    }
    print_copied(&copied);
    return EXIT_FINE;
}

static int run(struct cli *cli)
{
    if (strcmp(cli->arguments[0], "copy") != 0)
        return cli_no_such_part(cli);
    return copy(cli);
}

const struct command command_store = {
    .name = "store",
    .summary = "copy a whole store, such as from SQLite to PostgreSQL",
    .arguments = "copy FROM TO",
    .parts = "copy",
    .details = "FROM and TO are a data folder, or a database server as --db takes it; the segments of a server are in\n"
               "the folder of --data. Stop the service first: what changes in FROM meanwhile is not copied.\n"
               "TO must be empty. A copy that was broken off is taken up where it was by the same command; until it\n"
               "has ended, no other command opens TO. At the end the contents of both are compared.\n",
    .least = 3,
    .most = 3,
    .run = run,
};
