#include "service/indexer.h"

#include "base/clock.h"
#include "base/log.h"
#include "image/reference.h"
#include "layer/worker.h"
#include "match/matcher.h"
#include "scan/scanner.h"
#include "store/names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

// One distinct layer of the image on its way.
struct layer_job {
    size_t index;             // of the first layer of the image with this digest
    struct findings findings; // valid once done
    struct slice json, lease; // lease: its name; empty: there is none
    bool given;               // back, it is, along with the findings
    bool now;                 // read in this run
    bool done;                // findings may be used
    bool failed;
    struct error error;   // failed: nothing is known of the layer
    struct error problem; // code != ERR_NONE: read in part
    struct arena *arena;
};

struct layer_pool {
    struct image *image;
    const struct limits *limits;
    const struct index_options *options;
    struct leases *leases;
    struct metrics *metrics;
    const struct span *span;
    struct layer_job *jobs;
    size_t jobs_n;
    atomic_size_t next;
    atomic_bool stop; // a layer failed: the image cannot be indexed any more
    pthread_mutex_t store_lock;
    struct store *store;
    const struct digest *state;
};

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

// At once, so that an interrupted run need not read this layer again. The lease is given back with it.
static bool keep_layer(struct layer_pool *pool, struct layer_job *job, const struct span *layer)
{
    struct span *span SPAN_AUTO = span_child(layer, SPAN_INTERNAL, "keep layer");
    double start = clock_monotonic();
    pthread_mutex_lock(&pool->store_lock);
    bool ok = store_layer_put(pool->store, &pool->image->layers[job->index].digest, pool->state, job->json, job->lease,
                              &job->error);
    job->given = ok;
    pthread_mutex_unlock(&pool->store_lock);
    metrics_timing(pool->metrics, TIMING_KEEP, clock_monotonic() - start);
    if (!ok)
        span_fail(span, slice_str(job->error.text));
    return ok;
}

static void take_known(struct layer_pool *pool, struct layer_job *job, const struct layer_known *layer)
{
    job->done = layer->found;
    job->findings = layer->findings;
    if (job->done)
        metrics_layer_reused(pool->metrics);
}

// With it comes whatever others found in the layer since it was last asked for.
static bool take_lease(struct layer_pool *pool, struct layer_job *job, bool *got)
{
    struct layer_known layer = {.layer = pool->image->layers[job->index].digest, .arena = job->arena};
    const struct layer_question question = {pool->state, pool->limits, &layer, 1};
    pthread_mutex_lock(&pool->store_lock);
    bool ok = leases_take(pool->leases, pool->store, job->lease, &question, got, &job->error);
    pthread_mutex_unlock(&pool->store_lock);
    if (ok)
        take_known(pool, job, &layer);
    return ok;
}

// Waits until nobody else reads the layer, of all who use the store. Then it is ours to read (*ours), or done, since
// they have, or not wanted any more; false with job->error.
static bool reserve_layer(struct layer_pool *pool, struct layer_job *job, bool *ours)
{
    *ours = false;
    while (!*ours && !job->done && !atomic_load(&pool->stop)) {
        if (!take_lease(pool, job, ours))
            return false;
        if (!*ours && !job->done)
            leases_wait(pool->leases);
    }
    return true;
}

static void give_lease(struct layer_pool *pool, const struct layer_job *job)
{
    pthread_mutex_lock(&pool->store_lock);
    leases_give(pool->leases, job->given ? NULL : pool->store, job->lease);
    pthread_mutex_unlock(&pool->store_lock);
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
    job->json = result.findings_json;
    if (!result.complete)
        job->problem = result.problem;
    metrics_layer_read(pool->metrics, result.bytes_in, result.findings.bytes);
    log_info("layer %s: %llu bytes read, %llu unpacked, %llu files, %.2f s (worker: %.2f s CPU, %llu MiB)",
             layer->digest.text, (unsigned long long)result.bytes_in, (unsigned long long)result.findings.bytes,
             (unsigned long long)result.findings.entries, clock_monotonic() - start, result.cpu_seconds,
             (unsigned long long)(result.peak_memory / MIB));
    if (!result.complete)
        return;
    if (!keep_layer(pool, job, span)) {
        job->failed = true;
        job->done = false;
    }
}

