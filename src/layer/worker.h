// Layers are parsed in sandboxed processes, one for each layer, forked from a small zygote.
//
// The zygote is forked at program start, before threads, files or secrets exist. For each layer it forks a worker,
// which gets the compressed bytes on one descriptor and gives findings on another, under rlimits, Landlock and a
// seccomp filter: no file system, no network, no new processes. The caller hashes the same bytes while it passes them
// on (so hashing and inflating overlap) and believes the findings only when the digest is right and the worker has
// ended well.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/reader.h"
#include "inventory/package.h"
#include "scan/scanner.h"

// Starts the zygote. Must be called once, before the first thread. ERR_IO when the system refuses.
bool worker_start(struct error *err);

// Ends the zygote, after the running workers. Harmless when it never started.
void worker_stop(void);

// Kills the running workers, and starts no others: layers are read no further, and their callers get ERR_REFUSED, or
// what their blobs met. Safe from any thread, once worker_start was called.
void worker_break_off(void);

// What this kernel gives the sandbox; for `clarion version -v`. Known once worker_start was called.
struct sandbox_support {
    bool seccomp;
    int landlock_abi; // 0: the kernel has no Landlock
};
struct sandbox_support worker_sandbox_support(void);

struct layer_result {
    struct slice findings_json; // as findings_encode writes it, in the arena
    struct findings findings;   // decoded, in the arena
    struct digest digest;       // of the bytes read, of the algorithm of `expected`
    uint64_t bytes_in;          // compressed
    uint64_t peak_memory;       // of the worker, bytes
    double cpu_seconds;         // of the worker
    bool complete;              // false: the layer could not be read to its end; `problem` says why
    struct error problem;       // ERR_FORMAT, ERR_UNSUPPORTED, ERR_LIMIT or ERR_CRASH
};

// Indexes one layer, source tree (as an archive) or bill of materials: reads `blob` to its end (also when the worker
// gives up early, so that the digest can be judged).
//
// `expected` is the digest that the bytes must have, or NULL when there is none to check.
// False: nothing may be believed: the blob could not be read (ERR_IO, ERR_NETWORK, ERR_FORMAT of its source) or its
// digest is another (ERR_DIGEST, naming both); or worker_break_off was called (ERR_REFUSED). True: `result` holds what
// was found; when the layer is broken or a limit was hit, result->complete is false and the findings are those up to
// there (none after a crash). Safe to call from several threads at once.
bool worker_index_layer(struct reader *blob, const struct digest *expected, enum scan_subject subject,
                        const struct limits *limits, struct arena *a, struct layer_result *result, struct error *err);
