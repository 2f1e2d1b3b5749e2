// clarion index TARGET: the inventory alone.
#include "base/log.h"
#include "cli/session.h"
#include "cli/watch.h"

static const struct option_spec options[] = {
    {"format", 'f', "FORMAT", "json (default), clair (Clair v4's IndexReport), cyclonedx or spdx",
     "json clair cyclonedx spdx"},
    {"output", 'o', "FILE", "write the inventory there instead of to standard output", NULL},
    SESSION_REGISTRY_OPTIONS,
    {0},
};

static int run(struct cli *cli)
{
    const struct output *output = session_output(cli, "json", true);
    if (output == NULL)
        return EXIT_BAD_USAGE;
    struct session_registry registry SESSION_REGISTRY_AUTO = {0};
    if (!session_registry_open(&registry, cli))
        return EXIT_BAD_USAGE;
    struct session s SESSION_AUTO;
    if (!session_open(&s, cli, true))
        return EXIT_FAILED;
    struct arena a ARENA_AUTO = {0};
    struct index_result indexed INDEX_RESULT_AUTO = {0};
    struct index_options how = {
        .platform = cli_value(cli, "platform"), .limits = &cli->limits, .registry = &registry.settings};
    struct report report;
    struct error err;
    struct progress *progress PROGRESS_AUTO = progress_new(cli);
    watch_layers(&how, progress);
    bool ok = index_target(&s.store, cli->arguments[0], &how, &a, &indexed, &err);
    progress_free(&progress);
    if (!ok)
        return session_refuse(&err);
    if (!session_report(&s, &indexed.image, &indexed, &a, &report))
        return EXIT_FAILED;
    return session_deliver(&s, &report, output, true, cli->arguments[0]);
}

const struct command command_index = {
    .name = "index",
    .summary = "list what is installed in an image",
    .arguments = "TARGET",
    .details = SESSION_TARGETS "\nThe inventory is kept in the data folder.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .indexes = true,
    .run = run,
};
