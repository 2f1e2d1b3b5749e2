#include "service/telemetry.h"

#include "base/clock.h"
#include "base/log.h"
#include "service/otlp.h"
#include "telemetry/otlp_json.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define REPEAT_SECONDS 60 // a complaint is not repeated sooner

// What both threads have.
struct exporter {
    struct telemetry *telemetry;
    struct otlp_sender *sender; // NULL: nothing is sent
    enum export_signal signal;
    const char *what; // for people
    pthread_t thread;
    bool running; // under the lock: it has not come to its end
    bool started;
    double complained; // when, on the monotonic clock; 0 never
    uint64_t unsaid;   // lost since then
};

struct telemetry {
    const struct telemetry_options *options;
    struct tracer *tracer;
    struct otlp_resource resource;
    char instance[33];
    uint64_t started; // nanoseconds since 1970
    struct exporter traces, metrics;
    pthread_mutex_t lock;
    pthread_cond_t change; // the end is near, or a thread has ended
    bool stop;
};

// ---- what is lost ---------------------------------------------------------------------------------------------------

// Says at most once a minute that something is lost, and how much since it was last said.
static void complain(struct exporter *e, uint64_t lost, const char *why)
{
    double now = clock_monotonic();
    e->unsaid += lost;
    if (e->unsaid == 0 || (e->complained != 0 && now - e->complained < REPEAT_SECONDS))
        return;
    log_warn("telemetry: %llu %s are lost: %s", (unsigned long long)e->unsaid, e->what, why);
    e->complained = now;
    e->unsaid = 0;
}

static void send_document(struct exporter *e, const struct buf *document, uint64_t items)
{
    struct error err;
    uint64_t rejected;
    bool ok = otlp_send(e->sender, buf_slice(document), &rejected, &err);
    uint64_t lost = !ok ? items : rejected < items ? rejected : items;
    metrics_exported(e->telemetry->options->metrics, e->signal, items - lost, lost);
    if (lost != 0)
        complain(e, lost, err.text);
}

// ---- the threads ----------------------------------------------------------------------------------------------------

static bool stopping(struct telemetry *t)
{
    pthread_mutex_lock(&t->lock);
    bool stop = t->stop;
    pthread_mutex_unlock(&t->lock);
    return stop;
}

static void leave(struct exporter *e)
{
    struct telemetry *t = e->telemetry;
    pthread_mutex_lock(&t->lock);
    e->running = false;
    pthread_cond_broadcast(&t->change);
    pthread_mutex_unlock(&t->lock);
}

static size_t count_spans(const struct span *spans)
{
    size_t n = 0;
    for (; spans != NULL; spans = spans->next)
        n++;
    return n;
}

static void *traces_thread(void *argument)
{
    struct exporter *e = argument;
    struct telemetry *t = e->telemetry;
    const struct config *config = t->options->config;
    uint64_t dropped = 0;
    for (bool last = false;;) {
        struct span *spans =
            tracer_take(t->tracer, (size_t)config->limits.span_batch, (double)config->trace_period / 1e9);
        if (spans == NULL && last)
            break;
        last = stopping(t); // once more then, for what has ended meanwhile
        if (spans != NULL) {
            struct buf document BUF_AUTO = {0};
            size_t n = count_spans(spans);
            otlp_spans_write(spans, &t->resource, &document);
            spans_free(spans);
            send_document(e, &document, n);
        }
        struct tracer_load load = tracer_load(t->tracer);
        complain(e, load.dropped - dropped, "more than limit span_queue allows wait to be sent");
        dropped = load.dropped;
    }
    leave(e);
    return NULL;
}

static bool wait_for_period(struct telemetry *t)
{
    struct timespec until = clock_after((double)t->options->config->metrics_period / 1e9);
    pthread_mutex_lock(&t->lock);
    while (!t->stop && pthread_cond_timedwait(&t->change, &t->lock, &until) == 0)
        continue;
    bool stop = t->stop;
    pthread_mutex_unlock(&t->lock);
    return !stop;
}

static void *metrics_thread(void *argument)
{
    struct exporter *e = argument;
    struct telemetry *t = e->telemetry;
    for (bool more = true; more;) {
        more = wait_for_period(t); // else it is the last time
        struct otlp_sink sink = otlp_sink(&t->resource, t->started);
        struct buf document BUF_AUTO = {0};
        t->options->tell(t->options->context, &sink.base);
        size_t n = sink.points_n;
        otlp_sink_write(&sink, &document);
        send_document(e, &document, n);
    }
    leave(e);
    return NULL;
}

