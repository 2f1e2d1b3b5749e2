// clarion scan TARGET...: index images and judge them.
#include "base/log.h"
#include "cli/session.h"
#include "cli/watch.h"

static const struct option_spec options[] = {
    SESSION_REPORT_OPTIONS,
    {"jobs", 'j', "N", "layers read at the same time (default: one for each processor)", NULL},
    SESSION_REGISTRY_OPTIONS,
    {0},
};

static int scan_one(struct session *s, const char *target, struct index_options how, const struct output *output)
{
    struct arena a ARENA_AUTO = {0};
    struct index_result indexed INDEX_RESULT_AUTO = {0};
    struct report report;
    struct error err;
    struct progress *progress PROGRESS_AUTO = progress_new(s->cli);
    watch_layers(&how, progress);
    if (s->cli->arguments_n > 1)
        progress_say(progress, "%s", target);
    bool ok = index_target(&s->store, target, &how, &a, &indexed, &err);
    progress_free(&progress);
    if (!ok)
        return session_refuse(&err);
    if (!session_report(s, &indexed.image, &indexed, &a, &report))
        return EXIT_FAILED;
    return session_deliver(s, &report, output, false, target);
}

static int run(struct cli *cli)
{
    const struct output *output = session_output(cli, "table", false);
    const char *jobs = cli_value(cli, "jobs");
    uint64_t threads = 0;
    if (output == NULL || !session_check_options(cli))
        return EXIT_BAD_USAGE;
    if (jobs != NULL && (!slice_to_u64(slice_str(jobs), &threads) || threads == 0 || threads > 64))
        return cli_usage(cli, "--jobs takes a number from 1 to 64, not \"%s\"", jobs);
    if (cli_value(cli, "output") != NULL && cli->arguments_n > 1)
        return cli_usage(cli, "--output takes one report: scan one TARGET at a time");
    if (cli->arguments_n > 1 && !output->in_a_row)
        return cli_usage(cli, "a file of the format %s holds one report: scan one TARGET at a time", output->name);
    struct session_registry registry SESSION_REGISTRY_AUTO = {0};
    if (!session_registry_open(&registry, cli))
        return EXIT_BAD_USAGE;
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    const struct index_options how = {.platform = cli_value(cli, "platform"),
                                      .limits = &cli->limits,
                                      .jobs = (unsigned)threads,
                                      .registry = &registry.settings};
    int worst = EXIT_FINE;
    for (size_t i = 0; i < cli->arguments_n; i++) {
        int code = scan_one(&s, cli->arguments[i], how, output);
        worst = code > worst ? code : worst;
    }
    return worst;
}

const struct command command_scan = {
    .name = "scan",
    .summary = "find the known vulnerabilities in container images",
    .arguments = "TARGET...",
    .details = SESSION_TARGETS
    "\nOf several TARGETs, the reports follow each other in the formats table and json; the others take one TARGET.\n"
    "\nExit status 3: the image, or a part of it, could not be read; or there is no vulnerability data yet; or\n"
    "--fail-on was given and no package could be judged. What could be read is in the report all the same.\n",
    .options = options,
    .least = 1,
    .most = 1000,
    .indexes = true,
    .run = run,
};
