// A password, a token, a header that carries one: bytes that nothing prints or writes by mistake.
//
// The type is incomplete, so that no format, no serialiser and no copy of a struct reaches the bytes; who sends them
// asks for them by name (secret_reveal), and `grep secret_reveal` lists all who do. Freed ones are overwritten.
#pragma once

#include "base/slice.h"

struct secret;

// Several of them.
struct secrets {
    struct secret **v;
    size_t n;
};

// A copy of the bytes. Never NULL.
struct secret *secret_new(struct slice bytes);

// The joined bytes of two or three. Never NULL.
struct secret *secret_join(struct slice a, struct slice b, struct slice c);

// The bytes, followed by a NUL; valid as long as the secret.
struct slice secret_reveal(const struct secret *s);

// Another one with the same bytes; NULL for NULL.
struct secret *secret_copy(const struct secret *s);

void secret_free(struct secret **s); // NULL is fine; sets it to NULL
#define SECRET_AUTO __attribute__((cleanup(secret_free)))
