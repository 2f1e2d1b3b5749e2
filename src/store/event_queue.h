// Pushes that registries told of, kept until their images are indexed.
#pragma once

#include "store/names.h"

struct queued_event {
    int64_t id;
    struct slice form, sender_id; // who wrote it and how it calls it; the id may be empty
    struct slice repository, tag; // the tag may be empty
    struct digest manifest;       // empty text: only the tag was told
    int64_t pushed;               // microseconds
    int64_t received;             // seconds
    struct slice state;           // "waiting", "done", "noted", "failed"
    uint64_t tries;
    int64_t next; // when a waiting one is to be tried, seconds
    struct slice reason;
};

// A delivery: what was pushed and deleted, in order. Of a push `event` counts, of a deletion `gone`.
struct event_step {
    bool deleted;
    struct queued_event event;
    struct name_delete gone;
};

// Takes a delivery in, all of it or nothing: names change at once, pushes are queued. What is in the queue already is
// not queued again. ERR_LIMIT (event_queue); `*queued` tells how many are new.
bool store_event_accept(struct store *s, const struct event_step *steps, size_t n, const struct limits *limits,
                        size_t *queued, struct error *err);

// Takes, for this process, the one that has been to be tried for the longest time at `now`, of a repository of which
// nobody has one; of several the first that came. It is to be renewed (store/leases.h) until it is retried, ended or
// released. `*due` is when to look again at the latest: when the next one is to be tried, or might be given up by who
// has it; INT64_MAX: never.
bool store_event_next(struct store *s, int64_t now, struct arena *a, struct queued_event *event, bool *found,
                      int64_t *due, struct error *err);

// What follows is without effect on one that this process has no more, since it was taken to be dead and another one
// has taken it over.

// It is nobody's again, as if it had not been taken.
bool store_event_release(struct store *s, int64_t id, struct error *err);

// It is to be tried again at `next`.
bool store_event_retry(struct store *s, int64_t id, int64_t next, struct slice reason, struct error *err);

// It has ended in that state. Of those that have ended the newest are kept (limit event_history, of each state).
bool store_event_end(struct store *s, int64_t id, const char *state, struct slice reason, const struct limits *limits,
                     struct error *err);

// Events of a state, or, where that is empty, of those that are waiting and failed, the newest first, with ids under
// `before` (0: all).
bool store_event_list(struct store *s, struct slice state, int64_t before, uint64_t most, struct arena *a,
                      struct queued_event **events, size_t *n, struct error *err);

// How many there are of a state.
bool store_event_count(struct store *s, const char *state, uint64_t *n, struct error *err);
