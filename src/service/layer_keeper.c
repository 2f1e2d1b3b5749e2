#include "service/layer_keeper.h"

#include "base/clock.h"
#include "base/log.h"

// Under the lock. What could not be kept is tried again, at last with the image.
static void keep(struct layer_keeper *k)
{
    struct span *span SPAN_AUTO = span_child(k->span, SPAN_INTERNAL, "keep layers");
    struct error err;
    size_t n = k->n - k->kept;
    double start = clock_monotonic();
    if (store_layers_put(k->store, k->state, &k->layers[k->kept], n, &err)) {
        for (size_t i = k->kept; k->leases != NULL && i < k->n; i++)
            leases_forget(k->leases, k->layers[i].lease);
        k->kept = k->n;
        metrics_timing(k->metrics, TIMING_KEEP, clock_monotonic() - start);
    } else {
        log_debug("%zu layers are to be kept another time: %s", n, err.text);
        span_fail(span, slice_str(err.text));
    }
    k->since = clock_monotonic();
}

static void *keeper_thread(void *argument)
{
    struct layer_keeper *k = argument;
    pthread_mutex_lock(k->store_lock);
    while (!k->end) {
        double left = k->since + KEEP_SECONDS - clock_monotonic();
        const struct timespec until = clock_after(left);
        if (k->kept == k->n)
            pthread_cond_wait(&k->changed, k->store_lock);
        else if (left > 0)
            pthread_cond_timedwait(&k->changed, k->store_lock, &until);
        else
            keep(k);
    }
    pthread_mutex_unlock(k->store_lock);
    return NULL;
}

void layer_keeper_start(struct layer_keeper *k, size_t layers, struct arena *a)
{
    k->layers = ARENA_NEW(a, struct layer_put, layers);
    cond_init_monotonic(&k->changed);
    if (layers < 2)
        return; // behind the only one comes the image
    k->started = pthread_create(&k->thread, NULL, keeper_thread, k) == 0;
    k->at_once = !k->started; // others may wait for what we have while we wait for them
}

void layer_keeper_add(struct layer_keeper *k, const struct layer_put *layer)
{
    pthread_mutex_lock(k->store_lock);
    if (k->kept == k->n)
        k->since = clock_monotonic();
    k->layers[k->n++] = *layer;
    if (k->at_once)
        keep(k);
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(k->store_lock);
}

const struct layer_put *layer_keeper_end(struct layer_keeper *k, size_t *n)
{
    pthread_mutex_lock(k->store_lock);
    k->end = true;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(k->store_lock);
    if (k->started)
        pthread_join(k->thread, NULL);
    pthread_cond_destroy(&k->changed);
    *n = k->n - k->kept;
    return &k->layers[k->kept];
}
