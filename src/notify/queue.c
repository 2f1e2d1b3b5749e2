#include "notify/queue.h"

#include "base/log.h"
#include "notify/items.h"

#include <sys/random.h>

// After the n-th attempt, from 1 on.
static int64_t pause_after(uint64_t attempts, const struct limits *limits, uint32_t chance)
{
    uint64_t wait = limits->delivery_first_wait_seconds;
    for (uint64_t i = 1; i < attempts && wait < limits->delivery_most_wait_seconds; i++)
        wait = wait <= UINT64_MAX / 2 ? wait * 2 : UINT64_MAX;
    if (wait > limits->delivery_most_wait_seconds)
        wait = limits->delivery_most_wait_seconds;
    if (wait > INT32_MAX)
        wait = INT32_MAX;
    uint64_t half = wait / 2;
    return (int64_t)(wait - (uint64_t)((double)half * ((double)chance / UINT32_MAX)));
}

void queue_after(struct stored_delivery *d, const struct error *failure, const struct limits *limits, int64_t now,
                 uint32_t chance, struct arena *a)
{
    d->attempts++;
    d->changed = now;
    d->next = 0;
    d->error = failure != NULL ? arena_dup(a, slice_str(failure->text)) : SLICE("");
    if (failure == NULL) {
        d->state = DELIVERY_DELIVERED;
    } else if (failure->code == ERR_REFUSED || failure->code == ERR_UNSUPPORTED ||
               d->attempts >= limits->delivery_attempts) {
        d->state = DELIVERY_FAILED;
    } else {
        d->state = DELIVERY_CREATED;
        d->next = now + pause_after(d->attempts, limits, chance);
    }
}

// Says what became of it.
static enum queue_outcome judge(const struct queue *q, const struct stored_delivery *d)
{
    switch (d->state) {
    case DELIVERY_DELIVERED:
        log_info("notification %.*s: delivered to %s", SLICE_ARG(d->uuid), q->target->name);
        return QUEUE_DELIVERED;
    case DELIVERY_FAILED:
        log_error("notification %.*s: given up after %llu attempts to deliver it to %s (`clarion notifications retry` "
                  "puts it back): %.*s",
                  SLICE_ARG(d->uuid), (unsigned long long)d->attempts, q->target->name, SLICE_ARG(d->error));
        return QUEUE_GIVEN_UP;
    case DELIVERY_CREATED:
        break;
    }
    log_warn("notification %.*s: attempt %llu to deliver it to %s failed, the next is in %lld s: %.*s",
             SLICE_ARG(d->uuid), (unsigned long long)d->attempts, q->target->name, (long long)(d->next - d->changed),
             SLICE_ARG(d->error));
    return QUEUE_FAILED;
}

// All images that it speaks of were forgotten meanwhile: there is nothing to tell any more.
static bool let_go(const struct queue *q, struct stored_delivery *d, int64_t now, enum queue_outcome *outcome,
                   struct error *err)
{
    d->state = DELIVERY_DELIVERED;
    d->changed = now;
    d->error = SLICE("");
    if (!store_delivery_put(q->store, d, q->target->consumes, err))
        return false;
    log_info("notification %.*s: nothing is left of it to deliver to %s", SLICE_ARG(d->uuid), q->target->name);
    *outcome = QUEUE_GONE;
    return true;
}

static bool attempt(const struct queue *q, struct stored_delivery *d, int64_t now, struct arena *a,
                    enum queue_outcome *outcome, struct error *err)
{
    struct stored_notification n;
    struct error failure = {0};
    uint32_t chance = 0;
    bool found;
    if (!store_notification_get(q->store, d->uuid, a, &n, &found, err))
        return false;
    if (!found) { // it was removed just now, and its deliveries with it
        *outcome = QUEUE_EMPTY;
        return true;
    }
    if (!store_notification_left(q->store, &n, err))
        return false;
    if (n.items == 0)
        return let_go(q, d, now, outcome, err);
    struct stored_items source = {q->store, &n};
    const struct notice notice = notice_of(&n);
    const struct delivery delivery = {.notice = &notice, .items = notice_items_of(&source)};
    bool delivered = q->target->kind->deliver(q->target->state, &delivery, &failure);
    if (!delivered && atomic_load(q->stopping)) {
        *outcome = QUEUE_STOPPED;
        return true;
    }
    if (getrandom(&chance, sizeof chance, 0) != sizeof chance)
        chance = 0;
    queue_after(d, delivered ? NULL : &failure, q->limits, now, chance, a);
    if (!store_delivery_put(q->store, d, delivered && q->target->consumes, err))
        return false;
    *outcome = judge(q, d);
    return true;
}

// The first, when it is due.
static bool find_due(const struct queue *q, int64_t now, struct arena *a, struct stored_delivery *d, bool *due,
                     enum queue_outcome *outcome, int64_t *wait, struct error *err)
{
    bool found;
    *outcome = QUEUE_EMPTY;
    *wait = 0;
    *due = false;
    if (!store_delivery_first(q->store, slice_str(q->target->name), a, d, &found, err))
        return false;
    *due = found && d->next <= now;
    if (found && !*due) {
        *outcome = QUEUE_WAITING;
        *wait = d->next - now;
    }
    return true;
}

bool queue_step(const struct queue *q, int64_t now, enum queue_outcome *outcome, int64_t *wait, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct stored_delivery d;
    bool due, got;
    if (!find_due(q, now, &a, &d, &due, outcome, wait, err))
        return false;
    if (!due)
        return true;
    if (!q->claim(q->claimer, q->store, q->target, &got, err))
        return false;
    if (!got) {
        *outcome = QUEUE_WAITING;
        *wait = 1;
        return true;
    }
    // Whoever had the target until now may have delivered it.
    bool ok = find_due(q, now, &a, &d, &due, outcome, wait, err) && (!due || attempt(q, &d, now, &a, outcome, err));
    q->release(q->claimer, q->store, q->target);
    return ok;
}
