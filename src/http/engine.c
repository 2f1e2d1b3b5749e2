#include "http/engine.h"

#include "base/clock.h"

#include "http/headers.h"
#include "http/proxy.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK_BYTES  (256L * 1024)
#define FILLED_BYTES ((size_t)512 * 1024) // of a body that nobody has taken yet
#define SLOW_BYTES   1024L                // a second, for limits.fetch_slow_seconds
#define MOST_SECONDS 86400L
#define IDLE_MS      60000

struct engine {
    struct limits limits;
    char *ca, *cert, *key; // files; NULL: none
    CURLM *multi;
    pthread_mutex_t lock;
    pthread_t thread;
    bool running, stop;
    bool broken_off;               // for good
    pthread_cond_t breaks_off;     // that has come to be
    struct exchange *first, *last; // that have not ended, in the order of their asking
};

enum fault { FAULT_NONE, FAULT_HEADER, FAULT_ADDRESS, FAULT_HOST, FAULT_BROKEN_OFF };

// Fields from `state` on belong to the engine's lock; the others to the engine's thread while the exchange runs, and to
// whoever asked before and after.
struct exchange {
    struct engine *engine;
    CURL *easy;
    struct curl_slist *headers;
    struct secret *form;
    const struct url *url;
    const struct address_rules *allow;
    bool proxied;
    struct buf head;  // the answer's header; not touched any more once it is `answered`
    struct buf taken; // what exchange_next gave
    uint64_t header_bytes;
    enum fault fault; // why this side broke it off
    struct sockaddr_storage refused;
    long status;
    double retry_after;
    CURLcode code;
    char reason[CURL_ERROR_SIZE];

    enum { WAITING, RUNNING, ENDED } state;
    bool answered;  // the header is complete
    bool paused;    // `filled` was full
    bool wanted;    // and is not any more: go on
    bool cancelled; // nobody wants the rest
    struct buf filled;
    pthread_cond_t changed;
    struct exchange *previous, *next;
};

// ---- The list -------------------------------------------------------------------------------------------------------

static void append(struct engine *e, struct exchange *x)
{
    x->previous = e->last;
    *(e->last != NULL ? &e->last->next : &e->first) = x;
    e->last = x;
}

static void detach(struct engine *e, struct exchange *x)
{
    *(x->previous != NULL ? &x->previous->next : &e->first) = x->next;
    *(x->next != NULL ? &x->next->previous : &e->last) = x->previous;
    x->previous = x->next = NULL;
}

static bool may_start(const struct engine *e, const struct exchange *x)
{
    uint64_t all = 0, of_host = 0;
    for (const struct exchange *other = e->first; other != NULL; other = other->next) {
        all += other->state == RUNNING;
        of_host += other->state == RUNNING && slice_eq(other->url->host, x->url->host);
    }
    // A limit of none would be a service that waits for ever.
    uint64_t most = e->limits.fetch_connections, most_of_host = e->limits.fetch_host_connections;
    return all < (most > 0 ? most : 1) && of_host < (most_of_host > 0 ? most_of_host : 1);
}

// ---- Callbacks of a running exchange --------------------------------------------------------------------------------

static void mark_answered(struct exchange *x)
{
    curl_off_t wait = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
    if (curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
        x->retry_after = (double)wait;
    x->answered = true;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *context)
{
    struct exchange *x = context;
    struct slice line = slice_of(bytes, size * n);
    // All are counted: those of "100 Continue", which may come without end, and trailers too.
    x->header_bytes += line.n;
    if (x->header_bytes > x->engine->limits.fetch_header_bytes) {
        x->fault = FAULT_HEADER;
        return 0;
    }
    if (x->answered) // a trailer
        return line.n;
    if (slice_starts(line, SLICE("HTTP/"))) // a new answer
        x->head.n = 0;
    buf_add(&x->head, line);
    return line.n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    struct exchange *x = context;
    size_t taken = size * n;
    pthread_mutex_lock(&x->engine->lock);
    if (!x->answered)
        mark_answered(x);
    if (x->filled.n != 0 && x->filled.n + taken > FILLED_BYTES) {
        x->paused = true;
        taken = CURL_WRITEFUNC_PAUSE;
    } else {
        buf_add(&x->filled, slice_of(bytes, taken));
    }
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->engine->lock);
    return taken;
}

