// URLs of what is fetched: http and https only, without credentials in them.
//
// Read by libcurl's own parser, so that what is judged here is what is connected to (hosts in other notations of an
// IPv4 address, "0x7f.1", come out as the address).
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct url {
    struct slice text; // the whole, normalised and terminated, without a fragment
    bool tls;
    struct slice host; // in lower case; IPv6 addresses in brackets
    unsigned port;
};

// Reads an absolute URL. ERR_FORMAT, also for one with a user or a password; ERR_UNSUPPORTED for another scheme.
bool url_parse(struct slice text, struct arena *a, struct url *url, struct error *err);

// Reads what a Location header says, relative to the URL that was asked.
bool url_resolve(const struct url *base, struct slice location, struct arena *a, struct url *url, struct error *err);

// The same scheme, host and port: what may see credentials and headers that were given for it.
bool url_same_origin(const struct url *a, const struct url *b);

// For people: without the query, which may hold a signature that is as good as a password. Never longer than a message
// can show.
struct slice url_shown(struct arena *a, struct slice text);

// A value as a query carries it (RFC 3986, percent-encoded).
struct slice url_escape(struct arena *a, struct slice value);
