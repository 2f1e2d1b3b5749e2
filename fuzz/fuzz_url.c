// URLs and what a Location header says: what is read is http or https, has a host, and is read as the same again.
#include "fuzz.h"

#include "http/proxy.h"
#include "http/url.h"

static void check(const struct url *url, struct arena *a)
{
    struct url again;
    struct error err;
    if (url->host.n == 0 || url->port > 65535 ||
        !slice_starts(url->text, url->tls ? SLICE("https://") : SLICE("http://")))
        abort();
    for (size_t i = 0; i < url->text.n; i++)
        if ((unsigned char)url->text.p[i] <= ' ')
            abort();
    if (!url_parse(url->text, a, &again, &err) || !url_same_origin(url, &again))
        abort();
    proxy_excepts(url->host, url->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct slice text = slice_of((const char *)data, size);
    struct url base, url;
    struct error err;
    if (url_parse(text, &a, &url, &err))
        check(&url, &a);
    if (url_parse(SLICE("https://h:1/a/b?c"), &a, &base, &err) && url_resolve(&base, text, &a, &url, &err))
        check(&url, &a);
    url_shown(&a, text);
    return 0;
}
