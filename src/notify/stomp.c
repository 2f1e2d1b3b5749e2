// Delivery to a broker by STOMP 1.2 (https://stomp.github.io/stomp-specification-1.2.html): ActiveMQ, Artemis,
// RabbitMQ.
//
// One connection a delivery. A delivery counts once the broker has confirmed it with a RECEIPT; the messages of one
// `direct` delivery are a transaction, so that either all of them are there or none. No library of Debian's is kept
// that speaks it, and it is small.
#include "notify/connection.h"
#include "notify/documents.h"
#include "notify/stomp_frame.h"
#include "notify/targets.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define RECEIPT "delivered"
#define REFUSES "the broker refuses: "

struct stomp {
    const struct stomp_settings *settings;
    const struct limits *limits;
    struct breaker breaker;
};

// One connection of it.
struct session {
    const struct stomp *stomp;
    struct connection *connection;
    double deadline; // of the whole delivery
    struct buf received;
    const char *transaction; // NULL: none
};

// ---- frames ---------------------------------------------------------------------------------------------------------

static double answer_until(const struct session *s)
{
    double until = clock_monotonic() + (double)s->stomp->limits->target_answer_seconds;
    return until < s->deadline ? until : s->deadline;
}

static bool receive(struct session *s, double until, struct error *err)
{
    size_t n;
    char bytes[4096];
    if (!connection_receive(s->connection, bytes, sizeof bytes, &n, until, err))
        return false;
    buf_add(&s->received, slice_of(bytes, n));
    return true;
}

// What is looked at of a frame.
struct said {
    struct slice command, message, receipt, version;
};

// Takes a frame off what has been received, if there is a whole one.
static enum stomp_taken take_frame(struct session *s, struct arena *a, struct said *said, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct slice bytes = buf_slice(&s->received);
    struct stomp_frame frame;
    enum stomp_taken taken = stomp_frame_take(&bytes, s->stomp->limits, &scratch, &frame, err);
    if (taken == STOMP_FRAME)
        *said = (struct said){
            .command = arena_dup(a, frame.command),
            .message = arena_dup(a, stomp_frame_header(&frame, "message")),
            .receipt = arena_dup(a, stomp_frame_header(&frame, "receipt-id")),
            .version = arena_dup(a, stomp_frame_header(&frame, "version")),
        };
    if (taken != STOMP_WRONG && bytes.n != 0)
        memmove(s->received.p, bytes.p, bytes.n);
    s->received.n = bytes.n;
    return taken;
}

static bool next_frame(struct session *s, double until, struct arena *a, struct said *said, struct error *err)
{
    for (;;) {
        enum stomp_taken taken = take_frame(s, a, said, err);
        if (taken != STOMP_MORE)
            return taken == STOMP_FRAME;
        if (!receive(s, until, err))
            return false;
    }
}

// Waits for a frame with this command, and with `receipt` for that one. An ERROR says why there is none.
static bool wait_for(struct session *s, const char *command, const char *receipt, struct error *err)
{
    double until = answer_until(s);
    for (uint64_t frames = 0; frames < s->stomp->limits->target_frames; frames++) {
        struct arena a ARENA_AUTO = {0};
        struct said said = {0};
        if (!next_frame(s, until, &a, &said, err))
            return false;
        if (slice_eq(said.command, SLICE("ERROR")))
            return error_set(err, ERR_NETWORK, REFUSES "%.*s", SLICE_ARG(said.message));
        if (!slice_eq(said.command, slice_str(command)))
            continue;
        if (receipt != NULL && !slice_eq(said.receipt, slice_str(receipt)))
            continue;
        if (receipt == NULL && !slice_eq(said.version, SLICE("1.2")))
            return error_set(err, ERR_NETWORK, "the broker does not speak STOMP 1.2");
        return true;
    }
    return error_set(err, ERR_LIMIT,
                     "the broker sent more than the %llu frames that limit target_frames allows, but no %s",
                     (unsigned long long)s->stomp->limits->target_frames, command);
}

// A broker that does not like what it gets says so and closes, and then sending fails: what it said is what helps.
static bool send_frame(struct session *s, const struct buf *frame, struct error *err)
{
    struct error said = {0};
    if (connection_send(s->connection, buf_slice(frame), answer_until(s), err))
        return true;
    if (err->code == ERR_NETWORK && !wait_for(s, "ERROR", NULL, &said) &&
        slice_starts(slice_str(said.text), SLICE(REFUSES)))
        *err = said;
    return false;
}

// ---- the conversation -----------------------------------------------------------------------------------------------

static bool say_hello(struct session *s, struct slice host, struct error *err)
{
    const struct stomp_settings *set = s->stomp->settings;
    struct buf frame BUF_AUTO = {0};
    stomp_write_command(&frame, "CONNECT");
    stomp_write_header(&frame, "accept-version", SLICE("1.2"), false);
    stomp_write_header(&frame, "host", set->host.n != 0 ? set->host : host, false);
    stomp_write_header(&frame, "heart-beat", SLICE("0,0"), false);
    if (set->login != NULL)
        stomp_write_header(&frame, "login", secret_reveal(set->login), false);
    if (set->passcode != NULL)
        stomp_write_header(&frame, "passcode", secret_reveal(set->passcode), false);
    stomp_write_body(&frame, SLICE(""));
    bool sent = send_frame(s, &frame, err);
    explicit_bzero(frame.p, frame.cap);
    return sent && wait_for(s, "CONNECTED", NULL, err);
}

