#include "image/helper.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS      30.0
#define OUTPUT_BYTES ((size_t)64 * 1024)

extern char **environ;

// What a helper gets of the environment: where to find things, how to reach the user's keychain, and what the clouds'
// helpers read. A name that ends in "*" stands for all that begin so.
static const char *const variables[] = {
    "PATH",     "HOME",       "USER",        "LOGNAME",  "LANG",       "LC_*",       "TMPDIR",
    "XDG_*",    "DISPLAY",    "DOCKER_*",    "DBUS_*",   "GNUPGHOME",  "GPG_*",      "PASSWORD_STORE_*",
    "AWS_*",    "GOOGLE_*",   "CLOUDSDK_*",  "AZURE_*",  "ACR_*",      "HTTP_PROXY", "HTTPS_PROXY",
    "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_*",
};

static bool is_passed(struct slice variable)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        struct slice name = slice_str(variables[i]);
        bool all = slice_ends(name, SLICE("*"));
        name.n -= all;
        if (all ? slice_starts(variable, name) : slice_eq(variable, name))
            return true;
    }
    return false;
}

static char **environment(struct arena *a)
{
    size_t n = 0, kept = 0;
    struct slice name, value;
    while (environ[n] != NULL)
        n++;
    char **out = ARENA_NEW(a, char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        slice_cut(slice_str(environ[i]), '=', &name, &value);
        if (is_passed(name))
            out[kept++] = environ[i];
    }
    return out;
}

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.'))
            return false;
    }
    return name.n != 0 && name.n <= 64;
}

// A running helper, and our ends of its pipes.
struct child {
    pid_t pid;
    int input, output;
};

// In a process group of its own, so that what it starts ends with it; with the signals that this program ignores as
// they are for others.
static bool spawn(const char *program, struct arena *a, struct child *child, struct error *err)
{
    char *argv[] = {(char *)program, (char *)"get", NULL};
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) {
        fd_close(&input[0]);
        fd_close(&input[1]);
        return error_errno(err, "cannot make a pipe");
    }
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawnp(&child->pid, program, &actions, &attributes, argv, environment(a));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    fd_close(&input[0]);
    fd_close(&output[1]);
    child->input = input[1];
    child->output = output[0];
    if (failed == 0)
        return true;
    fd_close(&child->input);
    fd_close(&child->output);
    return error_set(err, failed == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot run it: %s", strerror(failed));
}

// Reads what it prints, to its end.
static bool hear(const struct child *child, struct buf *out, struct error *err)
{
    double end = clock_monotonic() + SECONDS;
    for (;;) {
        struct pollfd fd = {child->output, POLLIN, 0};
        double left = end - clock_monotonic();
        if (left <= 0 || poll(&fd, 1, (int)(left * 1000) + 1) == 0)
            return error_set(err, ERR_IO, "gave no answer within %.0f seconds", SECONDS);
        buf_reserve(out, OUTPUT_BYTES);
        ssize_t n = read(child->output, out->p + out->n, OUTPUT_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "cannot read its answer");
        if (n == 0)
            return true;
        out->n += (size_t)n;
        if (out->n > OUTPUT_BYTES)
            return error_set(err, ERR_IO, "prints more than %zu bytes", OUTPUT_BYTES);
    }
}

static bool await(const struct child *child, int *status, struct error *err)
{
    pid_t ended;
    do {
        ended = waitpid(child->pid, status, 0);
    } while (ended < 0 && errno == EINTR);
    return ended == child->pid || error_errno(err, "cannot wait for it");
}

// A process that closes its output may go on all the same; it is ended either way.
static bool converse(struct child *child, struct slice server, struct buf *out, int *status, struct error *err)
{
    struct error ignored;
    fd_write_all(child->input, server, &ignored); // one that does not read may answer all the same
    fd_close(&child->input);
    bool heard = hear(child, out, err);
    fd_close(&child->output);
    if (!heard)
        kill(-child->pid, SIGKILL);
    return await(child, status, heard ? err : &ignored) && heard;
}

bool helper_get(struct slice name, struct slice server, struct arena *a, struct buf *out, bool *known,
                struct error *err)
{
    struct child child = {-1, -1, -1};
    int status = 0;
    if (!is_name(name))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no credential helper's name", SLICE_ARG(name));
    const char *program = arena_printf(a, "docker-credential-%.*s", SLICE_ARG(name)).p;
    if (!spawn(program, a, &child, err) || !converse(&child, server, out, &status, err))
        return error_wrap(err, "%s", program);
    *known = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (*known || slice_find_slice(buf_slice(out), SLICE("credentials not found")) >= 0)
        return true;
    struct slice first, rest;
    slice_cut(slice_trim(buf_slice(out)), '\n', &first, &rest);
    // What looks like an answer may hold a password.
    if (slice_starts(first, SLICE("{")))
        first = SLICE("its answer is not shown");
    if (first.n > 200)
        first.n = 200;
    return error_set(err, ERR_IO, "%s failed: %.*s", program, SLICE_ARG(first));
}
