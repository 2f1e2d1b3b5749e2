#include "service/service.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "http/address.h"
#include "scan/scanner.h"
#include "service/follow.h"
#include "service/idle.h"
#include "service/systemd.h"
#include "service/targets.h"
#include "service/updates.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define TLS_FILE_BYTES (1 * MIB)

static const struct {
    const char *name;
    unsigned roles;
} modes[] = {{"combo", ROLES_ALL}, {"indexer", ROLE_INDEXER}, {"matcher", ROLE_MATCHER}, {"notifier", ROLE_NOTIFIER}};
#define MODES (sizeof modes / sizeof modes[0])

bool service_mode_parse(struct slice text, unsigned *roles)
{
    for (size_t i = 0; i < MODES; i++) {
        if (!slice_eq_nocase(text, slice_str(modes[i].name)))
            continue;
        *roles = modes[i].roles;
        return true;
    }
    return false;
}

static const char *mode_name(unsigned roles)
{
    size_t i = 0;
    while (i + 1 < MODES && modes[i].roles != roles)
        i++;
    return modes[i].name;
}

// ---- listeners ------------------------------------------------------------------------------------------------------

// A listener with all that it needs for its life.
struct listener {
    struct web_options options;
    struct web_tls tls;
    struct token_key key;
    struct buf cert, private_key, client_ca;
    struct web_server *server;
};

static void listener_close(struct listener *l)
{
    web_server_stop(&l->server);
    buf_free(&l->cert);
    if (l->private_key.p != NULL)
        explicit_bzero(l->private_key.p, l->private_key.cap);
    buf_free(&l->private_key);
    buf_free(&l->client_ca);
}

static bool read_pem(struct slice path, struct buf *out, struct slice *pem, struct error *err)
{
    if (path.n == 0)
        return true;
    if (!file_read(path.p, TLS_FILE_BYTES, out, err))
        return false;
    buf_addc(out, '\0'); // as the library wants it
    *pem = slice_of(out->p, out->n - 1);
    return true;
}

static bool secure(struct listener *l, const struct config *config, struct error *err)
{
    if (config->psk_key != NULL) {
        l->key = (struct token_key){config->psk_key, config->psk_issuers.v, config->psk_issuers.n};
        l->options.key = &l->key;
    }
    if (config->tls_cert.n == 0)
        return true;
    l->options.tls = &l->tls;
    return read_pem(config->tls_cert, &l->cert, &l->tls.cert, err) &&
           read_pem(config->tls_key, &l->private_key, &l->tls.key, err) &&
           read_pem(config->tls_client_ca, &l->client_ca, &l->tls.client_ca, err);
}

static bool is_loopback(int socket)
{
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof address;
    return getsockname(socket, (struct sockaddr *)&address, &n) == 0 &&
           (address_in(SLICE("127.0.0.0/8"), (struct sockaddr *)&address) ||
            address_in(SLICE("::1"), (struct sockaddr *)&address));
}

// At an address, or at the socket that systemd has opened already.
static bool open_listener(struct listener *l, const char *name, int place, const struct config_address *address,
                          struct service *service, const struct web_route *routes, unsigned threads, struct error *err)
{
    int passed = systemd_socket(name, place);
    int fd = passed >= 0 ? passed : web_listen(address->host, address->port, err);
    if (fd < 0)
        return false;
    if (routes == service->routes)
        service->loopback = is_loopback(fd);
    l->options.name = name;
    l->options.socket = fd;
    l->options.routes = routes;
    l->options.context = service;
    l->options.limits = &service->config->limits;
    l->options.threads = threads;
    l->server = web_server_start(&l->options, err);
    if (l->server == NULL)
        return false;
    log_info("%s: listening on %.*s%s", name, SLICE_ARG(address->text), passed >= 0 ? " (systemd's socket)" : "");
    return true;
}

// ---- the service ----------------------------------------------------------------------------------------------------

// Each connection is a descriptor; the system's usual limit is less than the limit `connections`.
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 2 ? 2 : processors > 16 ? 16 : (unsigned)processors;
}

static void tell_server(struct service *service, struct web_server *api)
{
    pthread_mutex_lock(&service->lock);
    service->api = api;
    pthread_mutex_unlock(&service->lock);
}

static void give_up(void *context)
{
    struct service *service = context;
    events_break_off(service->events);
    indexing_give_up(service->indexing);
}

