// Judging what the configuration says of the targets of notifications.
#include "service/config.h"

#include "http/headers.h"
#include "http/url.h"
#include "notify/chat_text.h"
#include "notify/mail_text.h"

#include <amqp.h>

// Everything is said of a key by its path below `notifier`.
struct judge {
    struct config_check *check;
    struct arena *arena;
    const char *section; // "webhook"
};

static void say(const struct judge *j, bool error, const char *key, const char *text)
{
    struct slice path = arena_printf(j->arena, "notifier.%s%s%s", j->section, key[0] != '\0' ? "." : "", key);
    config_remark(j->check, j->arena, error, path.p, text);
}

static bool is_given(const struct judge *j, const char *key)
{
    struct slice path = arena_printf(j->arena, "notifier.%s%s%s", j->section, key[0] != '\0' ? "." : "", key);
    return config_given(j->check, path.p) != NULL;
}

// A URL, of which no part is repeated.
static void judge_url(const struct judge *j, const char *key, struct slice text)
{
    struct url url;
    struct error err;
    if (text.n != 0 && !url_parse(text, j->arena, &url, &err))
        say(j, true, key, "must be a URL of http or https, without a user and a password");
}

static void judge_callback(const struct judge *j, struct slice callback, bool wanted)
{
    judge_url(j, "callback", callback);
    if (wanted && callback.n == 0)
        say(j, false, "callback", "is not set: whoever is notified cannot tell where the notification's pages are");
}

static void judge_tls(const struct judge *j, struct target_tls *tls)
{
    tls->given = is_given(j, "tls");
    if ((tls->client_cert.n != 0) != (tls->key.n != 0))
        say(j, true, tls->client_cert.n != 0 ? "tls.cert" : "tls.key", "tls.cert and tls.key go together");
}

static void want(const struct judge *j, bool there, const char *key, const char *what)
{
    if (!there)
        say(j, true, key, what);
}

static void judge_webhook(struct judge *j, const struct webhook_settings *w)
{
    want(j, w->target != NULL, "target", "is needed: the URL that notifications are posted to");
    if (w->target != NULL)
        judge_url(j, "target", secret_reveal(w->target));
    judge_callback(j, w->callback, true);
    if (!slice_eq(w->content, SLICE("clair")) && !slice_eq(w->content, SLICE("cloudevents")))
        say(j, true, "content", "must be clair or cloudevents");
    for (size_t i = 0; i < w->headers.n; i++)
        if (!header_may_be_given(w->headers.v[i].name) || !header_value_is_safe(secret_reveal(w->headers.v[i].value)))
            say(j, true, "headers",
                arena_printf(j->arena, "\"%.*s\" is no header that may be given, or its value cannot be sent",
                             SLICE_ARG(w->headers.v[i].name))
                    .p);
}

static bool is_amqp(struct slice uri, struct arena *a)
{
    struct amqp_connection_info parts;
    struct slice copy = arena_dup(a, uri); // which the library takes apart
    return slice_find(uri, '\0') < 0 && amqp_parse_url((char *)(uintptr_t)copy.p, &parts) == AMQP_STATUS_OK;
}

static void judge_amqp(struct judge *j, struct amqp_settings *amqp)
{
    want(j, amqp->uris.n != 0, "uris", "is needed: a list of brokers, amqp://USER:PASSWORD@HOST:PORT/VHOST");
    want(j, amqp->exchange_type.n != 0, "exchange.type", "is needed: direct, fanout, topic or headers");
    want(j, amqp->routing_key.n != 0, "routing_key", "is needed");
    for (size_t i = 0; i < amqp->uris.n; i++)
        if (!is_amqp(secret_reveal(amqp->uris.v[i]), j->arena))
            say(j, true, "uris", "each must be amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS");
    if (amqp->exchange_name.n > 255 || amqp->routing_key.n > 255 || amqp->exchange_type.n > 255)
        say(j, true, "", "names of exchanges and routing keys have at most 255 bytes");
    if (amqp->rollup < 0)
        say(j, true, "rollup", "cannot be negative");
    judge_callback(j, amqp->callback, !amqp->direct);
    judge_tls(j, &amqp->tls);
}

