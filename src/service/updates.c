#include "service/updates.h"

#include "base/clock.h"
#include "base/log.h"
#include "feed/feed.h"
#include "service/service.h"
#include "store/store.h"

#include <errno.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#define SECOND    INT64_C(1000000000)
#define FOLLOWING (3 * SECOND) // after which one that does not lead looks whether nobody does

// ---- sets -----------------------------------------------------------------------------------------------------------

// Clair's names, and what the feeds of a set are called here: that name, or that name with more behind a '-'.
static const struct {
    const char *set, *feeds;
} sets[] = {
    {"alpine", "alpine"},   {"aws", "amazon"}, {"clair.cvss", "nvd"}, {"debian", "debian"},
    {"oracle", "oracle"},   {"osv", "osv"},    {"photon", "photon"},  {"rhcc", "redhat"},
    {"rhel-vex", "redhat"}, {"suse", "suse"},  {"ubuntu", "ubuntu"},
};

static bool belongs(const struct feed *feed, struct slice set)
{
    struct slice name = slice_str(feed->name);
    if (slice_eq(name, set))
        return true;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct slice start = slice_str(sets[i].feeds);
        if (slice_eq(set, slice_str(sets[i].set)) && slice_starts(name, start) &&
            (name.n == start.n || name.p[start.n] == '-'))
            return true;
    }
    return false;
}

bool updates_have_set(struct slice set)
{
    for (size_t i = 0; feeds[i] != NULL; i++)
        if (belongs(feeds[i], set))
            return true;
    return false;
}

bool updates_known_set(struct slice set)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (slice_eq(set, slice_str(sets[i].set)))
            return true;
    return feed_named(set) != NULL;
}

bool updates_wanted(const struct config *config, const struct feed *feed)
{
    if (!config_allows_ecosystem(config, slice_str(feed->name)))
        return false;
    if (!config->updater_sets_given)
        return true;
    for (size_t i = 0; i < config->updater_sets.n; i++)
        if (belongs(feed, config->updater_sets.v[i]))
            return true;
    return false;
}

// ---- the thread -----------------------------------------------------------------------------------------------------

