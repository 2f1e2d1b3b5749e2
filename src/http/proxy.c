#include "http/proxy.h"

#include "http/address.h"

#include <stdlib.h>

static const char *variable(const char *lower, const char *upper)
{
    const char *value = getenv(lower);
    if ((value == NULL || value[0] == '\0') && upper != NULL)
        value = getenv(upper);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

// "example.com" and ".example.com" name the host and its subdomains; a trailing dot of a root name says nothing.
static bool names_host(struct slice item, struct slice host)
{
    if (slice_starts(item, SLICE(".")))
        item = slice_from(item, 1);
    if (slice_ends(host, SLICE(".")))
        host.n--;
    if (item.n == 0 || item.n > host.n || !slice_eq_nocase(slice_from(host, host.n - item.n), item))
        return false;
    return item.n == host.n || host.p[host.n - item.n - 1] == '.';
}

bool proxy_excepts(struct slice list, struct slice host)
{
    struct slice item;
    struct sockaddr_storage address;
    bool literal = address_parse(host, 0, &address);
    while (list.n != 0) {
        slice_cut(list, ',', &item, &list);
        item = slice_trim(item);
        if (slice_eq(item, SLICE("*")) ||
            (literal ? address_in(item, (const struct sockaddr *)&address) : names_host(item, host)))
            return true;
    }
    return false;
}

const char *proxy_for(const struct url *url)
{
    const char *proxy = url->tls ? variable("https_proxy", "HTTPS_PROXY") : variable("http_proxy", NULL);
    if (proxy == NULL)
        proxy = variable("all_proxy", "ALL_PROXY");
    return proxy != NULL && !proxy_excepts(slice_str(variable("no_proxy", "NO_PROXY")), url->host) ? proxy : NULL;
}
