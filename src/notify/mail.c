// Delivery by e-mail (SMTP, RFC 5321), through libcurl: one message for a notification, for people to read.
//
// The text is plain and says what to mend: by the layer that brought the packages, the worst first. Whatever comes from
// images and feeds is made printable before, stands in the body only, and the body goes as quoted-printable, so that no
// name can begin a header or end the message. The Message-ID is the notification's: who gets a message twice can tell.
#include "notify/mail_text.h"
#include "notify/targets.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>

struct mail {
    const struct mail_settings *settings;
    const struct limits *limits;
    atomic_bool broken_off;
};

struct upload {
    struct slice left;
};

static size_t give(char *out, size_t size, size_t n, void *context)
{
    struct upload *upload = context;
    size_t room = size * n, given = upload->left.n < room ? upload->left.n : room;
    memcpy(out, upload->left.p, given);
    upload->left = slice_from(upload->left, given);
    return given;
}

// What the server says beside status codes is looked at by libcurl only.
static size_t take_nothing(char *bytes, size_t size, size_t n, void *context)
{
    (void)bytes;
    (void)context;
    return size * n;
}

static int go_on(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    const struct mail *mail = context;
    (void)down_all, (void)down, (void)up_all, (void)up;
    return mail->broken_off; // anything but 0 ends it
}

static void set_server(CURL *c, const struct mail *mail, char *reason)
{
    const struct mail_settings *set = mail->settings;
    curl_easy_setopt(c, CURLOPT_URL, set->url.p);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_PROXY, ""); // those of the environment are for HTTP
    curl_easy_setopt(c, CURLOPT_USE_SSL, set->starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (set->root_ca.n != 0)
        curl_easy_setopt(c, CURLOPT_CAINFO, set->root_ca.p);
    if (set->user != NULL)
        curl_easy_setopt(c, CURLOPT_USERNAME, secret_reveal(set->user).p);
    if (set->password != NULL)
        curl_easy_setopt(c, CURLOPT_PASSWORD, secret_reveal(set->password).p);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)mail->limits->target_connect_seconds);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)mail->limits->target_answer_seconds);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)mail->limits->target_delivery_seconds);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, mail);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_nothing);
}

static bool explain(const struct mail *mail, CURL *c, CURLcode code, const char *reason, struct error *err)
{
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (mail->broken_off)
        return error_set(err, ERR_REFUSED, "broken off: nothing is delivered any more");
    if (code == CURLE_USE_SSL_FAILED)
        return error_set(err, ERR_NETWORK,
                         "the server offers no STARTTLS (notifier.mail.starttls: false does without, for a server that "
                         "is near)");
    if (code == CURLE_LOGIN_DENIED)
        return error_set(err, ERR_NETWORK, "the server does not take the user and password of notifier.mail");
    return error_set(err, ERR_NETWORK, "%s%s", reason[0] != '\0' ? reason : curl_easy_strerror(code),
                     status >= 500 ? " (the server says that it never will)" : "");
}

static bool append(struct curl_slist **list, struct slice address, struct error *err)
{
    struct curl_slist *longer = curl_slist_append(*list, address.p);
    if (longer == NULL)
        return error_set(err, ERR_IO, "no memory for a message");
    *list = longer;
    return true;
}

static bool send_text(const struct mail *mail, CURL *c, const struct curl_slist *to, struct slice text,
                      struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct upload upload = {text};
    char reason[CURL_ERROR_SIZE] = "";
    set_server(c, mail, reason);
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, mail_address(&a, mail->settings->from).p);
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(c, CURLOPT_READDATA, &upload);
    curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)text.n);
    CURLcode code = curl_easy_perform(c);
    return code == CURLE_OK || explain(mail, c, code, reason, err);
}

static bool deliver(void *state, const struct delivery *delivery, struct error *err)
{
    const struct mail *mail = state;
    struct arena a ARENA_AUTO = {0};
    struct buf text BUF_AUTO = {0};
    struct curl_slist *to = NULL;
    struct summary summary;
    if (!summary_make(delivery, mail->limits, &a, &summary, err))
        return false;
    const struct mail_parts parts = {
        .from = mail->settings->from,
        .to = mail->settings->to,
        .callback = document_callback_url(&a, mail->settings->callback, delivery),
        .notice = delivery->notice,
        .summary = &summary,
        .now = clock_now(),
    };
    mail_write(&parts, &text);
    CURL *c = curl_easy_init();
    bool sent = c != NULL || error_set(err, ERR_IO, "cannot set up libcurl");
    for (size_t i = 0; sent && i < mail->settings->to.n; i++)
        sent = append(&to, mail_address(&a, mail->settings->to.v[i]), err);
    sent = sent && send_text(mail, c, to, buf_slice(&text), err);
    curl_easy_cleanup(c);
    curl_slist_free_all(to);
    return sent || error_wrap(err, "mail server %.*s", SLICE_ARG(mail->settings->url));
}

static void break_off(void *state)
{
    struct mail *mail = state;
    mail->broken_off = true;
}

static void close_mail(void *state)
{
    free(state);
    curl_global_cleanup();
}

static bool configured(const struct target_settings *settings)
{
    return settings->mail.url.n != 0;
}

static bool make(const struct target_parts *parts, struct target *target, struct error *err)
{
    static const struct target_kind kind = {"mail", deliver, break_off, close_mail};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, ERR_IO, "cannot set up libcurl");
    struct mail *mail = must_alloc(sizeof *mail);
    *mail = (struct mail){.settings = &parts->settings->mail, .limits = parts->limits};
    *target = (struct target){&kind, kind.name, false, mail};
    return true;
}

extern const struct target_maker target_mail;
const struct target_maker target_mail = {"mail", configured, make};
