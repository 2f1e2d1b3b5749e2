#include "service/gauges.h"

#include "base/clock.h"
#include "store/event_queue.h"

#include <pthread.h>
#include <stdlib.h>

struct gauges {
    struct views *views;
    bool deliveries;
    pthread_t thread;
    pthread_mutex_t lock; // of all below
    pthread_cond_t wanted, answered;
    uint64_t asked, told; // questions so far, and those whose answer this is
    bool started, stop, ok;
    struct store_gauges last;
    struct arena arena; // of the last
    struct error err;   // where it is not ok
};

static bool read_store(struct view *view, bool deliveries, struct store_gauges *out, struct error *err)
{
    return store_image_count(&view->store, &out->images, err) &&
           (!deliveries || store_delivery_count(&view->store, SLICE(""), out->deliveries, err)) &&
           store_event_count(&view->store, "waiting", &out->events_waiting, err) &&
           store_event_count(&view->store, "failed", &out->events_failed, err);
}

static void read_generation(const struct generation *g, struct arena *a, struct store_gauges *out)
{
    out->created = g->created;
    out->feeds = ARENA_NEW(a, struct feed_gauges, g->feeds_n);
    out->feeds_n = g->feeds_n;
    for (size_t i = 0; i < g->feeds_n; i++) {
        const struct feed_state *f = &g->feeds[i];
        out->feeds[i] =
            (struct feed_gauges){arena_dup(a, f->feed), f->records, f->updated, f->checked, f->error.n != 0};
    }
}

static bool read_all(struct gauges *g, struct arena *a, struct store_gauges *out, struct error *err)
{
    double start = clock_monotonic();
    struct view *view = views_take(g->views, err);
    bool ok = view != NULL && read_store(view, g->deliveries, out, err);
    if (ok)
        read_generation(&view->generation, a, out);
    views_give(g->views, view);
    out->seconds = clock_monotonic() - start;
    return ok;
}

// Under the lock, which is let go meanwhile.
static void answer(struct gauges *g)
{
    struct store_gauges gauges = {0};
    struct arena a = {0};
    struct error err;
    uint64_t asked = g->asked;
    pthread_mutex_unlock(&g->lock);
    bool ok = read_all(g, &a, &gauges, &err);
    pthread_mutex_lock(&g->lock);
    arena_free(&g->arena);
    g->arena = a;
    g->last = gauges;
    g->ok = ok;
    if (!ok)
        g->err = err;
    g->told = asked;
    pthread_cond_broadcast(&g->answered);
}

static void *gauges_thread(void *argument)
{
    struct gauges *g = argument;
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        if (g->told != g->asked)
            answer(g);
        else
            pthread_cond_wait(&g->wanted, &g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

struct gauges *gauges_start(struct views *views, bool deliveries, struct error *err)
{
    struct gauges *g = must_alloc(sizeof *g);
    *g = (struct gauges){.views = views, .deliveries = deliveries};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wanted, NULL);
    cond_init_monotonic(&g->answered);
    g->started = pthread_create(&g->thread, NULL, gauges_thread, g) == 0;
    if (g->started)
        return g;
    error_set(err, ERR_IO, "no thread can be started that asks the store for metrics");
    gauges_stop(&g);
    return NULL;
}

void gauges_stop(struct gauges **gauges)
{
    struct gauges *g = *gauges;
    if (g == NULL)
        return;
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_signal(&g->wanted);
    pthread_mutex_unlock(&g->lock);
    if (g->started)
        pthread_join(g->thread, NULL);
    arena_free(&g->arena);
    pthread_cond_destroy(&g->wanted);
    pthread_cond_destroy(&g->answered);
    pthread_mutex_destroy(&g->lock);
    free(g);
    *gauges = NULL;
}

bool gauges_ask(struct gauges *g, struct arena *a, struct store_gauges *out, struct error *err)
{
    const struct timespec until = clock_after(GAUGES_PATIENCE);
    bool late = false;
    pthread_mutex_lock(&g->lock);
    uint64_t question = ++g->asked;
    pthread_cond_signal(&g->wanted);
    while (!late && g->told < question)
        late = pthread_cond_timedwait(&g->answered, &g->lock, &until) != 0;
    bool ok = g->told >= question && g->ok;
    if (ok) {
        *out = g->last;
        out->feeds = ARENA_NEW(a, struct feed_gauges, out->feeds_n);
        for (size_t i = 0; i < out->feeds_n; i++) {
            out->feeds[i] = g->last.feeds[i];
            out->feeds[i].feed = arena_dup(a, out->feeds[i].feed);
        }
    } else if (g->told >= question) {
        *err = g->err;
    } else {
        error_set(err, ERR_STORE, "the store has not answered for %.0f seconds", GAUGES_PATIENCE);
    }
    pthread_mutex_unlock(&g->lock);
    return ok;
}
