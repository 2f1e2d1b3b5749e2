#include "service/backfill.h"

#include "image/registry_lists.h"

#include <fnmatch.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

#define WAITING 64 // names that are found and wait for a thread

struct backfill_name {
    struct arena arena;
    struct reference reference;
};

struct run;

struct backfill_worker {
    struct run *run;
    pthread_t thread;
    bool started;
    struct digest manifest; // that it indexes, under the lock; empty: none
};

struct run {
    const struct backfill *how;
    struct backfill_totals *totals;
    struct arrival_rules rules;
    struct backfill_worker *workers;
    pthread_mutex_t lock; // of all below, and of the totals
    pthread_cond_t changed;
    struct backfill_name waiting[WAITING]; // a ring
    size_t first, n;
    uint64_t found, done;
    void *counted; // manifests that a dry run has counted (tsearch)
    bool listed, stop;
    struct error why; // it stops
};

static void stop_for(struct run *run, const struct error *why)
{
    pthread_mutex_lock(&run->lock);
    if (!run->stop)
        run->why = *why;
    run->stop = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

// ---- what came of it ------------------------------------------------------------------------------------------------

// Under the lock.
static void tell(struct run *run, enum backfill_outcome outcome, struct slice name, const struct error *why)
{
    const struct backfill_news news = {
        .outcome = outcome,
        .name = name,
        .why = why->text,
        .done = run->done,
        .found = run->found,
        .listing = !run->listed,
    };
    run->totals->names[outcome]++;
    run->how->news(run->how->context, &news);
}

static void tell_of_list(struct run *run, struct slice name, const struct error *why)
{
    pthread_mutex_lock(&run->lock);
    tell(run, BACKFILL_FAILED, name, why);
    pthread_mutex_unlock(&run->lock);
}

static enum backfill_outcome outcome_of(bool ok, const struct arrival_counts *counts, const struct error *why)
{
    if (!ok)
        return why->code == ERR_UNSUPPORTED ? BACKFILL_NOTED : BACKFILL_FAILED;
    return counts->indexed != 0 ? BACKFILL_INDEXED : BACKFILL_KNOWN;
}

// ---- indexing -------------------------------------------------------------------------------------------------------

static bool someone_indexes(const struct run *run, const struct digest *manifest)
{
    for (size_t i = 0; i < run->how->jobs; i++)
        if (digest_eq(&run->workers[i].manifest, manifest))
            return true;
    return false;
}

// Tags of one image are often next to each other. Whoever had to wait finds it indexed.
static bool begin_indexing(void *context, const struct digest *manifest)
{
    struct backfill_worker *w = context;
    struct run *run = w->run;
    pthread_mutex_lock(&run->lock);
    while (!run->stop && someone_indexes(run, manifest))
        pthread_cond_wait(&run->changed, &run->lock);
    if (!run->stop)
        w->manifest = *manifest;
    bool go_on = !run->stop;
    pthread_mutex_unlock(&run->lock);
    return go_on;
}

static void end_indexing(void *context, const struct digest *manifest, bool indexed)
{
    struct backfill_worker *w = context;
    (void)manifest;
    (void)indexed;
    pthread_mutex_lock(&w->run->lock);
    w->manifest = (struct digest){0};
    pthread_cond_broadcast(&w->run->changed);
    pthread_mutex_unlock(&w->run->lock);
}

static int by_digest(const void *a, const void *b)
{
    return strcmp(((const struct digest *)a)->text, ((const struct digest *)b)->text);
}

static bool comes_first(void *context, const struct digest *manifest)
{
    struct run *run = ((struct backfill_worker *)context)->run;
    pthread_mutex_lock(&run->lock);
    bool first = tfind(manifest, &run->counted, by_digest) == NULL;
    if (first) {
        struct digest *copy = must_alloc(sizeof *copy);
        *copy = *manifest;
        tsearch(copy, &run->counted, by_digest);
    }
    pthread_mutex_unlock(&run->lock);
    return first;
}

static bool stopping(void *context)
{
    struct run *run = ((struct backfill_worker *)context)->run;
    pthread_mutex_lock(&run->lock);
    bool stop = run->stop;
    pthread_mutex_unlock(&run->lock);
    return stop;
}

// False at the end.
static bool next_name(struct run *run, struct backfill_name *name)
{
    pthread_mutex_lock(&run->lock);
    while (run->n == 0 && !run->listed && !run->stop)
        pthread_cond_wait(&run->changed, &run->lock);
    bool got = run->n != 0 && !run->stop;
    if (got) {
        *name = run->waiting[run->first];
        run->first = (run->first + 1) % WAITING;
        run->n--;
        pthread_cond_broadcast(&run->changed);
    }
    pthread_mutex_unlock(&run->lock);
    return got;
}

static void work_on(struct backfill_worker *w, struct store *store, struct backfill_name *name)
{
    struct run *run = w->run;
    struct arrival_rules rules = run->rules;
    struct arrival_counts counts;
    struct error why = {0};
    rules.context = w;
    bool ok = arrival_index(store, &rules, &name->reference, 0, &counts, &why);
    if (!ok && why.code == ERR_STORE)
        stop_for(run, &why);
    pthread_mutex_lock(&run->lock);
    run->done++;
    run->totals->images_indexed += counts.indexed - counts.again;
    run->totals->images_known += counts.known + counts.again;
    if (!run->stop)
        tell(run, outcome_of(ok, &counts, &why), reference_text(&name->arena, &name->reference), &why);
    pthread_mutex_unlock(&run->lock);
}

static void *backfill_thread(void *argument)
{
    struct backfill_worker *w = argument;
    struct store store STORE_AUTO = {0};
    struct backfill_name name;
    struct error err;
    if (!store_open(w->run->how->home, &store, &err)) {
        stop_for(w->run, &err);
        return NULL;
    }
    while (next_name(w->run, &name)) {
        work_on(w, &store, &name);
        arena_free(&name.arena);
    }
    return NULL;
}

// ---- finding --------------------------------------------------------------------------------------------------------

struct finding {
    struct run *run;
    struct slice host;
    struct reference repository;
};

static bool found_tag(void *context, struct slice tag, struct error *err)
{
    const struct finding *f = context;
    struct run *run = f->run;
    const struct digest none = {0};
    struct backfill_name name = {0};
    struct slice host = arena_dup(&name.arena, f->repository.domain), path = arena_dup(&name.arena, f->repository.path);
    if (!reference_of(host, path, arena_dup(&name.arena, tag), &none, &name.reference, err)) {
        tell_of_list(run, reference_repository(&name.arena, &f->repository), err);
        arena_free(&name.arena);
        return true;
    }
    pthread_mutex_lock(&run->lock);
    while (run->n == WAITING && !run->stop)
        pthread_cond_wait(&run->changed, &run->lock);
    bool stop = run->stop;
    if (!stop) {
        run->waiting[(run->first + run->n++) % WAITING] = name;
        run->found++;
        pthread_cond_broadcast(&run->changed);
    }
    pthread_mutex_unlock(&run->lock);
    if (stop)
        arena_free(&name.arena);
    return !stop || error_set(err, ERR_REFUSED, "it was broken off");
}

static bool is_stopped(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    bool stop = run->stop;
    pthread_mutex_unlock(&run->lock);
    return stop;
}

// What cannot be listed keeps nobody from the other repositories.
static void find_tags(struct finding *f)
{
    struct arena a ARENA_AUTO = {0};
    struct error err;
    f->run->totals->repositories++;
    if (!registry_list_tags(f->run->how->registry, &f->repository, found_tag, f, &err) && !is_stopped(f->run))
        tell_of_list(f->run, reference_repository(&a, &f->repository), &err);
}

static bool is_chosen(const struct backfill *how, struct slice repository)
{
    for (size_t i = 0; i < how->only.n; i++)
        if (fnmatch(how->only.v[i].p, repository.p, 0) == 0)
            return true;
    return how->only.n == 0;
}

static bool found_repository(void *context, struct slice path, struct error *err)
{
    struct finding *f = context;
    const struct digest none = {0};
    if (!reference_of(f->host, path, SLICE("latest"), &none, &f->repository, err))
        tell_of_list(f->run, f->host, err);
    else if (is_chosen(f->run->how, path))
        find_tags(f);
    return !is_stopped(f->run) || error_set(err, ERR_REFUSED, "it was broken off");
}

static void find_all(struct run *run, struct slice host)
{
    struct finding f = {.run = run, .host = host};
    struct error err;
    if (registry_list_repositories(run->how->registry, host, found_repository, &f, &err) || is_stopped(run))
        return;
    if (err.code == ERR_NOT_FOUND || err.code == ERR_NETWORK)
        error_wrap(&err, "its catalog cannot be read (not every registry has one, or shows it to everybody: its "
                         "repositories can be given by name, HOST/REPOSITORY)");
    tell_of_list(run, host, &err);
}

// ---- all of it ------------------------------------------------------------------------------------------------------

// "HOST" or "HOST/REPOSITORY".
static bool parse_place(struct slice text, struct arena *a, struct reference *place, struct error *err)
{
    *place = (struct reference){.domain = arena_dup(a, text)};
    if (reference_is_host(text))
        return true;
    struct slice name = slice_from(text, (size_t)(slice_rfind(text, '/') + 1));
    if (slice_find(name, ':') >= 0 || slice_find(name, '@') >= 0)
        return error_set(err, ERR_USAGE, "\"%.*s\" is neither a registry nor a repository: all tags are gone through",
                         SLICE_ARG(text));
    if (reference_parse(text, a, place, err))
        return true;
    err->code = ERR_USAGE;
    return false;
}

static bool parse_places(const struct backfill *how, struct arena *a, struct reference *places, struct error *err)
{
    for (size_t i = 0; i < how->registries.n; i++)
        if (!parse_place(how->registries.v[i], a, &places[i], err))
            return false;
    return true;
}

static bool start(struct run *run, struct error *err)
{
    for (size_t i = 0; i < run->how->jobs; i++) {
        struct backfill_worker *w = &run->workers[i];
        *w = (struct backfill_worker){.run = run};
        w->started = pthread_create(&w->thread, NULL, backfill_thread, w) == 0;
        if (!w->started)
            return error_set(err, ERR_IO, "no thread can be started");
    }
    return true;
}

static void find(struct run *run, const struct reference *places)
{
    for (size_t i = 0; i < run->how->registries.n && !is_stopped(run); i++) {
        struct finding f = {.run = run, .repository = places[i]};
        if (places[i].path.n == 0)
            find_all(run, places[i].domain);
        else if (is_chosen(run->how, places[i].path))
            find_tags(&f);
    }
}

static void finish(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    run->listed = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    for (size_t i = 0; i < run->how->jobs; i++)
        if (run->workers[i].started)
            pthread_join(run->workers[i].thread, NULL);
    for (; run->n != 0; run->n--, run->first = (run->first + 1) % WAITING)
        arena_free(&run->waiting[run->first].arena);
}

// Few images at a time have their layers read side by side.
static unsigned layers_of_each(unsigned jobs)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors > (long)jobs ? (unsigned)processors / jobs : 1;
}

bool backfill_run(const struct backfill *how, struct backfill_totals *totals, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct reference *places = ARENA_NEW(&a, struct reference, how->registries.n);
    *totals = (struct backfill_totals){0};
    if (!parse_places(how, &a, places, err))
        return false;
    struct run *run = ARENA_NEW(&a, struct run, 1);
    *run = (struct run){
        .how = how,
        .totals = totals,
        .rules = {.limits = how->limits,
                  .registry = how->registry,
                  .platforms = how->platforms,
                  .platforms_from = "--platform",
                  .jobs = layers_of_each(how->jobs),
                  .dry_run = how->dry_run,
                  .begin = begin_indexing,
                  .end = end_indexing,
                  .mostly_known = true,
                  .stopping = stopping,
                  .comes_first = comes_first},
        .workers = ARENA_NEW(&a, struct backfill_worker, how->jobs),
    };
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->changed, NULL);
    if (start(run, err))
        find(run, places);
    else
        stop_for(run, err);
    finish(run);
    tdestroy(run->counted, free);
    pthread_mutex_destroy(&run->lock);
    pthread_cond_destroy(&run->changed);
    *err = run->why;
    return !run->stop;
}
