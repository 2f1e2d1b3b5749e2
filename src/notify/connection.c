#include "notify/connection.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- breaking off ---------------------------------------------------------------------------------------------------

void breaker_init(struct breaker *breaker)
{
    breaker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void breaker_free(struct breaker *breaker)
{
    fd_close(&breaker->fd);
}

void breaker_break(struct breaker *breaker)
{
    uint64_t one = 1;
    if (breaker->fd >= 0 && write(breaker->fd, &one, sizeof one) < 0)
        return; // it is broken already
}

bool breaker_is_broken(const struct breaker *breaker)
{
    struct pollfd p = {.fd = breaker->fd, .events = POLLIN};
    return breaker->fd >= 0 && poll(&p, 1, 0) == 1;
}

// ---- waiting --------------------------------------------------------------------------------------------------------

struct connection {
    int fd;
    SSL_CTX *context; // NULL: no TLS
    SSL *ssl;
    const struct breaker *breaker;
};

// May it go on? Asked also when nothing has to be waited for: a peer that sends without end has no other bound.
static bool may_go_on(const struct connection *c, double deadline, struct error *err)
{
    if (breaker_is_broken(c->breaker))
        return error_set(err, ERR_REFUSED, "broken off: nothing is delivered any more");
    return clock_monotonic() < deadline || error_set(err, ERR_NETWORK, "it did not answer in time");
}

// Until the socket is ready for `events`.
static bool wait_for(const struct connection *c, short events, double deadline, struct error *err)
{
    while (may_go_on(c, deadline, err)) {
        struct pollfd p[2] = {{.fd = c->fd, .events = events}, {.fd = c->breaker->fd, .events = POLLIN}};
        double left = deadline - clock_monotonic();
        int n = poll(p, 2, left > 60 ? 60000 : left > 0 ? (int)(left * 1000) + 1 : 0);
        if (n < 0 && errno != EINTR)
            return error_errno(err, "cannot wait for a connection");
        if (n > 0 && p[1].revents == 0 && p[0].revents != 0)
            return true;
    }
    return false;
}

// ---- TCP ------------------------------------------------------------------------------------------------------------

static bool connect_to(struct connection *c, const struct addrinfo *address, double deadline, struct error *err)
{
    int failed = 0;
    socklen_t size = sizeof failed;
    c->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return error_errno(err, "cannot make a socket");
    if (connect(c->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    if (errno == EINPROGRESS) {
        if (!wait_for(c, POLLOUT, deadline, err))
            return false;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failed, &size);
        errno = failed;
    } else {
        failed = errno;
    }
    return failed == 0 || error_set(err, ERR_NETWORK, "cannot connect: %s", strerror(failed));
}

static bool connect_any(struct connection *c, struct slice host, struct slice port, double deadline, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int unknown = getaddrinfo(host.p, port.p, &hints, &found);
    if (unknown != 0)
        return error_set(err, ERR_NETWORK, "cannot find its address: %s", gai_strerror(unknown));
    bool connected = false;
    for (const struct addrinfo *address = found; address != NULL && !connected; address = address->ai_next) {
        fd_close(&c->fd);
        connected = connect_to(c, address, deadline, err);
        if (!connected && err->code == ERR_REFUSED)
            break;
    }
    freeaddrinfo(found);
    return connected;
}

// ---- TLS ------------------------------------------------------------------------------------------------------------

// What OpenSSL says of its last failure; it keeps a queue of them for each thread, which is left empty.
static const char *tls_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason != NULL ? reason : "the connection ended";
}

static bool load_files(const struct connection *c, const struct target_tls *tls, struct error *err)
{
    if (SSL_CTX_set_default_verify_paths(c->context) != 1)
        return error_set(err, ERR_IO, "cannot read the system's certificates: %s", tls_reason());
    if (tls->root_ca.n != 0 && SSL_CTX_load_verify_locations(c->context, tls->root_ca.p, NULL) != 1)
        return error_set(err, ERR_IO, "cannot read the certificates in %s: %s", tls->root_ca.p, tls_reason());
    if (tls->client_cert.n == 0)
        return true;
    if (SSL_CTX_use_certificate_chain_file(c->context, tls->client_cert.p) != 1)
        return error_set(err, ERR_IO, "cannot read the certificate in %s: %s", tls->client_cert.p, tls_reason());
    return (SSL_CTX_use_PrivateKey_file(c->context, tls->key.p, SSL_FILETYPE_PEM) == 1 &&
            SSL_CTX_check_private_key(c->context) == 1) ||
           error_set(err, ERR_IO, "%s is not the key of the certificate in %s: %s", tls->key.p, tls->client_cert.p,
                     tls_reason());
}

// The server must prove that it is this host: by its address, or by its name, which it is told too (SNI).
static bool expect_host(const struct connection *c, struct slice host, struct error *err)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    bool address = inet_pton(AF_INET, host.p, bytes) == 1 || inet_pton(AF_INET6, host.p, bytes) == 1;
    SSL_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
    bool set = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), host.p) == 1
                       : SSL_set1_host(c->ssl, host.p) == 1 && SSL_set_tlsext_host_name(c->ssl, host.p) == 1;
    return set || error_set(err, ERR_IO, "cannot set up TLS: %s", tls_reason());
}

