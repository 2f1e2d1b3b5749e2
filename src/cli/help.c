// clarion help [COMMAND]
#include "cli/command.h"

static int run(struct cli *cli)
{
    if (cli->arguments_n == 0) {
        cli_print_overview();
        return EXIT_FINE;
    }
    const struct command *command = command_named(cli->arguments[0]);
    if (command == NULL)
        return cli_usage(cli, "there is no command \"%s\"%s", cli->arguments[0], command_hint(cli->arguments[0]).text);
    cli_print_help(command);
    return EXIT_FINE;
}

const struct command command_help = {
    .name = "help",
    .summary = "say how to use Clarion, or one of its commands",
    .arguments = "[COMMAND]",
    .least = 0,
    .most = 1,
    .run = run,
};
