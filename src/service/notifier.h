// The notifier: notices a feed's update, makes what is to be told of it, and delivers that to the targets.
#pragma once

#include "notify/target.h"
#include "service/config.h"
#include "store/notification_store.h"

struct notifier;

// Starts the threads: one that makes notifications (within about a second after an update, whoever made it), and one
// for each target. The configuration, `home` (of the store) and the targets must live as long. Several processes
// may do so on one folder: one of them works, another takes over when it ends. NULL with an error.
struct notifier *notifier_start(const struct config *config, struct store_home *home, const struct target *targets,
                                size_t n, struct error *err);

// There may be something to tell of: it is looked for now, not within a second. From any thread; NULL is fine.
void notifier_wake(struct notifier *notifier);

// Ends them: what is being made is dropped, deliveries are broken off; both are done when next started. NULL is fine.
void notifier_stop(struct notifier **notifier);

// What it did since the start, for metrics.
struct notifier_load {
    uint64_t updates, notifications, items, held_back, errors;
    uint64_t delivered, failed, given_up; // attempts
    uint64_t last_age;                    // seconds from an update to its notification, of the last one
};
struct notifier_load notifier_load(const struct notifier *notifier);
