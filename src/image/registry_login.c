#include "image/registry_login.h"

#include "base/json.h"
#include "image/credentials.h"

#define TOKEN_ANSWER_BYTES (256 * KIB)

// Token services on another host than their registry, as the registries' own documentation has them.
static const struct {
    const char *registry, *service;
} known_services[] = {
    {"registry-1.docker.io", "auth.docker.io"}, // docs.docker.com, "Registry authentication"
    {"registry.gitlab.com", "gitlab.com"},      // docs.gitlab.com, "Container registry authentication"
};

struct secret *registry_authorization(struct registry_host *host, unsigned *generation)
{
    pthread_mutex_lock(&host->lock);
    struct secret *authorization = secret_copy(host->authorization);
    *generation = host->generation;
    pthread_mutex_unlock(&host->lock);
    return authorization;
}

static void set_authorization(struct registry_host *host, struct secret *authorization)
{
    secret_free(&host->authorization);
    host->authorization = authorization;
    host->generation++;
}

// ---- Who may see what -----------------------------------------------------------------------------------------------

static bool is_at(const struct registry_host *host, const struct url *service)
{
    return slice_eq(host->name, service->host);
}

static bool may_see_login(const struct registry_settings *settings, const struct registry_host *host,
                          const struct url *service)
{
    if (is_at(host, service))
        return true;
    for (size_t i = 0; i < sizeof known_services / sizeof known_services[0]; i++)
        if (slice_eq(host->host, slice_str(known_services[i].registry)) &&
            slice_eq(service->host, slice_str(known_services[i].service)))
            return true;
    return settings->token_host.n != 0 && slice_eq_nocase(settings->token_host, service->host);
}

static bool has_login(const struct login *login)
{
    return login->password != NULL || login->identity != NULL || login->basic != NULL;
}

// For the message of a refusal: whose word was given, or why none was.
static struct slice note_of(const struct registry_settings *settings, struct registry_host *host,
                            const struct login *login, const struct url *service, bool sent)
{
    struct arena *a = &host->arena;
    if (!has_login(login) && settings->given)
        return SLICE("no credentials came with the request");
    if (!has_login(login))
        return arena_printf(a, "there are no credentials for %.*s in %.*s", SLICE_ARG(host->domain),
                            SLICE_ARG(login->source.n != 0 ? login->source : SLICE("any place: HOME is not set")));
    if (!sent && settings->given)
        return arena_printf(a, "%.*s were not sent to %.*s, which is not known to be the token service of %.*s",
                            SLICE_ARG(login->source), SLICE_ARG(service->host), SLICE_ARG(host->domain));
    if (!sent)
        return arena_printf(a,
                            "the credentials for %.*s were not sent to %.*s, which is not known to be its token "
                            "service: if it is, --token-host %.*s says so",
                            SLICE_ARG(host->domain), SLICE_ARG(service->host), SLICE_ARG(service->host));
    if (login->basic != NULL)
        return arena_printf(a, "with %.*s", SLICE_ARG(login->source));
    if (login->user.n == 0)
        return arena_printf(a, "with the identity token of %.*s", SLICE_ARG(login->source));
    return arena_printf(a, "as user %.*s of %.*s", SLICE_ARG(login->user), SLICE_ARG(login->source));
}

// ---- Bearer ---------------------------------------------------------------------------------------------------------

// RFC 6750, 2.1: what a token may be made of. Anything else could end the header that it stands in.
static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return s.n != 0;
}

static bool take_token(struct slice text, struct secret **token, struct error *err)
{
    yyjson_doc *doc JSON_AUTO = json_parse(text, err);
    if (doc == NULL)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct slice value = json_str(root, "token");
    if (value.n == 0)
        value = json_str(root, "access_token");
    if (!is_token(value))
        return error_set(err, ERR_FORMAT, "the answer holds no token");
    *token = secret_join(SLICE("Bearer "), value, SLICE(""));
    return true;
}

