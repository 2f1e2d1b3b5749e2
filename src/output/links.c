#include "output/links.h"

#include "base/markup.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Labels of letters, digits and dashes, at least two, the last one of letters; a port may follow.
static bool is_host(struct slice text)
{
    struct slice host, port, label = {0};
    size_t labels = 0;
    bool sane = true;
    if (slice_cut(text, ':', &host, &port) && (port.n == 0 || port.n > 5))
        return false;
    for (size_t i = 0; i < port.n; i++)
        sane = sane && is_digit(port.p[i]);
    for (bool more = true; more && sane; labels++) {
        more = slice_cut(host, '.', &label, &host);
        sane = label.n != 0 && label.p[0] != '-' && label.p[label.n - 1] != '-';
        for (size_t i = 0; i < label.n; i++)
            sane = sane && (is_letter(label.p[i]) || is_digit(label.p[i]) || label.p[i] == '-');
    }
    for (size_t i = 0; i < label.n; i++)
        sane = sane && is_letter(label.p[i]);
    return sane && labels >= 2 && label.n >= 2;
}

// The characters of RFC 3986's pchar, '/' and '?', and one fragment.
static bool is_rest(struct slice text)
{
    bool fragment = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            if (i + 2 >= text.n || !is_hex(text.p[i + 1]) || !is_hex(text.p[i + 2]))
                return false;
        } else if (c == '#' && !fragment) {
            fragment = true;
        } else if (!is_letter(c) && !is_digit(c) && (c == '\0' || strchr("-._~!$&'()*+,;=:@/?", c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool is_plain_link(struct slice text)
{
    if (!markup_is_link(text))
        return false;
    size_t n = 0;
    struct slice rest = slice_from(text, slice_starts_nocase(text, SLICE("https://")) ? 8 : 7);
    while (n < rest.n && strchr("/?#", rest.p[n]) == NULL)
        n++;
    return is_host(slice_of(rest.p, n)) && is_rest(slice_from(rest, n));
}
