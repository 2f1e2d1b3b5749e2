#include "service/indexing.h"

#include "base/json.h"
#include "base/log.h"
#include "image/registry.h"
#include "image/remote.h"
#include "layer/worker.h"
#include "output/output.h"
#include "service/failures.h"
#include "service/indexer.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_THREADS 64

// Who wants a manifest to be indexed: a request that waits for its answer, in its own arena, or a pull, of which nobody
// waits for the end.
struct waiter {
    const char *id; // of the request, for the log
    const struct web_request *request;
    struct web_response *response;
    struct posted_manifest manifest; // of a pull its digest only
    struct pull *pull;               // NULL: posted
    const struct span *span;         // what is done is a part of; NULL: it is not traced
    struct span *pull_span;          // of a pull that waits or runs: its `span`
    struct arena arena;              // of a pull
    struct digest body;              // of what was posted, or of what a pull asks with
    struct waiter *next;
};

// A manifest with all who asked for it. It is fetched as the first one says.
struct job {
    struct digest manifest;
    struct waiter *first, **last;
    bool running;
    enum index_stage stage; // when it is running
    struct job *next;
};

struct indexing {
    const struct config *config;
    struct store_home *home;
    struct metrics *metrics;
    struct address_rules allow;
    struct arena arena; // of the rules
    struct http_client *http;
    struct leases *leases;
    pthread_t threads[MOST_THREADS];
    size_t threads_n;
    pthread_mutex_t lock; // of all below
    pthread_cond_t work;  // a job has come, or the end
    pthread_cond_t done;  // a job has gone
    struct job *first, **last;
    size_t jobs_n, running;
    size_t pulls_n; // waiters: they cost no connection that would bound them
    struct failures failures;
    uint64_t indexed, failed;
    bool given_up, stop;
};

// How it went with a manifest.
struct outcome {
    unsigned status;
    bool known;       // 201: the store knew it
    struct error err; // with any status but 201
    struct buf body;  // with 201
};

void index_report_write(struct stored_image *image, struct buf *out)
{
    const struct report report = {.image = image};
    const struct output_options shape = {0};
    output_named(SLICE("clair"))->inventory(&report, &shape, out);
    out->n -= out->n != 0 && out->p[out->n - 1] == '\n'; // which Clair does not send
}

void index_report_write_state(const struct digest *manifest, const struct indexing_state *state, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    static const char *const maps[] = {"packages", "distributions", "repository", "environments"};
    json_add_str(doc, root, "manifest_hash", digest_slice(manifest));
    json_add_str(doc, root, "state", state->name);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        json_add_obj(doc, root, maps[i]);
    yyjson_mut_obj_add_bool(doc, root, "success", false);
    json_add_str(doc, root, "err", state->why);
    json_write(doc, false, out);
}

bool indexing_forget(struct indexing *ix, const struct digest *manifest)
{
    pthread_mutex_lock(&ix->lock);
    bool found = failures_forget(&ix->failures, manifest);
    pthread_mutex_unlock(&ix->lock);
    return found;
}

static struct job *find_job(struct indexing *ix, const struct digest *manifest)
{
    struct job *job = ix->first;
    while (job != NULL && !digest_eq(&job->manifest, manifest))
        job = job->next;
    return job;
}

// ---- one manifest ---------------------------------------------------------------------------------------------------

// A job that is running, for who tells how far it is.
struct progress {
    struct indexing *ix;
    struct job *job;
};

static void note_stage(void *context, enum index_stage stage)
{
    const struct progress *p = context;
    pthread_mutex_lock(&p->ix->lock);
    p->job->stage = stage;
    pthread_mutex_unlock(&p->ix->lock);
}

