#include "cli/command.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct option_spec common_options[] = {
    {"data", 0, "DIR", "data folder (default: $CLARION_DATA, else /var/lib/clarion as root, else your own)", NULL},
    {"db", 0, "URL",
     "database server, postgres://USER@HOST/NAME (default: $CLARION_DB, else a file in the data folder)", NULL},
    {"limit", 0, "NAME=N", "change a limit; may be repeated (`clarion version -v` lists them)", NULL},
    {"verbose", 'v', NULL, "say more on standard error", NULL},
    {"quiet", 'q', NULL, "say errors only", NULL},
    {"json-logs", 0, NULL, "messages on standard error as JSON lines", NULL},
    {"help", 'h', NULL, "this text", NULL},
    {0},
};

enum { COMMON_DATA, COMMON_DB, COMMON_LIMIT, COMMON_VERBOSE, COMMON_QUIET, COMMON_JSON_LOGS, COMMON_HELP };

#define COMMON_BASE 1000 // getopt's value of the first common option; the command's own are numbered from 256
#define OWN_BASE    256

static size_t count(const struct option_spec *options)
{
    size_t n = 0;
    while (options != NULL && options[n].name != NULL)
        n++;
    return n;
}

static void add_options(const struct option_spec *specs, int base, struct option *out, char *letters)
{
    size_t n = count(specs);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct option){specs[i].name, specs[i].value != NULL ? required_argument : no_argument, NULL,
                                 base + (int)i};
        if (specs[i].letter != '\0') {
            size_t at = strlen(letters);
            letters[at++] = specs[i].letter;
            if (specs[i].value != NULL)
                letters[at++] = ':';
            letters[at] = '\0';
        }
    }
}

// getopt answers a letter for a short option: its number in the tables, or -1.
static int by_letter(const struct command *command, int letter)
{
    for (size_t i = 0; i < count(command->options); i++)
        if (command->options[i].letter == letter)
            return OWN_BASE + (int)i;
    for (size_t i = 0; i < count(common_options); i++)
        if (common_options[i].letter == letter)
            return COMMON_BASE + (int)i;
    return -1;
}

static const char *default_data(void)
{
    static char path[4096];
    const char *own = getenv("CLARION_DATA"), *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (own != NULL && own[0] != '\0')
        return own;
    if (geteuid() == 0)
        return "/var/lib/clarion";
    if (xdg != NULL && xdg[0] == '/')
        snprintf(path, sizeof path, "%s/clarion", xdg);
    else
        snprintf(path, sizeof path, "%s/.local/share/clarion", home != NULL ? home : "");
    return path;
}

static bool take_common(struct cli *cli, int option, struct error *err)
{
    switch (option - COMMON_BASE) {
    case COMMON_DATA:
        cli->data = optarg;
        return true;
    case COMMON_DB:
        cli->db = optarg;
        return true;
    case COMMON_LIMIT:
        return limits_set(&cli->limits, slice_str(optarg), err);
    case COMMON_VERBOSE:
        cli->verbose = true;
        return true;
    case COMMON_QUIET:
        cli->quiet = true;
        return true;
    default:
        cli->json_logs = true;
        return true;
    }
}

static bool take_own(struct cli *cli, size_t option)
{
    cli->values[option] = optarg != NULL ? optarg : "";
    if (optarg == NULL)
        return true;
    if (cli->given_n == CLI_GIVEN)
        return false;
    cli->given[cli->given_n++] = (struct given_option){cli->command->options[option].name, optarg};
    return true;
}

// An abbreviation that fits several options is told from a name that fits none.
static int no_such_option(const struct cli *cli, const char *given)
{
    const struct option_spec *const tables[] = {cli->command->options, common_options};
    struct slice name, value;
    slice_cut(slice_str(given), '=', &name, &value);
    while (name.n != 0 && name.p[0] == '-')
        name = slice_from(name, 1);
    struct nearest nearest = nearest_to(name);
    struct buf fitting BUF_AUTO = {0};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < count(tables[t]); i++) {
            struct slice known = slice_str(tables[t][i].name);
            nearest_offer(&nearest, known);
            if (name.n != 0 && slice_starts(known, name))
                buf_addf(&fitting, " --%s", known.p);
        }
    if (given[0] == '-' && given[1] == '-' && fitting.n != 0)
        return cli_usage(cli, "%s may be each of:%s", given, fitting.p);
    if (nearest.best.n == 0)
        return cli_usage(cli, "no such option: %s", given);
    return cli_usage(cli, "no such option: %s; is \"--%.*s\" meant?", given, SLICE_ARG(nearest.best));
}

