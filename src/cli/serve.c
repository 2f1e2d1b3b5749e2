// clarion serve [-c FILE] [--mode MODE]: the service.
#include "base/log.h"
#include "cli/configuration.h"
#include "service/service.h"
#include "ui/ui.h"

static const struct option_spec options[] = {
    CLI_OPTION_CONFIG,
    {"mode", 0, "MODE", "combo (default, or $CLAIR_MODE), indexer, matcher or notifier",
     "combo indexer matcher notifier"},
    {0},
};

// The server of the configuration, unless the command line has named one.
static bool use_database(struct cli *cli, const struct config *config, struct error *err)
{
    const struct secret *database = config_database(config);
    if (cli->db != NULL || database == NULL)
        return true;
    store_home_free(&cli->home);
    return store_home_make(cli->data, secret_reveal(database), 0, &cli->home, err);
}

static int run(struct cli *cli)
{
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    struct error err;
    unsigned roles = ROLES_ALL;
    const char *wanted = cli_value_or(cli, "mode", "CLAIR_MODE");
    if (wanted != NULL && !service_mode_parse(slice_str(wanted), &roles))
        return cli_no_such(cli, "mode", wanted, "combo indexer matcher notifier");
    if (!cli_load_config(cli, &a, &check))
        return EXIT_FAILED;
    if (!cli->quiet && !cli->verbose) // the command line has the last word
        log_set_level(check.config.log_level);
    if (use_database(cli, &check.config, &err) && service_run(&check.config, roles, ui_routes, &cli->home, &err))
        return EXIT_FINE;
    log_error("%s", err.text);
    return EXIT_FAILED;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "answer over HTTP as Clair v4 does, with a web page, and keep the feeds up to date",
    .arguments = "",
    .details =
        "Without a configuration: the API on 127.0.0.1:6060, and /healthz, /readyz and /metrics on 127.0.0.1:8089.\n"
        "SIGTERM and SIGINT end it, after the requests that run. See docs/operations.md and docs/api.md.\n",
    .options = options,
    .least = 0,
    .most = 0,
    .indexes = true,
    .run = run,
};
