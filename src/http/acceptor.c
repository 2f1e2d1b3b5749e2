#include "http/acceptor.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSE_MILLISECONDS 50 // until it is asked again whether there is room, or a descriptor

struct acceptor {
    const struct acceptor_options *options;
    int ended; // readable: it is to stop
    pthread_t thread;
};

// True when there is one to be taken, or to be tried; false when it is to stop.
static bool wait_for_one(const struct acceptor *acceptor, bool pause)
{
    const struct acceptor_options *o = acceptor->options;
    for (;;) {
        bool rest = pause || !o->has_room(o->context);
        struct pollfd p[2] = {{.fd = acceptor->ended, .events = POLLIN}, {.fd = o->socket, .events = POLLIN}};
        int n = poll(p, rest ? 1 : 2, rest ? PAUSE_MILLISECONDS : -1);
        if (n > 0 && p[0].revents != 0)
            return false;
        if (n > 0)
            return true;
        pause = false;
    }
}

// False when the system has no means for another connection, which is no fault of the one that waits.
static bool accept_one(const struct acceptor *acceptor)
{
    const struct acceptor_options *o = acceptor->options;
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof address;
    int fd = accept4(o->socket, (struct sockaddr *)&address, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        o->take(o->context, fd, (const struct sockaddr *)&address, n);
        return true;
    }
    return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
}

static void *accept_thread(void *argument)
{
    const struct acceptor *acceptor = argument;
    bool able = true;
    while (wait_for_one(acceptor, !able)) {
        bool was = able;
        able = accept_one(acceptor);
        if (was && !able)
            log_warn("%s: no descriptor or no memory is left for another connection: those that come have to wait",
                     acceptor->options->name);
    }
    return NULL;
}

struct acceptor *acceptor_start(const struct acceptor_options *options, struct error *err)
{
    struct acceptor *acceptor = must_alloc(sizeof *acceptor);
    *acceptor = (struct acceptor){.options = options, .ended = eventfd(0, EFD_CLOEXEC)};
    int code = acceptor->ended < 0 ? errno : pthread_create(&acceptor->thread, NULL, accept_thread, acceptor);
    if (code == 0)
        return acceptor;
    errno = code;
    error_errno(err, "cannot start a thread for connections");
    fd_close(&acceptor->ended);
    free(acceptor);
    return NULL;
}

void acceptor_stop(struct acceptor **acceptor)
{
    if (*acceptor == NULL)
        return;
    const uint64_t one = 1;
    while (write((*acceptor)->ended, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    pthread_join((*acceptor)->thread, NULL);
    fd_close(&(*acceptor)->ended);
    free(*acceptor);
    *acceptor = NULL;
}
