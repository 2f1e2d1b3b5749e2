// clarion check-config [-c FILE]: what would be in force, and everything that is wrong with it.
#include "cli/configuration.h"

static const struct option_spec options[] = {
    CLI_OPTION_CONFIG,
    {0},
};

static int run(struct cli *cli)
{
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    if (!cli_load_config(cli, &a, &check))
        return EXIT_FAILED;
    struct buf out BUF_AUTO = {0};
    config_write(&check, &out);
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_check_config = {
    .name = "check-config",
    .summary = "say what a configuration of the service is, and what is wrong with it",
    .arguments = "",
    .details =
        "The keys are those of Clair v4; see docs/operations.md. All problems are told at once, each with its file, line\n"
        "and key. The exit status is 3 when the service would not start with it.\n",
    .options = options,
    .least = 0,
    .most = 0,
    .run = run,
};
