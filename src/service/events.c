#include "service/events.h"

#include "base/clock.h"
#include "base/log.h"
#include "service/arrivals.h"
#include "store/event_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS        4   // events worked on at a time, of different repositories
#define LONGEST_PAUSE  600 // seconds between two tries
#define ID_BYTES       200 // of a sender's id; of a longer one the digest stands for it
#define LOOK_AROUND    60  // seconds: another process may have put something in
#define LOOK_AT_OTHERS 2   // the same where other nodes do, or end, as a rule

// A registry that the configuration names, and how it is spoken to.
struct event_registry {
    const struct config_registry *config;
    struct login login;
    struct address_rules allow;
    struct http_client *http;
};

struct events {
    const struct config *config;
    struct store_home *home;
    struct indexing *indexing;
    struct arena arena;
    struct event_registry *registries;
    size_t registries_n;
    struct event_worker *workers;
    size_t workers_n;     // that have been started
    int64_t look_around;  // seconds after which somebody else may have put something in
    pthread_mutex_t lock; // of all below
    pthread_cond_t wake;
    uint64_t news; // counts what the threads are woken for
    bool stop;
};

struct event_worker {
    struct events *events;
    pthread_t thread;
};

// ---- registries -----------------------------------------------------------------------------------------------------

static bool add_registry(struct events *ev, const struct config_registry *config, struct error *err)
{
    struct event_registry *r = &ev->registries[ev->registries_n++];
    const struct http_options http = {.limits = &ev->config->limits,
                                      .ca_file = config->ca_file.n != 0 ? config->ca_file.p : NULL};
    *r = (struct event_registry){
        .config = config,
        .login = {.user = config->user, .password = config->password, .source = SLICE("events.registries")},
        .http = http_client_new(&http),
    };
    for (size_t i = 0; i < ev->config->fetch_allow.n; i++)
        if (!address_rules_add(&r->allow, &ev->arena, ev->config->fetch_allow.v[i], err))
            return false;
    for (size_t i = 0; i < config->allow.n; i++)
        if (!address_rules_add(&r->allow, &ev->arena, config->allow.v[i], err))
            return false;
    return true;
}

static struct event_registry *registry_of(const struct events *ev, struct slice host)
{
    for (size_t i = 0; i < ev->registries_n; i++)
        if (slice_eq_nocase(ev->registries[i].config->host, host))
            return &ev->registries[i];
    return NULL;
}

static struct registry_settings settings_of(const struct event_registry *r)
{
    return (struct registry_settings){
        .http = r->http,
        .allow = &r->allow,
        .named = true,
        .insecure = r->config->insecure,
        .login = r->config->docker_config.n == 0 ? &r->login : NULL,
        .login_file = r->config->docker_config,
        .address = r->config->address,
        .token_host = r->config->token_host,
    };
}

// ---- taking in ------------------------------------------------------------------------------------------------------

static const struct config_registry *named_registry(const struct config *config, const struct pushed_name *name)
{
    for (size_t h = 0; h < 2; h++)
        for (size_t i = 0; i < config->event_registries.n; i++)
            if (name->hosts[h].n != 0 && slice_eq_nocase(config->event_registries.v[i].host, name->hosts[h]))
                return &config->event_registries.v[i];
    return NULL;
}

// Never after now, so that a registry whose clock is ahead does not keep later pushes of others from counting.
static int64_t time_of(const struct pushed_name *name, int64_t now)
{
    return name->at == 0 || name->at > now ? now : name->at;
}

static struct slice short_id(struct slice id, struct arena *a)
{
    struct digest digest;
    if (id.n <= ID_BYTES)
        return id;
    digest = digest_of(id);
    return arena_dup(a, digest_slice(&digest));
}

static bool make_step(const struct config *config, const char *form, const struct pushed_name *name, struct arena *a,
                      struct event_step *step, struct error *err)
{
    struct reference reference;
    int64_t now = clock_now() * 1000000;
    const struct config_registry *registry = named_registry(config, name);
    if (registry == NULL) {
        struct slice host = name->hosts[0].n != 0 ? name->hosts[0] : SLICE("(no host)");
        return error_set(err, ERR_REFUSED,
                         "events of the registry \"%.*s\" are not taken: only those that the configuration names are "
                         "asked for images. To have it asked, add it: events: {registries: {\"%.*s\": {}}}",
                         SLICE_ARG(host), SLICE_ARG(host));
    }
    if (!reference_of(registry->host, name->path, name->tag, &name->digest, &reference, err))
        return false;
    struct slice repository = reference_repository(a, &reference);
    int64_t at = time_of(name, now);
    *step = (struct event_step){.deleted = name->deleted};
    if (name->deleted)
        step->gone = (struct name_delete){repository, name->tag, name->digest, at};
    else
        step->event = (struct queued_event){.form = slice_str(form),
                                            .sender_id = short_id(name->id, a),
                                            .repository = repository,
                                            .tag = name->tag,
                                            .manifest = name->digest,
                                            .pushed = at};
    return true;
}

