#include "layer/worker.h"

#include "base/buf.h"
#include "base/file.h"
#include "inventory/inventory.h"
#include "layer/sandbox.h"
#include "layer/worker_answer.h"
#include "layer/worker_child.h"
#include "layer/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES   (1024 * 1024)
#define ANSWER_CHUNK ((size_t)64 * 1024)

static struct zygote zygote = {-1, -1};

bool worker_start(struct error *err)
{
    signal(SIGPIPE, SIG_IGN); // a worker that ends early is told by EPIPE
    return zygote_start(&zygote, err);
}

void worker_stop(void)
{
    zygote_stop(&zygote);
}

void worker_break_off(void)
{
    zygote_break_off(&zygote);
}

struct sandbox_support worker_sandbox_support(void)
{
    return (struct sandbox_support){sandbox_has_seccomp(), sandbox_landlock_abi()};
}

// ---- The way to a worker --------------------------------------------------------------------------------------------

// Our ends of the three pipes, and what the worker has said so far.
struct channel {
    int input, output, end;
    uint64_t most; // bytes of an answer
    bool too_much;
    struct buf answer;
};
#define CHANNEL_AUTO __attribute__((cleanup(channel_close)))

static void channel_close(struct channel *c)
{
    fd_close(&c->input);
    fd_close(&c->output);
    fd_close(&c->end);
    buf_free(&c->answer);
}

static bool channel_open(struct channel *c, const struct layer_request *request, struct error *err)
{
    int input[2] = {-1, -1}, output[2] = {-1, -1}, end[2] = {-1, -1};
    bool ok = pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0 && pipe2(end, O_CLOEXEC) == 0;
    if (!ok)
        error_errno(err, "cannot make a pipe");
    *c = (struct channel){
        .input = input[1], .output = output[0], .end = end[0], .most = worker_answer_most(&request->limits)};
    if (ok) {
        fcntl(c->input, F_SETPIPE_SZ, PIPE_BYTES); // may be refused; a smaller one does, too
        ok = fcntl(c->input, F_SETFL, O_NONBLOCK) == 0 || error_errno(err, "cannot set up a pipe");
    }
    ok = ok && zygote_ask(&zygote, request, input[0], output[1], end[1], err);
    fd_close(&input[0]);
    fd_close(&output[1]);
    fd_close(&end[1]);
    return ok;
}

// Takes what the worker says, waiting for it; closes our end when there is no more, or too much.
static void hear(struct channel *c)
{
    buf_reserve(&c->answer, ANSWER_CHUNK);
    ssize_t n = read(c->output, c->answer.p + c->answer.n, ANSWER_CHUNK);
    if (n < 0 && errno == EINTR)
        return;
    c->answer.n += n > 0 ? (size_t)n : 0;
    c->too_much = c->answer.n > c->most;
    if (n <= 0 || c->too_much)
        fd_close(&c->output);
}

// Passes a chunk on, hearing what the worker says meanwhile so that neither waits for the other. A worker that takes no
// more has ended, or gone wrong: its end will tell.
static void pass_on(struct channel *c, struct slice chunk)
{
    while (chunk.n > 0 && c->input >= 0) {
        ssize_t n = write(c->input, chunk.p, chunk.n);
        if (n >= 0) {
            chunk = slice_from(chunk, (size_t)n);
        } else if (errno == EAGAIN) {
            struct pollfd fds[] = {{c->input, POLLOUT, 0}, {c->output, POLLIN, 0}};
            if (poll(fds, 2, -1) > 0 && fds[1].revents != 0)
                hear(c);
        } else if (errno != EINTR) {
            fd_close(&c->input);
        }
    }
}

// Reads the blob to its end: each chunk is hashed here while the worker unpacks it there.
static bool pump(struct reader *blob, struct channel *c, struct hasher *h, uint64_t *bytes, struct error *err)
{
    for (;;) {
        struct slice chunk;
        if (!reader_next(blob, &chunk, err))
            return false;
        if (chunk.n == 0)
            break;
        *bytes += chunk.n;
        pass_on(c, chunk);
        hasher_add(h, chunk);
    }
    fd_close(&c->input);
    while (c->output >= 0)
        hear(c);
    return true;
}

static bool await_end(struct channel *c, struct worker_end *end, struct error *err)
{
    ssize_t n;
    do {
        n = read(c->end, end, sizeof *end);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof *end)
        return error_set(err, ERR_IO, "the process that starts layer workers has died");
    if (end->broken_off || end->fork_error == ECANCELED)
        return error_set(err, ERR_REFUSED, "reading it was broken off");
    errno = end->fork_error;
    return end->fork_error == 0 || error_errno(err, "cannot start a layer worker");
}

