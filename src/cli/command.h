// The command line: commands and options as tables, from which parsing, --help and shell completion are made.
//
// Adding a command is one file and one line in commands.c. GNU habits: options anywhere, `--` ends them, data on
// standard output, everything else on standard error.
#pragma once

#include "base/error.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "store/store.h"

// Exit codes.
enum {
    EXIT_FINE = 0,     // done
    EXIT_FINDINGS = 1, // findings at or over --fail-on
    EXIT_BAD_USAGE = 2,
    EXIT_FAILED = 3, // not done, or done only in part: standard error says what
};

struct option_spec {
    const char *name;
    char letter;       // '\0': long form only
    const char *value; // what it takes, for --help ("FILE"); NULL: a switch
    const char *help;
    const char *choices; // blank-separated: those it takes, or the commonest of them; may be NULL
};

// One that was given, with its value.
struct given_option {
    const char *name, *value;
};

// A word of --help with its text.
struct help_word {
    const char *word, *text;
};

#define PROGRAM_SUMMARY "find the known vulnerabilities in container images"

// Of the program as a whole; each ends with a NULL.
extern const struct help_word first_steps[], exit_words[], environment_words[];

struct cli;

// An option that only some parts of a command know.
struct part_option {
    const char *option, *parts; // blank-separated
};

struct command {
    const char *name;
    const char *summary;                    // one line
    const char *arguments;                  // "TARGET..."; "" when it takes none
    const char *parts;                      // blank-separated: what the first argument may be; NULL: no closed list
    const char *details;                    // further text for --help; may be NULL
    const struct option_spec *options;      // beside the common ones; ends with a nameless one; may be NULL
    const struct part_option *part_options; // ends with a nameless one; NULL: every part knows all options
    size_t least, most;                     // number of arguments
    bool indexes;                           // reads images: wants the layer workers' zygote before anything else
    int (*run)(struct cli *cli);            // gives the exit code
};

extern const struct command *const commands[]; // ends with NULL
extern const struct option_spec common_options[];

const struct command *command_named(const char *name); // NULL when there is none

// How a message ends that says that there is no such command.
struct nearest_hint command_hint(const char *name);

#define CLI_OPTIONS 24
#define CLI_GIVEN   64

struct cli {
    const struct command *command;
    const char *values[CLI_OPTIONS];      // of the command's options, in their order; "" for a switch that was given
    struct given_option given[CLI_GIVEN]; // of the command's options with a value, each as often as it was given
    size_t given_n;
    char **arguments;
    size_t arguments_n;
    struct limits limits;
    const char *data, *db;  // the data folder; a database server, NULL: the file in the folder
    struct store_home home; // of both
    bool verbose, quiet, json_logs;
};

// Parses `argv` (argv[0] is the command's name). *done is true when that was all (--help, or a mistake, both already
// answered), and *code is then the exit code.
bool cli_parse(struct cli *cli, const struct command *command, int argc, char **argv, bool *done, int *code);

// The value of one of the command's options; NULL when it was not given.
const char *cli_value(const struct cli *cli, const char *option);

// The values of an option that may be given several times, one after the other: `*at` is 0 at first. NULL at the end.
const char *cli_next_value(const struct cli *cli, const char *option, size_t *at);

// Says what is wrong with the call, and answers EXIT_BAD_USAGE.
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same for a word of a closed, blank-separated list: says what there is, and which of it is probably meant. `what`
// is what the word was to be: "format".
int cli_no_such(const struct cli *cli, const char *what, const char *given, const char *known);

// The same for the first argument, of command->parts.
int cli_no_such_part(const struct cli *cli);

// The same for a feed.
int cli_no_such_feed(const struct cli *cli, const char *given);

// False where an option was given that the part of the command, its first argument, does not know: the message has been
// written. What a part does not obey, it must not take without a word.
bool cli_check_part_options(const struct cli *cli);

enum { FORMAT_JSON = 1 }; // in the choices of --format, behind what is for people

// The value of an option whose `choices` are all that it takes: its place among them, 0 when it is not given.
// False: the message has been written.
bool cli_choice(const struct cli *cli, const char *option, size_t *which);

void cli_print_help(const struct command *command);
void cli_print_overview(void); // all commands

// Writes data to standard output, or to the file of `path` when that is not NULL; EXIT_FAILED when that fails.
int cli_emit(struct slice bytes, const char *path);