static void tell_news(struct events *ev)
{
    pthread_mutex_lock(&ev->lock);
    ev->news++;
    pthread_cond_broadcast(&ev->wake);
    pthread_mutex_unlock(&ev->lock);
}

bool events_take(struct events *ev, struct store *store, const struct event_delivery *delivery, struct arena *a,
                 size_t *queued, struct error *err)
{
    struct event_step *steps = ARENA_NEW(a, struct event_step, delivery->names.n);
    for (size_t i = 0; i < delivery->names.n; i++)
        if (!make_step(ev->config, delivery->form, &delivery->names.v[i], a, &steps[i], err))
            return false;
    *queued = 0;
    if (delivery->names.n == 0)
        return true;
    if (!store_event_accept(store, steps, delivery->names.n, &ev->config->limits, queued, err))
        return false;
    if (*queued != 0)
        tell_news(ev);
    return true;
}

// ---- one event ------------------------------------------------------------------------------------------------------

// How it went: the error says why it did not.
enum ending { ENDED_DONE, ENDED_NOTED, ENDED_FAILED, ENDED_LATER, ENDED_STOPPED };

static bool stopping(void *context)
{
    struct events *ev = context;
    pthread_mutex_lock(&ev->lock);
    bool stop = ev->stop;
    pthread_mutex_unlock(&ev->lock);
    return stop;
}

static bool begin_indexing(void *context, const struct digest *manifest)
{
    return indexing_begin(((struct events *)context)->indexing, manifest);
}

static void end_indexing(void *context, const struct digest *manifest, bool indexed)
{
    indexing_end(((struct events *)context)->indexing, manifest, indexed);
}

static bool work(struct events *ev, struct store *store, const struct queued_event *e, struct error *err)
{
    struct slice host, path;
    struct reference reference;
    struct arrival_counts counts;
    slice_cut(e->repository, '/', &host, &path);
    const struct event_registry *registry = registry_of(ev, host);
    if (registry == NULL)
        return error_set(err, ERR_USAGE, "the configuration names the registry %.*s no more (events.registries)",
                         SLICE_ARG(host));
    const struct registry_settings settings = settings_of(registry);
    const struct arrival_rules rules = {
        .leases = indexing_leases(ev->indexing),
        .limits = &ev->config->limits,
        .registry = &settings,
        .platforms = registry->config->platforms,
        .platforms_from = "events.registries",
        .jobs = ev->config->layer_concurrency > 0 ? (unsigned)ev->config->layer_concurrency : 0,
        .begin = begin_indexing,
        .end = end_indexing,
        .stopping = stopping,
        .context = ev,
    };
    return reference_of(host, path, e->tag, &e->manifest, &reference, err) &&
           arrival_index(store, &rules, &reference, e->pushed, &counts, err);
}

// Bytes that cannot be read are the same next time; all else may go better, but for what was deleted since.
static enum ending judge(struct events *ev, struct store *store, const struct queued_event *e, const struct error *err)
{
    struct error ignored;
    bool there = true;
    if (stopping(ev))
        return ENDED_STOPPED;
    if (err->code == ERR_NOT_FOUND && e->manifest.text[0] != '\0')
        store_name_has(store, e->repository, &e->manifest, &there, &ignored);
    if (err->code == ERR_UNSUPPORTED || !there)
        return ENDED_NOTED;
    if (err->code == ERR_FORMAT || err->code == ERR_LIMIT || err->code == ERR_USAGE ||
        e->tries + 1 >= ev->config->limits.event_tries)
        return ENDED_FAILED;
    return ENDED_LATER;
}

static int64_t pause_after(uint64_t tries)
{
    return tries < 9 ? INT64_C(1) << tries : LONGEST_PAUSE;
}

static bool end_event(struct events *ev, struct store *store, const struct queued_event *e, enum ending ending,
                      const struct error *why, struct error *err)
{
    const struct limits *limits = &ev->config->limits;
    struct slice reason = ending == ENDED_DONE ? SLICE("") : slice_str(why->text);
    switch (ending) {
    case ENDED_DONE:
        log_info("event %lld: indexed %.*s:%.*s %s", (long long)e->id, SLICE_ARG(e->repository), SLICE_ARG(e->tag),
                 e->manifest.text);
        return store_event_end(store, e->id, "done", reason, limits, err);
    case ENDED_NOTED:
        log_info("event %lld: %.*s: %s", (long long)e->id, SLICE_ARG(e->repository), why->text);
        return store_event_end(store, e->id, "noted", reason, limits, err);
    case ENDED_FAILED:
        log_error("event %lld: %.*s: given up: %s", (long long)e->id, SLICE_ARG(e->repository), why->text);
        return store_event_end(store, e->id, "failed", reason, limits, err);
    case ENDED_LATER:
        log_warn("event %lld: %.*s: to be tried again: %s", (long long)e->id, SLICE_ARG(e->repository), why->text);
        return store_event_retry(store, e->id, clock_now() + pause_after(e->tries), reason, err);
    case ENDED_STOPPED:
        break;
    }
    return store_event_release(store, e->id, err);
}