struct updates {
    const struct service *service;
    const struct config *config; // the service's
    struct store_home *home;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

static bool stopping(struct updates *u)
{
    pthread_mutex_lock(&u->lock);
    bool stop = u->stop;
    pthread_mutex_unlock(&u->lock);
    return stop;
}

static void say_progress(void *context, const char *feed, const char *message)
{
    (void)context;
    log_debug("%s: %s", feed, message);
}

static void tell_outcome(const struct feed *feed, const struct feed_outcome *outcome, double seconds)
{
    switch (outcome->result) {
    case FEED_UPDATED:
    case FEED_SAME:
        log_info("feed %s: %s, %llu records, %.1f s", feed->name,
                 outcome->result == FEED_UPDATED ? "updated" : "unchanged", (unsigned long long)outcome->records,
                 seconds);
        break;
    case FEED_NOT_MIRRORED:
        log_info("feed %s: not in the mirror", feed->name);
        break;
    case FEED_PARTLY:
    case FEED_BROKEN:
        log_warn("feed %s: %s: %s", feed->name, outcome->result == FEED_PARTLY ? "updated in part" : "failed",
                 outcome->error.text);
        break;
    }
}

// Each feed is a trace of its own: they have nothing to do with each other.
static void run_feed(struct updates *u, const struct feed *feed, struct store *store)
{
    struct metrics *metrics = u->service->metrics;
    struct span *span SPAN_AUTO = span_root(telemetry_tracer(u->service->telemetry), SPAN_INTERNAL, "update feed");
    const struct update_options how = {
        .mirror = u->config->updater_mirror.n != 0 ? u->config->updater_mirror.p : NULL,
        .places = u->config->places,
        .places_n = u->config->places_n,
        .limits = &u->config->limits,
        .progress = say_progress,
        .span = span,
    };
    struct feed_outcome outcome = {0};
    struct error err;
    double start = clock_monotonic();
    span_text(span, "clarion.feed", slice_str(feed->name));
    span_log(span);
    if (feed_update(feed, store, &how, &outcome, &err)) {
        metrics_feed(metrics, feed, &outcome, clock_monotonic() - start);
        tell_outcome(feed, &outcome, clock_monotonic() - start);
        span_number(span, "clarion.feed.records", (int64_t)outcome.records);
        if (outcome.result == FEED_PARTLY || outcome.result == FEED_BROKEN)
            span_fail(span, slice_str(outcome.error.text));
        if (outcome.result == FEED_UPDATED || outcome.result == FEED_PARTLY)
            notifier_wake(u->service->notifier);
    } else {
        metrics_feed(metrics, feed, NULL, clock_monotonic() - start);
        log_error("feed %s: %s", feed->name, err.text);
        span_fail(span, slice_str(err.text));
    }
    span_log(NULL);
}

// False when others are to go on with it, since this process has lost the duty, or it could not begin.
static bool run_feeds(struct updates *u, const struct store_lock *duty)
{
    struct store store STORE_AUTO = {0};
    struct error err;
    if (!store_open(u->home, &store, &err)) {
        log_error("feeds cannot be updated: %s", err.text);
        return false;
    }
    store_observe(&store, metrics_db(u->service->metrics));
    for (size_t i = 0; feeds[i] != NULL && !stopping(u); i++) {
        if (!store_lock_holds(duty))
            return false;
        if (updates_wanted(u->config, feeds[i]))
            run_feed(u, feeds[i], &store);
    }
    return true;
}

// The period, moved by up to a tenth.
static int64_t next_pause(int64_t period)
{
    uint32_t chance = 0;
    if (RAND_bytes((unsigned char *)&chance, sizeof chance) != 1)
        return period;
    return period - period / 10 + (int64_t)((double)period / 5 * ((double)chance / UINT32_MAX));
}

// False when the service stops.
static bool pause_for(struct updates *u, int64_t pause)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += pause / SECOND;
    until.tv_nsec += pause % SECOND;
    if (until.tv_nsec >= SECOND) {
        until.tv_sec++;
        until.tv_nsec -= SECOND;
    }
    pthread_mutex_lock(&u->lock);
    while (!u->stop && pthread_cond_timedwait(&u->wake, &u->lock, &until) != ETIMEDOUT)
        continue;
    bool stop = u->stop;
    pthread_mutex_unlock(&u->lock);
    return !stop;
}

// Is it this process that updates, of all that share the store?
static bool leads(struct updates *u, struct store_lock *duty)
{
    struct error err;
    bool got = store_lock_holds(duty);
    if (got)
        return true;
    store_unlock(duty);
    if (!store_lock_duty(u->home, "updates", duty, &got, &err))
        log_error("feeds cannot be updated: %s", err.text);
    return got;
}

static void *updates_thread(void *argument)
{
    struct updates *u = argument;
    struct store_lock duty STORE_LOCK_AUTO = STORE_LOCK_NONE;
    int64_t pause;
    do {
        pause = FOLLOWING;
        if (leads(u, &duty) && run_feeds(u, &duty))
            pause = next_pause(u->config->matcher_period);
    } while (pause_for(u, pause));
    return NULL;
}

struct updates *updates_start(const struct service *service, struct store_home *home)
{
    if (service->config->updaters_disabled)
        return NULL;
    struct updates *u = must_alloc(sizeof *u);
    *u = (struct updates){.service = service, .config = service->config, .home = home};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&u->thread, NULL, updates_thread, u) == 0)
        return u;
    log_error("feeds will not be updated: no thread can be started");
    free(u);
    return NULL;
}

void updates_stop(struct updates **updates)
{
    struct updates *u = *updates;
    if (u == NULL)
        return;
    pthread_mutex_lock(&u->lock);
    u->stop = true;
    pthread_cond_signal(&u->wake);
    pthread_mutex_unlock(&u->lock);
    pthread_join(u->thread, NULL);
    pthread_cond_destroy(&u->wake);
    pthread_mutex_destroy(&u->lock);
    free(u);
    *updates = NULL;
}
