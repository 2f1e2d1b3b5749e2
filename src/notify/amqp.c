// Delivery to a broker by AMQP 0-9-1, through librabbitmq.
//
// One connection a delivery. The broker confirms each message (the extension "publisher confirms", which RabbitMQ has
// had since 2.3); a message that it can give to no queue comes back (`mandatory`) and fails the delivery, since it
// would be lost. The library waits without end where a broker takes nothing any more, so a guard ends the connection
// when its time is over.
#include "notify/connection.h"
#include "notify/documents.h"
#include "notify/targets.h"

#include "base/clock.h"
#include "base/file.h"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <linux/tcp.h> // netinet's knows no tcpi_bytes_received
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNEL      1
#define FRAME_BYTES  131072
#define BEAT_SECONDS 30
#define GREETING_MS  20                 // between two looks at how much has come
#define WINDOW       200                // messages that are on their way unconfirmed
#define APP_ID       "clairV4-notifier" // as consumers of Clair's know it

struct amqp {
    const struct amqp_settings *settings;
    const struct limits *limits;
    struct breaker breaker;
};

// ---- the guard ------------------------------------------------------------------------------------------------------

// Shuts a socket down when its time is over, or when deliveries are broken off; and while one logs in, in which the
// library keeps whatever comes, when too much has come.
struct guard {
    int socket, ended; // an event descriptor
    const struct breaker *breaker;
    double deadline;
    uint64_t greeting_bytes;
    atomic_bool greeting; // it is still to end
    atomic_bool flooded;
    pthread_t thread;
    bool running;
};

static uint64_t received_bytes(int socket)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

static int guard_wait_ms(const struct guard *g, double left)
{
    return g->greeting ? GREETING_MS : left > 60 ? 60000 : (int)(left * 1000) + 1;
}

static void *guard_run(void *argument)
{
    struct guard *g = argument;
    for (;;) {
        struct pollfd p[2] = {{.fd = g->ended, .events = POLLIN}, {.fd = g->breaker->fd, .events = POLLIN}};
        double left = g->deadline - clock_monotonic();
        int n = left <= 0 ? 0 : poll(p, 2, guard_wait_ms(g, left));
        if (n > 0 && p[0].revents != 0)
            return NULL;
        g->flooded = g->greeting && received_bytes(g->socket) > g->greeting_bytes;
        if (left > 0 && (n <= 0 || p[1].revents == 0) && !g->flooded)
            continue;
        shutdown(g->socket, SHUT_RDWR);
        return NULL;
    }
}

static bool guard_start(struct guard *g, struct error *err)
{
    g->ended = eventfd(0, EFD_CLOEXEC);
    if (g->ended < 0)
        return error_errno(err, "cannot guard a connection");
    int refused = pthread_create(&g->thread, NULL, guard_run, g);
    g->running = refused == 0;
    return g->running || error_set(err, ERR_IO, "cannot start a thread: %s", strerror(refused));
}

static void guard_end(struct guard *g)
{
    uint64_t one = 1;
    if (g->running && write(g->ended, &one, sizeof one) == (ssize_t)sizeof one)
        pthread_join(g->thread, NULL);
    fd_close(&g->ended);
}

// ---- a connection ---------------------------------------------------------------------------------------------------

struct session {
    const struct amqp *amqp;
    amqp_connection_state_t connection;
    struct guard guard;
    double deadline;
    uint64_t published;
    uint64_t confirmed; // all up to this one; they are numbered from 1
    bool acked[WINDOW]; // further ones, by their number modulo this
    uint64_t frames;    // that came since the last awaited one
};

static struct slice bytes_of(amqp_bytes_t b)
{
    return slice_of(b.bytes, b.len);
}

static amqp_bytes_t amqp_of(struct slice s)
{
    return (amqp_bytes_t){s.n, (void *)(uintptr_t)s.p}; // the library does not write there
}

static struct timeval seconds_of(double seconds)
{
    double least = seconds > 0.001 ? seconds : 0.001;
    return (struct timeval){(time_t)least, (suseconds_t)((least - (double)(time_t)least) * 1e6)};
}

// What the other side says when it closes a channel or the connection.
static bool explain_close(const amqp_method_t *method, struct error *err)
{
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *m = method->decoded;
        return error_set(err, ERR_NETWORK, "the broker closes the connection: %d %.*s", m->reply_code,
                         SLICE_ARG(bytes_of(m->reply_text)));
    }
    const amqp_channel_close_t *m = method->decoded;
    return error_set(err, ERR_NETWORK, "the broker refuses: %d %.*s", m->reply_code,
                     SLICE_ARG(bytes_of(m->reply_text)));
}

