// The zygote: a small process, forked before threads, files or secrets exist, that forks a worker for each layer.
#pragma once

#include "base/error.h"
#include "layer/worker_child.h"

#include <sys/types.h>

// How a worker ended.
struct worker_end {
    int fork_error;       // errno of a worker that never began; the rest is then zero
    int status;           // as waitpid(2) gives it
    bool broken_off;      // killed since zygote_break_off wanted so
    uint64_t peak_memory; // bytes
    double cpu_seconds;
};

struct zygote {
    pid_t pid;
    int socket;
};

// ERR_IO when the system refuses.
bool zygote_start(struct zygote *zygote, struct error *err);

// Asks it to end, after the running workers, and waits for that.
void zygote_stop(struct zygote *zygote);

// Has all workers killed, and those that are asked for later not even begin (fork_error is ECANCELED). Safe from any
// thread.
void zygote_break_off(const struct zygote *zygote);

// Asks for a worker that reads the layer from `input`, writes its answer to `output`, and whose struct worker_end the
// zygote then writes to `end`. The descriptors stay the caller's, to be closed after the call; when nobody reads from
// `end` any more, the worker is killed. Several threads may ask at once.
bool zygote_ask(const struct zygote *zygote, const struct layer_request *request, int input, int output, int end,
                struct error *err);
