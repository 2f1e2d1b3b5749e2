#include "http/client.h"

#include "base/log.h"
#include "http/retry.h"

#include <stdlib.h>

#define PAGE_BYTES ((size_t)64 * 1024) // of a body that nobody wants, read for the sake of the connection

struct http_client {
    struct limits limits;
    struct engine *engine;
    double first_wait;
};

struct http_client *http_client_new(const struct http_options *options)
{
    struct http_client *client = must_alloc(sizeof *client);
    *client = (struct http_client){
        .limits = *options->limits,
        .engine = engine_new(options->limits,
                             &(struct engine_files){options->ca_file, options->cert_file, options->key_file}),
        .first_wait = options->first_wait > 0 ? options->first_wait : 1,
    };
    return client;
}

void http_client_free(struct http_client **client)
{
    if (*client == NULL)
        return;
    engine_free(&(*client)->engine);
    free(*client);
    *client = NULL;
}

void http_client_break_off(struct http_client *client)
{
    engine_break_off(client->engine);
}

void http_client_sleep(struct http_client *client, double seconds)
{
    engine_sleep(client->engine, seconds);
}

const struct limits *http_client_limits(const struct http_client *client)
{
    return &client->limits;
}

double http_client_first_wait(const struct http_client *client)
{
    return client->first_wait;
}

// ---- The body -------------------------------------------------------------------------------------------------------

struct body_reader {
    struct reader base;
    struct exchange *exchange;
};

static bool body_next(struct reader *base, struct slice *chunk, struct error *err)
{
    bool again;
    return exchange_next(((struct body_reader *)base)->exchange, chunk, &again, err);
}

static void body_close(struct reader *base)
{
    struct body_reader *r = (struct body_reader *)base;
    exchange_end(&r->exchange);
    free(r);
}

static struct reader *body_of(struct exchange *exchange)
{
    struct body_reader *r = must_alloc(sizeof *r);
    *r = (struct body_reader){{body_next, body_close}, exchange};
    return &r->base;
}

void http_answer_drop(struct http_answer *answer)
{
    size_t n = 0;
    struct slice chunk;
    struct error ignored;
    while (answer->body != NULL && n < PAGE_BYTES && reader_next(answer->body, &chunk, &ignored) && chunk.n != 0)
        n += chunk.n;
    reader_close(&answer->body);
}

// ---- One answer -----------------------------------------------------------------------------------------------------

// Where the next request goes, and what goes with it.
struct hop {
    struct url url;
    bool own; // it is the origin that the headers were given for
};

static void read_line(struct slice line, struct arena *a, struct http_answer *answer, struct slice *location)
{
    struct slice value;
    if (header_line(line, "location", &value))
        *location = arena_dup(a, value);
    else if (header_line(line, "etag", &value))
        answer->validators.etag = header_value_is_safe(value) ? arena_dup(a, value) : SLICE("");
    else if (header_line(line, "last-modified", &value))
        answer->validators.last_modified = header_value_is_safe(value) ? arena_dup(a, value) : SLICE("");
    else if (header_line(line, "date", &value))
        answer->validators.date = arena_dup(a, value);
    else if (header_line(line, "docker-content-digest", &value))
        answer->content_digest = arena_dup(a, value);
    else if (header_line(line, "link", &value) && link_next(value, a, &value))
        answer->next = arena_dup(a, value);
    else if (header_line(line, "content-range", &value))
        answer->has_range = content_range_parse(value, &answer->range);
    else if (header_line(line, "content-length", &value) && !slice_to_u64(value, &answer->length))
        answer->length = UINT64_MAX;
    else if (header_line(line, "www-authenticate", &value) &&
             answer->authenticate_n < sizeof answer->authenticate / sizeof answer->authenticate[0])
        answer->authenticate[answer->authenticate_n++] = arena_dup(a, value);
}

static void read_lines(struct slice lines, struct arena *a, struct http_answer *answer, struct slice *location)
{
    struct slice line;
    while (slice_next_line(&lines, &line))
        read_line(line, a, answer, location);
}

#define MOST_OWN 4 // headers that are made here

// Own headers first, then those that were given.
static struct exchange *start(struct http_client *client, const struct http_request *request, const struct hop *hop,
                              struct arena *a, struct error *err)
{
    struct secret *made[MOST_OWN] = {NULL};
    struct http_header *headers = ARENA_NEW(a, struct http_header, MOST_OWN + request->headers_n);
    size_t n = 0, own;
    if (request->accept.n != 0)
        headers[n++] = (struct http_header){SLICE("Accept"), made[0] = secret_new(request->accept)};
    if (request->from != 0) {
        struct slice range = arena_printf(a, "bytes=%llu-", (unsigned long long)request->from);
        headers[n++] = (struct http_header){SLICE("Range"), made[1] = secret_new(range)};
    }
    if (request->from != 0 && request->if_range.n != 0)
        headers[n++] = (struct http_header){SLICE("If-Range"), made[2] = secret_new(request->if_range)};
    if (request->form_type.n != 0)
        headers[n++] = (struct http_header){SLICE("Content-Type"), made[3] = secret_new(request->form_type)};
    for (own = 0; hop->own && own < request->headers_n; own++)
        headers[n++] = request->headers[own];
    const struct exchange_request what = {
        .url = &hop->url,
        .allow = request->allow,
        .headers = headers,
        .headers_n = n,
        .form = request->form,
        .seconds = request->seconds,
        .unverified = request->unverified && hop->own,
        .head = request->head,
    };
    struct exchange *exchange = exchange_start(client->engine, &what, err);
    for (size_t i = 0; i < MOST_OWN; i++)
        secret_free(&made[i]);
    return exchange;
}