static bool failed(const struct session *s, int status, struct error *err)
{
    if (breaker_is_broken(&s->amqp->breaker))
        return error_set(err, ERR_REFUSED, "broken off: nothing is delivered any more");
    if (s->guard.flooded)
        return error_set(
            err, ERR_LIMIT,
            "the broker sent more than the %llu bytes that limit target_greeting_bytes allows until one is "
            "logged in",
            (unsigned long long)s->guard.greeting_bytes);
    if (status == AMQP_STATUS_TIMEOUT || clock_monotonic() >= s->deadline)
        return error_set(err, ERR_NETWORK, "it did not answer in time");
    return error_set(err, ERR_NETWORK, "%s", amqp_error_string2(status));
}

static bool check_reply(const struct session *s, amqp_rpc_reply_t reply, struct error *err)
{
    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return true;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
        return explain_close(&reply.reply, err);
    return failed(s, reply.library_error, err);
}

// ---- frames ---------------------------------------------------------------------------------------------------------

// The library's own calls keep every frame that is not for them, however many come; so answers are waited for here.
static bool next_method(struct session *s, double until, amqp_method_t *method, struct error *err)
{
    for (;;) {
        amqp_frame_t frame;
        struct timeval left = seconds_of(until - clock_monotonic());
        amqp_maybe_release_buffers(s->connection);
        if (++s->frames > s->amqp->limits->target_frames)
            return error_set(err, ERR_LIMIT,
                             "the broker sent more than the %llu frames that limit target_frames allows without the "
                             "one awaited",
                             (unsigned long long)s->amqp->limits->target_frames);
        int status = amqp_simple_wait_frame_noblock(s->connection, &frame, &left);
        if (status != AMQP_STATUS_OK)
            return failed(s, status, err);
        if (frame.frame_type != AMQP_FRAME_METHOD) // of a message that came back
            continue;
        *method = frame.payload.method;
        if (method->id == AMQP_CONNECTION_CLOSE_METHOD || method->id == AMQP_CHANNEL_CLOSE_METHOD)
            return explain_close(method, err);
        return true;
    }
}

static double answer_until(const struct session *s)
{
    double until = clock_monotonic() + (double)s->amqp->limits->target_answer_seconds;
    return until < s->deadline ? until : s->deadline;
}

// Sends a method and waits for its answer.
static bool call(struct session *s, amqp_method_number_t id, void *method, amqp_method_number_t answer,
                 struct error *err)
{
    double until = answer_until(s);
    amqp_method_t got = {0};
    int status = amqp_send_method(s->connection, CHANNEL, id, method);
    if (status != AMQP_STATUS_OK)
        return failed(s, status, err);
    s->frames = 0;
    do {
        if (!next_method(s, until, &got, err))
            return false;
    } while (got.id != answer);
    return true;
}

static bool take_confirmation(struct session *s, const amqp_basic_ack_t *ack, struct error *err)
{
    uint64_t last = ack->delivery_tag;
    if (last <= s->confirmed || last > s->published)
        return error_set(err, ERR_FORMAT, "the broker confirms a message that it was not sent");
    for (uint64_t tag = ack->multiple ? s->confirmed + 1 : last; tag <= last; tag++)
        s->acked[tag % WINDOW] = true;
    while (s->confirmed < s->published && s->acked[(s->confirmed + 1) % WINDOW])
        s->acked[++s->confirmed % WINDOW] = false;
    return true;
}

// Waits until at most `most` messages are unconfirmed.
static bool wait_confirmed(struct session *s, uint64_t most, struct error *err)
{
    const struct amqp_settings *set = s->amqp->settings;
    double until = answer_until(s);
    s->frames = 0;
    while (s->published - s->confirmed > most) {
        amqp_method_t got = {0};
        if (!next_method(s, until, &got, err))
            return false;
        if (got.id == AMQP_BASIC_NACK_METHOD)
            return error_set(err, ERR_NETWORK, "the broker could not take a message");
        if (got.id == AMQP_BASIC_RETURN_METHOD)
            return error_set(err, ERR_NETWORK,
                             "no queue takes what is sent to the exchange \"%.*s\" with the routing key \"%.*s\": bind "
                             "one",
                             SLICE_ARG(set->exchange_name), SLICE_ARG(set->routing_key));
        if (got.id != AMQP_BASIC_ACK_METHOD)
            continue;
        if (!take_confirmation(s, got.decoded, err))
            return false;
        s->frames = 0;
        until = answer_until(s);
    }
    return true;
}

