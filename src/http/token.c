#include "http/token.h"

#include "base/buf.h"
#include "base/json.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define LEEWAY      15
#define LIFE        60 // seconds that a token of ours is valid for, before and after it is made
#define TOKEN_BYTES 8192

// Base64 in the alphabet for URLs, without padding (RFC 4648, section 5). False for anything else.
static bool decode(struct slice s, struct buf *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        uint32_t value = c >= 'A' && c <= 'Z'   ? (uint32_t)(c - 'A')
                         : c >= 'a' && c <= 'z' ? (uint32_t)(c - 'a') + 26
                         : c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 52
                         : c == '-'             ? 62
                         : c == '_'             ? 63
                                                : 64;
        if (value == 64)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_addc(out, (char)(bits >> held & 0xff));
        }
    }
    // What is left over must be zeroes, so that a token has one spelling.
    return held < 6 && (bits & ((1U << held) - 1)) == 0;
}

static void encode(struct slice s, struct buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < s.n; i++) {
        bits = bits << 8 | (unsigned char)s.p[i];
        for (held += 8; held >= 6; held -= 6)
            buf_addc(out, letters[bits >> (held - 6) & 63]);
    }
    if (held != 0)
        buf_addc(out, letters[bits << (6 - held) & 63]);
}

static const EVP_MD *hash_named(struct slice algorithm)
{
    return slice_eq(algorithm, SLICE("HS256"))   ? EVP_sha256()
           : slice_eq(algorithm, SLICE("HS384")) ? EVP_sha384()
           : slice_eq(algorithm, SLICE("HS512")) ? EVP_sha512()
                                                 : NULL;
}

static bool check_signature(const struct token_key *key, struct slice header, struct slice signed_part,
                            struct slice signature, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(header, err);
    if (doc == NULL)
        return error_wrap(err, "header");
    yyjson_val *root = yyjson_doc_get_root(doc);
    const EVP_MD *hash = hash_named(json_val_str(json_last(root, "alg")));
    if (hash == NULL)
        return error_set(err, ERR_FORMAT, "its algorithm is none of HS256, HS384 and HS512");
    if (json_last(root, "crit") != NULL)
        return error_set(err, ERR_FORMAT, "its header asks for extensions (crit) that are not known");
    unsigned char expected[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    struct slice secret = secret_reveal(key->secret);
    if (HMAC(hash, secret.p, (int)secret.n, (const unsigned char *)signed_part.p, signed_part.n, expected, &n) == NULL)
        return error_set(err, ERR_FORMAT, "its signature cannot be checked");
    // In a time that says nothing about where they differ. What the signature should be is a token for who learns it.
    bool same = signature.n == n && CRYPTO_memcmp(signature.p, expected, n) == 0;
    OPENSSL_cleanse(expected, sizeof expected);
    return same || error_set(err, ERR_FORMAT, "its signature is wrong");
}

// A NumericDate; `*given` is false when it is not there.
static bool date(yyjson_val *claims, const char *name, bool *given, double *seconds, struct error *err)
{
    yyjson_val *value = json_last(claims, name);
    *given = value != NULL && !yyjson_is_null(value);
    *seconds = *given ? yyjson_get_num(value) : 0;
    return !*given || (yyjson_is_num(value) && *seconds >= 0) || error_set(err, ERR_FORMAT, "its %s is no date", name);
}

// The last second in `*until`; what is beyond the numbers of seconds is as good as for ever.
static bool check_dates(yyjson_val *claims, double now, int64_t *until, struct error *err)
{
    bool has_exp, has_nbf, has_iat;
    double exp, nbf, iat;
    if (!date(claims, "exp", &has_exp, &exp, err) || !date(claims, "nbf", &has_nbf, &nbf, err) ||
        !date(claims, "iat", &has_iat, &iat, err))
        return false;
    if (has_exp && now - LEEWAY > exp)
        return error_set(err, ERR_FORMAT, "it has expired");
    if (has_nbf && now + LEEWAY < nbf)
        return error_set(err, ERR_FORMAT, "it is not valid yet");
    if (has_iat && now + LEEWAY < iat)
        return error_set(err, ERR_FORMAT, "it is from the future");
    *until = has_exp && exp < 1e15 ? (int64_t)exp + LEEWAY : INT64_MAX;
    return true;
}

static bool check_claims(const struct token_key *key, struct slice text, int64_t now, int64_t *until, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return error_wrap(err, "claims");
    yyjson_val *claims = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(claims))
        return error_set(err, ERR_FORMAT, "its claims are no object");
    if (!check_dates(claims, (double)now, until, err))
        return false;
    struct slice issuer = json_val_str(json_last(claims, "iss"));
    if (slice_eq(issuer, SLICE("clair-intraservice")))
        return true;
    for (size_t i = 0; i < key->issuers_n; i++)
        if (issuer.n != 0 && slice_eq(issuer, key->issuers[i]))
            return true;
    return error_set(err, ERR_FORMAT, "its issuer is not one of auth.psk.iss");
}

