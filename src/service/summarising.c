#include "service/summarising.h"

#include "base/clock.h"
#include "base/log.h"
#include "service/changes.h"
#include "service/figures.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LOOK_SECONDS  1.0
#define RETRY_SECONDS 30.0
#define REST_LOOKS    10 // without anything to do: then the segments are closed
#define BATCH         64 // groups that are written at once: the turn to write is had for as long

struct summarising {
    const struct config *config;
    struct store_home *home;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stopping;
    atomic_ullong groups, errors;
};

// What the thread has.
struct worker {
    struct summarising *s;
    struct views *views; // its own: what it asks is no request
    struct store store;
    struct store_lock lock;
    int64_t version; // of the database at the last look that went well
    bool looked;
    unsigned idle; // looks without anything to do
    double failed; // on the monotonic clock, the last time; 0: the last time went well
};

static bool wait_a_little(struct summarising *s)
{
    const struct timespec until = clock_after(LOOK_SECONDS);
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stopping) && pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&s->lock);
    return !atomic_load(&s->stopping);
}

// ---- judging --------------------------------------------------------------------------------------------------------

static bool judge_batch(struct worker *w, struct view *view, const struct digest *made_by, const summary_groups *due,
                        struct arena *a, struct error *err)
{
    struct summary_result results[BATCH];
    size_t n = 0;
    for (; n < due->n && !atomic_load(&w->s->stopping); n++)
        if (!figures_of_group(w->s->config, view, &due->v[n], a, &results[n], err))
            return false;
    if (!store_summary_put(&view->store, made_by, results, n, err))
        return false;
    atomic_fetch_add(&w->s->groups, n);
    return true;
}

// Of one batch, in the state of the feeds that is in force now. *more: there may be others.
static bool judge_some(struct worker *w, struct view *view, bool *more, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    summary_groups due = {0};
    struct digest made_by;
    bool changed = false;
    *more = false;
    if (view->generation.id.n == 0) // nothing can be said of any image: they stay as not judged
        return true;
    if (!changes_ask(w->s->config, view, &made_by, &changed, err) ||
        !store_summary_due(&view->store, BATCH, &a, &due, err) || !judge_batch(w, view, &made_by, &due, &a, err))
        return false;
    *more = due.n == BATCH && !atomic_load(&w->s->stopping);
    w->idle = due.n != 0 || changed ? 0 : w->idle;
    return true;
}

static bool work(struct worker *w, struct error *err)
{
    for (bool more = true; more;) {
        struct view *view = views_take(w->views, err);
        if (view == NULL)
            return false;
        bool ok = judge_some(w, view, &more, err);
        views_give(w->views, view);
        if (!ok)
            return false;
    }
    return true;
}

// ---- when -----------------------------------------------------------------------------------------------------------

// What is due is asked each time: a server does not tell of new images.
static bool has_work(struct worker *w, int64_t *version, bool *has, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    summary_groups due = {0};
    if (!store_version(&w->store, version, err) || !store_summary_due(&w->store, 1, &a, &due, err))
        return false;
    *has = !w->looked || *version != w->version || due.n != 0;
    return true;
}

static bool is_owner(struct worker *w, struct error *err)
{
    bool got = store_lock_holds(&w->lock);
    if (got)
        return true;
    store_unlock(&w->lock);
    w->looked = false;
    return store_lock_duty(w->s->home, "summaries", &w->lock, &got, err) && got;
}

static bool look_once(struct worker *w, struct error *err)
{
    int64_t version;
    bool has;
    if (!is_owner(w, err))
        return err->code == ERR_NONE;
    if (!has_work(w, &version, &has, err) || (has && !work(w, err)))
        return false;
    w->version = version;
    w->looked = true;
    return true;
}

static void look(struct worker *w)
{
    struct error err = {0};
    if (w->failed != 0 && clock_monotonic() - w->failed < RETRY_SECONDS)
        return;
    w->failed = 0;
    if (!look_once(w, &err)) {
        w->looked = false;
        w->failed = clock_monotonic();
        atomic_fetch_add(&w->s->errors, 1);
        log_error("summaries of images cannot be made: %s", err.text);
    }
    if (++w->idle == REST_LOOKS)
        views_rest(w->views);
}

static void *summarise_thread(void *argument)
{
    struct summarising *s = argument;
    struct worker w = {.s = s, .lock = STORE_LOCK_NONE};
    struct error err;
    w.views = views_new(s->home, &s->config->limits, NULL);
    if (store_open(s->home, &w.store, &err)) {
        do
            look(&w);
        while (wait_a_little(s));
    } else {
        atomic_fetch_add(&s->errors, 1);
        log_error("summaries of images cannot be made: %s", err.text);
    }
    store_unlock(&w.lock);
    store_close(&w.store);
    views_free(&w.views);
    return NULL;
}

struct summarising *summarising_start(const struct config *config, struct store_home *home, struct error *err)
{
    struct summarising *s = must_alloc(sizeof *s);
    *s = (struct summarising){.config = config, .home = home};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    errno = pthread_create(&s->thread, NULL, summarise_thread, s);
    if (errno == 0)
        return s;
    error_errno(err, "cannot start a thread for summaries of images");
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

void summarising_stop(struct summarising **summarising)
{
    struct summarising *s = *summarising;
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stopping, true);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *summarising = NULL;
}

struct summarising_load summarising_load(const struct summarising *s)
{
    return (struct summarising_load){.groups = atomic_load(&s->groups), .errors = atomic_load(&s->errors)};
}
