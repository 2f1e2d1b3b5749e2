#include "service/notifier.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "notify/notices.h"
#include "notify/queue.h"
#include "scan/scanner.h"
#include "service/leases.h"
#include "service/matching.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define COLLECT_SECONDS 3600.0
#define RETRY_SECONDS   30.0
#define DAY             (24 * 3600)

struct deliverer {
    struct notifier *notifier;
    const struct target *target;
    pthread_t thread;
    bool started;
};

struct notifier {
    const struct config *config;
    struct store_home *home;
    struct leases *leases; // of targets that are delivered to
    pthread_t thread;
    bool started;
    struct deliverer *deliverers;
    size_t deliverers_n;
    struct slice *names; // of the targets
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint64_t news; // counts what threads are woken for; under the lock
    atomic_bool stopping;
    atomic_bool owner; // this process is the one that works
    atomic_ullong updates, notifications, items, held_back, errors, delivered, failed, given_up, last_age;
};

// ---- waiting --------------------------------------------------------------------------------------------------------

// A second, or less when there is something new since `seen` or it is to stop. False: then.
static bool wait_for_news(struct notifier *n, uint64_t *seen)
{
    const struct timespec until = clock_after(1);
    pthread_mutex_lock(&n->lock);
    while (!atomic_load(&n->stopping) && n->news == *seen &&
           pthread_cond_timedwait(&n->wake, &n->lock, &until) != ETIMEDOUT)
        continue;
    *seen = n->news;
    pthread_mutex_unlock(&n->lock);
    return !atomic_load(&n->stopping);
}

void notifier_wake(struct notifier *n)
{
    if (n == NULL)
        return;
    pthread_mutex_lock(&n->lock);
    n->news++;
    pthread_cond_broadcast(&n->wake);
    pthread_mutex_unlock(&n->lock);
}

// ---- making ---------------------------------------------------------------------------------------------------------

struct maker {
    struct notifier *notifier;
    struct store store;
    struct store_lock lock;
    int64_t version; // of the database when it was last looked at
    bool looked;
    double collected; // when, on the monotonic clock; 0 never
    double failed;    // likewise, the last time that notifications could not be made
};

static void fail(struct notifier *n, const char *what, const struct error *err)
{
    atomic_fetch_add(&n->errors, 1);
    log_error("%s: %s", what, err->text);
}

static void count(struct notifier *n, const struct notices_outcome *outcome)
{
    atomic_fetch_add(&n->updates, outcome->updates);
    atomic_fetch_add(&n->notifications, outcome->notifications);
    atomic_fetch_add(&n->items, outcome->items);
    atomic_fetch_add(&n->held_back, outcome->held_back);
    if (outcome->notifications != 0)
        atomic_store(&n->last_age, (unsigned long long)(outcome->slowest > 0 ? outcome->slowest : 0));
}

static int64_t rounded_up(int64_t nanoseconds)
{
    return nanoseconds / 1000000000 + (nanoseconds % 1000000000 != 0);
}

static void leave_out(const void *config, struct report *report)
{
    matching_restrict(config, report);
}

static bool make(struct maker *m, struct error *err)
{
    struct notifier *n = m->notifier;
    const struct config *config = n->config;
    const struct notices_options options = {
        .limits = &config->limits,
        .filter = {.least = config->notifier_least,
                   .only_fixable = config->notifier_only_fixable,
                   .only_exploited = config->notifier_only_exploited,
                   .repositories = config->notifier_repositories,
                   .only_tagged = config->notifier_only_tagged,
                   .pushed_within = rounded_up(config->notifier_pushed_within)},
        .whole = config->notifier_summary_disabled,
        .first_update = config->notifier_first_update,
        .restrict_report = leave_out,
        .context = config,
        .targets = n->names,
        .targets_n = n->deliverers_n,
    };
    struct notices_outcome outcome = {0};
    bool ok = notices_make(&m->store, &options, &outcome, err);
    count(n, &outcome);
    if (outcome.notifications != 0)
        notifier_wake(n); // those who deliver
    return ok;
}

