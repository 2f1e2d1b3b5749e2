// Which proxy a URL is fetched through: what the environment says, as curl(1) and Go read it.
//
// http_proxy for http (in lower case only, since HTTP_PROXY is a request's header in a CGI program), https_proxy and
// HTTPS_PROXY for https, all_proxy and ALL_PROXY for both; no_proxy and NO_PROXY list exceptions: hosts, which take
// their subdomains with them, addresses, networks, or "*".
#pragma once

#include "http/url.h"

// The proxy's URL, or NULL for none. Lives as long as the environment.
const char *proxy_for(const struct url *url);

// Does a list as in no_proxy name this host? For proxy_for() and its tests.
bool proxy_excepts(struct slice list, struct slice host);
