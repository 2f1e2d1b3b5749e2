// The introspection listener: is the service alive, is it ready, and what does it count.
#include "base/clock.h"
#include "base/log.h"
#include "feed/feed.h"
#include "service/service.h"
#include "store/event_queue.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

void service_observe(void *context, const struct web_route *route, unsigned status, double seconds)
{
    struct service *service = context;
    metrics_answer(service->metrics, route, status, seconds);
}

static void any_healthz(void *context, const struct web_request *request, struct web_response *response)
{
    (void)context;
    response->status = 200;
    response->type = "text/plain; charset=utf-8";
    buf_adds(&response->body, "ok");
    web_add(request, response, "X-Content-Type-Options", SLICE("nosniff"));
}

// Ready means that the API answers, whatever the feeds say.
static void any_readyz(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    bool get = slice_eq(request->method, SLICE("GET"));
    response->status = !get ? 405 : atomic_load(&service->ready) ? 200 : 503;
    response->type = "text/plain; charset=utf-8";
    web_add(request, response, "Cache-Control", SLICE("no-store"));
    web_add(request, response, "X-Content-Type-Options", SLICE("nosniff"));
}

// ---- metrics --------------------------------------------------------------------------------------------------------

static void write_feeds(const struct generation *g, struct buf *out)
{
    static const struct {
        const char *name, *help;
    } names[] = {
        {"clarion_feed_records", "Records of the feed's segment in force."},
        {"clarion_feed_updated_timestamp_seconds", "When that segment was made; 0 never."},
        {"clarion_feed_confirmed_timestamp_seconds", "When the upstream last gave or confirmed all of it; 0 never."},
        {"clarion_feed_failed", "1 when the last try to fetch it failed, in whole or in part."},
    };
    for (size_t m = 0; m < sizeof names / sizeof names[0]; m++)
        for (size_t i = 0; i < g->feeds_n; i++) {
            const struct feed_state *f = &g->feeds[i];
            const double values[] = {(double)f->records, (double)f->updated, (double)f->checked, f->error.n != 0};
            char labels[128];
            snprintf(labels, sizeof labels, "feed=\"%.*s\"", SLICE_ARG(f->feed));
            metric_write(out, names[m].name, "gauge", i == 0 ? names[m].help : NULL, labels, values[m]);
        }
    metric_write(out, "clarion_generation_timestamp_seconds", "gauge", "When the generation in force was made; 0 none.",
                 "", (double)g->created);
}

// By state, from the store: the counters begin anew with the process, these do not.
static void write_deliveries(struct store *store, struct buf *out)
{
    uint64_t counts[DELIVERY_STATES];
    struct error err;
    if (!store_delivery_count(store, SLICE(""), counts, &err)) {
        log_error("metrics: %s", err.text);
        return;
    }
    for (int i = 0; i < DELIVERY_STATES; i++) {
        char labels[64];
        snprintf(labels, sizeof labels, "state=\"%s\"", delivery_state_name((enum delivery_state)i));
        metric_write(out, "clarion_notifier_deliveries", "gauge", i == 0 ? "Deliveries by state." : NULL, labels,
                     (double)counts[i]);
    }
}

static void write_events(struct store *store, struct buf *out)
{
    static const char *const states[] = {"waiting", "failed"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct error err;
        uint64_t n;
        char labels[64];
        snprintf(labels, sizeof labels, "state=\"%s\"", states[i]);
        if (store_event_count(store, states[i], &n, &err))
            metric_write(out, "clarion_events", "gauge",
                         i == 0 ? "Pushes that registries told of: that wait to be indexed, that were given up." : NULL,
                         labels, (double)n);
        else
            log_error("metrics: %s", err.text);
    }
}

static void write_store(struct service *service, struct buf *out)
{
    struct error err;
    uint64_t images;
    double start = clock_monotonic();
    struct view *view = views_take(service->views, &err);
    if (view == NULL || !store_image_count(&view->store, &images, &err)) {
        log_error("metrics: %s", err.text);
        metric_write(out, "clarion_store_up", "gauge", "1 when the store can be read.", "", 0);
        views_give(service->views, view);
        return;
    }
    metric_write(out, "clarion_store_up", "gauge", "1 when the store can be read.", "", 1);
    metric_write(out, "clarion_store_read_seconds", "gauge", "How long the store took to be asked for these metrics.",
                 "", clock_monotonic() - start);
    metric_write(out, "clarion_images", "gauge", "Indexed images.", "", (double)images);
    write_feeds(&view->generation, out);
    if (service->notifier != NULL)
        write_deliveries(&view->store, out);
    write_events(&view->store, out);
    views_give(service->views, view);
}

