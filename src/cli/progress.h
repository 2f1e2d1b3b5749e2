// One line on standard error that changes while something goes on: on a terminal only.
#pragma once

#include "cli/command.h"

struct progress {
    bool shown; // wanted: standard error is a terminal, and nobody asked for silence
    bool there; // a line is on the screen
    double last;
};

struct progress progress_start(const struct cli *cli);

// Changes the line, at most ten times a second.
void progress_say(struct progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Takes it away, before anything else is written.
void progress_end(struct progress *p);
