// Posting to a URL of the operator's own.
#pragma once

#include "notify/settings.h"

struct post;

// `ca_file`: certificates to trust instead of the system's; empty: the system's. NULL with ERR_FORMAT or
// ERR_UNSUPPORTED for what is no URL of http or https.
struct post *post_new(const struct secret *url, struct slice ca_file, const struct target_parts *parts,
                      struct error *err);
void post_free(struct post **post);

// The URL for people, without its query.
struct slice post_shown(const struct post *post);

struct post_message {
    struct slice type; // media type of the body
    struct slice body;
    const struct http_header *headers;
    size_t headers_n;
};

// Posts once, and gives the status of the answer. Redirects are not followed. The host may be at a private address,
// since the operator named it. ERR_NETWORK for whatever may go well another time; ERR_REFUSED only when broken off.
bool post_send(struct post *post, const struct post_message *message, long *status, struct error *err);

void post_break_off(struct post *post);
