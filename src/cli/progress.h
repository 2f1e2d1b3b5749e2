// What goes on, on standard error: a line of words, and a bar for each layer or file that is being read. On a terminal
// only.
//
// A thread of its own draws it, at most ten times a second, so that whoever works is not kept waiting by a terminal,
// and what stands still is seen to. Whatever else is written meanwhile goes through progress_pause first; messages do
// so by themselves.
#pragma once

#include "cli/command.h"

struct progress;

// NULL when nothing is to be shown: standard error is no terminal, or a dumb one, or silence or JSON was asked for. All
// functions take NULL. One at a time.
struct progress *progress_new(const struct cli *cli);

// Takes it off the screen.
void progress_free(struct progress **p);
#define PROGRESS_AUTO __attribute__((cleanup(progress_free)))

// The line of words. Foreign text is made harmless, here and in the bars.
void progress_say(struct progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The bar called `what` has got that far; it is there from the first call on. `total` 0: nobody knows. Safe from any
// thread. Bars over the first PROGRESS_BARS are not shown until others have gone.
#define PROGRESS_BARS 16
void progress_bytes(struct progress *p, const char *what, uint64_t done, uint64_t total);

// It is done: the bar goes.
void progress_done(struct progress *p, const char *what);

// Takes everything off the screen until the next time it is drawn: before something else is written to the terminal.
void progress_pause(struct progress *p);
