// Bearer tokens: JSON Web Tokens (RFC 7519) signed with a key that both sides have (RFC 7515; HS256, HS384, HS512).
#pragma once

#include "base/error.h"
#include "http/secret.h"

struct token_key {
    const struct secret *secret;
    const struct slice *issuers; // whose tokens are taken, besides Clair's own "clair-intraservice"
    size_t issuers_n;
};

// Does an Authorization header ("Bearer TOKEN") carry a token that is valid at `now` (seconds)? Clocks may differ by
// fifteen seconds. A token without `exp` does not expire. The error says what is wrong, without any part of the token.
bool token_check(const struct token_key *key, struct slice authorization, int64_t now, struct error *err);

// The same of a token alone; and in `*until` the last second that it is good for, INT64_MAX where it does not expire.
bool token_good_until(const struct token_key *key, struct slice token, int64_t now, int64_t *until, struct error *err);

// A new token for another service, as the value of an Authorization header: HS256, as Clair's own, from a minute before
// `now` (seconds) to a minute after it. Never NULL; the caller frees it.
struct secret *token_make(const struct secret *key, const char *issuer, int64_t now);
