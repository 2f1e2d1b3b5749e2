// Delivery by HTTP: a POST to the operator's own address, Quay's for one.
//
// As Clair, only the status 200 counts as taken; everything else is tried again later.
#include "notify/documents.h"
#include "notify/post.h"
#include "notify/targets.h"

#include "base/clock.h"
#include "http/token.h"

#include <stdlib.h>

struct webhook {
    const struct webhook_settings *settings;
    const struct limits *limits;
    const struct secret *key;
    struct post *post;
};

static bool write_body(const struct webhook *webhook, const struct delivery *delivery, struct buf *body,
                       struct slice *type, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct slice callback = document_callback_url(&a, webhook->settings->callback, delivery);
    struct summary summary;
    *type = SLICE("application/json");
    if (!slice_eq(webhook->settings->content, SLICE("cloudevents"))) {
        document_callback(delivery->notice, callback, body);
        return true;
    }
    *type = SLICE("application/cloudevents+json");
    if (!summary_make(delivery, webhook->limits, &a, &summary, err))
        return false;
    document_event(delivery->notice, callback, &summary, body);
    return true;
}

// The configured headers, and the token in place of an Authorization among them, as Clair does it.
static struct http_header *headers_of(const struct webhook *webhook, const struct secret *token, struct arena *a,
                                      size_t *n)
{
    const struct http_headers *given = &webhook->settings->headers;
    struct http_header *headers = ARENA_NEW(a, struct http_header, given->n + 1);
    *n = 0;
    for (size_t i = 0; i < given->n; i++)
        if (token == NULL || !slice_eq_nocase(given->v[i].name, SLICE("Authorization")))
            headers[(*n)++] = given->v[i];
    if (token != NULL)
        headers[(*n)++] = (struct http_header){SLICE("Authorization"), token};
    return headers;
}

static bool deliver(void *state, const struct delivery *delivery, struct error *err)
{
    const struct webhook *webhook = state;
    struct arena a ARENA_AUTO = {0};
    struct buf body BUF_AUTO = {0};
    struct post_message message = {0};
    if (!write_body(webhook, delivery, &body, &message.type, err))
        return false;
    struct secret *token SECRET_AUTO =
        webhook->key != NULL ? token_make(webhook->key, "clair-notifier", clock_now()) : NULL;
    message.body = buf_slice(&body);
    message.headers = headers_of(webhook, token, &a, &message.headers_n);
    long status;
    if (!post_send(webhook->post, &message, &status, err))
        return false;
    return status == 200 || error_set(err, ERR_NETWORK,
                                      "webhook %.*s: the server answered %ld; only 200 says that it has taken the "
                                      "notification",
                                      SLICE_ARG(post_shown(webhook->post)), status);
}

static void break_off(void *state)
{
    struct webhook *webhook = state;
    post_break_off(webhook->post);
}

static void close_webhook(void *state)
{
    struct webhook *webhook = state;
    post_free(&webhook->post);
    free(webhook);
}

static bool configured(const struct target_settings *settings)
{
    return settings->webhook.target != NULL;
}

static bool make(const struct target_parts *parts, struct target *target, struct error *err)
{
    static const struct target_kind kind = {"webhook", deliver, break_off, close_webhook};
    const struct webhook_settings *settings = &parts->settings->webhook;
    struct post *post = post_new(settings->target, settings->root_ca, parts, err);
    if (post == NULL)
        return error_wrap(err, "notifier.webhook.target");
    struct webhook *webhook = must_alloc(sizeof *webhook);
    *webhook = (struct webhook){settings, parts->limits, parts->key, post};
    *target = (struct target){&kind, kind.name, false, webhook};
    return true;
}

extern const struct target_maker target_webhook;
const struct target_maker target_webhook = {"webhook", configured, make};
