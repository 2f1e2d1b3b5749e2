// What the configuration says of the targets of notifications. A target that is not configured is all zero.
//
// Texts are terminated and, like the secrets, outlive the targets. What is wrong in them the configuration has told
// already; the targets rely on it.
#pragma once

#include "base/limits.h"
#include "http/engine.h"

struct target_tls {
    bool given;                    // the section is there, if only as {}
    struct slice root_ca;          // a PEM file of certificates to trust besides the system's; empty: none
    struct slice client_cert, key; // PEM files; empty: none
};

// notifier.webhook
struct webhook_settings {
    struct secret *target; // URL; NULL: there is none
    struct slice callback; // URL that a notification's id is appended to
    struct http_headers headers;
    struct slice content; // "clair" or "cloudevents"
    struct slice root_ca; // of its own, instead of the system's
};

// notifier.amqp
struct amqp_settings {
    struct secrets uris; // none: there is no such target
    struct slice exchange_name, exchange_type;
    bool exchange_durable, exchange_auto_delete;
    struct slice routing_key, callback;
    bool direct;
    int64_t rollup;
    struct target_tls tls;
};

// notifier.stomp
struct stomp_settings {
    struct secrets uris; // HOST:PORT; none: there is no such target
    struct slice destination, callback;
    struct slice host;               // the virtual host; empty: the name of the broker's host, as Clair has it
    struct secret *login, *passcode; // NULL: none
    bool direct;
    int64_t rollup;
    struct target_tls tls;
};

// notifier.mail
struct mail_settings {
    struct slice url; // smtp:// or smtps://; empty: there is no such target
    struct slice from, callback;
    struct slices to;
    struct secret *user, *password; // NULL: none
    bool starttls;
    struct slice root_ca;
};

// notifier.chat
struct chat_settings {
    struct secret *target; // URL; NULL: there is none
    struct slice style;    // "slack", "mattermost" or "teams"
    struct slice callback, root_ca;
};

struct target_settings {
    struct webhook_settings webhook;
    struct amqp_settings amqp;
    struct stomp_settings stomp;
    struct mail_settings mail;
    struct chat_settings chat;
};

// What a target is made from.
struct target_parts {
    const struct target_settings *settings; // outlives the target
    const struct limits *limits;            // likewise
    const struct secret *key;               // auth.psk.key, that requests are signed with; NULL: they are not
    const struct slices *allow;             // indexer.fetch.allow: networks beside the public internet
};
