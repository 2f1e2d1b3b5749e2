// A notification as a message for a chat.
#pragma once

#include "notify/documents.h"

// How one program takes messages.
struct chat_style {
    const char *name;
    const char *bold; // what stands around bold text
    // Appends a text of others', so that it is shown as it is, whatever is in it.
    void (*text)(struct buf *out, struct slice text);
    // Appends a link; its words are ours.
    void (*link)(struct buf *out, struct slice url, const char *words);
    // The payload that carries the message's lines.
    void (*payload)(struct slice lines, struct buf *out);
};

// NULL: there is no such style.
const struct chat_style *chat_style_named(struct slice name);

void chat_write(const struct chat_style *style, const struct notice *notice, struct slice callback,
                const struct summary *summary, struct buf *out);
