#include "output/words.h"

#include "base/utf8.h"
#include "image/reference.h"

#include <stdio.h>

bool words_next(struct slice *rest, struct slice *word)
{
    do {
        if (rest->n == 0)
            return false;
        slice_cut(*rest, ' ', word, rest);
    } while (word->n == 0);
    return true;
}

// ---- the image ------------------------------------------------------------------------------------------------------

struct slice words_image(const struct report *report)
{
    const struct stored_image *image = report->image;
    if (image->reference.n != 0)
        return image->reference;
    return image->manifest.text[0] != '\0' ? digest_slice(&image->manifest) : SLICE("image");
}

struct slice words_repository(struct arena *a, const struct report *report)
{
    struct slice name = words_image(report);
    struct reference reference;
    struct error err;
    if (reference_parse(name, a, &reference, &err))
        return reference_repository(a, &reference);
    while (name.n > 1 && name.p[name.n - 1] == '/')
        name.n--;
    struct slice last = slice_basename(name);
    bool is_dots = slice_eq(last, SLICE(".")) || slice_eq(last, SLICE(".."));
    return last.n != 0 && !is_dots                       ? last
           : slice_eq(report->image->kind, SLICE("dir")) ? SLICE("folder")
                                                         : SLICE("image");
}

struct slice words_distribution(struct arena *a, const struct distribution *d)
{
    if (!d->known)
        return SLICE("unknown distribution");
    if (d->pretty_name.n != 0)
        return d->pretty_name;
    return arena_printf(a, "%.*s %.*s", SLICE_ARG(d->id), SLICE_ARG(d->version_id));
}

struct slice words_layer(const struct stored_image *image, const struct inventory_package *package)
{
    return package->layer < image->layers_n ? digest_slice(&image->layers[package->layer].digest) : (struct slice){0};
}

// ---- a finding ------------------------------------------------------------------------------------------------------

const struct inventory_package *words_package(const struct report *report, const struct report_finding *f)
{
    return &report->image->inventory.packages[f->package];
}

struct slice words_advice(struct arena *a, const struct report *report, const struct report_finding *f)
{
    const struct package *p = &words_package(report, f)->package;
    if (f->fixed_in.n == 0)
        return f->statements[0].record.state.n == 0
                   ? SLICE("No version with a fix is known.")
                   : arena_printf(a, "No version with a fix is known; the feed %s says: %.*s.", f->statements[0].feed,
                                  SLICE_ARG(f->statements[0].record.state));
    if (f->statements[0].record.of_source && !slice_eq(p->source_name, p->name) && p->source_name.n != 0)
        return arena_printf(a, "Update %.*s to %.*s (version of the source package %.*s).", SLICE_ARG(p->name),
                            SLICE_ARG(f->fixed_in), SLICE_ARG(p->source_name));
    return arena_printf(a, "Update %.*s to %.*s.", SLICE_ARG(p->name), SLICE_ARG(f->fixed_in));
}

// ---- foreign text ---------------------------------------------------------------------------------------------------

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void words_add_path(struct buf *out, struct slice path)
{
    while (path.n != 0) {
        ptrdiff_t slash = slice_find(path, '/');
        size_t part = slash >= 0 ? (size_t)slash : path.n;
        match_add_encoded(out, slice_of(path.p, part));
        if (slash < 0)
            return;
        buf_addc(out, '/');
        path = slice_from(path, part + 1);
    }
}

void words_add_markdown(struct buf *out, struct slice text)
{
    struct arena scratch ARENA_AUTO = {0};
    struct buf flat BUF_AUTO = {0};
    bool blank = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            blank = flat.n != 0;
            continue;
        }
        if (blank)
            buf_addc(&flat, ' ');
        blank = false;
        buf_addc(&flat, c);
    }
    // Any ASCII punctuation may be escaped; that which parts words and sentences marks nothing up inside a line.
    struct slice plain = utf8_plain(&scratch, buf_slice(&flat));
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];
        bool starts_block = i == 0 && (c == '-' || c == '+' || c == '=');
        if (c > ' ' && c < 0x7f && !is_alnum(c) && (strchr(".,;:-+=()/'%?\"{}^", c) == NULL || starts_block))
            buf_addc(out, '\\');
        buf_addc(out, c);
    }
}

struct digest words_digest(const struct slice *texts, size_t n)
{
    struct hasher *h = hasher_new(&(struct digest){0});
    for (size_t i = 0; i < n; i++) {
        hasher_add(h, texts[i]);
        hasher_add(h, slice_of("", 1));
    }
    return hasher_end(h);
}

void words_uuid(char uuid[static WORDS_UUID], const struct slice *texts, size_t n)
{
    const struct digest digest = words_digest(texts, n);
    const char *hex = digest_hex(&digest);
    // Version 8 in the first digit of the third group, the variant (binary 10) in that of the fourth.
    snprintf(uuid, WORDS_UUID, "%.8s-%.4s-8%.3s-%c%.3s-%.12s", hex, hex + 8, hex + 13, "89ab"[hex[16] & 3], hex + 17,
             hex + 20);
}