static bool check_parts(const struct token_key *key, struct slice token, int64_t now, struct buf *header_text,
                        struct buf *claims_text, struct buf *signature_bytes, int64_t *until, struct error *err)
{
    struct slice header, claims, signature, rest;
    if (!slice_cut(token, '.', &header, &rest) || !slice_cut(rest, '.', &claims, &signature))
        return error_set(err, ERR_FORMAT, "it does not have three parts");
    struct slice signed_part = slice_of(token.p, header.n + 1 + claims.n);
    if (!decode(header, header_text) || !decode(claims, claims_text) || !decode(signature, signature_bytes))
        return error_set(err, ERR_FORMAT, "it is not base64");
    return check_signature(key, buf_slice(header_text), signed_part, buf_slice(signature_bytes), err) &&
           check_claims(key, buf_slice(claims_text), now, until, err);
}

bool token_good_until(const struct token_key *key, struct slice token, int64_t now, int64_t *until, struct error *err)
{
    if (token.n > TOKEN_BYTES)
        return error_set(err, ERR_LIMIT, "it is longer than %d bytes", TOKEN_BYTES);
    // Whoever has a token's parts has the token: no copies stay behind.
    struct buf parts[3] = {0};
    for (size_t i = 0; i < 3; i++)
        buf_reserve(&parts[i], token.n);
    bool ok = check_parts(key, token, now, &parts[0], &parts[1], &parts[2], until, err);
    for (size_t i = 0; i < 3; i++) {
        OPENSSL_cleanse(parts[i].p, parts[i].cap);
        buf_free(&parts[i]);
    }
    return ok;
}

bool token_check(const struct token_key *key, struct slice authorization, int64_t now, struct error *err)
{
    struct slice scheme, token;
    int64_t until;
    if (!slice_cut(authorization, ' ', &scheme, &token) || !slice_eq(scheme, SLICE("Bearer")))
        return error_set(err, ERR_FORMAT, "there is no bearer token");
    return token_good_until(key, token, now, &until, err);
}

struct secret *token_make(const struct secret *key, const char *issuer, int64_t now)
{
    struct buf claims BUF_AUTO = {0}, token BUF_AUTO = {0};
    unsigned char signature[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    buf_addf(&claims, "{\"exp\":%lld,\"iat\":%lld,\"iss\":\"%s\",\"nbf\":%lld}", (long long)now + LIFE, (long long)now,
             issuer, (long long)now - LIFE);
    encode(SLICE("{\"alg\":\"HS256\"}"), &token);
    buf_addc(&token, '.');
    encode(buf_slice(&claims), &token);
    struct slice secret = secret_reveal(key);
    HMAC(EVP_sha256(), secret.p, (int)secret.n, (const unsigned char *)token.p, token.n, signature, &n);
    buf_addc(&token, '.');
    encode(slice_of((const char *)signature, n), &token);
    struct secret *made = secret_join(SLICE("Bearer "), buf_slice(&token), SLICE(""));
    OPENSSL_cleanse(token.p, token.cap);
    return made;
}
