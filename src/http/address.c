#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct network {
    unsigned char net[16];
    unsigned bits;
    enum address_kind kind;
};

// IANA IPv4 Special-Purpose Address Registry; the first that fits counts.
static const struct network ipv4_networks[] = {
    {{0}, 8, ADDRESS_RESERVED},             // this network
    {{10}, 8, ADDRESS_PRIVATE},             // RFC 1918
    {{100, 64}, 10, ADDRESS_PRIVATE},       // shared address space, RFC 6598
    {{127}, 8, ADDRESS_PRIVATE},            // loopback
    {{169, 254}, 16, ADDRESS_RESERVED},     // link-local; the clouds' metadata services
    {{172, 16}, 12, ADDRESS_PRIVATE},       // RFC 1918
    {{192, 0, 0}, 24, ADDRESS_RESERVED},    // protocol assignments
    {{192, 0, 2}, 24, ADDRESS_RESERVED},    // documentation
    {{192, 88, 99}, 24, ADDRESS_RESERVED},  // 6to4 relays
    {{192, 168}, 16, ADDRESS_PRIVATE},      // RFC 1918
    {{198, 18}, 15, ADDRESS_RESERVED},      // benchmarking
    {{198, 51, 100}, 24, ADDRESS_RESERVED}, // documentation
    {{203, 0, 113}, 24, ADDRESS_RESERVED},  // documentation
    {{224}, 3, ADDRESS_RESERVED},           // multicast, reserved, broadcast
};

// IPv6: only 2000::/3 is given out for the public internet; these are exceptions inside it, or private.
static const struct network ipv6_networks[] = {
    {{[15] = 1}, 128, ADDRESS_PRIVATE},               // loopback
    {{0xfc}, 7, ADDRESS_PRIVATE},                     // RFC 4193
    {{0x20, 0x01, 0x00, 0x00}, 23, ADDRESS_RESERVED}, // protocol assignments, Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_RESERVED}, // documentation
    {{0x3f, 0xff}, 20, ADDRESS_RESERVED},             // documentation, RFC 9637
    {{0x20}, 3, ADDRESS_PUBLIC},                      // global unicast
};

static const unsigned char mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};
static const unsigned char nat64_prefix[12] = {0x00, 0x64, 0xff, 0x9b};

static bool in_network(const unsigned char *address, const unsigned char *net, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    if (memcmp(address, net, bytes) != 0)
        return false;
    return rest == 0 || (unsigned char)((address[bytes] ^ net[bytes]) >> (8 - rest)) == 0;
}

static enum address_kind kind_in(const unsigned char *address, const struct network *networks, size_t n,
                                 enum address_kind otherwise)
{
    for (size_t i = 0; i < n; i++)
        if (in_network(address, networks[i].net, networks[i].bits))
            return networks[i].kind;
    return otherwise;
}

static enum address_kind ipv4_kind(const unsigned char *address)
{
    return kind_in(address, ipv4_networks, sizeof ipv4_networks / sizeof ipv4_networks[0], ADDRESS_PUBLIC);
}

static enum address_kind ipv6_kind(const unsigned char *address)
{
    // Where an IPv4 address inside is what is reached in the end, that one is judged.
    if (memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0 ||
        memcmp(address, nat64_prefix, sizeof nat64_prefix) == 0)
        return ipv4_kind(address + 12);
    if (address[0] == 0x20 && address[1] == 0x02)
        return ipv4_kind(address + 2);
    return kind_in(address, ipv6_networks, sizeof ipv6_networks / sizeof ipv6_networks[0], ADDRESS_RESERVED);
}

// The sixteen bytes of an IP address, IPv4 ones mapped; false for anything else.
static bool address_bytes(const struct sockaddr *address, unsigned char bytes[static 16])
{
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        memcpy(bytes, &six.sin6_addr, 16);
        return true;
    }
    if (address->sa_family != AF_INET)
        return false;
    struct sockaddr_in four;
    memcpy(&four, address, sizeof four);
    memcpy(bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(bytes + 12, &four.sin_addr, 4);
    return true;
}

