#!/bin/sh
# Prints the files of the project that match a pattern, one a line, sorted: meson.build's source lists.
set -eu
cd "$(dirname "$0")/.."
LC_ALL=C
export LC_ALL
# The pattern is meant to be expanded by the shell.
# shellcheck disable=SC2086
ls -1 -- $1