static bool serve_until_told(struct service *service, unsigned roles, struct store_home *home, const sigset_t *signals,
                             struct error *err)
{
    const struct config *config = service->config;
    struct arena a ARENA_AUTO = {0};
    struct listener api __attribute__((cleanup(listener_close))) = {0};
    struct listener introspection __attribute__((cleanup(listener_close))) = {0};
    const struct web_route *routes = introspection_routes(config, &a);
    api.options.observe = service_observe;
    api.options.tracer = telemetry_tracer(service->telemetry);
    api.options.give_up = (roles & ROLE_INDEXER) != 0 ? give_up : NULL;
    if (!open_listener(&introspection, "introspection", 1, &config->introspection, service, routes, 2, err) ||
        !secure(&api, config, err) ||
        !open_listener(&api, "api", 0, &config->listen, service, service->routes, threads(), err))
        return false;
    tell_server(service, api.server);
    atomic_store(&service->ready, true);
    struct updates *updates = (roles & ROLE_MATCHER) != 0 ? updates_start(service, home) : NULL;
    systemd_notify("READY=1");
    int signal = 0;
    while (sigwait(signals, &signal) == EINTR)
        continue;
    log_info("stopping: %s", signal == SIGINT ? "SIGINT" : "SIGTERM");
    systemd_notify("STOPPING=1");
    atomic_store(&service->ready, false);
    db_source_stopping(home->database);
    tell_server(service, NULL);
    web_server_stop(&api.server);
    if ((roles & ROLE_INDEXER) != 0)
        give_up(service); // events, which come again from the store
    updates_stop(&updates);
    return true;
}

static bool start_indexing(struct service *service, struct store_home *home, struct error *err)
{
    service->indexing = indexing_start(service->config, home, service->metrics, err);
    if (service->indexing == NULL)
        return false;
    service->events = events_start(service->config, home, service->indexing, err);
    return service->events != NULL;
}

static bool start_notifier(struct service *service, struct store_home *home, struct targets *targets, struct arena *a,
                           struct error *err)
{
    if (!targets_from_config(service->config, a, targets, err))
        return false;
    service->notifier = notifier_start(service->config, home, targets->v, targets->n, err);
    return service->notifier != NULL;
}

bool service_run(const struct config *config, unsigned roles, const struct web_route *pages, struct store_home *home,
                 struct error *err)
{
    struct digest state = scanner_state(SUBJECT_LAYER, &config->limits);
    struct arena a ARENA_AUTO = {0};
    struct store store STORE_AUTO = {0};
    struct targets targets TARGETS_AUTO = {0};
    struct idle *idle = NULL;
    struct follow *follow = NULL;
    sigset_t signals;
    // Before any thread, so that all inherit it.
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    allow_descriptors();
    if (!store_open(home, &store, err)) // makes it, and brings its schema up to date, once
        return false;
    if (db_source_shared(home->database))
        log_info("other nodes know this one as %s", home->node);
    struct service service = {
        .config = config, .routes = api_routes(roles, pages, &a), .started = clock_now(), .scanners = state};
    const struct telemetry_options telemetry = {.config = config,
                                                .role = mode_name(roles),
                                                .metrics = service.metrics = metrics_new(service.routes),
                                                .tell = service_tell,
                                                .context = &service};
    pthread_mutex_init(&service.lock, NULL);
    service.views = views_new(home, &config->limits, metrics_db(service.metrics));
    service.reports = cache_new(config->limits.report_cache_bytes);
    service.logins = tries_new(config->limits.page_tries);
    snprintf(service.index_state, sizeof service.index_state, "%.32s", digest_hex(&state));
    bool ok = (service.telemetry = telemetry_new(&telemetry, err)) != NULL &&
              (service.gauges = gauges_start(service.views, (roles & ROLE_NOTIFIER) != 0, err)) != NULL &&
              (idle = idle_start(service.views, err)) != NULL &&
              ((roles & ROLE_MATCHER) == 0 || follow_start(home, service.views, &follow, err)) &&
              ((roles & ROLE_MATCHER) == 0 || (service.summarising = summarising_start(config, home, err)) != NULL) &&
              ((roles & ROLE_INDEXER) == 0 || start_indexing(&service, home, err)) &&
              ((roles & ROLE_NOTIFIER) == 0 || start_notifier(&service, home, &targets, &a, err)) &&
              telemetry_start(service.telemetry, err) && serve_until_told(&service, roles, home, &signals, err);
    if (service.telemetry != NULL)
        telemetry_stop(service.telemetry);
    follow_stop(&follow);
    idle_stop(&idle);
    summarising_stop(&service.summarising);
    notifier_stop(&service.notifier);
    events_stop(&service.events);
    indexing_stop(&service.indexing);
    telemetry_free(&service.telemetry);
    gauges_stop(&service.gauges);
    metrics_free(&service.metrics);
    tries_free(&service.logins);
    cache_free(&service.reports);
    views_free(&service.views);
    pthread_mutex_destroy(&service.lock);
    return ok;
}
