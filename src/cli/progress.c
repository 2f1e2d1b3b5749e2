#include "cli/progress.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define PAUSE 0.1 // seconds between two changes

struct progress progress_start(const struct cli *cli)
{
    return (struct progress){.shown = !cli->quiet && isatty(STDERR_FILENO) != 0};
}

void progress_say(struct progress *p, const char *format, ...)
{
    struct arena a ARENA_AUTO = {0};
    char text[256];
    va_list args;
    double now = clock_monotonic();
    if (!p->shown || (p->there && now - p->last < PAUSE))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct slice plain = utf8_plain(&a, slice_str(text));
    fprintf(stderr, "\r\033[K%.*s", SLICE_ARG(plain));
    fflush(stderr);
    p->there = true;
    p->last = now;
}

void progress_end(struct progress *p)
{
    if (p->there)
        fputs("\r\033[K", stderr);
    p->there = false;
}
