#include "image/registry.h"

#include "base/json.h"
#include "base/log.h"
#include "http/retry.h"
#include "image/registry_login.h"

#include <stdlib.h>

#define PAGE_BYTES (64 * KIB) // of the document that goes with an error

// The kinds of documents that are read, in OCI's and in Docker's words. Schema 1 is asked for too, so that an image of
// that kind is told from one that is not there.
static const char accepted[] = "application/vnd.oci.image.index.v1+json, "
                               "application/vnd.docker.distribution.manifest.list.v2+json, "
                               "application/vnd.oci.image.manifest.v1+json, "
                               "application/vnd.docker.distribution.manifest.v2+json, "
                               "application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1";

struct registry {
    const struct registry_settings *settings;
    struct arena arena;
    struct slice repository;
    struct registry_host *hosts; // mirrors first
    size_t hosts_n;
};

// ---- Hosts ----------------------------------------------------------------------------------------------------------

// What a user names may be at a private address; at port 80, too, where no port is named and it may speak plain http.
static void allow_named(struct registry_host *host, unsigned port, struct arena *a)
{
    address_rules_trust(&host->allow, a, host->name, port);
    if (host->insecure && port == 443)
        address_rules_trust(&host->allow, a, host->name, 80);
}

static bool add_host(struct registry *r, struct slice domain, struct slice address, struct error *err)
{
    struct registry_host *host = &r->hosts[r->hosts_n];
    const struct registry_settings *s = r->settings;
    struct url url;
    if (!url_parse(arena_printf(&r->arena, "https://%.*s/", SLICE_ARG(address)), &r->arena, &url, err))
        return false;
    *host = (struct registry_host){
        .domain = arena_dup(&r->arena, domain),
        .host = arena_dup(&r->arena, address),
        .name = url.host,
        .insecure = s->insecure,
        .scheme_known = s->scheme != REGISTRY_LEARN,
        .plain = s->scheme == REGISTRY_HTTP,
        .authorization = s->given ? secret_copy(s->authorization) : NULL,
        .note = SLICE(""),
    };
    pthread_mutex_init(&host->lock, NULL);
    r->hosts_n++;
    host->allow.airgap = s->allow != NULL && s->allow->airgap;
    for (size_t i = 0; s->allow != NULL && i < s->allow->rules.n; i++)
        VEC_PUSH(&r->arena, &host->allow.rules) = s->allow->rules.v[i];
    if (s->named)
        allow_named(host, url.port, &r->arena);
    return true;
}

// A mirror is named by what can stand before a repository.
static bool add_mirror(struct registry *r, struct slice mirror, struct error *err)
{
    struct reference of_mirror;
    struct slice probe = arena_printf(&r->arena, "%.*s/x", SLICE_ARG(mirror));
    if (!reference_parse(probe, &r->arena, &of_mirror, err) || !slice_eq(of_mirror.path, SLICE("x")))
        return error_set(err, ERR_FORMAT, "the mirror \"%.*s\" is no host", SLICE_ARG(mirror));
    return add_host(r, of_mirror.domain, of_mirror.domain, err);
}

static bool add_hosts(struct registry *r, struct slice domain, struct error *err)
{
    const struct registry_settings *s = r->settings;
    // Credentials that are given are for the registry alone.
    for (size_t i = 0; i < s->mirrors_n && !s->given; i++)
        if (slice_eq_nocase(s->mirrors[i].domain, domain) && !add_mirror(r, s->mirrors[i].host, err))
            return false;
    bool docker = slice_eq(domain, SLICE("docker.io"));
    return add_host(r, domain, s->address.n != 0 ? s->address : docker ? SLICE("registry-1.docker.io") : domain, err);
}

struct registry *registry_new(const struct registry_settings *settings, const struct reference *reference,
                              struct error *err)
{
    struct registry *r = must_alloc(sizeof *r);
    *r = (struct registry){.settings = settings};
    r->repository = arena_dup(&r->arena, reference->path);
    r->hosts = ARENA_NEW(&r->arena, struct registry_host, settings->mirrors_n + 1);
    if (!add_hosts(r, reference->domain, err))
        registry_free(&r);
    return r;
}

void registry_free(struct registry **registry)
{
    struct registry *r = *registry;
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->hosts_n; i++) {
        secret_free(&r->hosts[i].authorization);
        arena_free(&r->hosts[i].arena);
        pthread_mutex_destroy(&r->hosts[i].lock);
    }
    arena_free(&r->arena);
    free(r);
    *registry = NULL;
}

// ---- One request ----------------------------------------------------------------------------------------------------

static struct slice url_of(const struct registry_host *host, struct slice path, struct arena *a)
{
    struct buf url BUF_AUTO = {0};
    buf_adds(&url, host->plain ? "http://" : "https://");
    buf_add(&url, host->host);
    buf_adds(&url, "/v2/");
    buf_add(&url, path);
    return arena_dup(a, buf_slice(&url));
}

// Plain http is spoken only where the user allowed it and no TLS is answered.
static bool learn_scheme(struct registry *r, struct registry_host *host, struct arena *a, struct error *err)
{
    bool known = true;
    pthread_mutex_lock(&host->lock);
    if (host->insecure && !host->scheme_known) {
        struct http_answer answer;
        const struct http_request request = {
            .url = url_of(host, SLICE(""), a), .allow = &host->allow, .unverified = true, .once = true};
        if (http_send(r->settings->http, &request, a, &answer, err))
            http_answer_drop(&answer);
        else if (err->code == ERR_NETWORK)
            host->plain = true;
        else
            known = false;
        host->scheme_known = known;
    }
    pthread_mutex_unlock(&host->lock);
    return known;
}

