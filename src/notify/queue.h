// The queue of one target: notifications in their order, each until it is delivered or given up.
//
// What was tried is noted after the attempt. Where a process ends in between, it is tried again: at least once. One
// process at a time tries, whatever others think of who is to. A notification that cannot be delivered keeps those
// behind it waiting, so that they stay in order, until it is given up; other targets have queues of their own.
#pragma once

#include "base/limits.h"
#include "notify/target.h"
#include "store/notification_store.h"

#include <stdatomic.h>

// What becomes of a delivery after an attempt: `failure` is NULL when the target took it. An attempt that another would
// only repeat (ERR_REFUSED, ERR_UNSUPPORTED), or the last that the limit delivery_attempts allows, gives it up. Else
// the next waits delivery_first_wait_seconds, doubled with each further one up to delivery_most_wait_seconds, of which
// `chance` (a random number) takes off up to half, so that not all come at the same time.
void queue_after(struct stored_delivery *delivery, const struct error *failure, const struct limits *limits,
                 int64_t now, uint32_t chance, struct arena *a);

struct queue {
    struct store *store;
    const struct target *target;
    const struct limits *limits;
    const atomic_bool *stopping; // then a failure is nobody's fault and is not noted
    // Keeps all other processes that use the store from the target; *got is false when one of them has it.
    bool (*claim)(void *claimer, struct store *store, const struct target *target, bool *got, struct error *err);
    void (*release)(void *claimer, struct store *store, const struct target *target);
    void *claimer;
};

enum queue_outcome {
    QUEUE_EMPTY,     // nothing to deliver
    QUEUE_WAITING,   // not now: see `wait`
    QUEUE_DELIVERED, //
    QUEUE_FAILED,    // will be tried again
    QUEUE_GIVEN_UP,  //
    QUEUE_GONE,      // there was nothing left to deliver of it
    QUEUE_STOPPED,   //
};

// Delivers the first one, if it is due at `now`. `*wait`: seconds until it is.
bool queue_step(const struct queue *queue, int64_t now, enum queue_outcome *outcome, int64_t *wait, struct error *err);