static void run_event(struct events *ev, struct store *store, const struct queued_event *e)
{
    struct error why = {0}, err;
    bool ok = work(ev, store, e, &why);
    if (!end_event(ev, store, e, ok && !stopping(ev) ? ENDED_DONE : judge(ev, store, e, &why), &why, &err))
        log_error("event %lld: %s", (long long)e->id, err.text);
}

// ---- the threads ----------------------------------------------------------------------------------------------------

static bool next_event(struct store *store, struct arena *a, struct queued_event *event, int64_t *due)
{
    struct error err;
    bool found = false;
    *due = INT64_MAX;
    if (store_event_next(store, clock_now(), a, event, &found, due, &err))
        return found;
    log_error("the queue of events: %s", err.text);
    return false;
}

// Until something may be due, or has come since `seen`.
static void wait_until(struct events *ev, uint64_t seen, int64_t due)
{
    int64_t pause = due == INT64_MAX ? ev->look_around : due - clock_now();
    pause = pause < 1 ? 1 : pause > ev->look_around ? ev->look_around : pause;
    const struct timespec until = clock_after((double)pause);
    pthread_mutex_lock(&ev->lock);
    while (!ev->stop && ev->news == seen && pthread_cond_timedwait(&ev->wake, &ev->lock, &until) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&ev->lock);
}

static uint64_t news_until_now(struct events *ev)
{
    pthread_mutex_lock(&ev->lock);
    uint64_t news = ev->news;
    pthread_mutex_unlock(&ev->lock);
    return news;
}

static void *events_thread(void *argument)
{
    struct event_worker *w = argument;
    struct events *ev = w->events;
    struct store store STORE_AUTO = {0};
    struct error err;
    if (!store_open(ev->home, &store, &err)) {
        log_error("events will not be worked off by this thread: %s", err.text);
        return NULL;
    }
    // The store is asked without the lock: whoever wants that need not wait for a server that is away.
    while (!stopping(ev)) {
        struct arena a ARENA_AUTO = {0};
        struct queued_event event;
        int64_t due;
        uint64_t seen = news_until_now(ev);
        if (!next_event(&store, &a, &event, &due)) {
            wait_until(ev, seen, due);
            continue;
        }
        leases_claim(indexing_leases(ev->indexing), event.id);
        run_event(ev, &store, &event);
        leases_unclaim(indexing_leases(ev->indexing), event.id);
        tell_news(ev); // more of this repository may wait
    }
    return NULL;
}

struct events *events_start(const struct config *config, struct store_home *home, struct indexing *indexing,
                            struct error *err)
{
    struct events *ev = must_alloc(sizeof *ev);
    *ev = (struct events){.config = config, .home = home, .indexing = indexing};
    ev->look_around = db_source_shared(home->database) ? LOOK_AT_OTHERS : LOOK_AROUND;
    pthread_mutex_init(&ev->lock, NULL);
    cond_init_monotonic(&ev->wake);
    bool ok = true;
    ev->registries = ARENA_NEW(&ev->arena, struct event_registry, config->event_registries.n);
    for (size_t i = 0; ok && i < config->event_registries.n; i++)
        ok = add_registry(ev, &config->event_registries.v[i], err);
    ev->workers = ARENA_NEW(&ev->arena, struct event_worker, THREADS);
    while (ok && ev->workers_n < THREADS) {
        struct event_worker *w = &ev->workers[ev->workers_n];
        w->events = ev;
        ok = pthread_create(&w->thread, NULL, events_thread, w) == 0 ||
             error_set(err, ERR_IO, "no thread can be started for events of registries");
        ev->workers_n += ok;
    }
    if (!ok)
        events_stop(&ev);
    return ev;
}

void events_break_off(struct events *ev)
{
    if (ev == NULL)
        return;
    pthread_mutex_lock(&ev->lock);
    ev->stop = true;
    pthread_cond_broadcast(&ev->wake);
    pthread_mutex_unlock(&ev->lock);
    for (size_t i = 0; i < ev->registries_n; i++)
        http_client_break_off(ev->registries[i].http);
    leases_break_off(indexing_leases(ev->indexing));
}

void events_stop(struct events **events)
{
    struct events *ev = *events;
    if (ev == NULL)
        return;
    events_break_off(ev);
    for (size_t i = 0; i < ev->workers_n; i++)
        pthread_join(ev->workers[i].thread, NULL);
    for (size_t i = 0; i < ev->registries_n; i++)
        http_client_free(&ev->registries[i].http);
    arena_free(&ev->arena);
    pthread_cond_destroy(&ev->wake);
    pthread_mutex_destroy(&ev->lock);
    free(ev);
    *events = NULL;
}
