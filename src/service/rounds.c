#include "service/rounds.h"

#include "base/clock.h"

#include <errno.h>

// False when it is to stop.
static bool pause_for(struct rounds *r, double seconds)
{
    const struct timespec until = clock_after(seconds);
    pthread_mutex_lock(&r->lock);
    while (!r->stop && pthread_cond_timedwait(&r->wake, &r->lock, &until) != ETIMEDOUT)
        continue;
    bool stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return !stop;
}

static void *rounds_thread(void *argument)
{
    struct rounds *r = argument;
    double pause = r->first;
    while (pause >= 0 && pause_for(r, pause))
        pause = r->round(r->context);
    return NULL;
}

static void forget(struct rounds *r)
{
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
}

bool rounds_start(struct rounds *r, double first, const char *what, struct error *err)
{
    r->first = first;
    r->stop = false;
    pthread_mutex_init(&r->lock, NULL);
    cond_init_monotonic(&r->wake);
    errno = pthread_create(&r->thread, NULL, rounds_thread, r);
    if (errno == 0)
        return true;
    error_errno(err, "cannot start a thread that %s", what);
    forget(r);
    return false;
}

bool rounds_stopping(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    bool stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return stop;
}

void rounds_stop(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    forget(r);
}