// That the registry gives the manifest of that digest is checked where it is read; here, that it is an image's own.
static bool pull_image(struct indexing *ix, const struct pull *pull, const struct registry_settings *settings,
                       struct arena *a, struct image *image, struct error *err)
{
    const struct image_options how = {.limits = &ix->config->limits, .registry = settings};
    if (!image_pull(&pull->reference, &how, a, image, err))
        return false;
    return digest_eq(&image->manifest, &pull->reference.digest) ||
           error_set(err, ERR_UNSUPPORTED, "it is an index of several images: each of them is to be named by itself");
}

static bool open_image(struct indexing *ix, const struct waiter *w, const struct registry_settings *settings,
                       struct arena *a, struct image *image, struct error *err)
{
    const struct posted_manifest *posted = &w->manifest;
    if (w->pull != NULL)
        return pull_image(ix, w->pull, settings, a, image, err);
    return remote_image(ix->http, &ix->allow, &ix->config->limits, &posted->digest, posted->layers, posted->layers_n, a,
                        image, err);
}

static bool open_store(struct indexing *ix, struct store *store, struct error *err)
{
    if (!store_open(ix->home, store, err))
        return false;
    store_observe(store, metrics_db(ix->metrics));
    return true;
}

static bool index_manifest(struct indexing *ix, struct job *job, const struct waiter *w, struct span *span,
                           struct arena *a, struct index_result *result, struct error *err)
{
    struct progress progress = {ix, job};
    const struct limits *limits = &ix->config->limits;
    const struct index_options options = {
        .limits = limits,
        .jobs = ix->config->layer_concurrency > 0 ? (unsigned)ix->config->layer_concurrency : 0,
        .enters = note_stage,
        .enters_context = &progress,
        .leases = ix->leases,
        .metrics = ix->metrics,
        .span = span};
    const struct registry_settings settings = {
        .http = ix->http,
        .allow = &ix->allow,
        .insecure = w->pull != NULL && w->pull->unverified,
        .scheme = w->pull != NULL && w->pull->plain ? REGISTRY_HTTP : REGISTRY_HTTPS,
        .given = true,
        .authorization = w->pull != NULL ? w->pull->authorization : NULL,
        .token_host = SLICE(""),
    };
    struct store store STORE_AUTO = {0};
    struct image image = {0};
    bool ok = open_store(ix, &store, err) && open_image(ix, w, &settings, a, &image, err);
    if (ok) {
        span_number(span, "clarion.manifest.layers", (int64_t)image.layers_n);
        ok = index_image(&store, &image, &options, a, result, err);
    }
    image_close(&image);
    return ok;
}

// A layer that came whole and cannot be read is the client's matter, and one that is over a limit the operator's; all
// else may go better another time: clients never send again what was answered with 400.
static unsigned status_of(enum error_code problem)
{
    return problem == ERR_FORMAT || problem == ERR_UNSUPPORTED ? 400 : problem == ERR_LIMIT ? 413 : 500;
}

static void run(struct indexing *ix, struct job *job, const struct waiter *lead, struct outcome *o)
{
    struct arena a ARENA_AUTO = {0};
    struct index_result result INDEX_RESULT_AUTO = {0};
    struct span *span SPAN_AUTO = span_child(lead->span, SPAN_INTERNAL, "index manifest");
    span_text(span, "clarion.manifest.digest", digest_slice(&lead->manifest.digest));
    log_request(lead->id);
    span_log(span);
    if (!index_manifest(ix, job, lead, span, &a, &result, &o->err)) {
        o->status = o->err.code == ERR_LIMIT ? 413 : 500;
    } else if (result.problems_n != 0) {
        o->status = status_of(result.problem);
        error_set(&o->err, result.problem, "%.*s", SLICE_ARG(result.problems[0]));
    } else {
        o->status = 201;
        o->known = result.known;
        index_report_write(&result.image, &o->body);
    }
    if (o->status == 201 && !o->known) {
        log_info("indexed the manifest %s", lead->manifest.digest.text);
    } else if (o->status != 201) {
        if (lead->pull != NULL)
            error_wrap(&o->err, "%.*s", SLICE_ARG(reference_text(&a, &lead->pull->reference)));
        else if (o->err.code != ERR_STORE)
            error_wrap(&o->err, "failed to fetch layers");
        log_warn("manifest %s: %s", lead->manifest.digest.text, o->err.text);
        span_fail(span, slice_str(o->err.text));
    }
    log_request(NULL);
    span_log(NULL);
}

