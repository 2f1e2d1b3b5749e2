#include "telemetry/span.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct tracer {
    const struct limits *limits;
    uint64_t threshold; // of 63 bits of a trace's id
    bool all;
    pthread_mutex_t lock; // of all below
    pthread_cond_t change;
    struct span *first, **last;
    size_t queued;
    uint64_t ended, dropped;
    bool stop;
};

#define BITS63 9223372036854775808.0 // 2^63

struct tracer *tracer_new(const struct tracer_options *options)
{
    struct tracer *t = must_alloc(sizeof *t);
    *t = (struct tracer){.limits = options->limits, .all = options->all};
    t->threshold = options->probability >= 1 ? (uint64_t)1 << 63 : (uint64_t)(options->probability * BITS63);
    t->last = &t->first;
    pthread_mutex_init(&t->lock, NULL);
    cond_init_monotonic(&t->change);
    return t;
}

void tracer_free(struct tracer **tracer)
{
    struct tracer *t = *tracer;
    if (t == NULL)
        return;
    spans_free(t->first);
    pthread_cond_destroy(&t->change);
    pthread_mutex_destroy(&t->lock);
    free(t);
    *tracer = NULL;
}

// ---- spans ----------------------------------------------------------------------------------------------------------

static struct span_part keep(struct span *s, struct slice text)
{
    uint64_t most = s->tracer->limits->span_text_bytes;
    struct span_part part = {s->texts.n, text.n < most ? text.n : (size_t)most};
    buf_add(&s->texts, slice_of(text.p, part.n));
    return part;
}

struct slice span_slice(const struct span *s, struct span_part part)
{
    return slice_from(slice_of(s->texts.p, part.at + part.n), part.at);
}