// ---- starting and stopping ------------------------------------------------------------------------------------------

static bool make_sender(struct exporter *e, struct slice name, const struct config_otlp *config, const char *path,
                        struct error *err)
{
    bool otlp = slice_eq(name, SLICE("otlp"));
    if (!otlp && !slice_eq(name, SLICE("stdout")))
        return true;
    e->sender = otlp_sender_new(otlp ? config : NULL, path, &e->telemetry->options->config->limits, err);
    return e->sender != NULL || error_wrap(err, "%s", e->what);
}

static void name_instance(struct telemetry *t)
{
    unsigned char id[16] = {0};
    if (RAND_bytes(id, sizeof id) != 1)
        memcpy(id, &t->started, sizeof t->started); // tells it from an earlier start all the same
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(t->instance + 2 * i, 3, "%02x", id[i]);
    t->resource = (struct otlp_resource){t->instance, t->options->role};
}

struct telemetry *telemetry_new(const struct telemetry_options *options, struct error *err)
{
    const struct config *config = options->config;
    struct telemetry *t = must_alloc(sizeof *t);
    *t = (struct telemetry){.options = options, .started = clock_nanoseconds()};
    t->traces = (struct exporter){.telemetry = t, .signal = EXPORT_TRACES, .what = "spans"};
    t->metrics = (struct exporter){.telemetry = t, .signal = EXPORT_METRICS, .what = "values of metrics"};
    name_instance(t);
    pthread_mutex_init(&t->lock, NULL);
    cond_init_monotonic(&t->change);
    if (!make_sender(&t->traces, config->trace_name, &config->trace_otlp, "/v1/traces", err) ||
        !make_sender(&t->metrics, config->metrics_name, &config->metrics_otlp, "/v1/metrics", err)) {
        telemetry_free(&t);
        return NULL;
    }
    if (t->traces.sender != NULL)
        t->tracer = tracer_new(&(struct tracer_options){
            .limits = &config->limits, .probability = config->trace_probability, .all = config->all_traces});
    return t;
}

struct tracer *telemetry_tracer(struct telemetry *t)
{
    return t->tracer;
}

static bool start(struct exporter *e, void *(*thread)(void *), struct error *err)
{
    if (e->sender == NULL)
        return true;
    e->running = true;
    e->started = pthread_create(&e->thread, NULL, thread, e) == 0;
    return e->started || error_set(err, ERR_IO, "no thread can be started to send %s with", e->what);
}

bool telemetry_start(struct telemetry *t, struct error *err)
{
    return start(&t->traces, traces_thread, err) && start(&t->metrics, metrics_thread, err);
}

static bool both_ended(const struct telemetry *t)
{
    return !(t->traces.started && t->traces.running) && !(t->metrics.started && t->metrics.running);
}

static void for_senders(struct telemetry *t, void (*what)(struct exporter *e))
{
    struct exporter *const all[] = {&t->traces, &t->metrics};
    for (size_t i = 0; i < 2; i++)
        if (all[i]->started)
            what(all[i]);
}

static void hurry(struct exporter *e)
{
    otlp_sender_hurry(e->sender, (double)e->telemetry->options->config->limits.telemetry_flush_seconds);
}

static void break_off(struct exporter *e)
{
    otlp_sender_break_off(e->sender);
}

static void join(struct exporter *e)
{
    pthread_join(e->thread, NULL);
    e->started = false;
}

void telemetry_stop(struct telemetry *t)
{
    struct timespec until = clock_after((double)t->options->config->limits.telemetry_flush_seconds);
    for_senders(t, hurry);
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_broadcast(&t->change);
    if (t->tracer != NULL)
        tracer_stop(t->tracer);
    while (!both_ended(t) && pthread_cond_timedwait(&t->change, &t->lock, &until) == 0)
        continue;
    bool ended = both_ended(t);
    pthread_mutex_unlock(&t->lock);
    if (!ended)
        for_senders(t, break_off);
    for_senders(t, join);
}

void telemetry_free(struct telemetry **telemetry)
{
    struct telemetry *t = *telemetry;
    if (t == NULL)
        return;
    otlp_sender_free(&t->traces.sender);
    otlp_sender_free(&t->metrics.sender);
    tracer_free(&t->tracer);
    pthread_cond_destroy(&t->change);
    pthread_mutex_destroy(&t->lock);
    free(t);
    *telemetry = NULL;
}