static bool is_host_port(struct slice text)
{
    ptrdiff_t colon = slice_rfind(text, ':');
    uint64_t port;
    if (colon <= 0 || !slice_to_u64(slice_from(text, (size_t)colon + 1), &port) || port == 0 || port > UINT16_MAX)
        return false;
    struct slice host = slice_of(text.p, (size_t)colon);
    bool brackets = slice_starts(host, SLICE("[")) && slice_ends(host, SLICE("]"));
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] <= ' ' || host.p[i] > 0x7e || host.p[i] == '/' || host.p[i] == '@')
            return false;
    return (slice_find(host, ':') >= 0) == brackets;
}

// STOMP has no escapes in a CONNECT.
static bool is_one_line(struct slice text)
{
    return slice_find(text, '\n') < 0 && slice_find(text, '\r') < 0 && slice_find(text, '\0') < 0;
}

static bool is_secret_line(const struct secret *secret)
{
    return secret == NULL || is_one_line(secret_reveal(secret));
}

static void judge_stomp(struct judge *j, struct stomp_settings *stomp)
{
    want(j, stomp->uris.n != 0, "uris", "is needed: a list of brokers, HOST:PORT");
    want(j, stomp->destination.n != 0, "destination", "is needed");
    for (size_t i = 0; i < stomp->uris.n; i++)
        if (!is_host_port(secret_reveal(stomp->uris.v[i])))
            say(j, true, "uris", "each must be HOST:PORT");
    if (!is_secret_line(stomp->login) || !is_secret_line(stomp->passcode))
        say(j, true, "user", "login and passcode must be of one line");
    want(j, is_one_line(stomp->host), "host", "must be of one line");
    if (stomp->rollup < 0)
        say(j, true, "rollup", "cannot be negative");
    judge_callback(j, stomp->callback, !stomp->direct);
    judge_tls(j, &stomp->tls);
}

static void judge_mail(struct judge *j, const struct mail_settings *mail)
{
    bool smtp = slice_starts(mail->url, SLICE("smtp://")), smtps = slice_starts(mail->url, SLICE("smtps://"));
    struct slice rest = slice_from(mail->url, smtps ? 8 : 7);
    if ((!smtp && !smtps) || rest.n == 0 || slice_find(rest, '@') >= 0)
        say(j, true, "url", "must be smtp://HOST:PORT or smtps://HOST:PORT (user and password have keys of their own)");
    want(j, mail_mailbox_valid(mail->from), "from", "must be ADDRESS or NAME <ADDRESS>, in ASCII");
    want(j, mail->to.n != 0, "to", "is needed: a list of addresses");
    for (size_t i = 0; i < mail->to.n; i++)
        want(j, mail_mailbox_valid(mail->to.v[i]), "to", "each must be ADDRESS or NAME <ADDRESS>, in ASCII");
    if ((mail->user != NULL) != (mail->password != NULL))
        say(j, true, mail->user != NULL ? "user" : "password", "user and password go together");
    if (smtp && mail->user != NULL && !mail->starttls)
        say(j, false, "starttls", "is off: the password can be read on its way");
    judge_callback(j, mail->callback, false);
}

static void judge_chat(struct judge *j, const struct chat_settings *chat)
{
    want(j, chat->target != NULL, "target", "is needed: the URL of the channel's incoming webhook");
    if (chat->target != NULL)
        judge_url(j, "target", secret_reveal(chat->target));
    want(j, chat_style_named(chat->style) != NULL, "style", "must be slack, mattermost or teams");
    judge_callback(j, chat->callback, false);
}

void config_judge_targets(struct config_check *check, struct arena *a)
{
    struct target_settings *targets = &check->config.targets;
    struct judge j = {.check = check, .arena = a, .section = "webhook"};
    if (is_given(&j, ""))
        judge_webhook(&j, &targets->webhook);
    j.section = "amqp";
    if (is_given(&j, ""))
        judge_amqp(&j, &targets->amqp);
    j.section = "stomp";
    if (is_given(&j, ""))
        judge_stomp(&j, &targets->stomp);
    j.section = "mail";
    if (is_given(&j, ""))
        judge_mail(&j, &targets->mail);
    j.section = "chat";
    if (is_given(&j, ""))
        judge_chat(&j, &targets->chat);
}
