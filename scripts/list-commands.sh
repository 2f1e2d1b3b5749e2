#!/bin/sh
# The names of the commands, one a line, from their table.
cd "$(dirname "$0")/.."
sed -n 's/^ *&command_\([a-z_]*\),$/\1/p' src/cli/commands.c | tr _ -
