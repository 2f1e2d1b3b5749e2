// A notification as an e-mail: Internet Message Format (RFC 5322) with MIME (RFC 2045, 2047).
#pragma once

#include "notify/documents.h"

struct mail_parts {
    struct slice from; // "ADDRESS" or "NAME <ADDRESS>", in ASCII
    struct slices to;  // likewise
    struct slice callback;
    const struct notice *notice;
    const struct summary *summary;
    int64_t now; // seconds
};

// The whole message, its lines ending in CRLF, none longer than 998 bytes, all of it ASCII.
void mail_write(const struct mail_parts *parts, struct buf *out);

// The address in "NAME <ADDRESS>", or all of it; terminated, in the arena.
struct slice mail_address(struct arena *a, struct slice mailbox);

// Is it a mailbox that can stand in a header and in an envelope?
bool mail_mailbox_valid(struct slice mailbox);