static void write_hex(const unsigned char *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

// Ids must be no zeros (trace/api.md, SpanContext); chance makes them once in a universe.
static bool new_id(unsigned char *id, size_t n)
{
    if (RAND_bytes(id, (int)n) != 1)
        return false;
    id[0] |= id[0] == 0;
    return true;
}

// `context` has the trace's id and flags. NULL when there is no chance to be had for an id.
static struct span *make(struct tracer *t, const struct trace_context *context, enum span_kind kind, const char *name)
{
    struct span *s = must_alloc(sizeof *s);
    *s = (struct span){.tracer = t, .context = *context, .kind = kind};
    if (!new_id(s->context.span_id, SPAN_ID_BYTES)) {
        free(s);
        return NULL;
    }
    write_hex(s->context.trace_id, TRACE_ID_BYTES, s->trace_text);
    write_hex(s->context.span_id, SPAN_ID_BYTES, s->span_text);
    s->name = keep(s, slice_str(name));
    s->start = clock_nanoseconds();
    s->begun = clock_monotonic();
    return s;
}

// By the last bytes of the id, so that all who sample by the same share keep the same traces (trace/sdk.md,
// TraceIdRatioBased).
static bool by_chance(const struct tracer *t, const unsigned char *trace_id)
{
    uint64_t value = 0;
    for (size_t i = TRACE_ID_BYTES - 8; i < TRACE_ID_BYTES; i++)
        value = value << 8 | trace_id[i];
    return t->all || value >> 1 < t->threshold;
}

struct span *span_root(struct tracer *t, enum span_kind kind, const char *name)
{
    struct trace_context context = {.flags = TRACE_FLAG_SAMPLED};
    if (t == NULL || !new_id(context.trace_id, TRACE_ID_BYTES) || !by_chance(t, context.trace_id))
        return NULL;
    return make(t, &context, kind, name);
}

static char *copy_state(struct slice state)
{
    char *copy = memcpy(must_alloc(state.n + 1), state.p, state.n);
    copy[state.n] = '\0';
    return copy;
}

static void take_parent(struct span *s, const struct trace_context *parent, bool remote)
{
    memcpy(s->parent, parent->span_id, SPAN_ID_BYTES);
    s->has_parent = true;
    s->remote = remote;
}

struct span *span_remote(struct tracer *t, const char *name, struct slice traceparent, struct slice tracestate)
{
    struct trace_context parent;
    if (t == NULL)
        return NULL;
    if (!traceparent_parse(traceparent, &parent))
        return span_root(t, SPAN_SERVER, name);
    if ((parent.flags & TRACE_FLAG_SAMPLED) == 0 && !t->all)
        return NULL;
    struct trace_context own = parent;
    own.flags = TRACE_FLAG_SAMPLED;
    struct span *s = make(t, &own, SPAN_SERVER, name);
    if (s == NULL)
        return NULL;
    take_parent(s, &parent, true);
    if (tracestate_valid(tracestate))
        s->state = copy_state(tracestate);
    return s;
}

struct span *span_child(const struct span *parent, enum span_kind kind, const char *name)
{
    if (parent == NULL)
        return NULL;
    struct span *s = make(parent->tracer, &parent->context, kind, name);
    if (s == NULL)
        return NULL;
    take_parent(s, &parent->context, false);
    s->state = parent->state != NULL ? copy_state(slice_str(parent->state)) : NULL;
    return s;
}

void span_name(struct span *s, struct slice name)
{
    if (s != NULL)
        s->name = keep(s, name);
}

static struct span_attribute *add(struct span *s, const char *key)
{
    if (s->attributes_n == SPAN_ATTRIBUTES) {
        s->attributes_lost++;
        return NULL;
    }
    struct span_attribute *a = &s->attributes[s->attributes_n++];
    a->key = key;
    return a;
}

void span_text(struct span *s, const char *key, struct slice text)
{
    struct span_attribute *a = s != NULL ? add(s, key) : NULL;
    if (a != NULL)
        a->text = keep(s, text);
}

void span_number(struct span *s, const char *key, int64_t number)
{
    struct span_attribute *a = s != NULL ? add(s, key) : NULL;
    if (a == NULL)
        return;
    a->is_number = true;
    a->number = number;
}

void span_fail(struct span *s, struct slice problem)
{
    if (s == NULL)
        return;
    s->failed = true;
    s->problem = keep(s, problem);
}

void span_log(const struct span *s)
{
    log_span(s != NULL ? s->trace_text : NULL, s != NULL ? s->span_text : NULL);
}

// ---- the queue ------------------------------------------------------------------------------------------------------

void span_end(struct span **span)
{
    struct span *s = *span;
    if (s == NULL)
        return;
    *span = NULL;
    double seconds = clock_monotonic() - s->begun;
    s->end = s->start + (seconds > 0 ? (uint64_t)(seconds * 1e9) : 0);
    struct tracer *t = s->tracer;
    pthread_mutex_lock(&t->lock);
    bool room = t->queued < t->limits->span_queue;
    t->ended++;
    t->dropped += !room;
    if (room) {
        s->next = NULL;
        *t->last = s;
        t->last = &s->next;
        t->queued++;
        if (t->queued >= t->limits->span_batch)
            pthread_cond_signal(&t->change);
    }
    pthread_mutex_unlock(&t->lock);
    if (!room)
        spans_free(s);
}

struct span *tracer_take(struct tracer *t, size_t most, double seconds)
{
    struct timespec until = clock_after(seconds);
    pthread_mutex_lock(&t->lock);
    while (!t->stop && t->queued < most && pthread_cond_timedwait(&t->change, &t->lock, &until) == 0)
        continue;
    struct span *spans = t->first, **last = &spans;
    for (size_t i = 0; i < most && *last != NULL; i++) {
        last = &(*last)->next;
        t->queued--;
    }
    t->first = *last;
    if (t->first == NULL)
        t->last = &t->first;
    *last = NULL;
    pthread_mutex_unlock(&t->lock);
    return spans;
}

void tracer_stop(struct tracer *t)
{
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_broadcast(&t->change);
    pthread_mutex_unlock(&t->lock);
}

void spans_free(struct span *spans)
{
    for (struct span *s = spans, *next; s != NULL; s = next) {
        next = s->next;
        buf_free(&s->texts);
        free(s->state);
        free(s);
    }
}

struct tracer_load tracer_load(struct tracer *t)
{
    if (t == NULL)
        return (struct tracer_load){0};
    pthread_mutex_lock(&t->lock);
    struct tracer_load load = {t->queued, t->ended, t->dropped};
    pthread_mutex_unlock(&t->lock);
    return load;
}
