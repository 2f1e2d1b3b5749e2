// The service's configuration, for commands that need it.
#pragma once

#include "cli/command.h"
#include "service/config.h"

// An option, else a variable of the environment; NULL when neither is there.
const char *cli_value_or(const struct cli *cli, const char *option, const char *variable);

// Loads what --config or $CLAIR_CONF names, or the defaults, and says what is to be said about it. False: it cannot be
// used.
bool cli_load_config(const struct cli *cli, struct arena *a, struct config_check *check);

// The option --config for a command's table.
#define CLI_OPTION_CONFIG                                                                                              \
    {                                                                                                                  \
        "config", 'c', "FILE", "the configuration (default: $CLAIR_CONF, else none)", NULL                             \
    }