// ---- the conversation -----------------------------------------------------------------------------------------------

static amqp_socket_t *secure_socket(const struct session *s, struct error *err)
{
    const struct target_tls *tls = &s->amqp->settings->tls;
    amqp_socket_t *socket = amqp_ssl_socket_new(s->connection);
    if (socket == NULL)
        return NULL;
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (SSL_CTX_set_default_verify_paths(amqp_ssl_socket_get_context(socket)) != 1 ||
        (tls->root_ca.n != 0 && amqp_ssl_socket_set_cacert(socket, tls->root_ca.p) != AMQP_STATUS_OK)) {
        error_set(err, ERR_IO, "cannot read the certificates in %s",
                  tls->root_ca.n != 0 ? tls->root_ca.p : "the system");
        return NULL;
    }
    if (tls->client_cert.n != 0 && amqp_ssl_socket_set_key(socket, tls->client_cert.p, tls->key.p) != AMQP_STATUS_OK) {
        error_set(err, ERR_IO, "cannot use the certificate in %s with the key in %s", tls->client_cert.p, tls->key.p);
        return NULL;
    }
    return socket;
}

static bool open_socket(struct session *s, const struct amqp_connection_info *to, struct error *err)
{
    struct timeval seconds = seconds_of((double)s->amqp->limits->target_connect_seconds);
    error_set(err, ERR_IO, "cannot make a socket");
    amqp_socket_t *socket = to->ssl ? secure_socket(s, err) : amqp_tcp_socket_new(s->connection);
    if (socket == NULL)
        return false;
    int status = amqp_socket_open_noblock(socket, to->host, to->port, &seconds);
    if (status != AMQP_STATUS_OK)
        return error_set(err, ERR_NETWORK, "cannot connect: %s", amqp_error_string2(status));
    s->guard.socket = amqp_get_sockfd(s->connection);
    return guard_start(&s->guard, err);
}

static bool log_in(struct session *s, const struct amqp_connection_info *to, struct error *err)
{
    struct timeval seconds = seconds_of((double)s->amqp->limits->target_answer_seconds);
    amqp_set_handshake_timeout(s->connection, &seconds);
    const char *vhost = to->vhost[0] != '\0' ? to->vhost : "/"; // as Clair reads a URI that ends in a slash
    amqp_rpc_reply_t reply = amqp_login(s->connection, vhost, CHANNEL, FRAME_BYTES, BEAT_SECONDS,
                                        AMQP_SASL_METHOD_PLAIN, to->user, to->password);
    s->guard.greeting = false;
    return check_reply(s, reply, err) || error_wrap(err, "login to the virtual host \"%s\"", vhost);
}

// Is the exchange there, and as configured? It is the broker's administrator who makes it.
static bool check_exchange(struct session *s, struct error *err)
{
    const struct amqp_settings *set = s->amqp->settings;
    amqp_exchange_declare_t declare = {
        .exchange = amqp_of(set->exchange_name),
        .type = amqp_of(set->exchange_type),
        .passive = 1,
        .durable = set->exchange_durable,
        .auto_delete = set->exchange_auto_delete,
    };
    return set->exchange_name.n == 0 || // the default exchange, which cannot be declared
           call(s, AMQP_EXCHANGE_DECLARE_METHOD, &declare, AMQP_EXCHANGE_DECLARE_OK_METHOD, err) ||
           error_wrap(err, "exchange \"%.*s\"", SLICE_ARG(set->exchange_name));
}

static bool publish(void *context, struct slice body, struct error *err)
{
    struct session *s = context;
    const struct amqp_settings *set = s->amqp->settings;
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_APP_ID_FLAG |
                  AMQP_BASIC_TIMESTAMP_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .app_id = amqp_cstring_bytes(APP_ID),
        .timestamp = (uint64_t)clock_now(),
    };
    int status = amqp_basic_publish(s->connection, CHANNEL, amqp_of(set->exchange_name), amqp_of(set->routing_key), 1,
                                    0, &properties, amqp_of(body));
    if (status != AMQP_STATUS_OK) {
        // What the broker said before it closed is what helps.
        struct error said = {0};
        amqp_method_t method;
        s->frames = 0;
        if (!next_method(s, answer_until(s), &method, &said) && said.code == ERR_NETWORK)
            *err = said;
        else
            failed(s, status, err);
        return false;
    }
    s->published++;
    return wait_confirmed(s, WINDOW - 1, err);
}

