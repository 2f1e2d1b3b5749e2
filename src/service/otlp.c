#include "service/otlp.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "http/negotiate.h"
#include "http/retry.h"
#include "telemetry/otlp_json.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_WAIT 1.0  // seconds before the second try
#define MOST_WAIT  3600 // that a collector is believed to ask for

struct otlp_sender {
    const struct config_otlp *config; // NULL: standard output
    const struct limits *limits;
    struct arena arena; // of the URL, the rules and the headers
    struct slice url;
    struct address_rules allow;
    struct http_header *headers; // those of the configuration, and our own
    size_t headers_n;
    struct secret *encoding;
    struct http_client *http;
    double not_before;    // as the collector asks for, on the monotonic clock
    pthread_mutex_t lock; // of all below
    pthread_cond_t change;
    double end; // by when everything must be sent; 0: there is no hurry
    bool broken_off;
};

// ---- where to -------------------------------------------------------------------------------------------------------

// The collector is the operator's own: it may be anywhere.
static bool take_url(struct otlp_sender *s, const char *path, struct error *err)
{
    const struct config_otlp *c = s->config;
    struct url url;
    s->url = arena_printf(&s->arena, "http%s://%.*s%.*s", c->insecure ? "" : "s", SLICE_ARG(c->endpoint),
                          SLICE_ARG(c->url_path.n != 0 ? c->url_path : slice_str(path)));
    if (!url_parse(s->url, &s->arena, &url, err))
        return error_wrap(err, "the collector");
    struct slice host = url.host;
    if (host.n > 2 && host.p[0] == '[')
        host = slice_of(host.p + 1, host.n - 2);
    return address_rules_add(&s->allow, &s->arena, host, err);
}

static void take_headers(struct otlp_sender *s)
{
    const struct http_headers *given = &s->config->headers;
    s->headers = ARENA_NEW(&s->arena, struct http_header, given->n + 1);
    for (; s->headers_n < given->n; s->headers_n++)
        s->headers[s->headers_n] = given->v[s->headers_n];
    if (!slice_eq(s->config->compression, SLICE("gzip")))
        return;
    s->encoding = secret_new(SLICE("gzip"));
    s->headers[s->headers_n++] = (struct http_header){SLICE("Content-Encoding"), s->encoding};
}

static const char *name_or_null(struct slice path)
{
    return path.n != 0 ? path.p : NULL;
}

struct otlp_sender *otlp_sender_new(const struct config_otlp *config, const char *path, const struct limits *limits,
                                    struct error *err)
{
    struct otlp_sender *s = must_alloc(sizeof *s);
    *s = (struct otlp_sender){.config = config, .limits = limits};
    pthread_mutex_init(&s->lock, NULL);
    cond_init_monotonic(&s->change);
    if (config == NULL)
        return s;
    if (!take_url(s, path, err)) {
        otlp_sender_free(&s);
        return NULL;
    }
    take_headers(s);
    const struct http_options http = {.limits = limits,
                                      .ca_file = name_or_null(config->root_ca),
                                      .cert_file = name_or_null(config->cert),
                                      .key_file = name_or_null(config->key)};
    s->http = http_client_new(&http);
    return s;
}

void otlp_sender_free(struct otlp_sender **sender)
{
    struct otlp_sender *s = *sender;
    if (s == NULL)
        return;
    http_client_free(&s->http);
    secret_free(&s->encoding);
    arena_free(&s->arena);
    pthread_cond_destroy(&s->change);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *sender = NULL;
}

// ---- when -----------------------------------------------------------------------------------------------------------

void otlp_sender_hurry(struct otlp_sender *s, double seconds)
{
    pthread_mutex_lock(&s->lock);
    s->end = clock_monotonic() + seconds;
    pthread_cond_broadcast(&s->change);
    pthread_mutex_unlock(&s->lock);
}

void otlp_sender_break_off(struct otlp_sender *s)
{
    pthread_mutex_lock(&s->lock);
    s->broken_off = true;
    pthread_cond_broadcast(&s->change);
    pthread_mutex_unlock(&s->lock);
    if (s->http != NULL)
        http_client_break_off(s->http);
}

// The earlier of `end` and the end of all.
static double end_of(const struct otlp_sender *s, double end)
{
    return s->end != 0 && s->end < end ? s->end : end;
}

