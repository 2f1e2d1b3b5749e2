// Clarion finds the known vulnerabilities in container images. This file picks the command; cli/commands.c is the
// table.
#include "base/log.h"
#include "cli/command.h"
#include "layer/worker.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// A standard stream that the program was started without would be the next file or socket that is opened, and a report
// would be written there. Such a stream becomes a descriptor that can be neither read nor written.
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH) != fd) // the lowest that is free
            return false;
    return true;
}

// What was printed may get lost only now, as on a full disk.
static int end_output(int code)
{
    struct error err;
    bool lost = ferror(stdout) != 0;
    if (fflush(stdout) != 0)
        error_errno(&err, "standard output: cannot write");
    else if (lost)
        error_set(&err, ERR_IO, "standard output: not all could be written");
    else
        return code;
    log_error("%s", err.text);
    return EXIT_FAILED;
}

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

static int run_named(int argc, char **argv)
{
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

int main(int argc, char **argv)
{
    if (!hold_standard_streams())
        return EXIT_FAILED;
    signal(SIGXFSZ, SIG_IGN);       // a file over the limit of `ulimit -f` is told like a full disk
    setlocale(LC_CTYPE, "C.UTF-8"); // for the width of characters; no other part of a locale is wanted
    return end_output(run_named(argc, argv));
}
