#include "http/server.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "http/acceptor.h"
#include "http/exchange.h"
#include "http/streaming.h"

#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS       2      // that run slow handlers
#define HEAD_MEMORY   131072 // of a connection; what is over request_head_bytes, but fits, gets an answer in JSON
#define LAST_SECONDS  2      // in which answers go out to those that were given up
#define DISCARD_TIMES 4 // as much of an unwanted body is read to its end as request_body_bytes allows this many times

// A connection, from its first byte to its last.
struct connection {
    struct connection *next, *previous;
    int fd;
    double deadline; // for what is to come from the client; 0 while it waits for us
    bool dropped;
};

struct web_server {
    const struct web_options *options;
    struct MHD_Daemon *daemon;
    struct acceptor_options accepting;
    struct acceptor *acceptor;
    pthread_mutex_t lock; // of all below
    pthread_cond_t work;  // the queue has grown, or the end is near
    pthread_cond_t idle;  // a request has come to its end
    struct connection *connections;
    size_t connections_n;   // with those that the daemon was handed and has not come to yet
    size_t running, queued; // queued: with those that are about to be
    uint64_t dropped;
    struct exchange *first, **last; // the queue
    bool draining, stop;
    pthread_t workers[WORKERS], watch;
    size_t workers_n;
    bool watching;
};

// ---- connections, and their deadlines -------------------------------------------------------------------------------

static struct connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static void add_connection(struct web_server *s, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c = must_alloc(sizeof *c);
    *c = (struct connection){.fd = info != NULL ? info->connect_fd : -1};
    c->deadline = clock_monotonic() + (double)s->options->limits->request_seconds;
    pthread_mutex_lock(&s->lock);
    c->next = s->connections;
    if (c->next != NULL)
        c->next->previous = c;
    s->connections = c;
    pthread_mutex_unlock(&s->lock);
    *context = c;
}

static void remove_connection(struct web_server *s, struct connection *c)
{
    pthread_mutex_lock(&s->lock);
    if (c->next != NULL)
        c->next->previous = c->previous;
    *(c->previous != NULL ? &c->previous->next : &s->connections) = c->next;
    s->connections_n--;
    pthread_mutex_unlock(&s->lock);
    free(c);
}

// Called before the descriptor is closed, so that a deadline never shuts down somebody else's.
static void on_connection(void *server, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        add_connection(server, connection, context);
    else if (*context != NULL)
        remove_connection(server, *context);
}

// From now on the client has `seconds`; 0: it is our turn.
static void set_deadline(struct web_server *s, struct MHD_Connection *connection, double seconds)
{
    struct connection *c = connection_of(connection);
    if (c == NULL)
        return;
    double deadline = seconds > 0 ? clock_monotonic() + seconds : 0;
    pthread_mutex_lock(&s->lock);
    c->deadline = deadline;
    pthread_mutex_unlock(&s->lock);
}