enum address_kind address_kind(const struct sockaddr *address)
{
    unsigned char bytes[16];
    return address_bytes(address, bytes) ? ipv6_kind(bytes) : ADDRESS_RESERVED;
}

const char *address_kind_text(enum address_kind kind)
{
    return kind == ADDRESS_PUBLIC ? "public" : kind == ADDRESS_PRIVATE ? "loopback or private" : "reserved";
}

bool address_parse(struct slice text, unsigned port, struct sockaddr_storage *address)
{
    char terminated[INET6_ADDRSTRLEN];
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = slice_of(text.p + 1, text.n - 2);
    if (text.n == 0 || text.n >= sizeof terminated || memchr(text.p, '\0', text.n) != NULL)
        return false;
    memcpy(terminated, text.p, text.n);
    terminated[text.n] = '\0';
    *address = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, terminated, &four.sin_addr) == 1)
        memcpy(address, &four, sizeof four);
    else if (inet_pton(AF_INET6, terminated, &six.sin6_addr) == 1)
        memcpy(address, &six, sizeof six);
    else
        return false;
    return true;
}

struct slice address_text(struct arena *a, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char bytes[16];
    if (!address_bytes(address, bytes))
        return SLICE("no IP address");
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, bytes + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, bytes, text, sizeof text);
    return arena_dup(a, slice_str(text));
}

static bool is_host_name(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '.' && c != '_')
            return false;
    }
    return text.n != 0 && text.n <= 253;
}

// "ADDRESS" or "NETWORK/BITS", as an IPv6 network.
static bool parse_network(struct slice text, unsigned char net[static 16], unsigned *bits)
{
    struct slice host, suffix;
    struct sockaddr_storage address;
    uint64_t said;
    bool cut = slice_cut(text, '/', &host, &suffix);
    if (!address_parse(host, 0, &address) || !address_bytes((const struct sockaddr *)&address, net))
        return false;
    unsigned most = address.ss_family == AF_INET ? 32 : 128;
    *bits = 128;
    if (!cut)
        return true;
    if (!slice_to_u64(suffix, &said) || said > most)
        return false;
    *bits = 128 - most + (unsigned)said;
    return true;
}

bool address_in(struct slice network, const struct sockaddr *address)
{
    unsigned char net[16], bytes[16];
    unsigned bits;
    return parse_network(network, net, &bits) && address_bytes(address, bytes) && in_network(bytes, net, bits);
}

bool address_rules_add(struct address_rules *rules, struct arena *a, struct slice text, struct error *err)
{
    struct address_rule rule = {0};
    if (!parse_network(text, rule.net, &rule.bits)) {
        if (!is_host_name(text))
            return error_set(err, ERR_USAGE, "\"%.*s\" is neither a host nor an address nor a network as in 10.0.0.0/8",
                             SLICE_ARG(text));
        rule.host = arena_dup_lower(a, text);
    }
    VEC_PUSH(a, &rules->rules) = rule;
    return true;
}

void address_rules_trust(struct address_rules *rules, struct arena *a, struct slice host, unsigned port)
{
    VEC_PUSH(a, &rules->rules) = (struct address_rule){.host = arena_dup_lower(a, host), .port = port};
}

static unsigned port_of(const struct sockaddr *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (address->sa_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return ntohs(six.sin6_port);
    }
    memcpy(&four, address, sizeof four);
    return ntohs(four.sin_port);
}

bool address_rules_allow(const struct address_rules *rules, struct slice host, const struct sockaddr *address)
{
    unsigned char bytes[16];
    enum address_kind kind = address_kind(address);
    if (kind == ADDRESS_PUBLIC)
        return rules == NULL || !rules->airgap;
    if (!address_bytes(address, bytes))
        return false;
    for (size_t i = 0; rules != NULL && i < rules->rules.n; i++) {
        const struct address_rule *rule = &rules->rules.v[i];
        bool fits = rule->host.n != 0 ? slice_eq_nocase(rule->host, host) : in_network(bytes, rule->net, rule->bits);
        if (fits && (rule->port == 0 || (rule->port == port_of(address) && kind == ADDRESS_PRIVATE)))
            return true;
    }
    return false;
}