// True when the database is another one than at the last look.
static bool has_changed(struct maker *m, bool *changed, struct error *err)
{
    int64_t version;
    if (!store_version(&m->store, &version, err))
        return false;
    *changed = !m->looked || version != m->version;
    m->looked = true;
    m->version = version;
    return true;
}

static bool collect(struct maker *m, struct error *err)
{
    const struct limits *limits = &m->notifier->config->limits;
    const struct digest states[] = {scanner_state(SUBJECT_LAYER, limits), scanner_state(SUBJECT_SOURCES, limits),
                                    scanner_state(SUBJECT_SBOM, limits)};
    int64_t days = limits->notification_days < 36500 ? (int64_t)limits->notification_days : 36500;
    uint64_t removed;
    if (!store_notifications_collect(&m->store, clock_now() - days * DAY, &removed, err) ||
        !store_inventory_collect(&m->store, states, sizeof states / sizeof states[0], err))
        return false;
    store_collect(&m->store);
    if (removed != 0)
        log_info("removed %llu notifications that were older than %lld days", (unsigned long long)removed,
                 (long long)days);
    return true;
}

static bool is_owner(struct maker *m, struct error *err)
{
    struct notifier *n = m->notifier;
    bool got = store_lock_holds(&m->lock);
    if (got)
        return true;
    atomic_store(&n->owner, false);
    store_unlock(&m->lock);
    if (!store_lock_duty(n->home, "notifications", &m->lock, &got, err))
        return false;
    atomic_store(&n->owner, got);
    err->code = ERR_NONE;
    if (got)
        notifier_wake(n); // those who deliver what is left from former times
    return got;
}

static void look(struct maker *m)
{
    struct notifier *n = m->notifier;
    struct error err = {0};
    bool changed = false;
    double now = clock_monotonic();
    if (m->failed != 0 && now - m->failed < RETRY_SECONDS)
        return;
    m->failed = 0;
    if (!is_owner(m, &err)) {
        if (err.code == ERR_NONE)
            return;
        m->failed = now;
        fail(n, "notifications", &err);
        return;
    }
    if (!has_changed(m, &changed, &err) || (changed && !make(m, &err))) {
        m->looked = false; // to be tried again
        m->failed = now;
        fail(n, "notifications cannot be made", &err);
    }
    if (m->collected != 0 && now - m->collected < COLLECT_SECONDS)
        return;
    m->collected = now;
    if (!collect(m, &err))
        fail(n, "what is not needed any more cannot be removed", &err);
}

static void *make_thread(void *argument)
{
    struct maker m = {.notifier = argument, .lock = STORE_LOCK_NONE};
    struct error err;
    uint64_t seen = 0;
    if (store_open(m.notifier->home, &m.store, &err)) {
        do
            look(&m);
        while (wait_for_news(m.notifier, &seen));
    } else {
        fail(m.notifier, "notifications cannot be made", &err);
    }
    store_unlock(&m.lock);
    store_close(&m.store);
    return NULL;
}

// ---- delivering -----------------------------------------------------------------------------------------------------

static void count_attempt(struct notifier *n, enum queue_outcome outcome)
{
    if (outcome == QUEUE_DELIVERED)
        atomic_fetch_add(&n->delivered, 1);
    if (outcome == QUEUE_FAILED || outcome == QUEUE_GIVEN_UP)
        atomic_fetch_add(&n->failed, 1);
    if (outcome == QUEUE_GIVEN_UP)
        atomic_fetch_add(&n->given_up, 1);
}

// Delivers what is due.
static void deliver(struct notifier *n, const struct queue *queue)
{
    enum queue_outcome outcome = QUEUE_DELIVERED;
    struct error err;
    int64_t wait;
    while (!atomic_load(&n->stopping) &&
           (outcome == QUEUE_DELIVERED || outcome == QUEUE_GIVEN_UP || outcome == QUEUE_GONE)) {
        if (!queue_step(queue, clock_now(), &outcome, &wait, &err)) {
            fail(n, "notifications cannot be delivered", &err);
            return;
        }
        count_attempt(n, outcome);
    }
}

// The lock of those who deliver goes with its connection to the server, also in the middle of a delivery; a lease stays
// until it is done.
static struct slice lease_name(struct arena *a, const struct target *target)
{
    return arena_printf(a, "delivery to %s", target->name);
}

