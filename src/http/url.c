#include "http/url.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <curl/curl.h>

#define URL_BYTES   (64 * 1024)
#define SHOWN_BYTES 200

static void parts_free(CURLU **parts)
{
    curl_url_cleanup(*parts);
}

static void text_free(char **text)
{
    curl_free(*text);
}

static struct slice part(CURLU *parts, CURLUPart which, unsigned flags, struct arena *a)
{
    char *text __attribute__((cleanup(text_free))) = NULL;
    if (curl_url_get(parts, which, &text, flags) != CURLUE_OK)
        return SLICE("");
    return arena_dup(a, slice_str(text));
}

static bool is_sendable(struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
            return false;
    return text.n != 0 && text.n <= URL_BYTES;
}

static bool take(CURLU *parts, struct slice shown, struct arena *a, struct url *url, struct error *err)
{
    struct slice scheme = part(parts, CURLUPART_SCHEME, 0, a);
    uint64_t port = 0;
    url->tls = slice_eq_nocase(scheme, SLICE("https"));
    if (!url->tls && !slice_eq_nocase(scheme, SLICE("http")))
        return error_set(err, ERR_UNSUPPORTED, "%.*s: only http and https URLs are fetched", SLICE_ARG(shown));
    if (part(parts, CURLUPART_USER, 0, a).n != 0 || part(parts, CURLUPART_PASSWORD, 0, a).n != 0)
        return error_set(err, ERR_FORMAT, "a URL with a user or a password in it is not fetched");
    curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0);
    url->host = arena_dup_lower(a, part(parts, CURLUPART_HOST, 0, a));
    if (!slice_to_u64(part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT, a), &port) || url->host.n == 0)
        return error_set(err, ERR_FORMAT, "%.*s is no URL with a host", SLICE_ARG(shown));
    url->port = (unsigned)port;
    url->text = part(parts, CURLUPART_URL, 0, a);
    return true;
}

// A host whose escapes hide that it is a number ("%32") is another one, 0.0.0.2, to whoever reads the URL next:
// libcurl.
static bool is_settled(const struct url *url, struct arena *a)
{
    CURLU *again __attribute__((cleanup(parts_free))) = curl_url();
    return curl_url_set(again, CURLUPART_URL, url->text.p, 0) == CURLUE_OK &&
           slice_eq_nocase(part(again, CURLUPART_HOST, 0, a), url->host);
}

static bool parse(const struct url *base, struct slice text, struct arena *a, struct url *url, struct error *err)
{
    CURLU *parts __attribute__((cleanup(parts_free))) = curl_url();
    struct slice shown = url_shown(a, text);
    *url = (struct url){0};
    if (!is_sendable(text))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no URL", SLICE_ARG(shown));
    if (base != NULL)
        curl_url_set(parts, CURLUPART_URL, base->text.p, 0);
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, arena_dup(a, text).p, CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK)
        return error_set(err, ERR_FORMAT, "\"%.*s\" is no URL: %s", SLICE_ARG(shown), curl_url_strerror(code));
    if (!take(parts, shown, a, url, err))
        return false;
    return is_settled(url, a) ||
           error_set(err, ERR_FORMAT, "%.*s hides its host behind escapes: write it as it is", SLICE_ARG(shown));
}

bool url_parse(struct slice text, struct arena *a, struct url *url, struct error *err)
{
    return parse(NULL, text, a, url, err);
}

bool url_resolve(const struct url *base, struct slice location, struct arena *a, struct url *url, struct error *err)
{
    return parse(base, location, a, url, err);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->tls == b->tls && a->port == b->port && slice_eq(a->host, b->host);
}

struct slice url_shown(struct arena *a, struct slice text)
{
    struct slice before, after;
    slice_cut(text, '?', &before, &after);
    slice_cut(before, '#', &before, &after);
    // Someone's password, in the one place where it can stand before the query.
    ptrdiff_t scheme = slice_find_slice(before, SLICE("://")), at = slice_rfind(before, '@');
    if (scheme >= 0 && at > scheme)
        before = arena_printf(a, "%.*s://…%.*s", SLICE_ARG(slice_of(before.p, (size_t)scheme)),
                              SLICE_ARG(slice_from(before, (size_t)at)));
    return utf8_shorten(a, before, SHOWN_BYTES);
}

struct slice url_escape(struct arena *a, struct slice value)
{
    static const char hex[] = "0123456789ABCDEF";
    struct buf out BUF_AUTO = {0};
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain) {
            buf_addc(&out, (char)c);
        } else {
            buf_addc(&out, '%');
            buf_addc(&out, hex[c >> 4]);
            buf_addc(&out, hex[c & 15]);
        }
    }
    return arena_dup(a, buf_slice(&out));
}