static bool allowed(struct exchange *x, const struct sockaddr *address)
{
    // Behind a proxy it is the proxy that the address is of; whom that one may reach is its operator's to say.
    if (x->proxied || address_rules_allow(x->allow, x->url->host, address))
        return true;
    x->fault = FAULT_ADDRESS;
    memcpy(&x->refused, address, address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof *address);
    return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    if (!allowed(context, &address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Before anything is sent, also over a connection that stands already.
static int before_request(void *context, char *remote, char *local, int remote_port, int local_port)
{
    (void)local, (void)local_port;
    struct sockaddr_storage address;
    bool fine = address_parse(slice_str(remote), (unsigned)remote_port, &address) &&
                allowed(context, (const struct sockaddr *)&address);
    return fine ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

// ---- The thread -----------------------------------------------------------------------------------------------------

static void end(struct exchange *x, CURLcode code)
{
    struct engine *e = x->engine;
    pthread_mutex_lock(&e->lock);
    x->code = code;
    if (!x->answered && code == CURLE_OK)
        mark_answered(x);
    x->state = ENDED;
    detach(e, x);
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&e->lock);
}

enum work { WORK_NONE, WORK_START, WORK_GO_ON, WORK_CANCEL, WORK_STOP };

// What is to be done next, and for which exchange.
static enum work next_work(struct engine *e, struct exchange **which)
{
    enum work work = WORK_NONE;
    pthread_mutex_lock(&e->lock);
    if (e->stop)
        work = WORK_STOP;
    for (struct exchange *x = e->first; x != NULL && work == WORK_NONE; x = x->next) {
        *which = x;
        if (x->cancelled || e->broken_off) {
            work = WORK_CANCEL;
        } else if (x->state == WAITING && may_start(e, x)) {
            x->state = RUNNING;
            work = WORK_START;
        } else if (x->wanted) {
            x->wanted = x->paused = false;
            work = WORK_GO_ON;
        }
    }
    pthread_mutex_unlock(&e->lock);
    return work;
}

static void do_work(struct engine *e, enum work work, struct exchange *x)
{
    switch (work) {
    case WORK_START:
        if (curl_multi_add_handle(e->multi, x->easy) != CURLM_OK)
            end(x, CURLE_FAILED_INIT);
        break;
    case WORK_GO_ON:
        curl_easy_pause(x->easy, CURLPAUSE_CONT);
        break;
    default:
        x->fault = FAULT_BROKEN_OFF;
        curl_multi_remove_handle(e->multi, x->easy);
        end(x, CURLE_ABORTED_BY_CALLBACK);
    }
}

// Takes leave of the exchanges that have come to their end; true when there were any.
static bool reap(struct engine *e)
{
    bool any = false;
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(e->multi, &left)) != NULL) {
        struct exchange *x = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        curl_multi_remove_handle(e->multi, message->easy_handle);
        end(x, code);
        any = true;
    }
    return any;
}

static void *drive(void *argument)
{
    struct engine *e = argument;
    struct exchange *x = NULL;
    enum work work;
    int running;
    for (;;) {
        while ((work = next_work(e, &x)) != WORK_NONE) {
            if (work == WORK_STOP)
                return NULL;
            do_work(e, work, x);
        }
        curl_multi_perform(e->multi, &running);
        if (!reap(e))
            curl_multi_poll(e->multi, NULL, 0, IDLE_MS, NULL);
    }
}

static char *copy_name(const char *file)
{
    return file != NULL ? memcpy(must_alloc(strlen(file) + 1), file, strlen(file) + 1) : NULL;
}

struct engine *engine_new(const struct limits *limits, const struct engine_files *files)
{
    struct engine *e = must_alloc(sizeof *e);
    *e = (struct engine){.limits = *limits};
    e->ca = copy_name(files->ca);
    e->cert = copy_name(files->cert);
    e->key = copy_name(files->key);
    pthread_mutex_init(&e->lock, NULL);
    cond_init_monotonic(&e->breaks_off);
    return e;
}

static bool start_thread(struct engine *e, struct error *err)
{
    if (e->running)
        return true;
    if (e->multi == NULL &&
        (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (e->multi = curl_multi_init()) == NULL))
        return error_set(err, ERR_IO, "cannot set up libcurl");
    int refused = pthread_create(&e->thread, NULL, drive, e);
    e->running = refused == 0;
    return e->running || error_set(err, ERR_IO, "cannot start a thread: %s", strerror(refused));
}

void engine_free(struct engine **engine)
{
    struct engine *e = *engine;
    if (e == NULL)
        return;
    if (e->running) {
        pthread_mutex_lock(&e->lock);
        e->stop = true;
        pthread_mutex_unlock(&e->lock);
        curl_multi_wakeup(e->multi);
        pthread_join(e->thread, NULL);
    }
    if (e->multi != NULL) {
        curl_multi_cleanup(e->multi);
        curl_global_cleanup();
    }
    pthread_cond_destroy(&e->breaks_off);
    pthread_mutex_destroy(&e->lock);
    free(e->ca);
    free(e->cert);
    free(e->key);
    free(e);
    *engine = NULL;
}

// ---- Breaking off ---------------------------------------------------------------------------------------------------

void engine_break_off(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->broken_off = true;
    pthread_cond_broadcast(&e->breaks_off);
    if (e->running)
        curl_multi_wakeup(e->multi);
    pthread_mutex_unlock(&e->lock);
}

void engine_sleep(struct engine *e, double seconds)
{
    const struct timespec until = clock_after(seconds);
    pthread_mutex_lock(&e->lock);
    while (!e->broken_off && pthread_cond_timedwait(&e->breaks_off, &e->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&e->lock);
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

static bool add_header(struct exchange *x, struct slice name, struct slice value, struct error *err)
{
    if (!header_value_is_safe(value))
        return error_set(err, ERR_FORMAT, "the value of the header \"%.*s\" cannot be sent", SLICE_ARG(name));
    // libcurl sends a header without a value only when a semicolon stands for the colon.
    struct secret *line SECRET_AUTO =
        value.n != 0 ? secret_join(name, SLICE(": "), value) : secret_join(name, SLICE(";"), SLICE(""));
    struct curl_slist *list = curl_slist_append(x->headers, secret_reveal(line).p);
    if (list == NULL)
        return error_set(err, ERR_IO, "no memory for a request");
    x->headers = list;
    return true;
}

static long seconds_of(uint64_t seconds)
{
    return seconds < 1 ? 1 : seconds < (uint64_t)MOST_SECONDS ? (long)seconds : MOST_SECONDS;
}

static void set_options(struct exchange *x, const struct exchange_request *request)
{
    CURL *c = x->easy;
    const struct engine *e = x->engine;
    const char *proxy = proxy_for(x->url);
    x->proxied = proxy != NULL;
    curl_easy_setopt(c, CURLOPT_URL, x->url->text.p);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_PROXY, proxy != NULL ? proxy : "");
    curl_easy_setopt(c, CURLOPT_NOPROXY, "");
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    // One connection an exchange: a body that nobody takes at the moment holds up no other.
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "clarion/" CLARION_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, seconds_of(e->limits.fetch_connect_seconds));
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, seconds_of(e->limits.fetch_slow_seconds));
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, CHUNK_BYTES);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->reason);
    curl_easy_setopt(c, CURLOPT_PRIVATE, x);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(c, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, request->unverified ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, request->unverified ? 0L : 2L);
    if (e->ca != NULL) {
        curl_easy_setopt(c, CURLOPT_CAINFO, e->ca);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    if (e->cert != NULL) {
        curl_easy_setopt(c, CURLOPT_SSLCERT, e->cert);
        curl_easy_setopt(c, CURLOPT_SSLKEY, e->key);
    }
    if (request->seconds > 0)
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
                         (long)(request->seconds < MOST_SECONDS ? request->seconds * 1000 : MOST_SECONDS * 1000));
    if (request->head)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (request->form != NULL) {
        x->form = secret_copy(request->form);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, secret_reveal(x->form).p);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)secret_reveal(x->form).n);
    }
}