static void end_pull(struct waiter *w)
{
    span_end(&w->pull_span);
    pull_forget(w->pull);
    arena_free(&w->arena);
    free(w);
}

static void answer(struct waiter *w, const struct outcome *o)
{
    if (w->pull != NULL) {
        if (o->status != 201)
            span_fail(w->pull_span, slice_str(o->err.text));
        end_pull(w);
        return;
    }
    // The request and all that is its goes with the answer.
    const struct web_request *request = w->request;
    struct web_response *response = w->response;
    posted_manifest_forget(&w->manifest);
    if (o->status == 201) {
        response->status = 201;
        buf_add(&response->body, buf_slice(&o->body));
    } else {
        response->fields.n = 0;
        bool later = o->status == 503 || o->status == 429; // nothing was begun
        web_error(request, response, o->status, later ? "%s" : "failed to start scan: %s", o->err.text);
        if (later)
            web_add(request, response, "Retry-After", SLICE("5"));
    }
    web_answer(request);
}

// ---- jobs, under the lock -------------------------------------------------------------------------------------------

static struct job *next_job(struct indexing *ix)
{
    struct job *job = ix->first;
    while (job != NULL && job->running)
        job = job->next;
    return job;
}

static void append_job(struct indexing *ix, struct job *job)
{
    job->next = NULL;
    *ix->last = job;
    ix->last = &job->next;
    ix->jobs_n++;
}

static struct job *new_job(struct indexing *ix, const struct digest *manifest)
{
    struct job *job = must_alloc(sizeof *job);
    *job = (struct job){.manifest = *manifest};
    job->last = &job->first;
    append_job(ix, job);
    return job;
}

static void detach_job(struct indexing *ix, struct job *job)
{
    struct job **at = &ix->first;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (ix->last == &job->next)
        ix->last = at;
    ix->jobs_n--;
}

static void append_waiter(struct job *job, struct waiter *w)
{
    w->next = NULL;
    *job->last = w;
    job->last = &w->next;
}

// Takes those out of a job whose answer is known now. A failure is the answer to who posted the same document; one with
// other places or headers for the layers is tried by itself. The job is gone when none is left, else it waits again.
static struct waiter *take_answered(struct indexing *ix, struct job *job, const struct outcome *o)
{
    struct waiter *answered = NULL, **last = &answered, *w = job->first, *next;
    struct digest body = w->body;
    bool all = o->status == 201 || o->status == 503;
    detach_job(ix, job);
    job->first = NULL;
    job->last = &job->first;
    for (; w != NULL; w = next) {
        next = w->next;
        if (!all && !digest_eq(&w->body, &body)) {
            append_waiter(job, w);
            continue;
        }
        w->next = NULL;
        *last = w;
        last = &w->next;
        ix->pulls_n -= w->pull != NULL;
    }
    job->running = false;
    ix->running--;
    if (job->first != NULL) {
        append_job(ix, job);
        pthread_cond_signal(&ix->work);
    } else {
        free(job);
    }
    return answered;
}

static void count(struct indexing *ix, const struct digest *manifest, const struct outcome *o)
{
    if (o->status == 503)
        return;
    ix->indexed += o->status == 201 && !o->known;
    ix->failed += o->status != 201;
    if (o->status != 201)
        failures_note(&ix->failures, manifest, &o->err);
    else
        failures_forget(&ix->failures, manifest);
}

