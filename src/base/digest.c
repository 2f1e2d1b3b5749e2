#include "base/digest.h"

#include "base/reader.h"

#include "base/arena.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct hasher {
    EVP_MD_CTX *context;
    const char *algorithm;
};

bool digest_parse(struct slice text, struct digest *digest, struct error *err)
{
    struct slice algorithm, hex;
    if (!slice_cut(text, ':', &algorithm, &hex))
        return error_set(err, ERR_FORMAT, "\"%.*s\" is not a digest (sha256:… or sha512:…)", SLICE_ARG(text));
    size_t digits = slice_eq(algorithm, SLICE("sha256")) ? 64 : slice_eq(algorithm, SLICE("sha512")) ? 128 : 0;
    if (digits == 0)
        return error_set(err, ERR_UNSUPPORTED, "digest algorithm \"%.*s\" (sha256 and sha512 are known)",
                         SLICE_ARG(algorithm));
    if (hex.n != digits)
        return error_set(err, ERR_FORMAT, "digest \"%.*s\" has %zu hex digits instead of %zu", SLICE_ARG(text), hex.n,
                         digits);
    memcpy(digest->text, text.p, algorithm.n + 1);
    char *out = digest->text + algorithm.n + 1;
    for (size_t i = 0; i < digits; i++) {
        char c = hex.p[i];
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return error_set(err, ERR_FORMAT, "digest \"%.*s\" has a character that is no hex digit", SLICE_ARG(text));
        out[i] = c;
    }
    out[digits] = '\0';
    return true;
}

const char *digest_hex(const struct digest *d)
{
    const char *colon = strchr(d->text, ':');
    return colon != NULL ? colon + 1 : d->text;
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

struct slice digest_pack(const struct digest *d, char bytes[static DIGEST_BYTES])
{
    const char *hex = digest_hex(d);
    size_t n = 0;
    for (; hex[2 * n] != '\0'; n++)
        bytes[n] = (char)(hex_value(hex[2 * n]) << 4 | hex_value(hex[2 * n + 1]));
    return slice_of(bytes, n);
}

bool digest_unpack(struct slice bytes, struct digest *d, struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    *d = (struct digest){0};
    if (bytes.n == 0)
        return true;
    if (bytes.n != 32 && bytes.n != 64)
        return error_set(err, ERR_FORMAT, "a digest of %zu bytes instead of 32 or 64", bytes.n);
    memcpy(d->text, bytes.n == 32 ? "sha256:" : "sha512:", 7);
    for (size_t i = 0; i < bytes.n; i++) {
        d->text[7 + 2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
        d->text[8 + 2 * i] = digits[(unsigned char)bytes.p[i] & 15];
    }
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Takes the algorithm off the front; how many bytes its digests have, 0 where the text names none.
static size_t cut_algorithm(struct slice *text)
{
    size_t size = slice_starts(*text, SLICE("sha256:")) ? 32 : slice_starts(*text, SLICE("sha512:")) ? 64 : 0;
    if (size != 0)
        *text = slice_from(*text, strlen("sha256:"));
    return size;
}

struct digest_range digest_starting(struct slice prefix)
{
    // Nothing is both at least this low and at most as high as nothing.
    const struct digest_range none = {.low_n = 1};
    struct digest_range range = {.high_n = DIGEST_BYTES, .size = cut_algorithm(&prefix)};
    if (prefix.n > 2 * DIGEST_BYTES)
        return none;
    memset(range.high, 0xff, sizeof range.high);
    range.low_n = (prefix.n + 1) / 2;
    for (size_t i = 0; i < prefix.n; i++) {
        unsigned value = hex_value(prefix.p[i] | ' ');
        if (!is_hex(prefix.p[i]))
            return none;
        // The half of a byte that is not said is between all and none of its bits.
        range.low[i / 2] = (char)(i % 2 == 0 ? value << 4 : (unsigned char)range.low[i / 2] | value);
        range.high[i / 2] = (char)(i % 2 == 0 ? value << 4 | 15 : (unsigned char)range.low[i / 2]);
    }
    return range;
}

struct hasher *hasher_new(const struct digest *like)
{
    struct hasher *h = must_alloc(sizeof *h);
    bool sha512 = like != NULL && strncmp(like->text, "sha512:", 7) == 0;
    h->algorithm = sha512 ? "sha512" : "sha256";
    h->context = EVP_MD_CTX_new();
    if (h->context == NULL || EVP_DigestInit_ex(h->context, sha512 ? EVP_sha512() : EVP_sha256(), NULL) != 1) {
        fprintf(stderr, "clarion: OpenSSL offers no %s\n", h->algorithm);
        exit(3);
    }
    return h;
}

void hasher_add(struct hasher *h, struct slice bytes)
{
    if (bytes.n != 0)
        EVP_DigestUpdate(h->context, bytes.p, bytes.n);
}

struct digest hasher_end(struct hasher *h)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    EVP_DigestFinal_ex(h->context, raw, &n);
    struct digest d;
    int at = snprintf(d.text, sizeof d.text, "%s:", h->algorithm);
    for (unsigned int i = 0; i < n; i++)
        at += snprintf(d.text + at, sizeof d.text - (size_t)at, "%02x", (unsigned)raw[i]);
    hasher_free(&h);
    return d;
}

void hasher_free(struct hasher **h)
{
    if (*h == NULL)
        return;
    EVP_MD_CTX_free((*h)->context);
    free(*h);
    *h = NULL;
}

struct digest digest_of(struct slice bytes)
{
    struct hasher *h = hasher_new(NULL);
    hasher_add(h, bytes);
    return hasher_end(h);
}

bool digest_reader(struct reader *r, const struct digest *like, struct digest *digest, uint64_t *bytes,
                   struct error *err)
{
    struct hasher *h HASHER_AUTO = hasher_new(like);
    struct slice chunk;
    uint64_t n = 0;
    do {
        if (!reader_next(r, &chunk, err))
            return false;
        hasher_add(h, chunk);
        n += chunk.n;
    } while (chunk.n != 0);
    *digest = hasher_end(h);
    h = NULL;
    if (bytes != NULL)
        *bytes = n;
    return true;
}
