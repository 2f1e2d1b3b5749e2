#include "service/idle.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PERIOD       5    // seconds that are looked at together
#define REST_SECONDS 0.02 // of processor time in a period: what a few checks of its health cost

struct idle {
    struct views *views;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop; // under the lock
};

// False when it is to stop.
static bool pause_for_a_period(struct idle *idle)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PERIOD;
    pthread_mutex_lock(&idle->lock);
    while (!idle->stop && pthread_cond_timedwait(&idle->wake, &idle->lock, &until) != ETIMEDOUT)
        continue;
    bool stop = idle->stop;
    pthread_mutex_unlock(&idle->lock);
    return !stop;
}

// Of the whole process: whatever its threads did, it took time.
static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void *idle_thread(void *argument)
{
    struct idle *idle = argument;
    bool worked = true;
    double before = processor_seconds();
    while (pause_for_a_period(idle)) {
        double now = processor_seconds();
        bool rests = now - before < REST_SECONDS;
        if (rests && worked) {
            views_rest(idle->views);
            malloc_trim(0);
        }
        worked = !rests;
        before = processor_seconds();
    }
    return NULL;
}

struct idle *idle_start(struct views *views, struct error *err)
{
    struct idle *idle = must_alloc(sizeof *idle);
    *idle = (struct idle){.views = views};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&idle->lock, NULL);
    pthread_cond_init(&idle->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    errno = pthread_create(&idle->thread, NULL, idle_thread, idle);
    if (errno == 0)
        return idle;
    error_errno(err, "cannot start a thread that gives memory back");
    pthread_cond_destroy(&idle->wake);
    pthread_mutex_destroy(&idle->lock);
    free(idle);
    return NULL;
}

void idle_stop(struct idle **idle)
{
    struct idle *i = *idle;
    if (i == NULL)
        return;
    pthread_mutex_lock(&i->lock);
    i->stop = true;
    pthread_cond_signal(&i->wake);
    pthread_mutex_unlock(&i->lock);
    pthread_join(i->thread, NULL);
    pthread_cond_destroy(&i->wake);
    pthread_mutex_destroy(&i->lock);
    free(i);
    *idle = NULL;
}
