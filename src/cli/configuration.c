#include "cli/configuration.h"

#include "base/log.h"

#include <stdlib.h>

const char *cli_value_or(const struct cli *cli, const char *option, const char *variable)
{
    const char *value = cli_value(cli, option);
    return value != NULL ? value : getenv(variable); // NOLINT(concurrency-mt-unsafe): there are no threads yet
}

bool cli_load_config(const struct cli *cli, struct arena *a, struct config_check *check)
{
    bool ok = config_load(cli_value_or(cli, "config", "CLAIR_CONF"), &cli->limits, a, check);
    for (size_t i = 0; i < check->problems.n; i++) {
        struct buf line BUF_AUTO = {0};
        config_problem_write(&check->problems.v[i], &line);
        log_message(check->problems.v[i].error ? LOG_ERROR : LOG_WARN, "%.*s", (int)line.n, line.p);
    }
    return ok;
}