bool indexing_state(struct indexing *ix, const struct digest *manifest, struct arena *a, struct indexing_state *out)
{
    static const char *const names[] = {[INDEX_CHECKING] = "CheckManifest",
                                        [INDEX_LAYERS] = "FetchLayers",
                                        [INDEX_COALESCING] = "Coalesce",
                                        [INDEX_STORING] = "IndexManifest"};
    pthread_mutex_lock(&ix->lock);
    const struct job *job = find_job(ix, manifest);
    const struct error *why = failures_find(&ix->failures, manifest);
    *out = (struct indexing_state){SLICE(""), SLICE("")};
    if (job != NULL)
        out->name = slice_str(names[job->running ? job->stage : INDEX_CHECKING]);
    else if (why != NULL)
        *out = (struct indexing_state){SLICE("IndexError"), arena_dup(a, slice_str(why->text))};
    pthread_mutex_unlock(&ix->lock);
    return out->name.n != 0;
}

// ---- the threads ----------------------------------------------------------------------------------------------------

// Called with the lock held, which it lets go meanwhile.
static void do_job(struct indexing *ix, struct job *job)
{
    struct outcome o = {.status = 503};
    const struct waiter *lead = job->first;
    job->running = true;
    job->stage = INDEX_CHECKING;
    ix->running++;
    if (!ix->given_up) {
        pthread_mutex_unlock(&ix->lock);
        run(ix, job, lead, &o);
        pthread_mutex_lock(&ix->lock);
    }
    if (ix->given_up && o.status != 201) { // whatever broke it
        o.status = 503;
        error_set(&o.err, ERR_REFUSED, "the service stops");
    }
    struct digest manifest = job->manifest;
    count(ix, &manifest, &o);
    struct waiter *answered = take_answered(ix, job, &o), *next;
    pthread_mutex_unlock(&ix->lock);
    for (struct waiter *w = answered; w != NULL; w = next) {
        next = w->next;
        answer(w, &o);
    }
    buf_free(&o.body);
    pthread_mutex_lock(&ix->lock);
    pthread_cond_broadcast(&ix->done);
}

static void *indexing_thread(void *argument)
{
    struct indexing *ix = argument;
    pthread_mutex_lock(&ix->lock);
    for (;;) {
        struct job *job = next_job(ix);
        if (job != NULL)
            do_job(ix, job);
        else if (ix->stop)
            break;
        else
            pthread_cond_wait(&ix->work, &ix->lock);
    }
    pthread_mutex_unlock(&ix->lock);
    return NULL;
}

// As Clair's key means it as far as it can: there it is requests, of which the next one is refused; here manifests, of
// which the next one waits.
static size_t threads_wanted(const struct config *config)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = config->index_concurrency;
    if (wanted == 0)
        wanted = processors > 2 ? processors : 2;
    return wanted < 0 || wanted > MOST_THREADS ? MOST_THREADS : (size_t)wanted;
}

struct indexing *indexing_start(const struct config *config, struct store_home *home, struct metrics *metrics,
                                struct error *err)
{
    struct indexing *ix = must_alloc(sizeof *ix);
    *ix = (struct indexing){.config = config,
                            .home = home,
                            .metrics = metrics,
                            .allow = {.airgap = config->airgap},
                            .failures = {.most = config->limits.index_failures}};
    ix->last = &ix->first;
    pthread_mutex_init(&ix->lock, NULL);
    pthread_cond_init(&ix->work, NULL);
    pthread_cond_init(&ix->done, NULL);
    const struct http_options http = {.limits = &config->limits};
    ix->http = http_client_new(&http);
    bool ok = (ix->leases = leases_start(home, err)) != NULL;
    for (size_t i = 0; ok && i < config->fetch_allow.n; i++)
        ok = address_rules_add(&ix->allow, &ix->arena, config->fetch_allow.v[i], err);
    while (ok && ix->threads_n < threads_wanted(config)) {
        ok = pthread_create(&ix->threads[ix->threads_n], NULL, indexing_thread, ix) == 0 ||
             error_set(err, ERR_IO, "no thread can be started to index with");
        ix->threads_n += ok;
    }
    if (!ok)
        indexing_stop(&ix);
    return ix;
}

