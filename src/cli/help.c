// clarion help [COMMAND]: --help, or a page of the manual.
#include "cli/man.h"

#define CONFIG_PAGE "clarion.yaml"

static const struct option_spec options[] = {
    {"man", 0, NULL, "as a page for man(1), in roff; of clarion.yaml, too", NULL},
    {0},
};

static int write_page(struct cli *cli, const struct command *command)
{
    struct buf out BUF_AUTO = {0};
    if (cli->arguments_n == 0)
        man_overview(&out);
    else if (command != NULL)
        man_command(command, &out);
    else
        man_config(&out);
    return cli_emit(buf_slice(&out), NULL);
}

static int run(struct cli *cli)
{
    bool manual = cli_value(cli, "man") != NULL, one = cli->arguments_n != 0;
    const struct command *command = one ? command_named(cli->arguments[0]) : NULL;
    if (one && command == NULL && !(manual && strcmp(cli->arguments[0], CONFIG_PAGE) == 0))
        return cli_usage(cli, "there is no command \"%s\"%s", cli->arguments[0], command_hint(cli->arguments[0]).text);
    if (manual)
        return write_page(cli, command);
    if (one)
        cli_print_help(command);
    else
        cli_print_overview();
    return EXIT_FINE;
}

const struct command command_help = {
    .name = "help",
    .summary = "say how to use Clarion, or one of its commands",
    .arguments = "[COMMAND]",
    .options = options,
    .least = 0,
    .most = 1,
    .run = run,
};
