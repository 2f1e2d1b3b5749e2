#include "service/layer_pool.h"

#include "base/clock.h"
#include "base/log.h"
#include "layer/worker.h"

#include <stdlib.h>
#include <unistd.h>

// ---- a layer --------------------------------------------------------------------------------------------------------

// A layer that somebody watches.
struct watched_layer {
    const struct layer_pool *pool;
    size_t index;
};

static void tell_read(const struct layer_pool *pool, size_t index, uint64_t bytes, bool ended)
{
    if (pool->options->reads != NULL)
        pool->options->reads(pool->options->reads_context, pool->image, index, bytes, ended);
}

static void tell_bytes(void *context, uint64_t bytes)
{
    const struct watched_layer *layer = context;
    tell_read(layer->pool, layer->index, bytes, false);
}

static struct reader *watched(struct layer_pool *pool, struct layer_job *job, struct reader *blob)
{
    if (blob == NULL || pool->options->reads == NULL)
        return blob;
    struct watched_layer *layer = arena_alloc(job->arena, sizeof *layer);
    *layer = (struct watched_layer){pool, job->index};
    return reader_watched(blob, tell_bytes, layer);
}

static struct reader *open_layer(struct layer_pool *pool, struct layer_job *job, const struct span *layer)
{
    struct span *span SPAN_AUTO = span_child(layer, SPAN_CLIENT, "open layer");
    double start = clock_monotonic();
    struct reader *blob = image_open_layer(pool->image, job->index, &job->error);
    metrics_timing(pool->metrics, TIMING_FETCH, clock_monotonic() - start);
    if (blob == NULL)
        span_fail(span, slice_str(job->error.text));
    return watched(pool, job, blob);
}

static bool scan_layer(struct layer_pool *pool, struct layer_job *job, struct reader *blob, const struct span *layer,
                       struct layer_result *result)
{
    struct span *span SPAN_AUTO = span_child(layer, SPAN_INTERNAL, "read layer");
    double start = clock_monotonic();
    bool ok = worker_index_layer(blob, &pool->image->layers[job->index].digest, pool->image->subject, pool->limits,
                                 job->arena, result, &job->error);
    metrics_timing(pool->metrics, TIMING_READ, clock_monotonic() - start);
    span_number(span, "clarion.layer.bytes", (int64_t)result->bytes_in);
    span_number(span, "clarion.layer.bytes_unpacked", (int64_t)result->findings.bytes);
    span_number(span, "clarion.layer.files", (int64_t)result->findings.entries);
    span_number(span, "clarion.worker.cpu_milliseconds", (int64_t)(result->cpu_seconds * 1000));
    span_number(span, "clarion.worker.memory_bytes", (int64_t)result->peak_memory);
    if (!ok || !result->complete)
        span_fail(span, slice_str(ok ? result->problem.text : job->error.text));
    return ok;
}

static void take_known(struct layer_pool *pool, struct layer_job *job, const struct layer_known *layer)
{
    job->done = layer->found;
    job->leased = layer->leased;
    job->findings = layer->findings;
    if (job->done)
        metrics_layer_reused(pool->metrics);
}

static struct layer_known ask_for(const struct layer_pool *pool, const struct layer_job *job)
{
    return (struct layer_known){
        .layer = pool->image->layers[job->index].digest, .arena = job->arena, .lease = job->lease};
}

// With it comes whatever others found in the layer since it was last asked for.
static bool take_lease(struct layer_pool *pool, struct layer_job *job)
{
    struct layer_known layer = ask_for(pool, job);
    const struct layer_question question = {pool->state, pool->limits, &layer, 1};
    pthread_mutex_lock(&pool->store_lock);
    bool ok = leases_ask(pool->leases, pool->store, &question, NULL, &job->error);
    pthread_mutex_unlock(&pool->store_lock);
    if (ok)
        take_known(pool, job, &layer);
    return ok;
}

// Waits until nobody else reads the layer, of all who use the store. Then it is ours to read, or done, since they have,
// or not wanted any more; false with job->error.
static bool reserve_layer(struct layer_pool *pool, struct layer_job *job)
{
    while (!job->leased && !job->done && !atomic_load(&pool->stop)) {
        if (!take_lease(pool, job))
            return false;
        if (!job->leased && !job->done)
            leases_wait(pool->leases);
    }
    return true;
}

static void give_lease(struct layer_pool *pool, struct layer_job *job)
{
    pthread_mutex_lock(&pool->store_lock);
    leases_give(pool->leases, pool->store, &job->lease, 1);
    pthread_mutex_unlock(&pool->store_lock);
    job->leased = false;
}