struct leases *indexing_leases(struct indexing *ix)
{
    return ix->leases;
}

void indexing_give_up(struct indexing *ix)
{
    pthread_mutex_lock(&ix->lock);
    ix->given_up = true;
    http_client_break_off(ix->http);
    leases_break_off(ix->leases);
    worker_break_off();
    while (ix->jobs_n != 0)
        pthread_cond_wait(&ix->done, &ix->lock);
    pthread_mutex_unlock(&ix->lock);
}

void indexing_stop(struct indexing **indexing)
{
    struct indexing *ix = *indexing;
    if (ix == NULL)
        return;
    pthread_mutex_lock(&ix->lock);
    ix->stop = ix->given_up = true; // of requests none is left, but pulls may be
    http_client_break_off(ix->http);
    pthread_cond_broadcast(&ix->work);
    pthread_mutex_unlock(&ix->lock);
    if (ix->leases != NULL)
        leases_break_off(ix->leases);
    for (size_t i = 0; i < ix->threads_n; i++)
        pthread_join(ix->threads[i], NULL);
    failures_free(&ix->failures);
    leases_stop(&ix->leases);
    http_client_free(&ix->http);
    arena_free(&ix->arena);
    pthread_cond_destroy(&ix->work);
    pthread_cond_destroy(&ix->done);
    pthread_mutex_destroy(&ix->lock);
    free(ix);
    *indexing = NULL;
}

struct indexing_load indexing_load(struct indexing *ix)
{
    pthread_mutex_lock(&ix->lock);
    struct indexing_load load = {ix->running, ix->jobs_n - ix->running, ix->indexed, ix->failed};
    pthread_mutex_unlock(&ix->lock);
    return load;
}

// ---- posting --------------------------------------------------------------------------------------------------------

// False when there is no room for another manifest.
static bool join(struct indexing *ix, struct waiter *w)
{
    struct job *job = find_job(ix, &w->manifest.digest);
    if (job == NULL && ix->jobs_n - ix->running >= ix->config->limits.index_queue)
        return false;
    if (job == NULL) {
        job = new_job(ix, &w->manifest.digest);
        pthread_cond_signal(&ix->work);
    }
    append_waiter(job, w);
    return true;
}

static struct waiter *new_post(const struct web_request *request, struct web_response *response,
                               const struct posted_manifest *manifest)
{
    struct waiter *w = arena_alloc(request->arena, sizeof *w);
    *w = (struct waiter){.id = request->id,
                         .request = request,
                         .response = response,
                         .manifest = *manifest,
                         .span = request->span,
                         .body = digest_of(request->body)};
    return w;
}

void indexing_post(struct indexing *ix, const struct web_request *request, struct web_response *response,
                   const struct posted_manifest *manifest)
{
    struct waiter *w = new_post(request, response, manifest);
    pthread_mutex_lock(&ix->lock);
    bool joined = join(ix, w);
    pthread_mutex_unlock(&ix->lock);
    if (joined)
        return; // and may be answered by now
    struct outcome full = {.status = 429};
    error_set(&full.err, ERR_LIMIT, "too many manifests wait already (limit index_queue, %llu)",
              (unsigned long long)ix->config->limits.index_queue);
    answer(w, &full);
}

bool indexing_post_now(struct indexing *ix, const struct web_request *request, struct web_response *response,
                       const struct posted_manifest *manifest)
{
    if (!db_source_shared(ix->home->database))
        return false;
    struct waiter *w = new_post(request, response, manifest);
    pthread_mutex_lock(&ix->lock);
    bool joined = ix->jobs_n < ix->threads_n && find_job(ix, &manifest->digest) == NULL && join(ix, w);
    pthread_mutex_unlock(&ix->lock);
    return joined;
}

// ---- pulling --------------------------------------------------------------------------------------------------------

void pull_forget(struct pull *pull)
{
    secret_free(&pull->authorization);
}

