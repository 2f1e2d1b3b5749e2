#include "service/updates.h"

#include "base/clock.h"
#include "base/log.h"
#include "feed/feed.h"
#include "service/rounds.h"
#include "service/service.h"
#include "store/store.h"

#include <openssl/rand.h>
#include <stdlib.h>

#define RETRY_FIRST 5.0   // seconds, until what our own store has refused is tried again; then twice as long each time
#define RETRY_MOST  300.0 // but never longer
#define FOLLOWING   3.0   // seconds, after which one that does not lead looks whether nobody does

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
    struct rounds rounds;
    const struct service *service;
    const struct config *config; // the service's
    struct store_home *home;
    // Of the thread.
    struct store_lock duty;
    bool *failed; // of each feed: our own store has failed when it was last updated
    double retry; // seconds until these are tried again; 0: there are none
    double due;   // when all are, on the monotonic clock
};

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
    case FEED_STOPPED:
        log_info("feed %s: its update was broken off, since the service stops", feed->name);
        break;
    case FEED_PARTLY:
    case FEED_BROKEN:
        log_warn("feed %s: %s: %s", feed->name, outcome->result == FEED_PARTLY ? "updated in part" : "failed",
                 outcome->error.text);
        break;
    }
}

static bool is_stopping(void *context)
{
    struct updates *u = context;
    return rounds_stopping(&u->rounds);
}

// Each feed is a trace of its own: they have nothing to do with each other. False when our own store fails.
static bool run_feed(struct updates *u, const struct feed *feed, struct store *store)
{
    struct metrics *metrics = u->service->metrics;
    struct span *span SPAN_AUTO = span_root(telemetry_tracer(u->service->telemetry), SPAN_INTERNAL, "update feed");
    const struct update_options how = {
        .mirror = u->config->updater_mirror.n != 0 ? u->config->updater_mirror.p : NULL,
        .places = u->config->places,
        .places_n = u->config->places_n,
        .limits = &u->config->limits,
        .progress = say_progress,
        .stopping = is_stopping,
        .stopping_context = u,
        .span = span,
    };
    struct feed_outcome outcome = {0};
    struct error err;
    double start = clock_monotonic();
    span_text(span, "clarion.feed", slice_str(feed->name));
    span_log(span);
    bool ok = feed_update(feed, store, &how, &outcome, &err);
    if (ok) {
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
    return ok;
}

// All that are wanted, or those of them that have failed. False when others are to go on with it, since this process
// has lost the duty, or it could not begin.
static bool run_feeds(struct updates *u, bool all)
{
    struct store store STORE_AUTO = {0};
    struct error err;
    if (!store_open(u->home, &store, &err)) {
        log_error("feeds cannot be updated: %s", err.text);
        return false;
    }
    store_observe(&store, metrics_db(u->service->metrics));
    for (size_t i = 0; feeds[i] != NULL && !rounds_stopping(&u->rounds); i++) {
        if (!store_lock_holds(&u->duty))
            return false;
        if (updates_wanted(u->config, feeds[i]) && (all || u->failed[i]))
            u->failed[i] = !run_feed(u, feeds[i], &store);
    }
    return true;
}

// The period in seconds, moved by up to a tenth.
static double next_pause(int64_t nanoseconds)
{
    double period = (double)nanoseconds / 1e9;
    uint32_t chance = 0;
    if (RAND_bytes((unsigned char *)&chance, sizeof chance) != 1)
        return period;
    return period * (0.9 + 0.2 * ((double)chance / UINT32_MAX));
}

// Is it this process that updates, of all that share the store?
static bool leads(struct updates *u)
{
    struct error err;
    bool got = store_lock_holds(&u->duty);
    if (got)
        return true;
    store_unlock(&u->duty);
    if (!store_lock_duty(u->home, "updates", &u->duty, &got, &err))
        log_error("feeds cannot be updated: %s", err.text);
    return got;
}

static bool any_failed(const struct updates *u)
{
    size_t i = 0;
    while (feeds[i] != NULL && !u->failed[i])
        i++;
    return feeds[i] != NULL;
}

// An upstream that fails waits for its next time, but what is only ours to mend need not.
static double until_next(struct updates *u)
{
    double left = u->due - clock_monotonic();
    u->retry = !any_failed(u) ? 0 : u->retry == 0 ? RETRY_FIRST : u->retry < RETRY_MOST / 2 ? 2 * u->retry : RETRY_MOST;
    left = u->retry != 0 && u->retry < left ? u->retry : left;
    return left > 0 ? left : 0;
}

static double update(void *context)
{
    struct updates *u = context;
    double now = clock_monotonic();
    bool all = now >= u->due;
    if (!leads(u) || !run_feeds(u, all))
        return FOLLOWING;
    if (all)
        u->due = clock_monotonic() + next_pause(u->config->matcher_period);
    return until_next(u);
}

static size_t feeds_count(void)
{
    size_t n = 0;
    while (feeds[n] != NULL)
        n++;
    return n;
}

struct updates *updates_start(const struct service *service, struct store_home *home)
{
    struct error err;
    if (service->config->updaters_disabled)
        return NULL;
    struct updates *u = must_alloc(sizeof *u);
    *u = (struct updates){.rounds = {.round = update, .context = u},
                          .service = service,
                          .config = service->config,
                          .home = home,
                          .duty = STORE_LOCK_NONE,
                          .failed = must_alloc(feeds_count() * sizeof *u->failed)};
    memset(u->failed, 0, feeds_count() * sizeof *u->failed);
    if (rounds_start(&u->rounds, 0, "updates feeds", &err))
        return u;
    log_error("feeds will not be updated: %s", err.text);
    free(u->failed);
    free(u);
    return NULL;
}

void updates_stop(struct updates **updates)
{
    struct updates *u = *updates;
    if (u == NULL)
        return;
    rounds_stop(&u->rounds);
    store_unlock(&u->duty);
    free(u->failed);
    free(u);
    *updates = NULL;
}
