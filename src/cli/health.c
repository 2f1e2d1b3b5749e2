// clarion health [-c FILE]: is the service of this machine ready? For containers' health checks, where there is no
// other program that could ask.
#include "base/file.h"
#include "base/log.h"
#include "cli/configuration.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SECONDS   4 // that the service may take to connect, and again to answer; engines give up after a little more
#define ANSWER_OK "HTTP/1.1 200 "

static const struct option_spec options[] = {
    CLI_OPTION_CONFIG,
    {0},
};

// To the first address that takes the connection; -1, and `err`.
static int connect_to(const struct config_address *to, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const struct timeval patience = {.tv_sec = SECONDS};
    struct addrinfo *found = NULL;
    char service[8], host[256];
    int fd = -1;
    // Without a host the service is at all addresses: at the loopback interface's, too.
    snprintf(host, sizeof host, "%.*s", SLICE_ARG(to->host));
    snprintf(service, sizeof service, "%u", to->port);
    int code = getaddrinfo(to->host.n != 0 ? host : NULL, service, &hints, &found);
    if (code != 0)
        error_set(err, ERR_NETWORK, "cannot connect to %s: %s", host, gai_strerror(code));
    for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        int each FD_AUTO = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (each >= 0) {
            setsockopt(each, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            setsockopt(each, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); // connect's, too: socket(7)
        }
        if (each >= 0 && connect(each, a->ai_addr, a->ai_addrlen) == 0)
            fd = fd_take(&each);
        else
            error_errno(err, "cannot connect to the service at %s:%s", host, service);
    }
    if (found != NULL)
        freeaddrinfo(found);
    return fd;
}

static bool ask(const struct config_address *to, struct error *err)
{
    static const char question[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[sizeof ANSWER_OK - 1];
    int fd FD_AUTO = connect_to(to, err);
    if (fd < 0 || !fd_write_all(fd, slice_str(question), err))
        return false;
    ssize_t n = recv(fd, answer, sizeof answer, MSG_WAITALL);
    if (n < 0)
        return error_errno(err, "the service at %.*s does not answer", SLICE_ARG(to->text));
    return slice_eq(slice_of(answer, (size_t)n), SLICE(ANSWER_OK)) ||
           error_set(err, ERR_NETWORK, "the service at %.*s is not ready", SLICE_ARG(to->text));
}

static int run(struct cli *cli)
{
    struct arena a ARENA_AUTO = {0};
    struct config_check check CONFIG_AUTO = {0};
    struct error err;
    if (!cli_load_config(cli, &a, &check))
        return EXIT_FAILED;
    if (ask(&check.config.introspection, &err))
        return EXIT_FINE;
    log_error("%s", err.text);
    return EXIT_FAILED;
}

const struct command command_health = {
    .name = "health",
    .summary = "ask the service of this machine whether it is ready",
    .arguments = "",
    .details =
        "The address is the configuration's introspection_addr. The exit status is 0 when /readyz answers 200, else 3.\n",
    .options = options,
    .least = 0,
    .most = 0,
    .run = run,
};
