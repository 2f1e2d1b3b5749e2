// A target: where people or programs are told of notifications. One kind of them is one file and one line in
// targets.c.
#pragma once

#include "notify/notice.h"

// What is delivered: the notification, where its pages are, and what is in them.
struct delivery {
    const struct notice *notice;
    struct slice callback; // the URL of its pages: Clair's `callback`; empty where the target has none
    struct notice_items items;
};

struct target;

// What a kind of targets can do. `state` is what its own constructor made.
struct target_kind {
    const char *name; // "webhook", as in the configuration

    // Delivers one, and returns when the other side has taken it. False: try again later, ERR_NETWORK and the like, or
    // never (ERR_REFUSED, ERR_UNSUPPORTED: trying again would give the same). A second delivery of the same
    // notification is possible whenever this program or the connection ends between the two: at least once.
    bool (*deliver)(void *state, const struct delivery *delivery, struct error *err);

    // Makes a `deliver` that runs in another thread fail soon (ERR_REFUSED). NULL: it ends soon anyway.
    void (*break_off)(void *state);

    void (*close)(void *state); // frees the state, too
};

struct target {
    const struct target_kind *kind;
    const char *name; // of this one, for messages and the store: "webhook"
    bool consumes;    // the items are in what was delivered: afterwards the notification is deleted (Clair's `direct`)
    void *state;
};
