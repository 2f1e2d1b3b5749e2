#include "image/reference.h"

#include "base/buf.h"

#define NAME_BYTES 255 // domain and path
#define TAG_BYTES  128

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter(char c)
{
    return is_small(c) || (c >= 'A' && c <= 'Z');
}

// Small letters and digits, with ".", "_", "__" or any number of "-" between them.
static bool is_component(struct slice s)
{
    size_t i = 0;
    while (i < s.n) {
        size_t start = i;
        while (i < s.n && is_small(s.p[i]))
            i++;
        if (i == start)
            return false;
        if (i == s.n)
            return true;
        size_t gap = i;
        while (i < s.n && s.p[i] == s.p[gap] && !is_small(s.p[i]))
            i++;
        char c = s.p[gap];
        if (!(c == '-' || (c == '.' && i - gap == 1) || (c == '_' && i - gap <= 2)))
            return false;
    }
    return false;
}

static bool is_path(struct slice path)
{
    struct slice part;
    bool more = true;
    while (more) {
        more = slice_cut(path, '/', &part, &path);
        if (!is_component(part))
            return false;
    }
    return true;
}

static bool is_tag(struct slice s)
{
    if (s.n == 0 || s.n > TAG_BYTES || s.p[0] == '.' || s.p[0] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) && s.p[i] != '_' && s.p[i] != '.' && s.p[i] != '-')
            return false;
    return true;
}

static bool is_port(struct slice s)
{
    uint64_t port;
    return s.n <= 5 && slice_to_u64(s, &port) && port > 0 && port < 65536;
}

static bool is_host(struct slice host)
{
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        for (size_t i = 1; i + 1 < host.n; i++)
            if (strchr("0123456789abcdefABCDEF:.", host.p[i]) == NULL || host.p[i] == '\0')
                return false;
        return true;
    }
    struct slice part;
    bool more = true;
    while (more) {
        more = slice_cut(host, '.', &part, &host);
        if (part.n == 0 || part.p[0] == '-' || part.p[part.n - 1] == '-')
            return false;
        for (size_t i = 0; i < part.n; i++)
            if (!is_letter(part.p[i]) && part.p[i] != '-')
                return false;
    }
    return true;
}

static bool is_domain(struct slice domain)
{
    ptrdiff_t colon = slice_rfind(domain, ':'), bracket = slice_rfind(domain, ']');
    if (colon < 0 || colon < bracket)
        return is_host(domain);
    return is_host(slice_of(domain.p, (size_t)colon)) && is_port(slice_from(domain, (size_t)colon + 1));
}

// Only what cannot be the beginning of a path is a domain: one with a dot, a port or a capital letter, or localhost.
static bool looks_like_domain(struct slice s)
{
    if (slice_eq(s, SLICE("localhost")) || slice_find(s, '.') >= 0 || slice_find(s, ':') >= 0)
        return true;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    return false;
}

// The name of Docker's registry has been several over the years.
static struct slice known_domain(struct slice domain)
{
    bool docker = slice_eq_nocase(domain, SLICE("docker.io")) || slice_eq_nocase(domain, SLICE("index.docker.io")) ||
                  slice_eq_nocase(domain, SLICE("registry-1.docker.io"));
    return docker ? SLICE("docker.io") : domain;
}

static bool check_tag(struct slice tag, struct error *err)
{
    return is_tag(tag) || error_set(err, ERR_FORMAT, "\"%.*s\" is no tag", SLICE_ARG(tag));
}

static bool check_names(const struct reference *reference, struct error *err)
{
    if (!is_domain(reference->domain))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no registry's host", SLICE_ARG(reference->domain));
    if (!is_path(reference->path))
        return error_set(err, ERR_FORMAT,
                         "\"%.*s\" is no repository: small letters and digits, with . _ - between them",
                         SLICE_ARG(reference->path));
    return true;
}

static bool check_length(const struct reference *reference, struct error *err)
{
    return reference->domain.n + reference->path.n <= NAME_BYTES ||
           error_set(err, ERR_FORMAT, "the name has more than %d bytes", NAME_BYTES);
}

bool reference_is_host(struct slice host)
{
    return looks_like_domain(host) && is_domain(host);
}

bool reference_of(struct slice host, struct slice path, struct slice tag, const struct digest *digest,
                  struct reference *reference, struct error *err)
{
    *reference = (struct reference){.domain = known_domain(host), .path = path, .tag = tag, .digest = *digest};
    return (tag.n == 0 || check_tag(tag, err)) && check_names(reference, err) && check_length(reference, err);
}

bool reference_parse(struct slice text, struct arena *a, struct reference *reference, struct error *err)
{
    struct slice name, digest, first, rest;
    *reference = (struct reference){.tag = SLICE("")};
    if (slice_cut(text, '@', &name, &digest) && !digest_parse(digest, &reference->digest, err))
        return false;
    ptrdiff_t colon = slice_rfind(name, ':'), slash = slice_rfind(name, '/');
    if (colon > slash) {
        reference->tag = arena_dup(a, slice_from(name, (size_t)colon + 1));
        name.n = (size_t)colon;
        if (!check_tag(reference->tag, err))
            return false;
    }
    if (slice_cut(name, '/', &first, &rest) && looks_like_domain(first)) {
        reference->domain = known_domain(arena_dup(a, first));
        reference->path = arena_dup(a, rest);
    } else {
        reference->domain = SLICE("docker.io");
        reference->path = arena_dup(a, name);
    }
    if (!check_names(reference, err))
        return false;
    if (slice_eq(reference->domain, SLICE("docker.io")) && slice_find(reference->path, '/') < 0)
        reference->path = arena_printf(a, "library/%.*s", SLICE_ARG(reference->path));
    if (!check_length(reference, err))
        return false;
    if (reference->tag.n == 0 && reference->digest.text[0] == '\0')
        reference->tag = SLICE("latest");
    return true;
}

struct slice reference_repository(struct arena *a, const struct reference *reference)
{
    return arena_printf(a, "%.*s/%.*s", SLICE_ARG(reference->domain), SLICE_ARG(reference->path));
}

struct slice reference_text(struct arena *a, const struct reference *reference)
{
    struct buf text BUF_AUTO = {0};
    buf_addf(&text, "%.*s/%.*s", SLICE_ARG(reference->domain), SLICE_ARG(reference->path));
    if (reference->tag.n != 0)
        buf_addf(&text, ":%.*s", SLICE_ARG(reference->tag));
    if (reference->digest.text[0] != '\0')
        buf_addf(&text, "@%s", reference->digest.text);
    return arena_dup(a, buf_slice(&text));
}