static bool send_transaction(struct session *s, const char *command, bool receipt, struct error *err)
{
    struct buf frame BUF_AUTO = {0};
    stomp_write_command(&frame, command);
    stomp_write_header(&frame, "transaction", slice_str(s->transaction), true);
    if (receipt)
        stomp_write_header(&frame, "receipt", SLICE(RECEIPT), true);
    stomp_write_body(&frame, SLICE(""));
    return send_frame(s, &frame, err);
}

static bool send_message(void *context, struct slice body, struct error *err)
{
    struct session *s = context;
    struct buf frame BUF_AUTO = {0};
    char length[24];
    stomp_write_command(&frame, "SEND");
    stomp_write_header(&frame, "destination", s->stomp->settings->destination, true);
    stomp_write_header(&frame, "content-type", SLICE("application/json"), true);
    stomp_write_header(&frame, "content-length",
                       slice_of(length, (size_t)snprintf(length, sizeof length, "%zu", body.n)), true);
    stomp_write_header(&frame, "persistent", SLICE("true"),
                       true); // what the brokers agree on, though it is no standard
    if (s->transaction != NULL)
        stomp_write_header(&frame, "transaction", slice_str(s->transaction), true);
    else
        stomp_write_header(&frame, "receipt", SLICE(RECEIPT), true);
    stomp_write_body(&frame, body);
    return send_frame(s, &frame, err);
}

// Politely, since what was to be confirmed is.
static void say_goodbye(struct session *s)
{
    struct buf frame BUF_AUTO = {0};
    struct error ignored;
    stomp_write_command(&frame, "DISCONNECT");
    stomp_write_body(&frame, SLICE(""));
    connection_send(s->connection, buf_slice(&frame), answer_until(s), &ignored);
}

static bool converse(struct session *s, struct slice host, const struct delivery *delivery, struct error *err)
{
    const struct stomp_settings *set = s->stomp->settings;
    struct arena a ARENA_AUTO = {0};
    const struct message_plan plan = {
        .direct = set->direct,
        .rollup = set->rollup,
        .callback = document_callback_url(&a, set->callback, delivery),
        .limits = s->stomp->limits,
    };
    if (!say_hello(s, host, err))
        return false;
    if (set->direct) {
        s->transaction = arena_dup(&a, delivery->notice->id).p;
        if (!send_transaction(s, "BEGIN", false, err))
            return false;
    }
    if (!document_messages(&plan, delivery, send_message, s, err))
        return false;
    if (set->direct && !send_transaction(s, "COMMIT", true, err))
        return false;
    if (!wait_for(s, "RECEIPT", RECEIPT, err))
        return false;
    say_goodbye(s);
    return true;
}

// ---- the target -----------------------------------------------------------------------------------------------------

// "HOST:PORT" in its parts, without brackets.
static void split(struct slice uri, struct arena *a, struct slice *host, struct slice *port)
{
    ptrdiff_t colon = slice_rfind(uri, ':');
    *host = slice_of(uri.p, (size_t)colon);
    *port = arena_dup(a, slice_from(uri, (size_t)colon + 1));
    if (slice_starts(*host, SLICE("[")) && slice_ends(*host, SLICE("]")))
        *host = slice_of(host->p + 1, host->n - 2);
    *host = arena_dup(a, *host);
}

static bool deliver_at(const struct stomp *stomp, struct slice uri, const struct delivery *delivery, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct slice host, port;
    split(uri, &a, &host, &port);
    struct session s = {.stomp = stomp, .deadline = clock_monotonic() + (double)stomp->limits->target_delivery_seconds};
    s.connection = connection_open(host, port, &stomp->settings->tls, (double)stomp->limits->target_connect_seconds,
                                   &stomp->breaker, err);
    bool delivered = s.connection != NULL && converse(&s, host, delivery, err);
    connection_close(&s.connection);
    buf_free(&s.received);
    return delivered || error_wrap(err, "STOMP broker %.*s:%.*s", SLICE_ARG(host), SLICE_ARG(port));
}

static bool deliver(void *state, const struct delivery *delivery, struct error *err)
{
    const struct stomp *stomp = state;
    for (size_t i = 0; i < stomp->settings->uris.n; i++) {
        if (deliver_at(stomp, secret_reveal(stomp->settings->uris.v[i]), delivery, err))
            return true;
        if (breaker_is_broken(&stomp->breaker))
            return error_set(err, ERR_REFUSED, "broken off: nothing is delivered any more");
    }
    return false;
}

static void break_off(void *state)
{
    struct stomp *stomp = state;
    breaker_break(&stomp->breaker);
}

static void close_stomp(void *state)
{
    struct stomp *stomp = state;
    breaker_free(&stomp->breaker);
    free(stomp);
}

static bool configured(const struct target_settings *settings)
{
    return settings->stomp.uris.n != 0;
}

static bool make(const struct target_parts *parts, struct target *target, struct error *err)
{
    static const struct target_kind kind = {"stomp", deliver, break_off, close_stomp};
    struct stomp *stomp = must_alloc(sizeof *stomp);
    (void)err;
    *stomp = (struct stomp){.settings = &parts->settings->stomp, .limits = parts->limits};
    breaker_init(&stomp->breaker);
    *target = (struct target){&kind, kind.name, parts->settings->stomp.direct, stomp};
    return true;
}

extern const struct target_maker target_stomp;
const struct target_maker target_stomp = {"stomp", configured, make};