static void take_turn(struct layer_pool *pool, struct layer_job *job, const struct span *span)
{
    bool ours;
    job->lease =
        arena_printf(job->arena, "layer %s %s", pool->image->layers[job->index].digest.text, digest_hex(pool->state));
    job->failed = !reserve_layer(pool, job, &ours);
    if (ours && !job->done)
        take_layer(pool, job, span);
    if (ours)
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

static int by_place(const void *a, const void *b, void *image)
{
    const struct image *i = image;
    uint64_t left = i->layers[((const struct layer_job *)a)->index].where;
    uint64_t right = i->layers[((const struct layer_job *)b)->index].where;
    return (left > right) - (left < right);
}

static void run_pool(struct layer_pool *pool, unsigned jobs)
{
    if (pool->image->sequential) {
        qsort_r(pool->jobs, pool->jobs_n, sizeof *pool->jobs, by_place, pool->image);
        jobs = 1;
    }
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

// The job of the layer with this digest, or NULL.
static struct layer_job *job_of(struct layer_pool *pool, const struct digest *digest)
{
    for (size_t i = 0; i < pool->jobs_n; i++)
        if (digest_eq(&pool->image->layers[pool->jobs[i].index].digest, digest))
            return &pool->jobs[i];
    return NULL;
}

// One job for each distinct layer.
static void make_jobs(struct layer_pool *pool, struct arena *a, struct index_result *result)
{
    size_t n = pool->image->layers_n;
    pool->jobs = ARENA_NEW(a, struct layer_job, n);
    result->layer_arenas = ARENA_NEW(a, struct arena, n);
    result->layer_arenas_n = n;
    for (size_t i = 0; i < n; i++) {
        struct image_layer *layer = &pool->image->layers[i];
        if (layer->skip_reason.n != 0 || job_of(pool, &layer->digest) != NULL)
            continue;
        struct layer_job *job = &pool->jobs[pool->jobs_n];
        *job = (struct layer_job){.index = i, .arena = &result->layer_arenas[i]};
        pool->jobs_n++;
    }
}

static void take_looked(struct layer_pool *pool, const struct layer_question *looked)
{
    for (size_t i = 0; i < looked->n; i++) {
        struct layer_job *job = job_of(pool, &looked->layers[i].layer);
        if (job != NULL)
            take_known(pool, job, &looked->layers[i]);
    }
}

// Asks the store for the image, and, when it does not know that, for its layers: those that it knows are done.
static bool look(struct layer_pool *pool, struct arena *a, struct index_result *result, bool *known, struct error *err)
{
    struct layer_known *layers = ARENA_NEW(a, struct layer_known, pool->jobs_n);
    const struct layer_question question = {pool->state, pool->limits, layers, pool->jobs_n};
    for (size_t i = 0; i < pool->jobs_n; i++)
        layers[i] = (struct layer_known){.layer = pool->image->layers[pool->jobs[i].index].digest,
                                         .arena = pool->jobs[i].arena};
    if (!store_image_or_layers(pool->store, &pool->image->manifest, &question, a, &result->image, known, err))
        return false;
    for (size_t i = 0; !*known && i < pool->jobs_n; i++)
        take_known(pool, &pool->jobs[i], &layers[i]);
    return true;
}

static bool read_layers(struct layer_pool *pool, const struct index_options *options, struct error *err)
{
    pthread_mutex_init(&pool->store_lock, NULL);
    run_pool(pool, options->jobs);
    pthread_mutex_destroy(&pool->store_lock);
    for (size_t i = 0; i < pool->jobs_n; i++) {
        struct layer_job *job = &pool->jobs[i];
        // Of a document nothing holds that was not read to its end.
        if (job->problem.code != ERR_NONE && pool->image->subject == SUBJECT_SBOM) {
            *err = job->problem;
            return false;
        }
        if (!job->failed)
            continue;
        *err = job->error;
        return error_wrap(err, "layer %s", pool->image->layers[job->index].digest.text);
    }
    return true;
}

static void describe_image(struct arena *a, const struct image *image, struct index_result *result)
{
    size_t layers_n = image->subject == SUBJECT_SBOM ? 0 : image->layers_n; // a document is no layer of an image
    struct stored_image *out = &result->image;
    *out = (struct stored_image){
        .manifest = image->manifest,
        .config = image->config,
        .reference = image->reference,
        .kind = image->kind,
        .os = image->os,
        .arch = image->arch,
        .layers = ARENA_NEW(a, struct stored_layer, layers_n),
        .layers_n = layers_n,
        .remarks = image->remarks,
        .remarks_n = image->remarks_n,
        .indexed = clock_now(),
    };
    for (size_t i = 0; i < layers_n; i++) {
        const struct image_layer *layer = &image->layers[i];
        out->layers[i] =
            (struct stored_layer){layer->digest, layer->media_type, layer->created_by, layer->skip_reason, layer->size};
    }
}

static void list_layers(struct arena *a, struct layer_pool *pool, struct index_result *result)
{
    result->layers_n = result->image.layers_n;
    result->layers = ARENA_NEW(a, struct report_layer, result->layers_n);
    for (size_t i = 0; i < result->layers_n; i++) {
        struct layer_job *job = pool != NULL ? job_of(pool, &result->image.layers[i].digest) : NULL;
        result->layers[i] = (struct report_layer){result->image.layers[i], job != NULL && job->now};
    }
}

static void add_problem(struct arena *a, struct index_result *result, struct slice text)
{
    if (result->problems_n == result->problems_cap)
        result->problems =
            arena_grow(a, result->problems, sizeof *result->problems, result->problems_n, &result->problems_cap);
    result->problems[result->problems_n++] = text;
}

static void coalesce_layers(struct arena *a, const struct findings *const *layers, struct layer_pool *pool,
                            struct index_result *result)
{
    struct span *span = span_child(pool->span, SPAN_INTERNAL, "coalesce");
    double start = clock_monotonic();
    coalesce(a, layers, pool->image->layers_n, pool->limits, &result->image.inventory);
    metrics_timing(pool->metrics, TIMING_COALESCE, clock_monotonic() - start);
    span_end(&span);
}

static bool store_image(struct layer_pool *pool, struct index_result *result, struct error *err)
{
    struct span *span SPAN_AUTO = span_child(pool->span, SPAN_INTERNAL, "store image");
    double start = clock_monotonic();
    bool ok = store_image_put(pool->store, pool->state, &result->image, &match_naming, err);
    metrics_timing(pool->metrics, TIMING_STORE, clock_monotonic() - start);
    if (!ok)
        span_fail(span, slice_str(err->text));
    return ok;
}

static void merge(struct arena *a, struct layer_pool *pool, struct index_result *result)
{
    static const struct findings nothing;
    const struct findings **layers = ARENA_NEW(a, const struct findings *, pool->image->layers_n);
    for (size_t i = 0; i < pool->image->layers_n; i++) {
        struct layer_job *job = job_of(pool, &pool->image->layers[i].digest);
        bool usable = pool->image->layers[i].skip_reason.n == 0 && job != NULL && job->done;
        layers[i] = usable ? &job->findings : &nothing;
    }
    coalesce_layers(a, layers, pool, result);
    for (size_t i = 0; i < pool->image->problems_n; i++)
        add_problem(a, result, pool->image->problems[i]);
    for (size_t i = 0; i < pool->jobs_n; i++) {
        struct layer_job *job = &pool->jobs[i];
        if (job->problem.code != ERR_NONE) {
            result->problem = result->problem == ERR_NONE ? job->problem.code : result->problem;
            add_problem(
                a, result,
                arena_printf(a, "layer %s: %s", pool->image->layers[job->index].digest.text, job->problem.text));
        }
    }
}

static void tell(const struct index_options *options, enum index_stage stage)
{
    if (options->enters != NULL)
        options->enters(options->enters_context, stage);
}

bool index_image(struct store *store, struct image *image, const struct index_options *options, struct arena *a,
                 struct index_result *result, struct error *err)
{
    *result = (struct index_result){0};
    struct digest state = scanner_state(image->subject, options->limits);
    bool known;
    struct layer_pool pool = {.image = image,
                              .limits = options->limits,
                              .options = options,
                              .leases = options->leases,
                              .metrics = options->metrics,
                              .span = options->span,
                              .store = store,
                              .state = &state};
    make_jobs(&pool, a, result);
    if (options->looked != NULL) {
        known = false;
        take_looked(&pool, options->looked);
    } else if (!look(&pool, a, result, &known, err)) {
        return false;
    }
    if (known) {
        result->image.reference = image->reference;
        list_layers(a, NULL, result);
        return true;
    }
    tell(options, INDEX_LAYERS);
    if (!read_layers(&pool, options, err))
        return false;
    tell(options, INDEX_COALESCING);
    describe_image(a, image, result);
    merge(a, &pool, result);
    list_layers(a, &pool, result);
    tell(options, INDEX_STORING);
    return result->problems_n != 0 || store_image(&pool, result, err);
}

// Whatever the store had of the image already: where it was found is new.
static bool keep_name(struct store *store, const struct image *image, const struct index_options *options,
                      struct arena *a, struct error *err)
{
    struct reference reference;
    if (!slice_eq(image->kind, SLICE("registry")))
        return true;
    if (!reference_parse(image->reference, a, &reference, err))
        return false;
    struct slice platform =
        image->os.n != 0 ? arena_printf(a, "%.*s/%.*s", SLICE_ARG(image->os), SLICE_ARG(image->arch)) : SLICE("");
    bool pinned = reference.digest.text[0] != '\0'; // then the tag says nothing
    const struct name_push push = {.repository = reference_repository(a, &reference),
                                   .tag = pinned ? SLICE("") : reference.tag,
                                   .manifest = image->named};
    const struct name_member member = {image->manifest, platform};
    return store_name_put(store, &push, &member, !digest_eq(&image->named, &image->manifest),
                          options->limits->tag_history, err);
}

bool index_target(struct store *store, const char *target, const struct index_options *options, struct arena *a,
                  struct index_result *result, struct error *err)
{
    *result = (struct index_result){0};
    struct image image = {0};
    struct image_options how = {
        .platform = options->platform, .limits = options->limits, .registry = options->registry};
    bool ok = image_open(target, &how, a, &image, err) && index_image(store, &image, options, a, result, err) &&
              keep_name(store, &image, options, a, err);
    image_close(&image);
    return ok || error_wrap(err, "%s", target);
}

void index_result_free(struct index_result *result)
{
    for (size_t i = 0; i < result->layer_arenas_n; i++)
        arena_free(&result->layer_arenas[i]);
    *result = (struct index_result){0};
}