// libmicrohttpd's own time-out counts from the last byte, which a client can send for ever.
static void *watch_thread(void *argument)
{
    struct web_server *s = argument;
    const struct timespec pause = {.tv_nsec = 250 * 1000 * 1000};
    for (bool stop = false; !stop;) {
        nanosleep(&pause, NULL);
        double now = clock_monotonic();
        pthread_mutex_lock(&s->lock);
        for (struct connection *c = s->connections; c != NULL; c = c->next) {
            if (c->dropped || c->deadline == 0 || now < c->deadline)
                continue;
            c->dropped = true;
            s->dropped++;
            shutdown(c->fd, SHUT_RDWR);
        }
        stop = s->stop;
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

// ---- slow handlers --------------------------------------------------------------------------------------------------

static void *worker_thread(void *argument)
{
    struct web_server *s = argument;
    for (;;) {
        pthread_mutex_lock(&s->lock);
        while (s->first == NULL && !(s->stop && s->queued == 0))
            pthread_cond_wait(&s->work, &s->lock);
        struct exchange *e = s->first;
        if (e != NULL) {
            s->first = e->next;
            s->last = s->first != NULL ? s->last : &s->first;
            s->queued--;
            if (s->stop)
                pthread_cond_broadcast(&s->work);
        }
        pthread_mutex_unlock(&s->lock);
        if (e == NULL)
            return NULL;
        exchange_work(e, s->options);
        MHD_resume_connection(e->connection);
    }
}

// Takes a place in the queue. None is to be had when the workers end: a connection may send another request after those
// that ran have been waited for, and nobody would wake it, with which libmicrohttpd does not put up.
static bool take_place(struct web_server *s, bool *stop)
{
    pthread_mutex_lock(&s->lock);
    *stop = s->stop;
    bool got = !s->stop && s->queued < s->options->limits->request_queue;
    s->queued += got;
    pthread_mutex_unlock(&s->lock);
    return got;
}

// The connection is to be suspended first: a worker may be done at once.
static bool enqueue(struct web_server *s, struct exchange *e, bool *stop)
{
    if (!take_place(s, stop))
        return false;
    MHD_suspend_connection(e->connection);
    pthread_mutex_lock(&s->lock);
    e->next = NULL;
    *s->last = e;
    s->last = &e->next;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    return true;
}

// ---- one request ----------------------------------------------------------------------------------------------------

// As soon as its first line is there.
static void *on_target(void *server, const char *target, struct MHD_Connection *connection)
{
    struct web_server *s = server;
    struct exchange *e = exchange_new(s, connection, slice_str(target));
    pthread_mutex_lock(&s->lock);
    s->running++;
    pthread_mutex_unlock(&s->lock);
    set_deadline(s, connection, (double)s->options->limits->request_seconds);
    return e;
}

static struct MHD_Response *whole_response(struct web_response *r)
{
    struct buf body = r->body;
    r->body = (struct buf){0};
    if (body.p == NULL)
        buf_reserve(&body, 1);
    struct MHD_Response *response = MHD_create_response_from_buffer(body.n, body.p, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        buf_free(&body);
    return response;
}

static enum MHD_Result send_answer(struct web_server *s, struct exchange *e)
{
    struct web_response *r = &e->response;
    if (r->stream.next != NULL)
        set_deadline(s, e->connection, (double)s->options->limits->stream_seconds);
    struct MHD_Response *response = r->stream.next != NULL ? streaming_response(e) : whole_response(r);
    if (response == NULL)
        return MHD_NO;
    if (r->type != NULL)
        MHD_add_response_header(response, "Content-Type", r->type);
    for (size_t i = 0; i < r->fields.n; i++)
        MHD_add_response_header(response, r->fields.v[i].name, r->fields.v[i].value.p);
    MHD_add_response_header(response, "X-Request-Id", e->id);
    pthread_mutex_lock(&s->lock);
    bool close_after = e->close || s->draining;
    pthread_mutex_unlock(&s->lock);
    if (close_after)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(e->connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

// Does the client's certificate, if one is wanted, come from those trusted?
static bool certified(struct web_server *s, struct MHD_Connection *connection)
{
    if (s->options->tls == NULL || s->options->tls->client_ca.n == 0)
        return true;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned int status = 0;
    return info != NULL && gnutls_certificate_verify_peers2((gnutls_session_t)info->tls_session, &status) == 0 &&
           status == 0;
}

static uint64_t declared_length(const struct exchange *e)
{
    uint64_t length;
    return slice_to_u64(web_header(&e->request, "Content-Length", 0), &length) ? length : 0;
}

static void refuse_body(struct web_server *s, struct exchange *e)
{
    e->response.fields.n = 0;
    web_error(&e->request, &e->response, 413, "the body is longer than the limit request_body_bytes (%llu)",
              (unsigned long long)s->options->limits->request_body_bytes);
}

// RFC 9112, 6.1 and 6.3: where a body ends must not be a matter of taste, or what one reader takes for a body another
// takes for the next request. The library takes the first of two lengths, none beside chunks, and the connection's end
// for codings that it does not know.
static bool ambiguous_length(const struct exchange *e)
{
    struct slice coding = web_header(&e->request, "Transfer-Encoding", 0);
    size_t lengths = web_header(&e->request, "Content-Length", 0).p != NULL;
    lengths += web_header(&e->request, "Content-Length", 1).p != NULL;
    lengths += coding.p != NULL;
    lengths += web_header(&e->request, "Transfer-Encoding", 1).p != NULL;
    return lengths > 1 || (coding.p != NULL && !slice_eq_nocase(coding, SLICE("chunked")));
}

static enum MHD_Result begin(struct web_server *s, struct exchange *e, const char *method)
{
    exchange_begin(e, s->options, slice_str(method));
    if (!certified(s, e->connection))
        web_error(&e->request, &e->response, 403, "a client certificate is wanted that tls.client_ca stands for");
    enum MHD_Result result = MHD_YES;
    if (ambiguous_length(e)) {
        e->response.fields.n = 0;
        web_error(
            &e->request, &e->response, 400,
            "where the body ends is not clear: one Content-Length, or the one Transfer-Encoding chunked, is wanted");
        e->close = true;
        exchange_finish(e);
        result = send_answer(s, e);
    } else if (declared_length(e) > s->options->limits->request_body_bytes) {
        // Answered before the body comes; what is left of it ends with the connection.
        refuse_body(s, e);
        e->close = true;
        exchange_finish(e);
        result = send_answer(s, e);
    }
    exchange_log(NULL);
    return result;
}

// Of a body that is too long, or that nobody waits for, nothing is kept. It is read all the same, up to a point, so
// that the client gets to see its answer.
static enum MHD_Result take_body(struct web_server *s, struct exchange *e, struct slice bytes)
{
    uint64_t limit = s->options->limits->request_body_bytes;
    if (e->response.status == 0 && bytes.n <= limit - e->body.n) {
        buf_reserve_upto(&e->body, bytes.n, (size_t)limit);
        buf_add(&e->body, bytes);
        return MHD_YES;
    }
    if (e->response.status == 0) {
        e->discarded = e->body.n;
        buf_free(&e->body);
        e->body = (struct buf){0};
        refuse_body(s, e);
        e->close = true;
    }
    e->discarded += bytes.n;
    return e->discarded / DISCARD_TIMES > limit ? MHD_NO : MHD_YES;
}

// The connection is to be suspended first: the answer may come before the handler is back, and then `e` is gone.
static enum MHD_Result leave(struct web_server *s, struct exchange *e)
{
    exchange_log(e);
    e->request.body = buf_slice(&e->body);
    MHD_suspend_connection(e->connection);
    e->method->handle(s->options->context, &e->request, &e->response);
    exchange_log(NULL);
    return MHD_YES;
}

void web_answer(const struct web_request *request)
{
    struct exchange *e = (struct exchange *)((char *)(uintptr_t)request - offsetof(struct exchange, request));
    exchange_finish(e);
    MHD_resume_connection(e->connection);
}

static bool is_draining(struct web_server *s)
{
    pthread_mutex_lock(&s->lock);
    bool draining = s->draining;
    pthread_mutex_unlock(&s->lock);
    return draining;
}

static enum MHD_Result answer(struct web_server *s, struct exchange *e)
{
    set_deadline(s, e->connection, 0);
    bool stop;
    e->state = EXCHANGE_WORKING;
    if (e->response.status != 0) {
        exchange_finish(e);
    } else if (e->method->pace == WEB_FAST) {
        exchange_work(e, s->options);
    } else if (e->method->pace == WEB_LATER) {
        if (!is_draining(s))
            return leave(s, e);
        web_error(&e->request, &e->response, 503, "the service stops");
        exchange_finish(e);
    } else if (enqueue(s, e, &stop)) {
        return MHD_YES;
    } else if (stop) {
        web_error(&e->request, &e->response, 503, "the service stops");
        exchange_finish(e);
    } else {
        web_error(&e->request, &e->response, 429, "too many requests wait already (limit request_queue, %llu)",
                  (unsigned long long)s->options->limits->request_queue);
        web_add(&e->request, &e->response, "Retry-After", SLICE("1"));
        exchange_finish(e);
    }
    return send_answer(s, e);
}

static enum MHD_Result on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **context)
{
    struct web_server *s = server;
    struct exchange *e = *context;
    (void)connection;
    (void)url;
    (void)version;
    if (e->state == EXCHANGE_HEAD)
        return begin(s, e, method);
    if (*upload_n != 0) {
        struct slice bytes = slice_of(upload, *upload_n);
        *upload_n = 0;
        return take_body(s, e, bytes);
    }
    return e->state == EXCHANGE_BODY ? answer(s, e) : send_answer(s, e);
}

static void on_completed(void *server, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct web_server *s = server;
    struct exchange *e = *context;
    if (e == NULL)
        return;
    *context = NULL;
    double seconds = clock_monotonic() - e->start;
    exchange_log(e);
    log_info("%.*s %.*s: %u, %.1f ms, %s%s", SLICE_ARG(e->request.method),
             SLICE_ARG(e->request.path.p != NULL ? e->request.path : e->target), e->response.status, seconds * 1000,
             e->client, code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : ", cut off");
    exchange_log(NULL);
    if (e->response.status != 0 && s->options->observe != NULL)
        s->options->observe(s->options->context, e->route, e->request.method, e->response.status, seconds);
    exchange_end_span(e, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    exchange_free(e);
    set_deadline(s, connection, (double)s->options->limits->request_seconds);
    pthread_mutex_lock(&s->lock);
    s->running--;
    pthread_cond_signal(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

// ---- starting and stopping ------------------------------------------------------------------------------------------

static void on_message(void *server, const char *format, va_list args)
{
    char text[512];
    (void)server;
    // The library's own format, not one of a stranger.
    vsnprintf(text, sizeof text, format, args);
    log_debug("http: %.*s", SLICE_ARG(slice_trim(slice_str(text))));
}

// has_room keeps the limit `connections`. The daemon's own is divided among its threads, and a thread that is handed
// one more than its share waits for a lock that it holds itself (version 0.9.75): so each may have all of them.
static unsigned most_connections(const struct web_options *o)
{
    uint64_t all;
    return __builtin_mul_overflow(o->limits->connections, o->threads, &all) || all > INT_MAX ? INT_MAX : (unsigned)all;
}

static bool start_daemon(struct web_server *s)
{
    const struct web_options *o = s->options;
    struct MHD_OptionItem tls[5] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    if (o->tls != NULL) {
        bool mutual = o->tls->client_ca.n != 0;
        flags |= MHD_USE_TLS;
        tls[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->tls->cert.p};
        tls[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->tls->key.p};
        tls[2] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"};
        if (mutual)
            tls[3] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)o->tls->client_ca.p};
        tls[mutual ? 4 : 3] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_message, s, MHD_OPTION_THREAD_POOL_SIZE,
        o->threads, MHD_OPTION_CONNECTION_LIMIT, most_connections(o), MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)o->limits->client_connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)o->limits->request_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    return s->daemon != NULL;
}

static bool has_room(void *server)
{
    struct web_server *s = server;
    pthread_mutex_lock(&s->lock);
    bool room = s->connections_n < s->options->limits->connections;
    pthread_mutex_unlock(&s->lock);
    return room;
}

// What the daemon does not take, by client_connections, it has closed.
static void take_connection(void *server, int fd, const struct sockaddr *address, socklen_t address_n)
{
    struct web_server *s = server;
    pthread_mutex_lock(&s->lock);
    s->connections_n++;
    pthread_mutex_unlock(&s->lock);
    if (MHD_add_connection(s->daemon, fd, address, address_n) == MHD_YES)
        return;
    pthread_mutex_lock(&s->lock);
    s->connections_n--;
    pthread_mutex_unlock(&s->lock);
}

static bool start_accepting(struct web_server *s, struct error *err)
{
    s->accepting = (struct acceptor_options){.socket = s->options->socket,
                                             .name = s->options->name,
                                             .context = s,
                                             .has_room = has_room,
                                             .take = take_connection};
    s->acceptor = acceptor_start(&s->accepting, err);
    return s->acceptor != NULL;
}

static bool start_threads(struct web_server *s)
{
    while (s->workers_n < WORKERS && pthread_create(&s->workers[s->workers_n], NULL, worker_thread, s) == 0)
        s->workers_n++;
    s->watching = pthread_create(&s->watch, NULL, watch_thread, s) == 0;
    return s->workers_n == WORKERS && s->watching;
}

static void stop_threads(struct web_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->workers_n; i++)
        pthread_join(s->workers[i], NULL);
    if (s->watching)
        pthread_join(s->watch, NULL);
}

static void free_server(struct web_server *s)
{
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct web_server *web_server_start(const struct web_options *options, struct error *err)
{
    struct web_server *s = must_alloc(sizeof *s);
    *s = (struct web_server){.options = options};
    s->last = &s->first;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    cond_init_monotonic(&s->idle);
    bool ready = start_threads(s) && start_daemon(s);
    if (ready && start_accepting(s, err))
        return s;
    if (!ready)
        error_set(err, ERR_IO, "the %s server cannot be started%s", options->name,
                  options->tls != NULL ? " (do the certificate and its key fit each other?)" : "");
    stop_threads(s);
    if (s->daemon != NULL)
        MHD_stop_daemon(s->daemon);
    free_server(s);
    close(options->socket);
    return NULL;
}

// How many requests still run after so many seconds.
static size_t wait_until_idle(struct web_server *s, uint64_t seconds)
{
    const struct timespec until = clock_after((double)seconds);
    pthread_mutex_lock(&s->lock);
    s->draining = true;
    while (s->running != 0 && pthread_cond_timedwait(&s->idle, &s->lock, &until) == 0)
        continue;
    size_t running = s->running;
    pthread_mutex_unlock(&s->lock);
    return running;
}

static void drain(struct web_server *s)
{
    const struct web_options *o = s->options;
    size_t running = wait_until_idle(s, o->limits->shutdown_seconds);
    if (running == 0)
        return;
    log_warn("%zu requests to the %s server were cut off: they took longer than shutdown_seconds (%llu)", running,
             o->name, (unsigned long long)o->limits->shutdown_seconds);
    if (o->give_up == NULL)
        return;
    o->give_up(o->context);
    wait_until_idle(s, LAST_SECONDS);
}

void web_server_stop(struct web_server **server)
{
    struct web_server *s = *server;
    if (s == NULL)
        return;
    acceptor_stop(&s->acceptor);
    close(s->options->socket);
    drain(s);
    stop_threads(s); // after that no connection is suspended any more
    MHD_stop_daemon(s->daemon);
    free_server(s);
    *server = NULL;
}

struct web_load web_server_load(struct web_server *s)
{
    pthread_mutex_lock(&s->lock);
    struct web_load load = {s->connections_n, s->running, s->queued, s->dropped};
    pthread_mutex_unlock(&s->lock);
    return load;
}
