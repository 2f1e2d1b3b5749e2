// A thread that does something again and again, with pauses in between that end when it is told to stop.
#pragma once

#include "base/error.h"

#include <pthread.h>

// One round, on the thread: the seconds until the next one, ROUNDS_END for none.
typedef double round_fn(void *context);
#define ROUNDS_END (-1.0)

struct rounds {
    round_fn *round;
    void *context;
    // Private.
    double first;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

// Starts it, with the first round after so many seconds; `rounds` must stay where it is. `what` completes an error's
// "cannot start a thread that …"; after one there is nothing to stop.
bool rounds_start(struct rounds *rounds, double first, const char *what, struct error *err);

// For a round that takes long: is it to come to an end?
bool rounds_stopping(struct rounds *rounds);

// Waits for the end of the round that runs; there is none after that.
void rounds_stop(struct rounds *rounds);