// What a call of OpenSSL that did not succeed waits for, if it waits.
static bool tls_wait(const struct connection *c, int result, double deadline, struct error *err)
{
    int why = SSL_get_error(c->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return wait_for(c, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline, err);
    if (why == SSL_ERROR_ZERO_RETURN)
        return error_set(err, ERR_NETWORK, "it closed the connection");
    return error_set(err, ERR_NETWORK, "TLS: %s", tls_reason());
}

static bool start_tls(struct connection *c, struct slice host, const struct target_tls *tls, double deadline,
                      struct error *err)
{
    int result;
    c->context = SSL_CTX_new(TLS_client_method());
    if (c->context == NULL || SSL_CTX_set_min_proto_version(c->context, TLS1_2_VERSION) != 1)
        return error_set(err, ERR_IO, "cannot set up TLS: %s", tls_reason());
    if (!load_files(c, tls, err))
        return false;
    c->ssl = SSL_new(c->context);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
        return error_set(err, ERR_IO, "cannot set up TLS: %s", tls_reason());
    if (!expect_host(c, host, err))
        return false;
    while ((result = SSL_connect(c->ssl)) != 1) {
        long verdict = SSL_get_verify_result(c->ssl);
        if (verdict != X509_V_OK) {
            ERR_clear_error();
            return error_set(err, ERR_NETWORK, "its certificate is not trusted: %s",
                             X509_verify_cert_error_string(verdict));
        }
        if (!tls_wait(c, result, deadline, err))
            return false;
    }
    return true;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

struct connection *connection_open(struct slice host, struct slice port, const struct target_tls *tls, double seconds,
                                   const struct breaker *breaker, struct error *err)
{
    double deadline = clock_monotonic() + seconds;
    struct connection *c = must_alloc(sizeof *c);
    *c = (struct connection){.fd = -1, .breaker = breaker};
    if (connect_any(c, host, port, deadline, err) && (!tls->given || start_tls(c, host, tls, deadline, err)))
        return c;
    connection_close(&c);
    return NULL;
}

bool connection_send(struct connection *c, struct slice bytes, double deadline, struct error *err)
{
    while (bytes.n != 0) {
        size_t sent = 0;
        int result = 1;
        if (!may_go_on(c, deadline, err))
            return false;
        if (c->ssl != NULL) {
            result = SSL_write_ex(c->ssl, bytes.p, bytes.n, &sent);
        } else {
            ssize_t n = send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return error_set(err, ERR_NETWORK, "cannot send: %s", strerror(errno));
            sent = n > 0 ? (size_t)n : 0;
        }
        bytes = slice_from(bytes, sent);
        if (sent == 0 && (c->ssl != NULL ? !tls_wait(c, result, deadline, err) : !wait_for(c, POLLOUT, deadline, err)))
            return false;
    }
    return true;
}

bool connection_receive(struct connection *c, char *out, size_t size, size_t *n, double deadline, struct error *err)
{
    *n = 0;
    while (*n == 0) {
        if (!may_go_on(c, deadline, err))
            return false;
        if (c->ssl != NULL) {
            int result = SSL_read_ex(c->ssl, out, size, n);
            if (result != 1 && !tls_wait(c, result, deadline, err))
                return false;
            continue;
        }
        ssize_t got = recv(c->fd, out, size, 0);
        if (got == 0)
            return error_set(err, ERR_NETWORK, "it closed the connection");
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return error_set(err, ERR_NETWORK, "cannot receive: %s", strerror(errno));
        if (got > 0)
            *n = (size_t)got;
        else if (!wait_for(c, POLLIN, deadline, err))
            return false;
    }
    return true;
}

void connection_close(struct connection **connection)
{
    struct connection *c = *connection;
    if (c == NULL)
        return;
    if (c->ssl != NULL && SSL_is_init_finished(c->ssl))
        SSL_shutdown(c->ssl); // says goodbye; nobody waits for the answer
    ERR_clear_error();
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    fd_close(&c->fd);
    free(c);
    *connection = NULL;
}
