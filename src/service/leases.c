#include "service/leases.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/leases.h"

#include <pthread.h>
#include <stdlib.h>

#define WAIT_SECONDS 0.1 // for somebody who has what is wanted

// A lease, or an event that is worked on.
struct held {
    char *name; // NULL: an event
    int64_t event;
    struct held *next;
};

struct leases {
    struct store_home *home;
    bool shared;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct held *held;
    bool stop;
};

// ---- renewing -------------------------------------------------------------------------------------------------------

// Where nobody shares the store, leases are not in it. Under the lock.
static void list_held(const struct leases *l, struct arena *a, struct worked_on *out)
{
    for (const struct held *h = l->held; h != NULL; h = h->next)
        if (h->name == NULL)
            VEC_PUSH(a, &out->events) = h->event;
        else if (l->shared)
            VEC_PUSH(a, &out->leases) = arena_dup(a, slice_str(h->name));
}

static void renew(const struct leases *l, const struct worked_on *what)
{
    struct store store STORE_AUTO = {0};
    struct error err;
    if (!store_open(l->home, &store, &err) || !store_leases_renew(&store, what, &err))
        log_warn("what this process works on cannot be told to others: %s", err.text);
}

static void *renew_thread(void *argument)
{
    struct leases *l = argument;
    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        double next = clock_monotonic() + RENEW_SECONDS;
        while (!l->stop && clock_monotonic() < next) {
            const struct timespec until = clock_after(next - clock_monotonic());
            pthread_cond_timedwait(&l->changed, &l->lock, &until);
        }
        struct arena a ARENA_AUTO = {0};
        struct worked_on what = {0};
        list_held(l, &a, &what);
        pthread_mutex_unlock(&l->lock);
        if (what.leases.n + what.events.n != 0)
            renew(l, &what);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct leases *leases_start(struct store_home *home, struct error *err)
{
    struct leases *l = must_alloc(sizeof *l);
    *l = (struct leases){.home = home, .shared = db_source_shared(home->database)};
    pthread_mutex_init(&l->lock, NULL);
    cond_init_monotonic(&l->changed);
    l->started = pthread_create(&l->thread, NULL, renew_thread, l) == 0;
    if (l->started)
        return l;
    error_set(err, ERR_IO, "no thread can be started that tells others what this process works on");
    leases_stop(&l);
    return NULL;
}

void leases_break_off(struct leases *l)
{
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void leases_stop(struct leases **leases)
{
    struct leases *l = *leases;
    if (l == NULL)
        return;
    leases_break_off(l);
    if (l->started)
        pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
    *leases = NULL;
}

// ---- taking ---------------------------------------------------------------------------------------------------------

static struct held **find(struct leases *l, struct slice name)
{
    struct held **at = &l->held;
    while (*at != NULL && ((*at)->name == NULL || !slice_eq(slice_str((*at)->name), name)))
        at = &(*at)->next;
    return at;
}

// Under the lock.
static void hold(struct leases *l, char *name, int64_t event)
{
    struct held *held = must_alloc(sizeof *held);
    *held = (struct held){name, event, l->held};
    l->held = held;
}

// The same.
static void drop(struct leases *l, struct held **at)
{
    struct held *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    free(gone->name);
    free(gone);
    pthread_cond_broadcast(&l->changed);
}

void leases_forget(struct leases *l, struct slice name)
{
    pthread_mutex_lock(&l->lock);
    drop(l, find(l, name));
    pthread_mutex_unlock(&l->lock);
}

void leases_wait(struct leases *l)
{
    const struct timespec until = clock_after(WAIT_SECONDS);
    pthread_mutex_lock(&l->lock);
    if (!l->stop)
        pthread_cond_timedwait(&l->changed, &l->lock, &until);
    pthread_mutex_unlock(&l->lock);
}

// Among the threads of this process.
static bool take_here(struct leases *l, struct slice name, bool *got, struct error *err)
{
    pthread_mutex_lock(&l->lock);
    *got = *find(l, name) == NULL && !l->stop;
    if (*got)
        hold(l, strndup(name.p, name.n), 0);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->lock);
    return !stop || error_set(err, ERR_IO, "the service is stopping");
}

bool leases_take(struct leases *l, struct store *s, struct slice name, bool *got, struct error *err)
{
    if (!take_here(l, name, got, err))
        return false;
    bool here = *got, ok = !here || !l->shared || store_lease_take(s, name, got, err);
    *got = ok && *got;
    if (here && !*got)
        leases_forget(l, name);
    return ok;
}

// Of a layer in a question: what it wants, and whether it is free in this process.
struct wanted {
    struct slice name;
    bool here;
};

static bool want(struct leases *l, const struct layer_question *question, struct wanted *wanted, struct error *err)
{
    for (size_t i = 0; i < question->n; i++) {
        struct layer_known *layer = &question->layers[i];
        if (!take_here(l, layer->lease, &wanted[i].here, err))
            return false;
        if (!wanted[i].here || !l->shared) // is not the store's matter
            layer->lease = SLICE("");
    }
    return true;
}

// Sorts out which are the caller's: not what has turned out to be known, or is not to be known now.
static void sort_out(struct leases *l, struct store *s, const struct layer_question *question,
                     const struct wanted *wanted, bool unknown, struct arena *a)
{
    VEC(struct slice) needless = {0};
    for (size_t i = 0; i < question->n; i++) {
        struct layer_known *layer = &question->layers[i];
        bool ours = wanted[i].here && unknown && !layer->found && (layer->leased || !l->shared);
        if (layer->leased && !ours)
            VEC_PUSH(a, &needless) = wanted[i].name;
        else if (wanted[i].here && !ours)
            leases_forget(l, wanted[i].name);
        layer->leased = ours;
        layer->lease = wanted[i].name;
    }
    leases_give(l, s, needless.v, needless.n);
}

bool leases_ask(struct leases *l, struct store *s, const struct layer_question *question, struct leases_image *image,
                struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct wanted *wanted = ARENA_NEW(&a, struct wanted, question->n);
    for (size_t i = 0; i < question->n; i++) {
        question->layers[i].found = question->layers[i].leased = false;
        wanted[i] = (struct wanted){.name = question->layers[i].lease};
    }
    bool ok = want(l, question, wanted, err) &&
              (image == NULL
                   ? store_layers_get(s, question, err)
                   : store_image_or_layers(s, image->manifest, question, image->arena, image->out, &image->known, err));
    sort_out(l, s, question, wanted, ok && (image == NULL || !image->known), &a);
    return ok;
}

void leases_give(struct leases *l, struct store *s, const struct slice *names, size_t n)
{
    struct error err;
    if (l->shared && n != 0 && !store_leases_drop(s, names, n, &err))
        log_debug("%zu leases: %s", n, err.text); // they end by themselves
    for (size_t i = 0; i < n; i++)
        leases_forget(l, names[i]);
}

void leases_claim(struct leases *l, int64_t event)
{
    pthread_mutex_lock(&l->lock);
    hold(l, NULL, event);
    pthread_mutex_unlock(&l->lock);
}

void leases_unclaim(struct leases *l, int64_t event)
{
    pthread_mutex_lock(&l->lock);
    struct held **at = &l->held;
    while (*at != NULL && ((*at)->name != NULL || (*at)->event != event))
        at = &(*at)->next;
    drop(l, at);
    pthread_mutex_unlock(&l->lock);
}