static double resident_bytes(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%llu %llu", &size, &resident) != 2) // NOLINT(cert-err34-c): the kernel's numbers
        resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_descriptors(void)
{
    double n = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return 0;
    for (const struct dirent *entry;
         (entry = readdir(folder)) != NULL;) // NOLINT(concurrency-mt-unsafe): our own stream
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n - 1; // the stream's own
}

static void write_process(const struct service *service, struct buf *out)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    metric_write(out, "process_cpu_seconds_total", "counter", "Processor time used.", "", cpu);
    metric_write(out, "process_resident_memory_bytes", "gauge", "Resident memory.", "", resident_bytes());
    metric_write(out, "process_open_fds", "gauge", "Open file descriptors.", "", open_descriptors());
    metric_write(out, "process_start_time_seconds", "gauge", "When the service was started.", "",
                 (double)service->started);
}

static void write_load(struct web_server *server, struct buf *out)
{
    struct web_load load = web_server_load(server);
    metric_write(out, "clarion_http_connections", "gauge", "Open connections to the API.", "",
                 (double)load.connections);
    metric_write(out, "clarion_http_running", "gauge", "Requests to the API that are not answered yet.", "",
                 (double)load.running);
    metric_write(out, "clarion_http_queued", "gauge",
                 "Of these, requests that wait for a thread that changes the store.", "", (double)load.queued);
    metric_write(out, "clarion_http_dropped_total", "counter",
                 "Connections closed because no whole request came within the limit request_seconds.", "",
                 (double)load.dropped);
}

static void write_indexing(struct indexing *indexing, struct buf *out)
{
    struct indexing_load load = indexing_load(indexing);
    metric_write(out, "clarion_indexing_running", "gauge", "Posted manifests that are being indexed.", "",
                 (double)load.running);
    metric_write(out, "clarion_indexing_waiting", "gauge", "Posted manifests that wait to be indexed.", "",
                 (double)load.waiting);
    metric_write(out, "clarion_indexing_indexed_total", "counter", "Posted manifests that were indexed.", "",
                 (double)load.indexed);
    metric_write(out, "clarion_indexing_failed_total", "counter", "Posted manifests that could not be indexed.", "",
                 (double)load.failed);
}

static void write_notifier(const struct notifier *notifier, struct buf *out)
{
    const struct notifier_load load = notifier_load(notifier);
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } values[] = {
        {"clarion_notifier_updates_total", "counter", "Updates of feeds that were compared with the one before.",
         load.updates},
        {"clarion_notifier_notifications_total", "counter", "Notifications made.", load.notifications},
        {"clarion_notifier_items_total", "counter", "Items in them.", load.items},
        {"clarion_notifier_held_back_total", "counter", "Items that the filter or a limit kept out.", load.held_back},
        {"clarion_notifier_errors_total", "counter", "Times that notifications could not be made or read.",
         load.errors},
        {"clarion_notifier_delivered_total", "counter", "Deliveries that a target took.", load.delivered},
        {"clarion_notifier_failed_total", "counter", "Attempts to deliver that failed.", load.failed},
        {"clarion_notifier_given_up_total", "counter", "Deliveries given up.", load.given_up},
        {"clarion_notifier_age_seconds", "gauge", "From a feed's update to its notification, of the last one.",
         load.last_age},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        metric_write(out, values[i].name, values[i].type, values[i].help, "", (double)values[i].value);
}

static void get_metrics(void *context, const struct web_request *request, struct web_response *response)
{
    struct service *service = context;
    (void)request;
    response->status = 200;
    response->type = "text/plain; version=0.0.4; charset=utf-8";
    metric_write(&response->body, "clarion_build_info", "gauge", "Which Clarion this is.",
                 "version=\"" CLARION_VERSION "\"", 1);
    metrics_write(service->metrics, &response->body);
    pthread_mutex_lock(&service->lock);
    if (service->api != NULL)
        write_load(service->api, &response->body);
    pthread_mutex_unlock(&service->lock);
    if (service->indexing != NULL)
        write_indexing(service->indexing, &response->body);
    if (service->notifier != NULL)
        write_notifier(service->notifier, &response->body);
    write_store(service, &response->body);
    write_process(service, &response->body);
}

struct web_route *introspection_routes(const struct config *config, struct arena *a)
{
    struct web_route *routes = ARENA_NEW(a, struct web_route, 4);
    routes[0] = (struct web_route){.path = "/healthz", .methods = {{"*", any_healthz, WEB_FAST}}};
    routes[1] = (struct web_route){.path = "/readyz", .methods = {{"*", any_readyz, WEB_FAST}}};
    routes[2] = (struct web_route){.path = arena_dup(a, config->metrics_endpoint).p,
                                   .methods = {{"GET", get_metrics, WEB_FAST}},
                                   .disallowed = "endpoint only allows GET"};
    return routes;
}
