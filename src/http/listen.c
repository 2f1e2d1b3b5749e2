// Listening sockets.
#include "base/file.h"
#include "http/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

static int listen_on(const struct addrinfo *address)
{
    int on = 1, off = 0;
    int fd FD_AUTO = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return -1;
    return fd_take(&fd);
}

int web_listen(struct slice host, uint16_t port, struct error *err)
{
    // IPv6 first, whose wildcard takes IPv4 too; a machine without it gets the other.
    static const int families[] = {AF_INET6, AF_INET};
    char service[8], name[256];
    int fd = -1;
    if (host.n >= sizeof name) {
        error_set(err, ERR_USAGE, "the name of the host to listen on is too long");
        return -1;
    }
    memcpy(name, host.n != 0 ? host.p : "", host.n);
    name[host.n] = '\0';
    snprintf(service, sizeof service, "%u", port);
    for (size_t i = 0; fd < 0 && i < 2; i++) {
        const struct addrinfo hints = {
            .ai_family = families[i], .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
        struct addrinfo *found = NULL;
        int code = getaddrinfo(host.n != 0 ? name : NULL, service, &hints, &found);
        if (code != 0)
            error_set(err, ERR_USAGE, "cannot listen on %s: %s", name, gai_strerror(code));
        for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next)
            if ((fd = listen_on(a)) < 0)
                error_errno(err, "cannot listen on %s:%s", name, service);
        if (found != NULL)
            freeaddrinfo(found);
    }
    return fd;
}
