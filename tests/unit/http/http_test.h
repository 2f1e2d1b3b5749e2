// What the tests of HTTP share: an arena, and a server on the loopback interface, one thread a connection.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
// cmocka wants the above first
#include <cmocka.h>

static struct arena arena;

static inline void slice_is(struct slice s, const char *expected)
{
    if (!slice_eq(s, slice_str(expected)))
        fail_msg("\"%.*s\" instead of \"%s\"", SLICE_ARG(s), expected);
}

// Answers one request, whose header it is given, on a connection; false ends the connection.
typedef bool answer_fn(int client, struct slice request, void *context);

struct server {
    int fd;
    unsigned port;
    answer_fn *answer;
    void *context;
    pthread_t thread;
    pthread_t clients[256];
    size_t clients_n;
};

struct server_client {
    struct server *server;
    int fd;
};

static inline void *serve_client(void *argument)
{
    struct server_client c = *(struct server_client *)argument;
    struct buf request BUF_AUTO = {0};
    bool more = true;
    free(argument);
    while (more) {
        char byte;
        if (read(c.fd, &byte, 1) != 1)
            break;
        buf_addc(&request, byte);
        if (!slice_ends(buf_slice(&request), SLICE("\r\n\r\n")))
            continue;
        more = c.server->answer(c.fd, buf_slice(&request), c.server->context);
        request.n = 0;
    }
    close(c.fd);
    return NULL;
}

static inline void *serve(void *argument)
{
    struct server *s = argument;
    int fd;
    while ((fd = accept(s->fd, NULL, NULL)) >= 0 && s->clients_n < sizeof s->clients / sizeof s->clients[0]) {
        struct server_client *c = malloc(sizeof *c);
        *c = (struct server_client){s, fd};
        if (pthread_create(&s->clients[s->clients_n], NULL, serve_client, c) == 0)
            s->clients_n++;
    }
    return NULL;
}

static inline void server_start(struct server *s, answer_fn *answer, void *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    *s = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .answer = answer, .context = context};
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(s->fd, 100), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

// After all clients have closed their connections.
static inline void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->clients_n; i++)
        pthread_join(s->clients[i], NULL);
    close(s->fd);
}

static inline bool say(int client, struct slice bytes)
{
    while (bytes.n != 0) {
        ssize_t n = send(client, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes = slice_from(bytes, (size_t)n);
    }
    return true;
}
