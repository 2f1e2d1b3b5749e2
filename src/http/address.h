// Which network addresses may be connected to.
//
// What a manifest, a registry or a redirect names may be anything: the cloud's metadata service, a database on the
// loopback interface, a router. So only addresses of the public internet are connected to, unless a list of hosts and
// networks allows others. What counts is the address that is connected to, not the name that led to it.
//
// Sources: the IANA special-purpose address registries (RFC 6890 and its successors) for IPv4 and IPv6; RFC 6052 for
// IPv4 addresses inside IPv6 ones (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 4291, 2.5.5 (mapped and compatible).
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#include <sys/socket.h>

enum address_kind {
    ADDRESS_PUBLIC,
    ADDRESS_PRIVATE,  // of this machine or of a private network: loopback, RFC 1918, RFC 4193, RFC 6598
    ADDRESS_RESERVED, // link-local, unspecified, multicast, for documentation, anything else that is not public
};

// Also for an address that is no IP address: ADDRESS_RESERVED.
enum address_kind address_kind(const struct sockaddr *address);

// What a kind is called in a message: "loopback or private".
const char *address_kind_text(enum address_kind kind);

// Is `network`, an address or "NETWORK/BITS", this address or one that holds it?
bool address_in(struct slice network, const struct sockaddr *address);

// What is allowed beside the public internet. All zero: nothing.
struct address_rules {
    bool airgap; // and the public internet is not either, whatever the rules say
    VEC(struct address_rule) rules;
};

struct address_rule {
    struct slice host;     // a name, in lower case; or empty:
    unsigned char net[16]; // an IPv6 network; IPv4 ones are mapped into it
    unsigned bits;
    unsigned port; // of a host that the user named: only there, and at no reserved address; 0: anywhere
};

// Adds "HOST", "ADDRESS" or "NETWORK/BITS". ERR_USAGE for anything else.
bool address_rules_add(struct address_rules *rules, struct arena *a, struct slice text, struct error *err);

// Adds a host and port that the user named: they may be at a private address, though at no reserved one.
void address_rules_trust(struct address_rules *rules, struct arena *a, struct slice host, unsigned port);

// May this address and port be connected to for a URL with this host? NULL rules allow nothing beside the public
// internet.
bool address_rules_allow(const struct address_rules *rules, struct slice host, const struct sockaddr *address);

// Reads an address as a URL's host has it, with or without brackets. False for a name.
bool address_parse(struct slice text, unsigned port, struct sockaddr_storage *address);

// An address for people, without its port.
struct slice address_text(struct arena *a, const struct sockaddr *address);