// ---- Redirects ------------------------------------------------------------------------------------------------------

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool follow(const struct http_request *request, struct slice location, struct arena *a, struct hop *hop,
                   struct error *err)
{
    struct url next;
    if (request->form != NULL)
        return error_set(err, ERR_REFUSED, "it redirects what is posted to it, which is not followed");
    if (!url_resolve(&hop->url, location, a, &next, err))
        return error_wrap(err, "redirect");
    if (hop->url.tls && !next.tls)
        return error_set(err, ERR_REFUSED, "it redirects from https to http, which is not followed: %.*s",
                         SLICE_ARG(url_shown(a, next.text)));
    // Once somewhere else, never again the own one: who is asked to come back may have been told what to ask for.
    hop->own = hop->own && url_same_origin(&hop->url, &next);
    hop->url = next;
    return true;
}

// One request and the redirects that it leads to. `*again` when a failure may go well another time.
static bool send_once(struct http_client *client, const struct http_request *request, const struct url *url,
                      struct arena *a, struct http_answer *answer, bool *again, double *wait, struct error *err)
{
    struct hop *hop = arena_alloc(a, sizeof *hop);
    *hop = (struct hop){*url, true};
    for (uint64_t redirects = 0;; redirects++) {
        struct slice lines, location = SLICE("");
        *answer = (struct http_answer){.length = UINT64_MAX};
        *again = false;
        struct exchange *exchange EXCHANGE_AUTO = start(client, request, hop, a, err);
        if (exchange == NULL || !exchange_answer(exchange, &answer->status, &lines, again, err))
            return error_wrap(err, "%.*s", SLICE_ARG(url_shown(a, hop->url.text)));
        read_lines(lines, a, answer, &location);
        *wait = answer->retry_after = exchange_retry_after(exchange);
        answer->url = hop->url;
        answer->body = body_of(exchange);
        exchange = NULL;
        if (!is_redirect(answer->status) || location.n == 0)
            return true;
        http_answer_drop(answer);
        if (redirects >= client->limits.fetch_redirects)
            return error_set(err, ERR_LIMIT,
                             "%.*s redirects more than the %llu times that limit fetch_redirects allows",
                             SLICE_ARG(url_shown(a, url->text)), (unsigned long long)client->limits.fetch_redirects);
        struct hop *next = arena_alloc(a, sizeof *next);
        *next = *hop;
        if (!follow(request, location, a, next, err))
            return error_wrap(err, "%.*s", SLICE_ARG(url_shown(a, hop->url.text)));
        hop = next;
    }
}

// ---- Tries ----------------------------------------------------------------------------------------------------------

static bool is_transient(long status)
{
    return status == 408 || status == 429 || status >= 500;
}

static bool may_be_sent(const struct http_request *request, struct error *err)
{
    for (size_t i = 0; i < request->headers_n; i++)
        if (!header_may_be_given(request->headers[i].name))
            return error_set(err, ERR_FORMAT, "\"%.*s\" is no header that may be given",
                             SLICE_ARG(request->headers[i].name));
    return true;
}

bool http_send(struct http_client *client, const struct http_request *request, struct arena *a,
               struct http_answer *answer, struct error *err)
{
    struct url url;
    bool again = true;
    double wait = 0;
    unsigned tries = 0;
    if (!url_parse(request->url, a, &url, err) || !may_be_sent(request, err))
        return false;
    while (again) {
        if (tries != 0) {
            log_info("try %u: %s", tries, err->text);
            http_client_sleep(client, retry_seconds(client->first_wait, tries, wait));
        }
        tries++;
        wait = 0;
        if (send_once(client, request, &url, a, answer, &again, &wait, err)) {
            if (request->once || !is_transient(answer->status))
                return true;
            http_answer_drop(answer);
            error_set(err, ERR_NETWORK, "%.*s: the server answered %ld", SLICE_ARG(url_shown(a, answer->url.text)),
                      answer->status);
            again = true;
        }
        again = again && !request->once && tries < client->limits.fetch_tries;
    }
    return tries > 1 ? error_wrap(err, "after %u tries", tries) : false;
}

bool http_fetch(struct http_client *client, const struct http_request *request, struct arena *a,
                struct http_answer *answer, struct error *err)
{
    if (!http_send(client, request, a, answer, err))
        return false;
    if (answer->status == 200 || answer->status == 206)
        return true;
    http_answer_drop(answer);
    return error_set(err, answer->status == 404 || answer->status == 410 ? ERR_NOT_FOUND : ERR_NETWORK,
                     "%.*s: the server answered %ld", SLICE_ARG(url_shown(a, answer->url.text)), answer->status);
}
