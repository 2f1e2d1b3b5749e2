#include "layer/zygote.h"

#include "base/file.h"
#include "layer/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_WORKERS ((size_t)256) // at the same time
#define SOCKET       3             // the zygote's end
#define PASSED       3             // descriptors that come with a request

// A request is one packet: a struct layer_request, and the descriptors beside them. A packet of one byte says that all
// is to be broken off.
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(PASSED * sizeof(int))];
};

// ---- In the zygote --------------------------------------------------------------------------------------------------

struct worker {
    pid_t pid;
    int end; // where its end is told
};

struct nursery {
    int signals; // a descriptor that is ready when a worker has ended
    bool open;   // further requests may come
    bool broken_off;
    struct worker workers[MOST_WORKERS];
    size_t n;
};

static void tell_end(int fd, const struct worker_end *end)
{
    struct error unheard; // the parent may have lost interest
    fd_write_all(fd, slice_of((const char *)end, sizeof *end), &unheard);
    close(fd);
}

static _Noreturn void become_worker(const struct layer_request *request, int input, int output, pid_t zygote)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_NAME, "clarion-layer");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != zygote)
        _exit(1);
    dup2(input, STDIN_FILENO);
    // A worker that was taken over must not reach the terminal; a sanitizer's report must.
    if (!SANDBOX_SANITIZED)
        dup2(STDOUT_FILENO, STDERR_FILENO); // the zygote's own output is /dev/null
    dup2(output, STDOUT_FILENO);
    closefrom(STDERR_FILENO + 1);
    worker_child_run(request);
}

static void fork_worker(struct nursery *n, const struct layer_request *request, const int fds[PASSED])
{
    pid_t zygote = getpid(), pid = -1;
    errno = n->broken_off ? ECANCELED : EAGAIN;
    if (n->n < MOST_WORKERS && !n->broken_off)
        pid = fork();
    if (pid == 0)
        become_worker(request, fds[0], fds[1], zygote);
    struct worker_end never = {.fork_error = errno};
    close(fds[0]);
    close(fds[1]);
    if (pid < 0)
        tell_end(fds[2], &never);
    else
        n->workers[n->n++] = (struct worker){pid, fds[2]};
}

static void break_off(struct nursery *n)
{
    n->broken_off = true;
    for (size_t i = 0; i < n->n; i++)
        kill(n->workers[i].pid, SIGKILL);
}

static void take_request(struct nursery *n)
{
    struct layer_request request;
    union control control;
    int fds[PASSED];
    struct iovec part = {&request, sizeof request};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(SOCKET, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR)
        return;
    if (got == 1) {
        break_off(n);
        return;
    }
    const struct cmsghdr *c = got == (ssize_t)sizeof request ? CMSG_FIRSTHDR(&message) : NULL;
    // The end of the socket; or a request without its descriptors, because this process can have no more of them.
    if (c == NULL || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fds)) {
        n->open = false;
        return;
    }
    memcpy(fds, CMSG_DATA(c), sizeof fds);
    fork_worker(n, &request, fds);
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void reap(struct nursery *n)
{
    struct signalfd_siginfo signals;
    if (read(n->signals, &signals, sizeof signals) < 0 && errno != EAGAIN)
        return;
    struct worker_end end = {0};
    struct rusage usage;
    for (pid_t pid; (pid = wait4(-1, &end.status, WNOHANG, &usage)) > 0;) {
        end.broken_off = n->broken_off && WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL;
        end.peak_memory = (uint64_t)usage.ru_maxrss * KIB;
        end.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
        size_t i = 0;
        while (i < n->n && n->workers[i].pid != pid)
            i++;
        if (i == n->n)
            continue;
        tell_end(n->workers[i].end, &end);
        n->workers[i] = n->workers[--n->n];
    }
}

static _Noreturn void tend(struct nursery *n)
{
    while (n->open || n->n > 0) {
        struct pollfd fds[2 + MOST_WORKERS] = {{n->signals, POLLIN, 0}, {n->open ? SOCKET : -1, POLLIN, 0}};
        for (size_t i = 0; i < n->n; i++)
            fds[2 + i].fd = n->workers[i].end;
        if (poll(fds, 2 + n->n, -1) < 0 && errno != EINTR)
            _exit(1);
        for (size_t i = 0; i < n->n; i++)
            if ((fds[2 + i].revents & POLLERR) != 0) // nobody reads there any more
                kill(n->workers[i].pid, SIGKILL);
        if (fds[1].revents != 0)
            take_request(n);
        if (fds[0].revents != 0)
            reap(n);
    }
    _exit(0);
}

// Keeps nothing of what the parent had but the socket and standard error.
static _Noreturn void be_zygote(int socket, pid_t parent)
{
    struct nursery n = {.open = true};
    sigset_t children;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(socket, SOCKET) < 0)
        _exit(1);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0)
        dup2(null, STDERR_FILENO);
    closefrom(SOCKET + 1);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); // the parent's handlers are about the parent
    // What a terminal or a service manager sends to all: the parent decides what it means.
    const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_SETMASK, &children, NULL);
    n.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (n.signals < 0)
        _exit(1);
    prctl(PR_SET_NAME, "clarion-zygote");
    tend(&n);
}

// ---- In its parent --------------------------------------------------------------------------------------------------

bool zygote_start(struct zygote *zygote, struct error *err)
{
    int sockets[2];
    pid_t parent = getpid();
    *zygote = (struct zygote){-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return error_errno(err, "cannot make a socket");
    pid_t pid = fork();
    if (pid == 0)
        be_zygote(sockets[1], parent);
    if (pid < 0)
        error_errno(err, "cannot fork");
    close(sockets[1]);
    if (pid < 0) {
        close(sockets[0]);
        return false;
    }
    *zygote = (struct zygote){pid, sockets[0]};
    return true;
}

void zygote_stop(struct zygote *zygote)
{
    fd_close(&zygote->socket);
    while (zygote->pid > 0 && waitpid(zygote->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    zygote->pid = -1;
}

void zygote_break_off(const struct zygote *zygote)
{
    if (zygote->socket >= 0)
        send(zygote->socket, "", 1, MSG_NOSIGNAL); // fails only where there is nobody to break anything off
}

bool zygote_ask(const struct zygote *zygote, const struct layer_request *request, int input, int output, int end,
                struct error *err)
{
    const int fds[PASSED] = {input, output, end};
    union control control = {.bytes = {0}};
    struct iovec part = {(void *)(uintptr_t)request, sizeof *request};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(c), fds, sizeof fds);
    ssize_t sent;
    do {
        sent = sendmsg(zygote->socket, &message, MSG_NOSIGNAL); // a packet goes whole, so threads need no lock
    } while (sent < 0 && errno == EINTR);
    return sent >= 0 || error_errno(err, "cannot reach the process that starts layer workers");
}