static void keep_layer(struct layer_pool *pool, struct layer_job *job, struct slice findings)
{
    const struct layer_put layer = {pool->image->layers[job->index].digest, findings, job->lease};
    layer_keeper_add(&pool->keeper, &layer);
    job->leased = false;
}

static void take_layer(struct layer_pool *pool, struct layer_job *job, const struct span *span)
{
    struct image_layer *layer = &pool->image->layers[job->index];
    double start = clock_monotonic();
    tell_read(pool, job->index, 0, false);
    struct reader *blob READER_AUTO = open_layer(pool, job, span);
    struct layer_result result;
    bool read = blob != NULL && scan_layer(pool, job, blob, span, &result);
    tell_read(pool, job->index, 0, true);
    if (!read) {
        job->failed = true;
        return;
    }
    job->now = job->done = true;
    job->findings = result.findings;
    if (!result.complete)
        job->problem = result.problem;
    metrics_layer_read(pool->metrics, result.bytes_in, result.findings.bytes);
    log_info("layer %s: %llu bytes read, %llu unpacked, %llu files, %.2f s (worker: %.2f s CPU, %llu MiB)",
             layer->digest.text, (unsigned long long)result.bytes_in, (unsigned long long)result.findings.bytes,
             (unsigned long long)result.findings.entries, clock_monotonic() - start, result.cpu_seconds,
             (unsigned long long)(result.peak_memory / MIB));
    if (result.complete)
        keep_layer(pool, job, result.findings_json);
}

static void take_turn(struct layer_pool *pool, struct layer_job *job, const struct span *span)
{
    job->failed = !reserve_layer(pool, job);
    if (job->leased)
        take_layer(pool, job, span);
    if (job->leased)
        give_lease(pool, job);
}

static void read_layer(struct layer_pool *pool, struct layer_job *job)
{
    struct span *span SPAN_AUTO = span_child(pool->span, SPAN_INTERNAL, "index layer");
    span_log(span);
    span_text(span, "clarion.layer.digest", digest_slice(&pool->image->layers[job->index].digest));
    if (pool->leases == NULL)
        take_layer(pool, job, span);
    else
        take_turn(pool, job, span);
    const struct error *why = job->failed ? &job->error : &job->problem;
    if (why->code != ERR_NONE) {
        metrics_layer_failed(pool->metrics, why);
        span_fail(span, slice_str(why->text));
    }
    span_log(pool->span);
}

static void *pool_thread(void *argument)
{
    struct layer_pool *pool = argument;
    size_t i;
    while (!atomic_load(&pool->stop) && (i = atomic_fetch_add(&pool->next, 1)) < pool->jobs_n) {
        struct layer_job *job = &pool->jobs[i];
        if (job->done)
            continue;
        read_layer(pool, job);
        if (job->failed)
            atomic_store(&pool->stop, true);
    }
    return NULL;
}

// ---- all of them ----------------------------------------------------------------------------------------------------

static int by_index(const void *a, const void *b)
{
    size_t x = ((const struct layer_job *)a)->index, y = ((const struct layer_job *)b)->index;
    return (x > y) - (x < y);
}

// Layers that others read come last: nobody waits for others while somebody may wait for what is his.
static int by_turn(const void *a, const void *b, void *context)
{
    const struct layer_pool *pool = context;
    const struct layer_job *x = a, *y = b;
    bool x_waits = pool->leases != NULL && !x->leased, y_waits = pool->leases != NULL && !y->leased;
    uint64_t left = pool->image->layers[x->index].where, right = pool->image->layers[y->index].where;
    if (x_waits != y_waits)
        return x_waits ? 1 : -1;
    if (pool->image->sequential && left != right)
        return left < right ? -1 : 1;
    return by_index(x, y);
}

static void run_pool(struct layer_pool *pool, unsigned jobs)
{
    if (pool->image->sequential)
        jobs = 1;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = jobs != 0 ? jobs : processors > 0 ? (size_t)processors : 1;
    if (wanted > pool->jobs_n)
        wanted = pool->jobs_n;
    pthread_t threads[64];
    size_t running = 0;
    while (running + 1 < wanted && running < 64 && pthread_create(&threads[running], NULL, pool_thread, pool) == 0)
        running++;
    pool_thread(pool); // this thread works too
    for (size_t i = 0; i < running; i++)
        pthread_join(threads[i], NULL);
}

struct layer_job *layer_pool_job(struct layer_pool *pool, const struct digest *digest)
{
    for (size_t i = 0; i < pool->jobs_n; i++)
        if (digest_eq(&pool->image->layers[pool->jobs[i].index].digest, digest))
            return &pool->jobs[i];
    return NULL;
}

