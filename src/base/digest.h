// Content digests as the OCI image specification writes them: "sha256:" and 64 hex digits, "sha512:" and 128.
#pragma once

#include "base/error.h"
#include "base/slice.h"

#define DIGEST_TEXT 136 // "sha512:" + 128 hex digits + NUL

// Algorithm and lower-case hex, terminated. An empty text is no digest. Plain data: copy it.
struct digest {
    char text[DIGEST_TEXT];
};

// Upper-case hex is accepted and lowered. Errors: ERR_FORMAT, naming what is wrong.
bool digest_parse(struct slice text, struct digest *digest, struct error *err);

static inline struct slice digest_slice(const struct digest *d)
{
    return slice_str(d->text);
}

static inline bool digest_eq(const struct digest *a, const struct digest *b)
{
    return strcmp(a->text, b->text) == 0;
}

// The hex digits alone.
const char *digest_hex(const struct digest *d);

// As bytes, and back: 32 of sha256, 64 of sha512, none of an empty digest. digest_unpack refuses other lengths
// (ERR_FORMAT).
#define DIGEST_BYTES 64
struct slice digest_pack(const struct digest *d, char bytes[static DIGEST_BYTES]);
bool digest_unpack(struct slice bytes, struct digest *d, struct error *err);

// The digests whose text, or whose hex digits, start with some text: packed, those from low to high, both included, and
// of `size` bytes, unless that is 0.
struct digest_range {
    char low[DIGEST_BYTES], high[DIGEST_BYTES];
    size_t low_n, high_n, size;
};

// "sha256:12ab", or "12ab" of whatever algorithm. No digest is in the range of a text that none can start with.
struct digest_range digest_starting(struct slice prefix);

// Hashing of a stream. hasher_new picks the algorithm of `like` (sha256 when that is empty); never NULL.
struct hasher;
struct hasher *hasher_new(const struct digest *like);
void hasher_add(struct hasher *h, struct slice bytes);
struct digest hasher_end(struct hasher *h); // frees it
void hasher_free(struct hasher **h);        // for an abandoned one; NULL is fine

#define HASHER_AUTO __attribute__((cleanup(hasher_free)))

struct digest digest_of(struct slice bytes); // sha256

struct reader;

// Reads to the end: the digest of all that comes, of the algorithm of `like`, and how many bytes that were (NULL is
// fine). Errors: those of the reader.
bool digest_reader(struct reader *r, const struct digest *like, struct digest *digest, uint64_t *bytes,
                   struct error *err);
