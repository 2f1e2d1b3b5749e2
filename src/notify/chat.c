// Delivery to where people talk: incoming webhooks of Slack, Mattermost and Teams.
//
// A short message: counts, the worst few vulnerabilities, the layers to mend first, and where the rest is. Names come
// from images, so each style has its own way to say that they are text: no mention, no link, no formatting can be in
// them.
#include "notify/chat_text.h"
#include "notify/post.h"
#include "notify/targets.h"

#include <stdlib.h>

struct chat {
    const struct chat_settings *settings;
    const struct limits *limits;
    const struct chat_style *style;
    struct post *post;
};

static bool deliver(void *state, const struct delivery *delivery, struct error *err)
{
    const struct chat *chat = state;
    struct arena a ARENA_AUTO = {0};
    struct buf body BUF_AUTO = {0};
    struct summary summary;
    long status;
    if (!summary_make(delivery, chat->limits, &a, &summary, err))
        return false;
    struct slice callback = document_callback_url(&a, chat->settings->callback, delivery);
    chat_write(chat->style, delivery->notice, callback, &summary, &body);
    const struct post_message message = {.type = SLICE("application/json"), .body = buf_slice(&body)};
    if (!post_send(chat->post, &message, &status, err))
        return false;
    return (status >= 200 && status < 300) ||
           error_set(err, ERR_NETWORK, "%s at its host: the server answered %ld", chat->style->name, status);
}

static void break_off(void *state)
{
    struct chat *chat = state;
    post_break_off(chat->post);
}

static void close_chat(void *state)
{
    struct chat *chat = state;
    post_free(&chat->post);
    free(chat);
}

static bool configured(const struct target_settings *settings)
{
    return settings->chat.target != NULL;
}

static bool make(const struct target_parts *parts, struct target *target, struct error *err)
{
    static const struct target_kind kind = {"chat", deliver, break_off, close_chat};
    const struct chat_settings *settings = &parts->settings->chat;
    const struct chat_style *style = chat_style_named(settings->style);
    if (style == NULL)
        return error_set(err, ERR_USAGE, "notifier.chat.style: there is no \"%.*s\"", SLICE_ARG(settings->style));
    struct post *post = post_new(settings->target, settings->root_ca, parts, err);
    if (post == NULL)
        return error_wrap(err, "notifier.chat.target");
    struct chat *chat = must_alloc(sizeof *chat);
    *chat = (struct chat){settings, parts->limits, style, post};
    *target = (struct target){&kind, kind.name, false, chat};
    return true;
}

extern const struct target_maker target_chat;
const struct target_maker target_chat = {"chat", configured, make};