static bool request_item(struct registry *r, struct registry_host *host, const struct registry_item *item,
                         uint64_t from, struct slice if_range, const struct secret *authorization, struct arena *a,
                         struct http_answer *answer, struct error *err)
{
    struct buf path BUF_AUTO = {0};
    buf_add(&path, r->repository);
    if (r->repository.n != 0)
        buf_addc(&path, '/');
    buf_add(&path, item->path);
    struct http_header header = {SLICE("Authorization"), authorization};
    const struct http_request request = {
        .url = url_of(host, buf_slice(&path), a),
        .accept = slice_starts(item->path, SLICE("manifests/")) ? slice_str(accepted) : SLICE(""),
        .headers = &header,
        .headers_n = authorization != NULL,
        .allow = &host->allow,
        .unverified = host->insecure,
        .head = item->head,
        .once = item->head,
        .from = from,
        .if_range = if_range,
    };
    return http_send(r->settings->http, &request, a, answer, err);
}

// What a registry's error document says first (distribution-spec, "Error Codes"), in the arena; empty for none.
static struct slice reason_of(struct http_answer *answer, struct arena *a)
{
    struct buf text BUF_AUTO = {0};
    struct error ignored;
    if (answer->body == NULL || !reader_read_all(answer->body, &text, PAGE_BYTES, "the page", &ignored))
        return SLICE("");
    yyjson_doc *doc JSON_AUTO = json_parse(buf_slice(&text), &ignored);
    yyjson_val *first = doc != NULL ? yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(doc), "errors")) : NULL;
    struct slice message = json_str(first, "message");
    if (message.n == 0)
        message = json_str(first, "code");
    if (message.n > 200)
        message.n = 200;
    return message.n != 0 ? arena_printf(a, ": %.*s", SLICE_ARG(message)) : SLICE("");
}

static bool judge(struct registry_host *host, const struct registry_item *item, struct arena *a,
                  struct http_answer *answer, struct error *err)
{
    if (answer->status == 200 || answer->status == 206)
        return true;
    struct slice reason = reason_of(answer, a), note = SLICE("");
    http_answer_drop(answer);
    if (answer->status == 401 || answer->status == 403) {
        pthread_mutex_lock(&host->lock);
        if (host->note.n != 0)
            note = arena_printf(a, " (%.*s)", SLICE_ARG(host->note));
        pthread_mutex_unlock(&host->lock);
    }
    return error_set(err, answer->status == 404 ? ERR_NOT_FOUND : ERR_NETWORK, "%.*s answered %ld for %.*s%.*s%.*s",
                     SLICE_ARG(host->host), answer->status, SLICE_ARG(item->path), SLICE_ARG(reason), SLICE_ARG(note));
}

// A request, and once more after a log-in where the host asks for one: at first, or when a token has grown old.
static bool ask_host(struct registry *r, struct registry_host *host, const struct registry_item *item, uint64_t from,
                     struct slice if_range, struct arena *a, struct http_answer *answer, struct error *err)
{
    if (!learn_scheme(r, host, a, err))
        return false;
    for (bool logged_in = false;; logged_in = true) {
        unsigned generation;
        struct secret *authorization SECRET_AUTO = registry_authorization(host, &generation);
        if (!request_item(r, host, item, from, if_range, authorization, a, answer, err))
            return false;
        if (answer->status != 401 || logged_in)
            return judge(host, item, a, answer, err);
        http_answer_drop(answer);
        if (!registry_log_in(r->settings, host, r->repository, answer, generation, err))
            return false;
    }
}

static bool ask_elsewhere(struct registry *r, struct slice where, uint64_t from, struct slice if_range, struct arena *a,
                          struct http_answer *answer, struct error *err)
{
    const struct http_request request = {.url = where, .allow = r->settings->allow, .from = from, .if_range = if_range};
    return http_fetch(r->settings->http, &request, a, answer, err);
}

bool registry_ask(void *context, uint64_t from, struct slice if_range, struct arena *a, struct http_answer *answer,
                  struct error *err)
{
    const struct registry_item *item = context;
    struct registry *r = item->registry;
    for (size_t i = 0; i < r->hosts_n; i++) {
        if (ask_host(r, &r->hosts[i], item, from, if_range, a, answer, err))
            return true;
        if (i + 1 < r->hosts_n)
            log_warn("mirror %.*s: %s", SLICE_ARG(r->hosts[i].host), err->text);
    }
    for (size_t i = 0; i < item->urls_n; i++)
        if (ask_elsewhere(r, item->urls[i], from, if_range, a, answer, err))
            return true;
    return false;
}

// ---- Small items ----------------------------------------------------------------------------------------------------

bool registry_read(struct registry_item *item, struct arena *a, struct registry_text *out, struct error *err)
{
    struct http_client *http = item->registry->settings->http;
    const struct limits *limits = http_client_limits(http);
    for (unsigned tries = 1;; tries++) {
        struct http_answer answer;
        struct buf body BUF_AUTO = {0};
        if (!registry_ask(item, 0, SLICE(""), a, &answer, err))
            return false;
        bool read = reader_read_all(answer.body, &body, limits->manifest_bytes, "it, by limit manifest_bytes,", err);
        reader_close(&answer.body);
        if (read) {
            *out = (struct registry_text){
                .text = arena_dup(a, buf_slice(&body)),
                .digest = answer.content_digest,
                .next = answer.next,
                .url = answer.url,
            };
            return true;
        }
        if (err->code != ERR_NETWORK || tries >= limits->fetch_tries)
            return error_wrap(err, "%.*s", SLICE_ARG(item->path));
        log_info("try %u: %s", tries, err->text);
        http_client_sleep(http, retry_seconds(http_client_first_wait(http), tries, 0));
    }
}
