// Clarion finds the known vulnerabilities in container images. This file picks the command; cli/commands.c is the
// table.
#include "base/log.h"
#include "cli/command.h"
#include "layer/worker.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static bool make_home(struct cli *cli, struct error *err)
{
    struct slice db = slice_str(cli->db != NULL ? cli->db : "");
    if (db.n != 0 && !db_is_server(db))
        return error_set(
            err, ERR_USAGE,
            "it is no PostgreSQL server: \"postgres://USER@HOST/NAME\" or \"host=HOST dbname=NAME\" is one "
            "(a folder is given by --data)");
    return store_home_make(cli->data, db, 0, &cli->home, err);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct cli cli;
    bool done;
    int code;
    if (!cli_parse(&cli, command, argc, argv, &done, &code))
        return code;
    // Before the first thread, and before anything secret is in memory.
    struct error err;
    if (command->indexes && !worker_start(&err)) {
        log_error("cannot start the layer workers: %s", err.text);
        return EXIT_FAILED;
    }
    bool ok = make_home(&cli, &err);
    code = ok ? command->run(&cli) : cli_usage(&cli, "--db: %s", err.text);
    store_home_free(&cli.home);
    if (command->indexes)
        worker_stop();
    return code;
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN);       // a file over the limit of `ulimit -f` is told like a full disk
    setlocale(LC_CTYPE, "C.UTF-8"); // for the width of characters; no other part of a locale is wanted
    if (argc < 2) {
        cli_print_overview();
        return EXIT_BAD_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct command *command = command_named(name);
    if (command == NULL) {
        if (name[0] == '-')
            log_error("the command comes first: clarion COMMAND %s", name);
        else
            log_error("there is no command \"%s\"%s", name, command_hint(name).text);
        fputs("Try `clarion --help`.\n", stderr);
        return EXIT_BAD_USAGE;
    }
    return run(command, argc - 1, argv + 1);
}