bool cli_parse(struct cli *cli, const struct command *command, int argc, char **argv, bool *done, int *code)
{
    struct option options[CLI_OPTIONS + 8] = {0};
    char letters[3 * (CLI_OPTIONS + 8)] = ":";
    struct error err;
    *cli = (struct cli){
        .command = command, .limits = limits_default(), .data = default_data(), .db = getenv("CLARION_DB")};
    *done = true;
    add_options(command->options, OWN_BASE, options, letters);
    add_options(common_options, COMMON_BASE, options + count(command->options), letters);
    opterr = 0;
    int option;
    while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (option == '?' || option == ':') {
            // Of several letters in one word, that word is not yet the last one which was taken.
            const char letter[] = {'-', (char)optopt, '\0'};
            const char *given = optopt != 0 && optopt < OWN_BASE ? letter : argv[optind - 1];
            *code = option == ':'        ? cli_usage(cli, "option %s wants a value", given)
                    : optopt >= OWN_BASE ? cli_usage(cli, "%s: that option takes no value", given)
                                         : no_such_option(cli, given);
            return false;
        }
        if (option < OWN_BASE)
            option = by_letter(command, option);
        if (option == COMMON_BASE + COMMON_HELP) {
            cli_print_help(command);
            *code = EXIT_FINE;
            return false;
        }
        if (option >= COMMON_BASE) {
            if (!take_common(cli, option, &err)) {
                *code = cli_usage(cli, "%s", err.text);
                return false;
            }
        } else if (!take_own(cli, (size_t)(option - OWN_BASE))) {
            *code = cli_usage(cli, "more than %d options with a value", CLI_GIVEN);
            return false;
        }
    }
    log_setup(cli->quiet ? LOG_ERROR : cli->verbose ? LOG_DEBUG : LOG_WARN, cli->json_logs);
    cli->arguments = argv + optind;
    cli->arguments_n = (size_t)(argc - optind);
    if (cli->arguments_n < command->least || cli->arguments_n > command->most) {
        *code = cli_usage(cli,
                          cli->arguments_n < command->least ? "something is missing: clarion %s %s"
                                                            : "too much is given: clarion %s %s",
                          command->name, command->arguments);
        return false;
    }
    *code = EXIT_BAD_USAGE;
    if (!cli_check_part_options(cli))
        return false;
    *done = false;
    return true;
}

const char *cli_value(const struct cli *cli, const char *option)
{
    for (size_t i = 0; i < count(cli->command->options); i++)
        if (strcmp(cli->command->options[i].name, option) == 0)
            return cli->values[i];
    return NULL;
}

const char *cli_next_value(const struct cli *cli, const char *option, size_t *at)
{
    while (*at < cli->given_n) {
        const struct given_option *given = &cli->given[(*at)++];
        if (strcmp(given->name, option) == 0)
            return given->value;
    }
    return NULL;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_error("%s", text);
    fprintf(stderr, "Try `clarion %s --help`.\n", cli->command->name);
    return EXIT_BAD_USAGE;
}

static void print_options(const struct option_spec *options)
{
    for (size_t i = 0; i < count(options); i++) {
        const struct option_spec *o = &options[i];
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter != '\0' ? "-" : "", o->letter != '\0' ? o->letter : ' ',
                 o->letter != '\0' ? ", " : "   ", o->name, o->value != NULL ? " " : "",
                 o->value != NULL ? o->value : "");
        printf("  %-26s %s\n", left, o->help);
    }
}

void cli_print_help(const struct command *command)
{
    printf("Usage: clarion %s%s%s%s\n\n%s\n", command->name, command->options != NULL ? " [OPTION...]" : "",
           command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
    if (command->details != NULL)
        printf("\n%s", command->details);
    if (command->options != NULL) {
        printf("\nOptions:\n");
        print_options(command->options);
    }
    printf("\nCommon options:\n");
    print_options(common_options);
}

void cli_print_overview(void)
{
    printf("Usage: clarion COMMAND [OPTION...] [ARGUMENT...]\n\n" PROGRAM_SUMMARY "\n\nCommands:\n");
    int width = 0;
    for (size_t i = 0; commands[i] != NULL; i++)
        width = (int)strlen(commands[i]->name) > width ? (int)strlen(commands[i]->name) : width;
    for (size_t i = 0; commands[i] != NULL; i++)
        printf("  %-*s  %s\n", width, commands[i]->name, commands[i]->summary);
    printf("\n`clarion COMMAND --help` tells more. First steps:\n");
    for (const struct help_word *w = first_steps; w->word != NULL; w++)
        printf("  %-33s  %s\n", w->word, w->text);
    printf("\nExit status:");
    for (const struct help_word *w = exit_words; w->word != NULL; w++)
        printf("%s %s %s", w != exit_words ? "," : "", w->word, w->text);
    printf("\n");
}

int cli_emit(struct slice bytes, const char *path)
{
    struct error err;
    bool ok = path != NULL ? file_write_atomic(path, bytes, &err)
                           : fd_write_all(STDOUT_FILENO, bytes, &err) || error_wrap(&err, "standard output");
    if (ok)
        return EXIT_FINE;
    log_error("%s", err.text);
    return EXIT_FAILED;
}
