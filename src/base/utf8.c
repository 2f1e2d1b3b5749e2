#include "base/utf8.h"

#include "base/buf.h"

#include <stdio.h>
#include <wchar.h>

// The table of well-formed sequences is Unicode 15, table 3-7.
size_t utf8_decode(struct slice s, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n == 0)
        return 0;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    size_t length = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
    if (length == 0 || s.n < length)
        return 0;
    uint32_t c = p[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = (c << 6) | (p[i] & 0x3fU);
    }
    bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code = c;
    return length;
}

uint32_t utf8_take(struct slice *s)
{
    uint32_t code = 0xfffd;
    size_t n = utf8_decode(*s, &code);
    *s = slice_from(*s, n != 0 ? n : 1);
    return code;
}

bool utf8_valid(struct slice s)
{
    while (s.n > 0) {
        uint32_t code;
        size_t n = utf8_decode(s, &code);
        if (n == 0)
            return false;
        s = slice_from(s, n);
    }
    return true;
}

struct slice utf8_clean(struct arena *a, struct slice s)
{
    if (utf8_valid(s) && slice_find(s, '\0') < 0)
        return s;
    struct buf out BUF_AUTO = {0};
    while (s.n > 0) {
        uint32_t code;
        size_t n = utf8_decode(s, &code);
        buf_add(&out, n != 0 && code != 0 ? slice_of(s.p, n) : SLICE("\xef\xbf\xbd"));
        s = slice_from(s, n != 0 ? n : 1);
    }
    return arena_dup(a, buf_slice(&out));
}

// Controls, Unicode's Bidi_Control (PropList.txt), and its two separators of lines.
static bool obeyed_by_terminals(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0x061c || c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029;
}

size_t utf8_find_obeyed(struct slice s, uint32_t *code, size_t *length)
{
    for (size_t i = 0; i < s.n; i += *length) {
        *length = 1;
        if ((unsigned char)s.p[i] < 0x7f)
            continue;
        size_t n = utf8_decode(slice_from(s, i), code);
        if (n != 0 && obeyed_by_terminals(*code)) {
            *length = n;
            return i;
        }
        *length = n != 0 ? n : 1;
    }
    return s.n;
}

size_t utf8_printable(char *out, size_t size, struct slice s)
{
    size_t n = 0;
    while (s.n > 0) {
        uint32_t code = 0;
        size_t length = utf8_decode(s, &code);
        size_t taken = length != 0 ? length : 1;
        bool plain = length != 0 && !obeyed_by_terminals(code);
        size_t wanted = plain ? length : 4 * taken;
        if (n + wanted + 1 > size)
            break;
        if (plain)
            memcpy(out + n, s.p, length);
        else
            for (size_t i = 0; i < taken; i++)
                snprintf(out + n + 4 * i, 5, "\\x%02x", (unsigned)(unsigned char)s.p[i]);
        n += wanted;
        s = slice_from(s, taken);
    }
    out[n] = '\0';
    return n;
}

struct slice utf8_plain(struct arena *a, struct slice s)
{
    size_t size = 4 * s.n + 1;
    char *out = arena_alloc(a, size);
    return slice_of(out, utf8_printable(out, size, s));
}

struct slice utf8_shorten(struct arena *a, struct slice s, size_t most)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    if (s.n <= most)
        return s;
    size_t kept = most - (sizeof ellipsis - 1), head = kept / 2;
    struct slice tail = slice_from(s, s.n - (kept - head));
    struct buf out BUF_AUTO = {0};
    buf_add(&out, slice_of(s.p, head));
    buf_adds(&out, ellipsis);
    buf_add(&out, tail);
    return arena_dup(a, buf_slice(&out));
}

size_t utf8_columns(struct slice s)
{
    size_t columns = 0;
    while (s.n > 0) {
        uint32_t code = 0;
        size_t n = utf8_decode(s, &code);
        int width = n > 1 ? wcwidth((wchar_t)code) : 1;
        columns += width >= 0 ? (size_t)width : 1; // -1: no character that Unicode knows, drawn as a box
        s = slice_from(s, n != 0 ? n : 1);
    }
    return columns;
}