// ---- The answer -----------------------------------------------------------------------------------------------------

static bool no_memory(const struct limits *limits, struct error *why)
{
    return error_set(why, ERR_LIMIT, "needs more memory than the %llu bytes that limit layer_memory_bytes allows",
                     (unsigned long long)limits->layer_memory_bytes);
}

static bool no_time(const struct limits *limits, struct error *why)
{
    return error_set(why, ERR_LIMIT,
                     "needs more processor time than the %llu seconds that limit layer_cpu_seconds allows",
                     (unsigned long long)limits->layer_cpu_seconds);
}

// True when the worker came to its own end; else `why` says what became of it.
static bool ended_well(const struct worker_end *end, const struct limits *limits, struct error *why)
{
    if (WIFEXITED(end->status)) {
        int status = WEXITSTATUS(end->status);
        if (status == WORKER_OUT_OF_MEMORY)
            return no_memory(limits, why);
        return status == 0 || error_set(why, ERR_CRASH, "the layer worker failed (exit status %d)", status);
    }
    int number = WTERMSIG(end->status);
    switch (number) {
    case SIGXCPU:
        return no_time(limits, why);
    case SIGSYS:
        return error_set(why, ERR_CRASH, "the layer worker tried something that its sandbox forbids, and was killed");
    case SIGKILL:
        if (end->cpu_seconds >= (double)limits->layer_cpu_seconds)
            return no_time(limits, why);
        return error_set(why, ERR_CRASH, "the layer worker was killed, perhaps because the machine ran out of memory");
    default:
        return error_set(why, ERR_CRASH, "the layer worker crashed (%s)", strsignal(number));
    }
}

// What a worker that gave no answer has found: nothing, in the form of an answer.
static void take_nothing(struct arena *a, struct layer_result *result)
{
    struct buf json BUF_AUTO = {0};
    result->complete = false;
    result->findings = (struct findings){0};
    findings_encode(&result->findings, &json);
    result->findings_json = arena_dup(a, buf_slice(&json));
}

// False when the worker could not even begin.
static bool take_answer(const struct channel *c, const struct worker_end *end, const struct limits *limits,
                        struct arena *a, struct layer_result *result, struct error *err)
{
    struct worker_answer answer;
    struct error why;
    bool heard = false;
    if (c->too_much)
        error_set(&result->problem, ERR_LIMIT,
                  "gives more findings than the %llu bytes that limit layer_findings_bytes allows",
                  (unsigned long long)limits->layer_findings_bytes);
    else if (ended_well(end, limits, &result->problem)) {
        heard = worker_answer_decode(buf_slice(&c->answer), a, limits, &answer, &why);
        if (!heard)
            error_set(&result->problem, ERR_CRASH, "the layer worker gave an answer that cannot be used: %s", why.text);
    }
    if (!heard) {
        take_nothing(a, result);
        return true;
    }
    if (answer.problem.code == ERR_IO) {
        *err = answer.problem;
        return error_wrap(err, "layer worker");
    }
    result->complete = answer.complete;
    result->problem = answer.problem;
    result->findings = answer.findings;
    result->findings_json = answer.findings_json;
    return true;
}

bool worker_index_layer(struct reader *blob, const struct digest *expected, enum scan_subject subject,
                        const struct limits *limits, struct arena *a, struct layer_result *result, struct error *err)
{
    *result = (struct layer_result){0};
    struct worker_end end;
    struct layer_request request;
    memset(&request, 0, sizeof request); // it goes to another process, and what lies between its members with it
    request.limits = *limits;
    request.subject = subject;
    struct channel c CHANNEL_AUTO = {.input = -1, .output = -1, .end = -1};
    struct hasher *h HASHER_AUTO = hasher_new(expected);
    if (!channel_open(&c, &request, err) || !pump(blob, &c, h, &result->bytes_in, err))
        return false;
    result->digest = hasher_end(h);
    h = NULL;
    if (expected != NULL && !digest_eq(&result->digest, expected))
        return error_set(err, ERR_DIGEST, "its bytes have the digest %s instead of %s", result->digest.text,
                         expected->text);
    if (!await_end(&c, &end, err))
        return false;
    result->peak_memory = end.peak_memory;
    result->cpu_seconds = end.cpu_seconds;
    return take_answer(&c, &end, limits, a, result, err);
}
