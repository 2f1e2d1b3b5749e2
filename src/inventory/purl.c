// Package URLs: pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS.
//
// Source: the package-url specification (ECMA-427) and its definitions of the types deb and apk. Both want the
// vendor as the namespace, the name in lower case, and have the qualifier arch; distro is the one by which tools agree
// on the release. Qualifiers are sorted by name.
#include "inventory/inventory.h"

// Everything is percent-encoded but letters, digits and ".-_~:".
static void encode(struct buf *out, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == '-' || c == '_' || c == '~' || c == ':';
        if (plain) {
            buf_addc(out, c);
        } else {
            buf_addc(out, '%');
            buf_addc(out, hex[(unsigned char)c >> 4]);
            buf_addc(out, hex[(unsigned char)c & 15]);
        }
    }
}

static void encode_lower(struct buf *out, struct slice text)
{
    size_t from = out->n;
    encode(out, text);
    for (size_t i = from; i < out->n; i++) {
        if (out->p[i] == '%')
            i += 2; // hexadecimal digits are in upper case
        else if (out->p[i] >= 'A' && out->p[i] <= 'Z')
            out->p[i] = (char)(out->p[i] - 'A' + 'a');
    }
}

struct slice package_purl(struct arena *a, const struct package *p, const struct distribution *d)
{
    struct buf out BUF_AUTO = {0};
    buf_adds(&out, "pkg:");
    buf_add(&out, p->kind);
    if (d->id.n != 0) {
        buf_addc(&out, '/');
        encode_lower(&out, d->id);
    }
    buf_addc(&out, '/');
    encode_lower(&out, p->name);
    buf_addc(&out, '@');
    encode(&out, p->version);
    const char *separator = "?";
    if (p->arch.n != 0) {
        buf_addf(&out, "%sarch=", separator);
        encode(&out, p->arch);
        separator = "&";
    }
    struct slice release = d->version_id.n != 0 ? d->version_id : d->codename;
    if (d->id.n != 0 && release.n != 0) {
        buf_addf(&out, "%sdistro=", separator);
        encode(&out, d->id);
        buf_addc(&out, '-');
        encode(&out, release);
    }
    return arena_dup(a, buf_slice(&out));
}