// What can be judged before a proxy gets to see it: an address instead of a name, and this machine's own name.
static bool host_is_fine(const struct exchange *x)
{
    struct sockaddr_storage address;
    struct slice host = x->url->host;
    if (!x->proxied)
        return true;
    if (slice_eq(host, SLICE("localhost")) || slice_ends(host, SLICE(".localhost")))
        host = SLICE("127.0.0.1");
    return !address_parse(host, x->url->port, &address) ||
           address_rules_allow(x->allow, x->url->host, (const struct sockaddr *)&address);
}

static void exchange_free(struct exchange *x)
{
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    secret_free(&x->form);
    buf_free(&x->head);
    buf_free(&x->filled);
    buf_free(&x->taken);
    pthread_cond_destroy(&x->changed);
    free(x);
}

// libcurl would ask first whether a large body is wanted, and wait a second for who does not answer that.
static bool expect_nothing(struct exchange *x, struct error *err)
{
    struct curl_slist *list = curl_slist_append(x->headers, "Expect:");
    if (list == NULL)
        return error_set(err, ERR_IO, "no memory for a request");
    x->headers = list;
    return true;
}

static bool prepare(struct exchange *x, const struct exchange_request *request, struct error *err)
{
    if (!start_thread(x->engine, err))
        return false;
    if ((x->easy = curl_easy_init()) == NULL)
        return error_set(err, ERR_IO, "cannot set up libcurl");
    for (size_t i = 0; i < request->headers_n; i++)
        if (!add_header(x, request->headers[i].name, secret_reveal(request->headers[i].value), err))
            return false;
    if (request->form != NULL && !expect_nothing(x, err))
        return false;
    set_options(x, request);
    return true;
}

