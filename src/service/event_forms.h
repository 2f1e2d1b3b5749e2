// What registries send when something was pushed or deleted, in each registry's own form.
//
// Sources: the distribution project's documentation "Work with notifications" and its package notifications (event.go,
// bridge.go), of versions 2 and 3; Red Hat Quay's "Repository notifications", Repository Push; Harbor's "Configure
// Webhook Notifications", both of its payload formats (the second is CloudEvents 1.0).
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/limits.h"

// What one of them tells.
struct pushed_name {
    bool deleted;          // of a deletion, tag and digest may both be empty: then it is the whole repository
    struct slice id;       // the sender's own; may be empty
    struct slice hosts[2]; // that the registry may be known by; the second may be empty
    struct slice path;     // of the repository, in full
    struct slice tag;      // may be empty
    struct digest digest;  // empty text: only the tag is told
    int64_t at;            // when, microseconds; 0: it does not say
};

struct event_delivery {
    const char *form; // "distribution", "quay", "harbor"
    VEC(struct pushed_name) names;
    size_t ignored; // events of other kinds: pulls, layers, scans
};

// Reads a delivery of any form. Names are as they came: whether they can be names is not judged. Slices live in the
// arena. Errors: ERR_FORMAT for what is none of the forms, ERR_LIMIT (event_entries).
bool event_delivery_parse(struct slice body, const struct limits *limits, struct arena *a,
                          struct event_delivery *delivery, struct error *err);
