#include "base/markup.h"

#include "base/utf8.h"

static const char *escape_of(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

// Tab, newline and carriage return are the only controls that XML has; C1 it allows, and nobody wants. Noncharacters at
// the end of the basic plane are not XML's either.
static bool is_unfit(uint32_t code)
{
    bool control = (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || (code >= 0x7f && code < 0xa0);
    bool direction = code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                     (code >= 0x2066 && code <= 0x2069);
    return control || direction || code == 0xfffe || code == 0xffff;
}

void markup_add(struct buf *out, struct slice text)
{
    while (text.n > 0) {
        struct slice left = text;
        uint32_t code = utf8_take(&left);
        struct slice taken = slice_of(text.p, text.n - left.n);
        const char *escape = escape_of(code);
        // Of an invalid byte utf8_take makes the code of U+FFFD, too.
        if (escape != NULL)
            buf_adds(out, escape);
        else if (is_unfit(code) || code == 0xfffd)
            buf_adds(out, "\xef\xbf\xbd");
        else
            buf_add(out, taken);
        text = left;
    }
}

void markup_adds(struct buf *out, const char *text)
{
    markup_add(out, slice_str(text));
}

bool markup_is_link(struct slice url)
{
    return slice_starts_nocase(url, SLICE("https://")) || slice_starts_nocase(url, SLICE("http://"));
}
