#include "vex/image_name.h"

#include "base/buf.h"

// One registry, known by several hosts.
static bool is_docker_hub(struct slice host)
{
    static const char *const hosts[] = {"docker.io", "index.docker.io", "registry-1.docker.io",
                                        "registry.hub.docker.com"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (slice_eq_nocase(host, slice_str(hosts[i])))
            return true;
    return false;
}

// The first part of a reference is a host when it has what no folder of a repository has.
static bool is_host(struct slice part)
{
    return slice_find(part, '.') > 0 || slice_find(part, ':') >= 0 || slice_eq(part, SLICE("localhost"));
}

static bool may_be_repository(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '/';
        if (!plain)
            return false;
    }
    return text.n != 0 && text.p[0] != '/' && text.p[0] != '.' && text.p[text.n - 1] != '/';
}

struct image_name image_name_parse(struct arena *a, struct slice text)
{
    struct image_name name = {.registry = SLICE("docker.io")};
    struct slice rest, host, path;
    slice_cut(text, '@', &rest, &name.digest);
    ptrdiff_t slash = slice_rfind(rest, '/'), colon = slice_rfind(rest, ':');
    if (colon > slash) {
        name.tag = slice_from(rest, (size_t)colon + 1);
        rest.n = (size_t)colon;
    }
    if (slice_cut(rest, '/', &host, &path) && is_host(host)) {
        if (!is_docker_hub(host))
            name.registry = arena_dup_lower(a, host);
        rest = path;
    }
    if (!may_be_repository(rest))
        return (struct image_name){0};
    bool official = slice_eq(name.registry, SLICE("docker.io")) && slice_find(rest, '/') < 0;
    name.repository = official ? arena_printf(a, "library/%.*s", SLICE_ARG(rest)) : rest;
    return name;
}

struct image_name image_name_parse_url(struct arena *a, struct slice url)
{
    ptrdiff_t scheme = slice_find_slice(url, SLICE("://"));
    if (scheme >= 0)
        url = slice_from(url, (size_t)scheme + 3);
    while (slice_ends(url, SLICE("/")))
        url.n--;
    return image_name_parse(a, url);
}
