// The worker's own side: one layer, from standard input to standard output.
#pragma once

#include "base/limits.h"
#include "scan/scanner.h"

#define WORKER_OUT_OF_MEMORY 3 // exit status, as base/arena.h has it

// What a worker is asked to read.
struct layer_request {
    struct limits limits;
    enum scan_subject subject;
};

// Enters the sandbox, reads the layer, writes the answer, ends the process.
_Noreturn void worker_child_run(const struct layer_request *request);