struct exchange *exchange_start(struct engine *engine, const struct exchange_request *request, struct error *err)
{
    struct exchange *x = must_alloc(sizeof *x);
    *x = (struct exchange){.engine = engine, .url = request->url, .allow = request->allow, .state = ENDED};
    pthread_cond_init(&x->changed, NULL);
    pthread_mutex_lock(&engine->lock);
    bool ready = prepare(x, request, err);
    if (ready && !host_is_fine(x)) {
        x->fault = FAULT_HOST;
        x->code = CURLE_COULDNT_CONNECT;
    } else if (ready) {
        x->state = WAITING;
        append(engine, x);
        curl_multi_wakeup(engine->multi);
    }
    pthread_mutex_unlock(&engine->lock);
    if (ready)
        return x;
    exchange_free(x);
    return NULL;
}

// ---- The answer -----------------------------------------------------------------------------------------------------

static bool refuse(const struct exchange *x, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    const struct sockaddr *address = (const struct sockaddr *)&x->refused;
    struct slice host = x->url->host, text = address_text(&a, address);
    struct sockaddr_storage named;
    if (x->fault == FAULT_HOST && address_parse(host, x->url->port, &named))
        address = (const struct sockaddr *)&named;
    if (host.n > 2 && host.p[0] == '[')
        host = slice_of(host.p + 1, host.n - 2);
    if (address_kind(address) == ADDRESS_PUBLIC)
        return error_set(err, ERR_REFUSED, "%.*s is of the public internet, which indexer.airgap forbids",
                         SLICE_ARG(host));
    if (x->fault == FAULT_HOST)
        return error_set(err, ERR_REFUSED,
                         "%.*s is no host of the public internet: to allow it, add \"%.*s\" to indexer.fetch.allow of "
                         "the configuration, or to --allow",
                         SLICE_ARG(host), SLICE_ARG(host));
    return error_set(err, ERR_REFUSED,
                     "%.*s is at the %s address %.*s: to allow it, add \"%.*s\" to indexer.fetch.allow of the "
                     "configuration, or to --allow",
                     SLICE_ARG(host), address_kind_text(address_kind(address)), SLICE_ARG(text), SLICE_ARG(host));
}

