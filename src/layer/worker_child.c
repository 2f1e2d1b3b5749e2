#include "layer/worker_child.h"

#include "base/buf.h"
#include "base/file.h"
#include "layer/capture.h"
#include "layer/inflate.h"
#include "layer/sandbox.h"
#include "layer/worker_answer.h"
#include "scan/sbom.h"

#include <unistd.h>

static bool read_document(struct reader *document, struct scan_output *out, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    return reader_read_all(document, &text, out->limits->sbom_bytes, "limit sbom_bytes: the document", err) &&
           scanner_sbom.scan(&(struct scan_file){.content = buf_slice(&text)}, out, err);
}

static bool read_layer(const struct layer_request *request, struct arena *a, struct findings *findings,
                       struct error *err)
{
    const struct limits *limits = &request->limits;
    struct inflate_stats stats;
    struct scan_output out = {.arena = a, .findings = findings, .limits = limits, .subject = request->subject};
    struct reader *bytes READER_AUTO =
        inflate_reader(reader_of_fd(STDIN_FILENO, false), inflate_bounds_of_layer(limits), &stats);
    bool whole = request->subject == SUBJECT_SBOM ? read_document(bytes, &out, err)
                                                  : capture_layer(bytes, request->subject, limits, a, findings, err);
    if (whole && stats.trailing != 0)
        scan_skip(&out, SLICE(""), false, "%llu bytes behind the end of the gzip stream; ignored",
                  (unsigned long long)stats.trailing);
    return whole;
}

_Noreturn void worker_child_run(const struct layer_request *request)
{
    struct arena a = {0};
    struct findings findings = {0};
    struct buf answer = {0};
    struct error problem = {0}, unheard;
    bool whole = sandbox_enter(&request->limits, &problem) && read_layer(request, &a, &findings, &problem);
    worker_answer_encode(&findings, whole ? NULL : &problem, &answer);
    // Without what exit does: there is nothing to tidy up, and most of it is forbidden now.
    _exit(fd_write_all(STDOUT_FILENO, buf_slice(&answer), &unheard) ? 0 : 1);
}
