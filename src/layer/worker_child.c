#include "layer/worker_child.h"

#include "base/buf.h"
#include "base/file.h"
#include "layer/capture.h"
#include "layer/inflate.h"
#include "layer/sandbox.h"
#include "layer/worker_answer.h"
#include "scan/scanner.h"

#include <unistd.h>

static bool read_layer(const struct limits *limits, struct arena *a, struct findings *findings, struct error *err)
{
    struct inflate_stats stats;
    struct reader *archive READER_AUTO =
        inflate_reader(reader_of_fd(STDIN_FILENO, false), inflate_bounds_of_layer(limits), &stats);
    bool whole = capture_layer(archive, limits, a, findings, err);
    if (whole && stats.trailing != 0) {
        struct scan_output out = {.arena = a, .findings = findings, .limits = limits};
        scan_skip(&out, SLICE(""), false, "%llu bytes behind the end of the gzip stream; ignored",
                  (unsigned long long)stats.trailing);
    }
    return whole;
}

_Noreturn void worker_child_run(const struct limits *limits)
{
    struct arena a = {0};
    struct findings findings = {0};
    struct buf answer = {0};
    struct error problem = {0}, unheard;
    bool whole = sandbox_enter(limits, &problem) && read_layer(limits, &a, &findings, &problem);
    worker_answer_encode(&findings, whole ? NULL : &problem, &answer);
    // Without what exit does: there is nothing to tidy up, and most of it is forbidden now.
    _exit(fd_write_all(STDOUT_FILENO, buf_slice(&answer), &unheard) ? 0 : 1);
}
