#include "service/follow.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_SECONDS 0.2 // a look costs nothing as long as nobody has told of a change

struct follow {
    struct store_home *home;
    struct views *views;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;           // under the lock
    char generation[32]; // that was last seen
};

static bool pause_a_little(struct follow *f)
{
    const struct timespec until = clock_after(LOOK_SECONDS);
    pthread_mutex_lock(&f->lock);
    while (!f->stop && pthread_cond_timedwait(&f->wake, &f->lock, &until) != ETIMEDOUT)
        continue;
    bool stop = f->stop;
    pthread_mutex_unlock(&f->lock);
    return !stop;
}

// Taking a view brings it up to date, and its segments here. Those of former generations, which were taken likewise,
// are let go: who makes an update removes them from his own folder only.
static bool catch_up(struct follow *f, struct store *store)
{
    struct error err;
    struct view *view = views_take(f->views, &err);
    if (view == NULL) {
        log_warn("what other nodes have updated cannot be looked at: %s", err.text);
        return false;
    }
    struct slice id = view->generation.id;
    bool news = !slice_eq(id, slice_str(f->generation));
    if (news)
        snprintf(f->generation, sizeof f->generation, "%.*s", SLICE_ARG(id));
    views_give(f->views, view);
    if (news)
        store_collect(store);
    return true;
}

static void *follow_thread(void *argument)
{
    struct follow *f = argument;
    struct store store STORE_AUTO = {0};
    struct error err;
    int64_t seen = 0, version;
    if (!store_open(f->home, &store, &err)) {
        log_error("other nodes cannot be followed: %s", err.text);
        return NULL;
    }
    while (pause_a_little(f))
        if (store_version(&store, &version, &err) && version != seen && catch_up(f, &store))
            seen = version;
    return NULL;
}

bool follow_start(struct store_home *home, struct views *views, struct follow **out, struct error *err)
{
    *out = NULL;
    if (!db_source_shared(home->database))
        return true;
    struct follow *f = must_alloc(sizeof *f);
    *f = (struct follow){.home = home, .views = views};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    errno = pthread_create(&f->thread, NULL, follow_thread, f);
    if (errno == 0) {
        *out = f;
        return true;
    }
    error_errno(err, "cannot start a thread that follows other nodes");
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return false;
}

void follow_stop(struct follow **follow)
{
    struct follow *f = *follow;
    if (f == NULL)
        return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f);
    *follow = NULL;
}