static bool publish_all(struct session *s, const struct delivery *delivery, struct error *err)
{
    const struct amqp_settings *set = s->amqp->settings;
    struct arena a ARENA_AUTO = {0};
    const struct message_plan plan = {
        .direct = set->direct,
        .rollup = set->rollup,
        .callback = document_callback_url(&a, set->callback, delivery),
        .limits = s->amqp->limits,
    };
    return document_messages(&plan, delivery, publish, s, err) && wait_confirmed(s, 0, err);
}

// Politely, without waiting long, since what was to be confirmed is.
static void say_goodbye(struct session *s)
{
    amqp_connection_close_t close = {.reply_code = AMQP_REPLY_SUCCESS};
    amqp_method_t method;
    struct error ignored;
    s->frames = 0;
    if (amqp_send_method(s->connection, 0, AMQP_CONNECTION_CLOSE_METHOD, &close) == AMQP_STATUS_OK)
        next_method(s, clock_monotonic() + 1, &method, &ignored);
}

static bool converse(struct session *s, const struct amqp_connection_info *to, const struct delivery *delivery,
                     struct error *err)
{
    amqp_channel_open_t channel = {0};
    amqp_confirm_select_t confirm = {0};
    if (!open_socket(s, to, err) || !log_in(s, to, err) ||
        !call(s, AMQP_CHANNEL_OPEN_METHOD, &channel, AMQP_CHANNEL_OPEN_OK_METHOD, err) || !check_exchange(s, err) ||
        !call(s, AMQP_CONFIRM_SELECT_METHOD, &confirm, AMQP_CONFIRM_SELECT_OK_METHOD, err) ||
        !publish_all(s, delivery, err))
        return false;
    say_goodbye(s);
    return true;
}

// ---- the target -----------------------------------------------------------------------------------------------------

static bool deliver_at(const struct amqp *amqp, struct slice uri, const struct delivery *delivery, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct amqp_connection_info to;
    struct slice copy = arena_dup(&a, uri); // which the library takes apart
    if (amqp_parse_url((char *)(uintptr_t)copy.p, &to) != AMQP_STATUS_OK)
        return error_set(err, ERR_FORMAT, "a URI of notifier.amqp.uris is none of AMQP");
    double deadline = clock_monotonic() + (double)amqp->limits->target_delivery_seconds;
    struct session s = {
        .amqp = amqp,
        .connection = amqp_new_connection(),
        .deadline = deadline,
        .guard = {.ended = -1,
                  .breaker = &amqp->breaker,
                  .deadline = deadline,
                  .greeting = true,
                  .greeting_bytes = amqp->limits->target_greeting_bytes},
    };
    bool delivered =
        s.connection != NULL ? converse(&s, &to, delivery, err) : error_set(err, ERR_IO, "no memory for a connection");
    guard_end(&s.guard); // before the socket goes
    if (s.connection != NULL)
        amqp_destroy_connection(s.connection);
    delivered = delivered || error_wrap(err, "AMQP broker %s:%d", to.host, to.port);
    explicit_bzero((char *)(uintptr_t)copy.p, copy.n);
    return delivered;
}

static bool deliver(void *state, const struct delivery *delivery, struct error *err)
{
    const struct amqp *amqp = state;
    for (size_t i = 0; i < amqp->settings->uris.n; i++) {
        if (deliver_at(amqp, secret_reveal(amqp->settings->uris.v[i]), delivery, err))
            return true;
        if (breaker_is_broken(&amqp->breaker))
            return error_set(err, ERR_REFUSED, "broken off: nothing is delivered any more");
    }
    return false;
}

static void break_off(void *state)
{
    struct amqp *amqp = state;
    breaker_break(&amqp->breaker);
}

static void close_amqp(void *state)
{
    struct amqp *amqp = state;
    breaker_free(&amqp->breaker);
    free(amqp);
}

static bool configured(const struct target_settings *settings)
{
    return settings->amqp.uris.n != 0;
}

static bool make(const struct target_parts *parts, struct target *target, struct error *err)
{
    static const struct target_kind kind = {"amqp", deliver, break_off, close_amqp};
    struct amqp *amqp = must_alloc(sizeof *amqp);
    (void)err;
    *amqp = (struct amqp){.settings = &parts->settings->amqp, .limits = parts->limits};
    breaker_init(&amqp->breaker);
    *target = (struct target){&kind, kind.name, parts->settings->amqp.direct, amqp};
    return true;
}

extern const struct target_maker target_amqp;
const struct target_maker target_amqp = {"amqp", configured, make};