void layer_pool_jobs(struct layer_pool *pool, struct arena *a, struct index_result *result)
{
    size_t n = pool->image->layers_n;
    pool->jobs = ARENA_NEW(a, struct layer_job, n);
    result->layer_arenas = ARENA_NEW(a, struct arena, n);
    result->layer_arenas_n = n;
    for (size_t i = 0; i < n; i++) {
        struct image_layer *layer = &pool->image->layers[i];
        if (layer->skip_reason.n != 0 || layer_pool_job(pool, &layer->digest) != NULL)
            continue;
        struct layer_job *job = &pool->jobs[pool->jobs_n];
        *job = (struct layer_job){.index = i, .arena = &result->layer_arenas[i]};
        if (pool->leases != NULL)
            job->lease = arena_printf(job->arena, "layer %s %s", layer->digest.text, digest_hex(pool->state));
        pool->jobs_n++;
    }
}

bool layer_pool_look(struct layer_pool *pool, struct arena *a, struct index_result *result, struct error *err)
{
    struct layer_known *layers = ARENA_NEW(a, struct layer_known, pool->jobs_n);
    const struct layer_question question = {pool->state, pool->limits, layers, pool->jobs_n};
    struct leases_image image = {&pool->image->manifest, a, &result->image, false};
    for (size_t i = 0; i < pool->jobs_n; i++)
        layers[i] = ask_for(pool, &pool->jobs[i]);
    if (pool->leases != NULL
            ? !leases_ask(pool->leases, pool->store, &question, &image, err)
            : !store_image_or_layers(pool->store, image.manifest, &question, a, image.out, &image.known, err))
        return false;
    for (size_t i = 0; !image.known && i < pool->jobs_n; i++)
        take_known(pool, &pool->jobs[i], &layers[i]);
    result->known = image.known;
    return true;
}

bool layer_pool_failed(const struct layer_pool *pool, struct error *err)
{
    for (size_t i = 0; i < pool->jobs_n; i++) {
        const struct layer_job *job = &pool->jobs[i];
        // Of a document nothing holds that was not read to its end.
        if (job->problem.code != ERR_NONE && pool->image->subject == SUBJECT_SBOM) {
            *err = job->problem;
            return true;
        }
        if (!job->failed)
            continue;
        *err = job->error;
        error_wrap(err, "layer %s", pool->image->layers[job->index].digest.text);
        return true;
    }
    return false;
}

void layer_pool_read(struct layer_pool *pool, struct arena *a)
{
    size_t left = 0;
    for (size_t i = 0; i < pool->jobs_n; i++)
        left += !pool->jobs[i].done;
    pthread_mutex_init(&pool->store_lock, NULL);
    pool->keeper = (struct layer_keeper){.store = pool->store,
                                         .store_lock = &pool->store_lock,
                                         .state = pool->state,
                                         .leases = pool->leases,
                                         .metrics = pool->metrics,
                                         .span = pool->span};
    layer_keeper_start(&pool->keeper, left, a);
    qsort_r(pool->jobs, pool->jobs_n, sizeof *pool->jobs, by_turn, pool);
    run_pool(pool, pool->options->jobs);
    qsort(pool->jobs, pool->jobs_n, sizeof *pool->jobs, by_index);
    pool->left = layer_keeper_end(&pool->keeper, &pool->left_n);
}

// Of an image that cannot be stored, for which the layers that could be read are kept nevertheless.
static void keep_left(const struct layer_pool *pool)
{
    struct error err;
    if (!store_layers_put(pool->store, pool->state, pool->left, pool->left_n, &err))
        log_warn("what was found in %zu layers cannot be kept, and has to be read again: %s", pool->left_n, err.text);
}

// Gives back what this image has still: of layers that are in the store by now, or cannot be told to it, and of those
// that were not begun any more.
static void give_leases(struct layer_pool *pool, struct arena *a)
{
    VEC(struct slice) names = {0};
    if (pool->leases == NULL)
        return;
    for (size_t i = 0; i < pool->left_n; i++)
        leases_forget(pool->leases, pool->left[i].lease);
    for (size_t i = 0; i < pool->jobs_n; i++)
        if (pool->jobs[i].leased)
            VEC_PUSH(a, &names) = pool->jobs[i].lease;
    leases_give(pool->leases, pool->store, names.v, names.n);
}

void layer_pool_end(struct layer_pool *pool, bool with_image, struct arena *a)
{
    if (!with_image)
        keep_left(pool);
    give_leases(pool, a);
    pthread_mutex_destroy(&pool->store_lock);
}