static struct slice token_query(const struct challenge *challenge, struct slice repository, struct arena *a)
{
    struct slice scope = repository.n != 0 ? arena_printf(a, "repository:%.*s:pull", SLICE_ARG(repository))
                                           : SLICE("registry:catalog:*");
    struct slice query = arena_printf(a, "scope=%.*s", SLICE_ARG(url_escape(a, scope)));
    struct slice service = challenge->service.n < 512 ? challenge->service : SLICE("");
    if (service.n == 0)
        return query;
    return arena_printf(a, "service=%.*s&%s", SLICE_ARG(url_escape(a, service)), query.p);
}

// Prepares the question to a token service: a GET with the user's password, or a POST that exchanges an identity token,
// or a GET without either.
static void make_question(const struct login *login, struct slice query, const struct url *service, struct arena *a,
                          struct http_request *request, struct http_header *header, struct secret **form)
{
    const char *glue = slice_find(service->text, '?') >= 0 ? "&" : "?";
    if (login != NULL && login->identity != NULL) {
        struct slice token = url_escape(a, secret_reveal(login->identity));
        struct slice head = arena_printf(a, "grant_type=refresh_token&client_id=clarion&%s&refresh_token=", query.p);
        *form = secret_join(head, token, SLICE(""));
        explicit_bzero((char *)token.p, token.n);
        request->url = service->text;
        request->form = *form;
        return;
    }
    struct buf url BUF_AUTO = {0};
    buf_add(&url, service->text);
    buf_adds(&url, glue);
    buf_add(&url, query);
    request->url = arena_dup(a, buf_slice(&url));
    if (header->value != NULL) {
        request->headers = header;
        request->headers_n = 1;
    }
}

static bool read_token(struct http_answer *answer, const struct url *service, struct slice note, struct arena *a,
                       struct secret **token, struct error *err)
{
    struct buf text BUF_AUTO = {0};
    struct slice shown = url_shown(a, service->text);
    long status = answer->status;
    bool read = status == 200 && reader_read_all(answer->body, &text, TOKEN_ANSWER_BYTES, "the answer", err);
    http_answer_drop(answer);
    if (status != 200)
        return error_set(err, ERR_NETWORK, "its token service %.*s answered %ld (%.*s)", SLICE_ARG(shown), status,
                         SLICE_ARG(note));
    bool taken = read && take_token(buf_slice(&text), token, err);
    if (text.p != NULL)
        explicit_bzero(text.p, text.n);
    return taken || error_wrap(err, "its token service %.*s", SLICE_ARG(shown));
}

// The token service that a registry names must be reached as safely as the registry itself.
static bool take_service(const struct registry_host *host, struct slice realm, struct arena *a, struct url *service,
                         struct error *err)
{
    if (!url_parse(realm, a, service, err))
        return error_wrap(err, "the token service that it names");
    if (service->tls || (host->plain && is_at(host, service)))
        return true;
    return error_set(err, ERR_REFUSED, "the token service that it names does not speak https: %.*s",
                     SLICE_ARG(url_shown(a, service->text)));
}

static bool log_in_bearer(const struct registry_settings *settings, struct registry_host *host,
                          const struct challenge *challenge, struct slice repository, const struct login *login,
                          struct arena *a, struct error *err)
{
    struct url service;
    struct http_answer answer;
    struct secret *token = NULL;
    if (!take_service(host, challenge->realm, a, &service, err))
        return false;
    bool may = may_see_login(settings, host, &service);
    host->note = note_of(settings, host, login, &service, may);
    struct secret *basic SECRET_AUTO = may ? login_basic(login) : NULL;
    struct secret *form SECRET_AUTO = NULL;
    struct http_header header = {SLICE("Authorization"), basic};
    struct http_request request = {
        .allow = &host->allow,
        .accept = SLICE("application/json"),
        .unverified = host->insecure && is_at(host, &service),
    };
    make_question(may ? login : NULL, token_query(challenge, repository, a), &service, a, &request, &header, &form);
    if (!http_send(settings->http, &request, a, &answer, err))
        return error_wrap(err, "its token service");
    if (!read_token(&answer, &service, host->note, a, &token, err))
        return false;
    set_authorization(host, token);
    return true;
}

