// clarion advisories: its parts, which share one command and its options.
#pragma once

#include "cli/command.h"
#include "store/store.h"

// One of them: `arguments` of the command are those behind its name.
struct advisories_part {
    const char *name;
    const char *arguments; // for --help
    size_t least, most;
    int (*run)(struct cli *cli, char **arguments, size_t n);
};

int advisories_list(struct cli *cli, char **arguments, size_t n);
int advisories_rollback(struct cli *cli, char **arguments, size_t n);
int advisories_diff(struct cli *cli, char **arguments, size_t n);
int advisories_export(struct cli *cli, char **arguments, size_t n);
int advisories_import(struct cli *cli, char **arguments, size_t n);

// True when --format asks for JSON. False with *code set when it is no format that is known here.
bool advisories_json(struct cli *cli, bool *json, int *code);
