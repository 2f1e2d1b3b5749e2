// Takes connections from a listening socket and hands them on, on a thread of its own.
//
// libmicrohttpd can do that itself, but not stop: MHD_quiesce_daemon and the daemon's threads both take the socket out
// of the same epoll sets, and whoever comes second aborts the process (version 0.9.75, "Failed to remove listen FD from
// epoll set"). So the daemon never sees the socket.
#pragma once

#include "base/error.h"

#include <sys/socket.h>

struct acceptor;

struct acceptor_options {
    int socket;                      // listening, non-blocking; stays the caller's
    const char *name;                // of the server, for messages
    void *context;                   // of the following
    bool (*has_room)(void *context); // while it says no, connections wait in the system's queue
    // Takes a connection over: a non-blocking descriptor, and the client's address.
    void (*take)(void *context, int fd, const struct sockaddr *address, socklen_t address_n);
};

// `options` must live as long. NULL with an error.
struct acceptor *acceptor_start(const struct acceptor_options *options, struct error *err);

// When it returns, nothing is taken any more. Harmless for NULL.
void acceptor_stop(struct acceptor **acceptor);