// ---- Basic ----------------------------------------------------------------------------------------------------------

static bool log_in_basic(const struct registry_settings *settings, struct registry_host *host,
                         const struct challenge *challenge, const struct login *login, struct error *err)
{
    struct secret *basic = login_basic(login);
    host->note = note_of(settings, host, login, NULL, true);
    if (basic == NULL)
        return error_set(err, ERR_NETWORK, "answered 401, it wants a user and a password for \"%.*s\" (%.*s)",
                         SLICE_ARG(challenge->realm), SLICE_ARG(host->note));
    set_authorization(host, basic);
    return true;
}

// ---- Either ---------------------------------------------------------------------------------------------------------

// The first Bearer challenge, else the first Basic one.
static bool pick_challenge(const struct http_answer *answer, struct arena *a, struct challenge *picked, bool *bearer)
{
    bool found = false;
    struct challenge challenge;
    for (size_t i = 0; i < answer->authenticate_n; i++) {
        struct slice rest = answer->authenticate[i];
        while (challenge_next(&rest, a, &challenge)) {
            *bearer = slice_eq_nocase(challenge.scheme, SLICE("Bearer")) && challenge.realm.n != 0;
            bool basic = slice_eq_nocase(challenge.scheme, SLICE("Basic"));
            if (*bearer || (basic && !found))
                *picked = challenge;
            found = found || basic || *bearer;
            if (*bearer)
                return true;
        }
    }
    *bearer = false;
    return found;
}

// What came with the request has been sent to the registry already, which did not take it. User and password may get a
// token; a token that is not taken is of no further use.
static bool given_login(const struct registry_settings *settings, struct login *login, struct error *err)
{
    *login = (struct login){.source = SLICE("the credentials that came with the request")};
    struct slice given = settings->authorization != NULL ? secret_reveal(settings->authorization) : SLICE("Basic ");
    if (!slice_starts(given, SLICE("Basic ")))
        return error_set(err, ERR_NETWORK, "answered 401: it does not take the token that came with the request");
    login->basic = secret_copy(settings->authorization);
    return true;
}

// What the operator wrote down, to be freed like any other.
static bool own_login(const struct login *own, struct login *login)
{
    *login = *own;
    login->password = secret_copy(own->password);
    login->identity = secret_copy(own->identity);
    login->basic = secret_copy(own->basic);
    return true;
}

static bool find_login(const struct registry_settings *settings, const struct registry_host *host, struct arena *a,
                       struct login *login, struct error *err)
{
    if (settings->given)
        return given_login(settings, login, err);
    if (settings->login != NULL)
        return own_login(settings->login, login);
    if (settings->login_file.n != 0)
        return credentials_read(settings->login_file, host->domain, a, login, err) || error_wrap(err, "credentials");
    return credentials_find(host->domain, a, login, err) || error_wrap(err, "credentials");
}

static bool log_in(const struct registry_settings *settings, struct registry_host *host, struct slice repository,
                   const struct http_answer *answer, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct login login LOGIN_AUTO = {0};
    struct challenge challenge;
    bool bearer;
    if (!pick_challenge(answer, &a, &challenge, &bearer))
        return error_set(err, ERR_UNSUPPORTED, "answered 401 and asks for neither Bearer nor Basic authentication");
    if (!find_login(settings, host, &a, &login, err))
        return false;
    return bearer ? log_in_bearer(settings, host, &challenge, repository, &login, &a, err)
                  : log_in_basic(settings, host, &challenge, &login, err);
}

bool registry_log_in(const struct registry_settings *settings, struct registry_host *host, struct slice repository,
                     const struct http_answer *answer, unsigned generation, struct error *err)
{
    pthread_mutex_lock(&host->lock);
    bool done = host->generation != generation || log_in(settings, host, repository, answer, err);
    pthread_mutex_unlock(&host->lock);
    return done || error_wrap(err, "%.*s", SLICE_ARG(host->host));
}
