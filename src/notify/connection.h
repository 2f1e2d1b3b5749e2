// A connection to a broker: TCP, and TLS on it, in which nothing waits longer than it may, and which another thread can
// break off.
#pragma once

#include "base/error.h"
#include "notify/settings.h"

// Makes whoever waits in another thread give up, for good.
struct breaker {
    int fd; // an event descriptor; -1: the system gave none, so nothing breaks off
};
void breaker_init(struct breaker *breaker);
void breaker_free(struct breaker *breaker);
void breaker_break(struct breaker *breaker); // safe from any thread
bool breaker_is_broken(const struct breaker *breaker);

struct connection;

// Connects to a host (terminated; a name or an address, without brackets) and port within `seconds`; with `tls`, the
// certificate must be one for that host, from an authority that the system or tls->root_ca trusts. NULL with
// ERR_NETWORK, ERR_REFUSED when broken off, ERR_IO for files that cannot be read.
struct connection *connection_open(struct slice host, struct slice port, const struct target_tls *tls, double seconds,
                                   const struct breaker *breaker, struct error *err);

// Sends all of it until `deadline` (clock_monotonic).
bool connection_send(struct connection *c, struct slice bytes, double deadline, struct error *err);

// Waits for bytes until `deadline`: at least one, at most `size`. The end of the stream is an error (ERR_NETWORK).
bool connection_receive(struct connection *c, char *out, size_t size, size_t *n, double deadline, struct error *err);

void connection_close(struct connection **c); // NULL is fine
#define CONNECTION_AUTO __attribute__((cleanup(connection_close)))