// Waits for the next try, which is to come in so many seconds. False when that is after `end`, or nothing is to be sent
// any more.
static bool wait_for_next(struct otlp_sender *s, double seconds, double end)
{
    double until = clock_monotonic() + seconds;
    struct timespec timeout = clock_after(seconds);
    pthread_mutex_lock(&s->lock);
    while (!s->broken_off && until < end_of(s, end) && pthread_cond_timedwait(&s->change, &s->lock, &timeout) == 0)
        continue;
    bool go_on = !s->broken_off && until < end_of(s, end);
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

// Seconds that a try may take; 0: none.
static double seconds_left(struct otlp_sender *s, double end)
{
    double timeout = (double)s->config->timeout / 1e9;
    pthread_mutex_lock(&s->lock);
    double left = s->broken_off ? 0 : end_of(s, end) - clock_monotonic();
    pthread_mutex_unlock(&s->lock);
    return left < timeout ? left > 0 ? left : 0 : timeout;
}

// ---- one try --------------------------------------------------------------------------------------------------------

// "Retryable Response Codes"
static bool is_transient(long status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

// A collector that takes a part says so with status 200.
static void read_answer(struct otlp_sender *s, struct http_answer *answer, struct arena *a, uint64_t *rejected,
                        struct error *err)
{
    struct buf text BUF_AUTO = {0};
    struct slice why;
    if (!reader_read_all(answer->body, &text, s->limits->telemetry_answer_bytes,
                         "the answer (limit telemetry_answer_bytes)", err)) {
        log_debug("%.*s: %s", SLICE_ARG(s->url), err->text); // it has taken them all the same
        return;
    }
    if (otlp_partial(buf_slice(&text), a, rejected, &why))
        error_set(err, ERR_NETWORK, "%.*s: the collector says: %.*s", SLICE_ARG(s->url), SLICE_ARG(why));
}

// `*again`: another try may go well.
static bool try_once(struct otlp_sender *s, const struct secret *body, double seconds, uint64_t *rejected, bool *again,
                     struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct http_answer answer = {0};
    const struct http_request request = {.url = s->url,
                                         .accept = SLICE("application/json"),
                                         .headers = s->headers,
                                         .headers_n = s->headers_n,
                                         .allow = &s->allow,
                                         .form = body,
                                         .form_type = SLICE("application/json"),
                                         .seconds = seconds,
                                         .once = true};
    if (!http_send(s->http, &request, &a, &answer, err)) {
        *again = err->code == ERR_NETWORK;
        return false;
    }
    bool ok = answer.status >= 200 && answer.status < 300;
    if (ok)
        read_answer(s, &answer, &a, rejected, err);
    http_answer_drop(&answer);
    if (ok)
        return true;
    *again = is_transient(answer.status);
    if (*again && answer.retry_after > 0)
        s->not_before = clock_monotonic() + (answer.retry_after < MOST_WAIT ? answer.retry_after : MOST_WAIT);
    return error_set(err, ERR_NETWORK, "%.*s: the collector answered %ld", SLICE_ARG(s->url), answer.status);
}

// ---- a document -----------------------------------------------------------------------------------------------------

static bool write_line(struct slice document, struct error *err)
{
    struct buf line BUF_AUTO = {0};
    buf_add(&line, document);
    buf_addc(&line, '\n');
    for (struct slice rest = buf_slice(&line); rest.n != 0;) {
        ssize_t n = write(STDOUT_FILENO, rest.p, rest.n);
        if (n < 0 && errno != EINTR)
            return error_errno(err, "cannot write to standard output");
        rest = slice_from(rest, n > 0 ? (size_t)n : 0);
    }
    return true;
}

static struct secret *encode(struct otlp_sender *s, struct slice document)
{
    struct buf packed BUF_AUTO = {0};
    if (s->encoding == NULL || !web_gzip(document, &packed))
        return secret_new(document);
    return secret_new(buf_slice(&packed));
}

bool otlp_send(struct otlp_sender *s, struct slice document, uint64_t *rejected, struct error *err)
{
    *rejected = 0;
    if (s->config == NULL)
        return write_line(document, err);
    double end = clock_monotonic() + (double)s->limits->telemetry_retry_seconds, wait = 0;
    struct secret *body SECRET_AUTO = encode(s, document);
    error_set(err, ERR_NETWORK, "%.*s: there is no time left to send it in", SLICE_ARG(s->url));
    for (unsigned tries = 0;; tries++) {
        bool again = false;
        if (tries != 0)
            wait = retry_seconds(FIRST_WAIT, tries, 0);
        double asked = s->not_before - clock_monotonic();
        wait = asked > wait ? asked : wait;
        if (wait > 0 && !wait_for_next(s, wait, end))
            return false;
        double seconds = seconds_left(s, end);
        if (seconds <= 0)
            return false;
        if (try_once(s, body, seconds, rejected, &again, err))
            return true;
        if (!again)
            return false;
        log_debug("try %u: %s", tries + 1, err->text);
    }
}
