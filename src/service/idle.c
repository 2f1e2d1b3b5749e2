#include "service/idle.h"

#include "service/rounds.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#define PERIOD       5    // seconds that are looked at together
#define REST_SECONDS 0.02 // of processor time in a period: what a few checks of its health cost

struct idle {
    struct rounds rounds;
    struct views *views;
    // Of the thread.
    bool worked; // in the period before
    double used; // processor time until its end
};

// Of the whole process: whatever its threads did, it took time.
static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static double look(void *context)
{
    struct idle *idle = context;
    bool rests = processor_seconds() - idle->used < REST_SECONDS;
    if (rests && idle->worked) {
        views_rest(idle->views);
        malloc_trim(0);
    }
    idle->worked = !rests;
    idle->used = processor_seconds();
    return PERIOD;
}

struct idle *idle_start(struct views *views, struct error *err)
{
    struct idle *idle = must_alloc(sizeof *idle);
    *idle = (struct idle){
        .rounds = {.round = look, .context = idle}, .views = views, .worked = true, .used = processor_seconds()};
    if (rounds_start(&idle->rounds, PERIOD, "gives memory back", err))
        return idle;
    free(idle);
    return NULL;
}

void idle_stop(struct idle **idle)
{
    struct idle *i = *idle;
    if (i == NULL)
        return;
    rounds_stop(&i->rounds);
    free(i);
    *idle = NULL;
}