// Why it broke off.
static bool explain(const struct exchange *x, bool *again, struct error *err)
{
    *again = false;
    if (x->fault == FAULT_ADDRESS || x->fault == FAULT_HOST)
        return refuse(x, err);
    if (x->fault == FAULT_BROKEN_OFF)
        return error_set(err, ERR_REFUSED, "broken off: nothing is fetched any more");
    if (x->fault == FAULT_HEADER)
        return error_set(err, ERR_LIMIT,
                         "the header of the answer has more than the %llu bytes that limit fetch_header_bytes allows",
                         (unsigned long long)x->engine->limits.fetch_header_bytes);
    const char *reason = x->reason[0] != '\0' ? x->reason : curl_easy_strerror(x->code);
    switch (x->code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return error_set(err, ERR_NETWORK, "%s (if it is a certificate of your own, name its authority with --ca-file)",
                         reason);
    case CURLE_SSL_CONNECT_ERROR:
        // What OpenSSL calls the first bytes of an answer that is no TLS.
        *again = strstr(reason, "wrong version number") == NULL;
        return error_set(err, ERR_NETWORK, "%s%s", reason, *again ? "" : " (if it speaks no TLS: --insecure)");
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return error_set(err, ERR_NETWORK, "%s", reason);
    default:
        *again = true;
        return error_set(err, ERR_NETWORK, "%s%s", reason,
                         strstr(reason, "too slow") != NULL ? " (limit fetch_slow_seconds)" : "");
    }
}

bool exchange_answer(struct exchange *x, long *status, struct slice *lines, bool *again, struct error *err)
{
    pthread_mutex_lock(&x->engine->lock);
    while (!x->answered && x->state != ENDED)
        pthread_cond_wait(&x->changed, &x->engine->lock);
    bool answered = x->answered;
    pthread_mutex_unlock(&x->engine->lock);
    *status = x->status;
    *lines = buf_slice(&x->head);
    return answered || explain(x, again, err);
}

bool exchange_next(struct exchange *x, struct slice *chunk, bool *again, struct error *err)
{
    struct engine *e = x->engine;
    x->taken.n = 0;
    pthread_mutex_lock(&e->lock);
    while (x->filled.n == 0 && x->state != ENDED)
        pthread_cond_wait(&x->changed, &e->lock);
    struct buf filled = x->filled;
    x->filled = x->taken;
    x->taken = filled;
    if (x->paused && !x->wanted) {
        x->wanted = true;
        curl_multi_wakeup(e->multi);
    }
    pthread_mutex_unlock(&e->lock);
    *chunk = buf_slice(&x->taken);
    return chunk->n != 0 || x->code == CURLE_OK || explain(x, again, err);
}

double exchange_retry_after(const struct exchange *x)
{
    return x->retry_after;
}

void exchange_end(struct exchange **exchange)
{
    struct exchange *x = *exchange;
    if (x == NULL)
        return;
    pthread_mutex_lock(&x->engine->lock);
    x->cancelled = true;
    if (x->state != ENDED)
        curl_multi_wakeup(x->engine->multi);
    while (x->state != ENDED)
        pthread_cond_wait(&x->changed, &x->engine->lock);
    pthread_mutex_unlock(&x->engine->lock);
    exchange_free(x);
    *exchange = NULL;
}
