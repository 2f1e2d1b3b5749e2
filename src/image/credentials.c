#include "image/credentials.h"

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "image/helper.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define CONFIG_BYTES (1 * MIB)
#define AUTH_BYTES   ((size_t)64 * 1024)

// Bytes that hold passwords are overwritten before they are freed.
static void wiped_free(struct buf *b)
{
    if (b->p != NULL)
        explicit_bzero(b->p, b->n);
    buf_free(b);
}
#define WIPED_AUTO __attribute__((cleanup(wiped_free)))

void login_free(struct login *login)
{
    secret_free(&login->password);
    secret_free(&login->identity);
    secret_free(&login->basic);
}

// ---- Base64 ---------------------------------------------------------------------------------------------------------

// RFC 4648; blanks around it are left out.
static bool decode(struct slice text, struct buf *out)
{
    text = slice_trim(text);
    if (text.n == 0 || text.n % 4 != 0 || text.n > AUTH_BYTES)
        return false;
    buf_reserve(out, text.n);
    int n = EVP_DecodeBlock((unsigned char *)out->p, (const unsigned char *)text.p, (int)text.n);
    if (n < 0)
        return false;
    bool one = text.p[text.n - 1] == '=', two = text.p[text.n - 2] == '=';
    out->n = (size_t)n - one - two;
    return true;
}

struct secret *login_password(struct slice authorization)
{
    struct slice scheme, pair, user, password;
    struct buf plain WIPED_AUTO = {0};
    slice_cut(authorization, ' ', &scheme, &pair);
    if (!slice_eq_nocase(scheme, SLICE("Basic")) || !decode(pair, &plain) ||
        !slice_cut(buf_slice(&plain), ':', &user, &password))
        return NULL;
    return secret_new(password);
}

struct secret *login_basic(const struct login *login)
{
    if (login->password == NULL)
        return secret_copy(login->basic);
    struct secret *pair SECRET_AUTO = secret_join(login->user, SLICE(":"), secret_reveal(login->password));
    struct slice plain = secret_reveal(pair);
    struct buf text WIPED_AUTO = {0};
    buf_reserve(&text, plain.n / 3 * 4 + 8);
    text.n = (size_t)EVP_EncodeBlock((unsigned char *)text.p, (const unsigned char *)plain.p, (int)plain.n);
    return secret_join(SLICE("Basic "), buf_slice(&text), SLICE(""));
}

// ---- What a document says -------------------------------------------------------------------------------------------

static void take_password(struct login *login, struct arena *a, struct slice user, struct slice password)
{
    login->user = arena_dup(a, user);
    login->password = secret_new(password);
}

// An entry of "auths": a pair in base64, or two members, or an identity token.
static bool take_auth(yyjson_val *entry, struct arena *a, struct login *login, struct error *err)
{
    struct slice pair = json_str(entry, "auth"), identity = json_str(entry, "identitytoken"), user, password;
    struct buf plain WIPED_AUTO = {0};
    if (identity.n != 0)
        login->identity = secret_new(identity);
    if (pair.n != 0) {
        if (!decode(pair, &plain) || !slice_cut(buf_slice(&plain), ':', &user, &password))
            return error_set(err, ERR_FORMAT, "\"auth\" is not USER:PASSWORD in base64");
    } else {
        user = json_str(entry, "username");
        password = json_str(entry, "password");
    }
    if (password.n != 0)
        take_password(login, a, user, password);
    return true;
}

// "https://index.docker.io/v1/" and "localhost:5000" both name a registry's host.
static struct slice domain_of(struct slice key)
{
    struct slice host, rest;
    ptrdiff_t scheme = slice_find_slice(key, SLICE("://"));
    if (scheme >= 0)
        key = slice_from(key, (size_t)scheme + 3);
    slice_cut(key, '/', &host, &rest);
    bool docker =
        slice_eq_nocase(host, SLICE("index.docker.io")) || slice_eq_nocase(host, SLICE("registry-1.docker.io"));
    return docker ? SLICE("docker.io") : host;
}

static yyjson_val *member_for(yyjson_val *object, struct slice domain)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(object, i, n, key, value)
    {
        if (slice_eq_nocase(domain_of(json_val_str(key)), domain))
            return value;
    }
    return NULL;
}

static bool take_helped(struct slice text, struct arena *a, struct login *login, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct slice user = json_str(root, "Username"), secret = json_str(root, "Secret");
    if (secret.n == 0)
        return true;
    if (slice_eq(user, SLICE("<token>"))) // the protocol's word for an identity token
        login->identity = secret_new(secret);
    else
        take_password(login, a, user, secret);
    return true;
}

static bool ask_helper(struct slice name, struct slice domain, struct arena *a, struct login *login, struct error *err)
{
    bool known;
    struct buf answer WIPED_AUTO = {0};
    struct slice server = slice_eq(domain, SLICE("docker.io")) ? SLICE("https://index.docker.io/v1/") : domain;
    if (!helper_get(name, server, a, &answer, &known, err))
        return false;
    if (known && !take_helped(buf_slice(&answer), a, login, err))
        return error_wrap(err, "docker-credential-%.*s", SLICE_ARG(name));
    if (known)
        login->source = arena_printf(a, "docker-credential-%.*s", SLICE_ARG(name));
    return true;
}

static bool take_config(yyjson_val *root, struct slice domain, struct arena *a, struct login *login, struct error *err)
{
    yyjson_val *helper = member_for(yyjson_obj_get(root, "credHelpers"), domain);
    struct slice name = helper != NULL ? json_val_str(helper) : json_str(root, "credsStore");
    if (name.n != 0 && !ask_helper(name, domain, a, login, err))
        return false;
    if (login->password != NULL || login->identity != NULL)
        return true;
    yyjson_val *entry = member_for(yyjson_obj_get(root, "auths"), domain);
    return entry == NULL || take_auth(entry, a, login, err) || error_wrap(err, "auths of %.*s", SLICE_ARG(domain));
}

// ---- The file -------------------------------------------------------------------------------------------------------

static struct slice config_path(struct arena *a)
{
    const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    if (folder != NULL && folder[0] != '\0')
        return arena_printf(a, "%s/config.json", folder);
    return home != NULL && home[0] != '\0' ? arena_printf(a, "%s/.docker/config.json", home) : SLICE("");
}

static bool read_config(struct slice path, struct slice domain, struct arena *a, struct login *login, struct error *err)
{
    struct buf text WIPED_AUTO = {0};
    if (!file_read(path.p, CONFIG_BYTES, &text, err))
        return err->code == ERR_NOT_FOUND;
    yyjson_doc *doc JSON_AUTO = json_parse(buf_slice(&text), err);
    return doc != NULL && take_config(yyjson_doc_get_root(doc), domain, a, login, err);
}

bool credentials_read(struct slice path, struct slice domain, struct arena *a, struct login *login, struct error *err)
{
    *login = (struct login){.source = path};
    return read_config(path, domain, a, login, err) || error_wrap(err, "%.*s", SLICE_ARG(path));
}

bool credentials_find(struct slice domain, struct arena *a, struct login *login, struct error *err)
{
    struct slice path = config_path(a);
    *login = (struct login){.source = path};
    return path.n == 0 || credentials_read(path, domain, a, login, err);
}
