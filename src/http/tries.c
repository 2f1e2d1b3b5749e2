#include "http/tries.h"

#include "base/arena.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS  1024 // a power of two
#define WINDOW 60.0 // seconds

// Failures since a first one; forgotten when the window that this one began is over.
struct slot {
    double begun;
    uint64_t failed;
};

struct tries {
    uint64_t most;
    pthread_mutex_t lock;
    struct slot slots[SLOTS]; // by the address's hash, which is seeded: nobody can choose whose count is shared
};

struct tries *tries_new(uint64_t most)
{
    struct tries *t = must_alloc(sizeof *t);
    *t = (struct tries){.most = most};
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void tries_free(struct tries **tries)
{
    if (*tries == NULL)
        return;
    pthread_mutex_destroy(&(*tries)->lock);
    free(*tries);
    *tries = NULL;
}

static struct slot *slot_of(struct tries *t, struct slice address, double now)
{
    struct slot *slot = &t->slots[slice_hash(address) & (SLOTS - 1)];
    if (slot->failed != 0 && now - slot->begun >= WINDOW)
        slot->failed = 0;
    return slot;
}

unsigned tries_wait(struct tries *t, struct slice address)
{
    double now = clock_monotonic();
    pthread_mutex_lock(&t->lock);
    const struct slot *slot = slot_of(t, address, now);
    unsigned wait = slot->failed < t->most || t->most == 0 ? 0 : (unsigned)(WINDOW - (now - slot->begun)) + 1;
    pthread_mutex_unlock(&t->lock);
    return wait;
}

void tries_failed(struct tries *t, struct slice address)
{
    double now = clock_monotonic();
    pthread_mutex_lock(&t->lock);
    struct slot *slot = slot_of(t, address, now);
    if (slot->failed++ == 0)
        slot->begun = now;
    pthread_mutex_unlock(&t->lock);
}
