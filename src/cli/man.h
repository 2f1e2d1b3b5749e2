// Pages for man(1), from the tables that --help, the command line and the configuration are made of.
#pragma once

#include "base/buf.h"
#include "cli/command.h"

void man_overview(struct buf *out);                               // clarion(1)
void man_command(const struct command *command, struct buf *out); // clarion-COMMAND(1)
void man_config(struct buf *out);                                 // clarion.yaml(5)
