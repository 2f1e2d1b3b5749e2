#include "ui/session.h"

#include "base/clock.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>

#define COOKIE       "clarion_session"
#define OFFER_COOKIE "clarion_login"
#define NONCE_BYTES  16
#define NONCE_TEXT   (NONCE_BYTES * 2)
#define MAC_TEXT     64
#define COOKIES_MOST 64 // cookies of a request that are looked at

bool session_wanted(const struct service *service)
{
    return service->config->psk_key != NULL;
}

// ---- what only this service can make --------------------------------------------------------------------------------

// The key signs for a purpose, so that what was made for one is good for no other; and none of it is a token of the
// API.
static void sign(const struct service *service, const char *purpose, struct slice text, char mac[static MAC_TEXT + 1])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    struct buf signed_text BUF_AUTO = {0};
    struct slice key = secret_reveal(service->config->psk_key);
    buf_addf(&signed_text, "clarion web page, %s: %.*s", purpose, SLICE_ARG(text));
    HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)signed_text.p, signed_text.n, bytes, &n);
    for (unsigned i = 0; i < MAC_TEXT / 2; i++)
        snprintf(mac + (size_t)i * 2, 3, "%02x", i < n ? bytes[i] : 0);
    OPENSSL_cleanse(bytes, sizeof bytes);
}

static bool same(struct slice text, const char *wanted)
{
    return text.n == MAC_TEXT && CRYPTO_memcmp(text.p, wanted, MAC_TEXT) == 0;
}

static bool new_nonce(char nonce[static NONCE_TEXT + 1], struct error *err)
{
    unsigned char bytes[NONCE_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return error_set(err, ERR_IO, "the system gives no random numbers, so nobody can log in");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(nonce + i * 2, 3, "%02x", bytes[i]);
    return true;
}

// ---- cookies --------------------------------------------------------------------------------------------------------

// The first cookie of that name (RFC 6265, 4.2). p == NULL: there is none.
static struct slice cookie(const struct web_request *request, struct slice name)
{
    struct slice rest = web_header(request, "Cookie", 0), part, key, value;
    for (size_t i = 0; rest.n != 0 && i < COOKIES_MOST; i++) {
        slice_cut(rest, ';', &part, &rest);
        if (slice_cut(slice_trim(part), '=', &key, &value) && slice_eq(key, name))
            return value;
    }
    return (struct slice){0};
}

// Without a path, so that it is sent to what is beside the form: also where a proxy has the page below a prefix.
static void set_cookie(const struct service *service, const struct web_request *request, struct web_response *response,
                       const char *name, struct slice value, int64_t seconds)
{
    bool secure = service->config->tls_cert.n != 0 ||
                  slice_eq_nocase(slice_trim(web_header(request, "X-Forwarded-Proto", 0)), SLICE("https"));
    web_add(request, response, "Set-Cookie",
            arena_printf(request->arena, "%s=%.*s; Max-Age=%" PRId64 "; HttpOnly; SameSite=Strict%s", name,
                         SLICE_ARG(value), seconds, secure ? "; Secure" : ""));
}

// ---- a session: "UNTIL.NONCE.MAC" -----------------------------------------------------------------------------------

struct session session_of(const struct service *service, const struct web_request *request)
{
    struct session session = {0};
    struct slice text = cookie(request, SLICE(COOKIE)), until, rest, nonce, mac;
    char wanted[MAC_TEXT + 1];
    uint64_t end;
    if (!session_wanted(service) || !slice_cut(text, '.', &until, &rest) || !slice_cut(rest, '.', &nonce, &mac) ||
        nonce.n != NONCE_TEXT)
        return session;
    struct slice signed_part = slice_of(text.p, until.n + 1 + nonce.n);
    sign(service, "session", signed_part, wanted);
    session.valid = same(mac, wanted) && slice_to_u64(until, &end) && (int64_t)end > clock_now();
    OPENSSL_cleanse(wanted, sizeof wanted);
    if (session.valid)
        sign(service, "form", signed_part, session.form_token);
    return session;
}

bool session_begin(const struct service *service, const struct web_request *request, struct web_response *response,
                   int64_t until, struct error *err)
{
    char nonce[NONCE_TEXT + 1], mac[MAC_TEXT + 1];
    int64_t now = clock_now(), most = (int64_t)service->config->limits.page_session_seconds;
    int64_t seconds = until - now < most ? until - now : most;
    if (!new_nonce(nonce, err))
        return false;
    struct slice text = arena_printf(request->arena, "%" PRId64 ".%s", now + seconds, nonce);
    sign(service, "session", text, mac);
    set_cookie(service, request, response, COOKIE, arena_printf(request->arena, "%.*s.%s", SLICE_ARG(text), mac),
               seconds);
    return true;
}

void session_end(const struct service *service, const struct web_request *request, struct web_response *response)
{
    set_cookie(service, request, response, COOKIE, SLICE(""), 0);
}

// ---- forms ----------------------------------------------------------------------------------------------------------

bool session_offer(const struct service *service, const struct web_request *request, struct web_response *response,
                   char token[static SESSION_TEXT], struct error *err)
{
    char nonce[NONCE_TEXT + 1];
    if (!new_nonce(nonce, err))
        return false;
    sign(service, "login", slice_str(nonce), token);
    set_cookie(service, request, response, OFFER_COOKIE, slice_str(nonce), 3600);
    return true;
}

bool session_offered(const struct service *service, const struct web_request *request, struct slice token)
{
    char wanted[MAC_TEXT + 1];
    struct slice nonce = cookie(request, SLICE(OFFER_COOKIE));
    sign(service, "login", nonce, wanted);
    return nonce.n == NONCE_TEXT && same(token, wanted);
}

bool session_form(const struct session *session, struct slice token)
{
    return session->valid && same(token, session->form_token);
}

bool session_same_origin(const struct web_request *request)
{
    struct slice site = web_header(request, "Sec-Fetch-Site", 0), origin = web_header(request, "Origin", 0);
    struct slice host = web_header(request, "Host", 0), scheme, rest;
    if (site.p != NULL)
        return slice_eq(site, SLICE("same-origin"));
    if (origin.p == NULL)
        return true; // no browser: nothing that carries a cookie by itself
    ptrdiff_t at = slice_find_slice(origin, SLICE("://"));
    if (at < 0)
        return false;
    scheme = slice_of(origin.p, (size_t)at);
    rest = slice_from(origin, scheme.n + 3);
    return slice_eq_nocase(rest, host);
}