static bool claim(void *leases, struct store *store, const struct target *target, bool *got, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    return leases_take(leases, store, lease_name(&a, target), got, err);
}

static void release(void *leases, struct store *store, const struct target *target)
{
    struct arena a ARENA_AUTO = {0};
    const struct slice name = lease_name(&a, target);
    leases_give(leases, store, &name, 1);
}

static void *deliver_thread(void *argument)
{
    struct deliverer *d = argument;
    struct notifier *n = d->notifier;
    struct store store STORE_AUTO = {0};
    struct error err;
    uint64_t seen = 0;
    const struct queue queue = {.store = &store,
                                .target = d->target,
                                .limits = &n->config->limits,
                                .stopping = &n->stopping,
                                .claim = claim,
                                .release = release,
                                .claimer = n->leases};
    if (!store_open(n->home, &store, &err)) {
        fail(n, "notifications cannot be delivered", &err);
        return NULL;
    }
    do
        if (atomic_load(&n->owner))
            deliver(n, &queue);
    while (wait_for_news(n, &seen));
    return NULL;
}

// ---- starting and stopping ------------------------------------------------------------------------------------------

static bool start(pthread_t *thread, bool *started, void *(*run)(void *), void *argument, struct error *err)
{
    int code = pthread_create(thread, NULL, run, argument);
    *started = code == 0;
    errno = code;
    return *started || error_errno(err, "cannot start a thread for notifications");
}

static bool start_all(struct notifier *n, struct error *err)
{
    n->leases = leases_start(n->home, err);
    if (n->leases == NULL || !start(&n->thread, &n->started, make_thread, n, err))
        return false;
    for (size_t i = 0; i < n->deliverers_n; i++)
        if (!start(&n->deliverers[i].thread, &n->deliverers[i].started, deliver_thread, &n->deliverers[i], err))
            return false;
    return true;
}

struct notifier *notifier_start(const struct config *config, struct store_home *home, const struct target *targets,
                                size_t targets_n, struct error *err)
{
    struct notifier *n = must_alloc(sizeof *n);
    *n = (struct notifier){.config = config, .home = home, .deliverers_n = targets_n};
    pthread_mutex_init(&n->lock, NULL);
    cond_init_monotonic(&n->wake);
    n->deliverers = must_alloc(sizeof *n->deliverers * (targets_n + 1));
    n->names = must_alloc(sizeof *n->names * (targets_n + 1));
    for (size_t i = 0; i < targets_n; i++) {
        n->deliverers[i] = (struct deliverer){.notifier = n, .target = &targets[i]};
        n->names[i] = slice_str(targets[i].name);
    }
    if (start_all(n, err))
        return n;
    notifier_stop(&n);
    return NULL;
}

void notifier_stop(struct notifier **notifier)
{
    struct notifier *n = *notifier;
    if (n == NULL)
        return;
    pthread_mutex_lock(&n->lock);
    atomic_store(&n->stopping, true);
    pthread_cond_broadcast(&n->wake);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < n->deliverers_n; i++) {
        const struct target *t = n->deliverers[i].target;
        if (n->deliverers[i].started && t->kind->break_off != NULL)
            t->kind->break_off(t->state);
    }
    for (size_t i = 0; i < n->deliverers_n; i++)
        if (n->deliverers[i].started)
            pthread_join(n->deliverers[i].thread, NULL);
    if (n->started)
        pthread_join(n->thread, NULL);
    leases_stop(&n->leases);
    pthread_cond_destroy(&n->wake);
    pthread_mutex_destroy(&n->lock);
    free(n->deliverers);
    free(n->names);
    free(n);
    *notifier = NULL;
}

struct notifier_load notifier_load(const struct notifier *n)
{
    return (struct notifier_load){
        .updates = atomic_load(&n->updates),
        .notifications = atomic_load(&n->notifications),
        .items = atomic_load(&n->items),
        .held_back = atomic_load(&n->held_back),
        .errors = atomic_load(&n->errors),
        .delivered = atomic_load(&n->delivered),
        .failed = atomic_load(&n->failed),
        .given_up = atomic_load(&n->given_up),
        .last_age = atomic_load(&n->last_age),
    };
}
