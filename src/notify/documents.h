// What is sent of a notification, as text.
//
// Clair v4's Callback and Notification (claircore's and clair's `notifier` package: Callback, Notification,
// VulnSummary), and a form of Clarion's own that has the content in it: CloudEvents 1.0 in structured mode.
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "notify/summary.h"
#include "notify/target.h"

// The URL of a notification's pages: what is configured for the target, with a slash between it and the id; what the
// delivery says where nothing is. In the arena.
struct slice document_callback_url(struct arena *a, struct slice configured, const struct delivery *delivery);

// {"callback":URL,"notification_id":UUID}
void document_callback(const struct notice *notice, struct slice callback, struct buf *out);

// A Notification: {"id","manifest","reason","vulnerability":{…}}. Beside `severity` stands the same as
// `normalized_severity`, which is where Quay looks.
void document_item(const struct notice_item *item, struct buf *out);

// The CloudEvents envelope with a summary: counts, and what to mend, by the layers that brought it. Never larger than
// the limits of summaries allow.
void document_event(const struct notice *notice, struct slice callback, const struct summary *summary, struct buf *out);

// Calls `take` for each item, in order; they live until it returns. False when reading them fails, or it does.
typedef bool notice_item_fn(void *context, const struct notice_item *item, struct error *err);
bool notice_each_item(const struct notice_items *items, notice_item_fn *take, void *context, struct error *err);

// How brokers get a notification: its Callback in one message, or (`direct`) the items themselves, arrays of up to
// `rollup` (0: one) in each message, fewer where the limit target_message_bytes is met.
struct message_plan {
    bool direct;
    int64_t rollup;
    struct slice callback; // the notification's
    const struct limits *limits;
};

// Calls `send` for each message, in order.
typedef bool message_fn(void *context, struct slice body, struct error *err);
bool document_messages(const struct message_plan *plan, const struct delivery *delivery, message_fn *send,
                       void *context, struct error *err);
