#include "inventory/cpe.h"

#include "base/buf.h"

// What stands for the special values (IR 7695, 5.3.1). A name that holds them as bytes is not read.
#define ONE            '\x01' // "?"
#define MANY           '\x02' // "*"
#define NOT_APPLICABLE '\x03' // "-" alone

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int hex(char c)
{
    c = lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "%21" is a quoted "!"; "%01" and "%02" are the wildcards (6.1.2.3.2).
static bool unbind_uri_value(struct slice text, struct arena *a, struct slice *value)
{
    char *out = arena_alloc(a, text.n);
    size_t n = 0;
    if (slice_eq(text, SLICE("-"))) {
        *value = SLICE("\x03");
        return true;
    }
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? hex(text.p[i + 1]) : -1, low = i + 2 < text.n ? hex(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
            if ((unsigned char)c < ' ' && c != ONE && c != MANY)
                return false;
        } else if ((unsigned char)c < ' ') {
            return false;
        }
        out[n++] = lower(c);
    }
    *value = slice_of(out, n);
    return true;
}

// "~edition~sw_edition~target_sw~target_hw~other" in the place of an edition (6.1.2.3.3).
static bool unbind_packed(struct slice text, struct arena *a, struct cpe *out)
{
    static const enum cpe_attribute packed[] = {CPE_EDITION, CPE_SW_EDITION, CPE_TARGET_SW, CPE_TARGET_HW, CPE_OTHER};
    struct slice part, rest = slice_from(text, 1);
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        slice_cut(rest, '~', &part, &rest);
        if (!unbind_uri_value(part, a, &out->attribute[packed[i]]))
            return false;
    }
    return true;
}

static bool unbind_uri(struct slice rest, struct arena *a, struct cpe *out)
{
    struct slice part;
    for (int i = CPE_PART; i <= CPE_LANGUAGE; i++) {
        slice_cut(rest, ':', &part, &rest);
        bool packed = i == CPE_EDITION && slice_starts(part, SLICE("~"));
        if (!(packed ? unbind_packed(part, a, out) : unbind_uri_value(part, a, &out->attribute[i])))
            return false;
    }
    return rest.n == 0;
}

// The next value of a formatted string, up to a ':' that no backslash quotes (6.2.3).
static bool unbind_string_value(struct slice *rest, struct arena *a, struct slice *value)
{
    char *out = arena_alloc(a, rest->n);
    size_t n = 0, i = 0;
    for (; i < rest->n && rest->p[i] != ':'; i++) {
        char c = rest->p[i];
        if ((unsigned char)c < ' ' || (c == '\\' && ++i == rest->n))
            return false;
        out[n++] = c == '\\' ? lower(rest->p[i]) : c == '*' ? MANY : c == '?' ? ONE : lower(c);
    }
    struct slice text = slice_of(rest->p, i);
    *rest = slice_from(*rest, i + 1);
    *value = slice_eq(text, SLICE("*")) ? SLICE("") : slice_eq(text, SLICE("-")) ? SLICE("\x03") : slice_of(out, n);
    return text.n != 0;
}

static bool unbind_string(struct slice rest, struct arena *a, struct cpe *out)
{
    for (int i = CPE_PART; i < CPE_ATTRIBUTES; i++)
        if (!unbind_string_value(&rest, a, &out->attribute[i]))
            return false;
    return rest.n == 0;
}

bool cpe_parse(struct slice text, struct arena *a, struct cpe *out)
{
    *out = (struct cpe){0};
    if (slice_starts(text, SLICE("cpe:/")))
        return unbind_uri(slice_from(text, sizeof "cpe:/" - 1), a, out);
    return slice_starts(text, SLICE("cpe:2.3:")) && unbind_string(slice_from(text, sizeof "cpe:2.3:" - 1), a, out);
}

// Punctuation but '.', '-' and '_' is quoted (6.2.2); a '-' alone would be "not applicable".
static void bind_value(struct slice value, struct buf *out)
{
    if (value.n == 0)
        buf_addc(out, '*');
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || (unsigned char)c >= 0x80;
        if (c == ONE || c == MANY || c == NOT_APPLICABLE)
            buf_addc(out, c == ONE ? '?' : c == MANY ? '*' : '-');
        else
            buf_addf(out, "%s%c", plain || (c == '-' && value.n > 1) ? "" : "\\", c);
    }
}

struct slice cpe_formatted(struct slice text, struct arena *a)
{
    struct cpe cpe;
    struct buf out BUF_AUTO = {0};
    if (!cpe_parse(text, a, &cpe))
        return SLICE("");
    buf_adds(&out, "cpe:2.3");
    for (size_t i = 0; i < CPE_ATTRIBUTES; i++) {
        buf_addc(&out, ':');
        bind_value(cpe.attribute[i], &out);
    }
    return arena_dup(a, buf_slice(&out));
}

static bool has_wildcard(struct slice value)
{
    return slice_find(value, ONE) >= 0 || slice_find(value, MANY) >= 0;
}

// In time of the product of both lengths at most: after a mismatch only the last MANY takes one more.
static bool matches(struct slice pattern, struct slice value)
{
    size_t p = 0, v = 0, many = SIZE_MAX, taken = 0;
    while (v < value.n) {
        if (p < pattern.n && pattern.p[p] == MANY) {
            many = p++;
            taken = v;
        } else if (p < pattern.n && (pattern.p[p] == ONE || pattern.p[p] == value.p[v])) {
            p++;
            v++;
        } else if (many != SIZE_MAX) {
            p = many + 1;
            v = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == MANY)
        p++;
    return p == pattern.n;
}

bool cpe_includes(struct slice pattern, struct slice value)
{
    if (pattern.n == 0)
        return true;
    if (value.n == 0 || has_wildcard(value))
        return false;
    if (value.p[0] == NOT_APPLICABLE || pattern.p[0] == NOT_APPLICABLE)
        return slice_eq(pattern, value);
    return matches(pattern, value);
}