// Where and with which credentials the image is asked for: who asks alike is not tried again by himself.
static struct digest pull_body(const struct pull *pull)
{
    const struct slice parts[] = {
        pull->reference.domain,
        pull->reference.path,
        pull->plain        ? SLICE("http")
        : pull->unverified ? SLICE("unverified")
                           : SLICE("https"),
        pull->authorization != NULL ? secret_reveal(pull->authorization) : SLICE(""),
    };
    struct hasher *h = hasher_new(&(struct digest){0});
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hasher_add(h, parts[i]);
        hasher_add(h, slice_of("", 1)); // a NUL, which none of them has
    }
    return hasher_end(h);
}

static struct waiter *new_pull(const char *request_id, const struct pull *pull)
{
    struct waiter *w = must_alloc(sizeof *w);
    *w = (struct waiter){.manifest = {.digest = pull->reference.digest}, .body = pull_body(pull)};
    struct arena *a = &w->arena;
    w->id = arena_dup(a, slice_str(request_id)).p;
    w->pull = arena_alloc(a, sizeof *w->pull);
    *w->pull = *pull;
    w->pull->reference.domain = arena_dup(a, pull->reference.domain);
    w->pull->reference.path = arena_dup(a, pull->reference.path);
    w->pull->reference.tag = arena_dup(a, pull->reference.tag);
    w->pull->authorization = secret_copy(pull->authorization);
    return w;
}

static bool is_under_way(struct indexing *ix, const struct waiter *like)
{
    const struct job *job = find_job(ix, &like->manifest.digest);
    const struct waiter *w = job != NULL ? job->first : NULL;
    while (w != NULL && (w->pull == NULL || !digest_eq(&w->body, &like->body)))
        w = w->next;
    return w != NULL;
}

// The request is answered before its pull is done, which has a span of its own therefore. Under the lock.
static bool join_pull(struct indexing *ix, struct waiter *w, const struct span *request)
{
    if (ix->pulls_n >= ix->config->limits.index_queue)
        return false;
    w->span = w->pull_span = span_child(request, SPAN_INTERNAL, "pull image");
    bool joined = join(ix, w);
    ix->pulls_n += joined;
    return joined;
}

bool indexing_pull(struct indexing *ix, const struct web_request *request, const struct pull *pull, struct error *err)
{
    struct waiter *w = new_pull(request->id, pull);
    pthread_mutex_lock(&ix->lock);
    bool under_way = is_under_way(ix, w);
    bool joined = !under_way && join_pull(ix, w, request->span);
    pthread_mutex_unlock(&ix->lock);
    if (!joined)
        end_pull(w);
    return under_way || joined ||
           error_set(err, ERR_LIMIT, "too many images wait already (limit index_queue, %llu)",
                     (unsigned long long)ix->config->limits.index_queue);
}

// ---- indexing by others ---------------------------------------------------------------------------------------------

bool indexing_begin(struct indexing *ix, const struct digest *manifest)
{
    pthread_mutex_lock(&ix->lock);
    while (!ix->given_up && find_job(ix, manifest) != NULL)
        pthread_cond_wait(&ix->done, &ix->lock);
    bool go = !ix->given_up;
    if (go) {
        struct job *job = new_job(ix, manifest);
        job->running = true;
        ix->running++;
    }
    pthread_mutex_unlock(&ix->lock);
    return go;
}

void indexing_end(struct indexing *ix, const struct digest *manifest, bool indexed)
{
    pthread_mutex_lock(&ix->lock);
    struct job *job = find_job(ix, manifest);
    job->running = false;
    ix->running--;
    ix->indexed += indexed;
    ix->failed += !indexed;
    if (job->first != NULL) { // somebody has come meanwhile
        pthread_cond_signal(&ix->work);
    } else {
        detach_job(ix, job);
        free(job);
    }
    pthread_cond_broadcast(&ix->done);
    pthread_mutex_unlock(&ix->lock);
}
