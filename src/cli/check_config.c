// clarion check-config [-c FILE]: what would be in force, and everything that is wrong with it.
#include "base/log.h"
#include "cli/command.h"
#include "service/config.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {"config", 'c', "FILE", "the configuration (default: $CLAIR_CONF, else none)", NULL},
    {0},
};

static int run(struct cli *cli)
{
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    const char *path = cli_value(cli, "config");
    bool ok = config_load(path != NULL ? path : getenv("CLAIR_CONF"), &cli->limits, &a, &check);
    for (size_t i = 0; i < check.problems.n; i++) {
        struct buf line BUF_AUTO = {0};
        config_problem_write(&check.problems.v[i], &line);
        log_message(check.problems.v[i].error ? LOG_ERROR : LOG_WARN, "%.*s", (int)line.n, line.p);
    }
    if (!ok)
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
