// The introspection listener: is the service alive, is it ready, and what does it count.
#include "base/clock.h"
#include "base/log.h"
#include "feed/feed.h"
#include "service/service.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

void service_observe(void *context, const struct web_route *route, struct slice method, unsigned status, double seconds)
{
    struct service *service = context;
    metrics_answer(service->metrics, route, method, status, seconds);
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

// A gauge of one value, whose name for OpenTelemetry is the other one with dots.
static void tell_gauge(struct metric_sink *sink, const char *name, const char *otlp, const char *unit, const char *help,
                       double value)
{
    const struct metric_spec metric = {METRIC_GAUGE, name, otlp, unit, help};
    metric_tell(sink, &metric, value);
}

static void tell_counter(struct metric_sink *sink, const char *name, const char *otlp, const char *unit,
                         const char *help, double value)
{
    const struct metric_spec metric = {METRIC_COUNTER, name, otlp, unit, help};
    metric_tell(sink, &metric, value);
}

static void tell_feeds(const struct store_gauges *g, struct metric_sink *sink)
{
    static const struct metric_spec metrics[] = {
        {METRIC_GAUGE, "clarion_feed_records", "clarion.feed.records", "{record}",
         "Records of the feed's segment in force."},
        {METRIC_GAUGE, "clarion_feed_updated_timestamp_seconds", "clarion.feed.updated", "s",
         "When that segment was made; 0 never."},
        {METRIC_GAUGE, "clarion_feed_confirmed_timestamp_seconds", "clarion.feed.confirmed", "s",
         "When the upstream last gave or confirmed all of it; 0 never."},
        {METRIC_GAUGE, "clarion_feed_failed", "clarion.feed.failed", "1",
         "1 when the last try to fetch it failed, in whole or in part."},
    };
    for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
        sink->metric(sink, &metrics[m]);
        for (size_t i = 0; i < g->feeds_n; i++) {
            const struct feed_gauges *f = &g->feeds[i];
            const double values[] = {(double)f->records, (double)f->updated, (double)f->checked, f->failed};
            const struct metric_label label = {"feed", "clarion.feed", f->feed.p, false};
            sink->number(sink, &label, 1, values[m]);
        }
    }
    tell_gauge(sink, "clarion_generation_timestamp_seconds", "clarion.generation.created", "s",
               "When the generation in force was made; 0 none.", (double)g->created);
}

// By state, from the store: the counters begin anew with the process, these do not.
static void tell_deliveries(const struct store_gauges *g, struct metric_sink *sink)
{
    static const struct metric_spec metric = {METRIC_GAUGE, "clarion_notifier_deliveries",
                                              "clarion.notifier.deliveries", "{delivery}", "Deliveries by state."};
    sink->metric(sink, &metric);
    for (int i = 0; i < DELIVERY_STATES; i++) {
        const char *name = delivery_state_name((enum delivery_state)i);
        const struct metric_label label = {"state", "clarion.delivery.state", name, false};
        sink->number(sink, &label, 1, (double)g->deliveries[i]);
    }
}

static void tell_events(const struct store_gauges *g, struct metric_sink *sink)
{
    static const struct metric_spec metric = {
        METRIC_GAUGE, "clarion_events", "clarion.events", "{event}",
        "Pushes that registries told of: that wait to be indexed, that were given up."};
    static const struct metric_label waiting = {"state", "clarion.event.state", "waiting", false},
                                     failed = {"state", "clarion.event.state", "failed", false};
    sink->metric(sink, &metric);
    sink->number(sink, &waiting, 1, (double)g->events_waiting);
    sink->number(sink, &failed, 1, (double)g->events_failed);
}

static void tell_store(struct service *service, struct metric_sink *sink)
{
    static const struct metric_spec up = {METRIC_GAUGE, "clarion_store_up", "clarion.store.up", "1",
                                          "1 when the store can be read."};
    struct arena a ARENA_AUTO = {0};
    struct store_gauges gauges;
    struct error err;
    if (!gauges_ask(service->gauges, &a, &gauges, &err)) {
        log_error("metrics: %s", err.text);
        metric_tell(sink, &up, 0);
        return;
    }
    metric_tell(sink, &up, 1);
    tell_gauge(sink, "clarion_store_read_seconds", "clarion.store.read", "s",
               "How long the store took to be asked for these metrics.", gauges.seconds);
    tell_gauge(sink, "clarion_images", "clarion.images", "{image}", "Indexed images.", (double)gauges.images);
    tell_feeds(&gauges, sink);
    if (service->notifier != NULL)
        tell_deliveries(&gauges, sink);
    tell_events(&gauges, sink);
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

static void tell_process(const struct service *service, struct metric_sink *sink)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    tell_counter(sink, "process_cpu_seconds_total", "process.cpu.time", "s", "Processor time used.", cpu);
    tell_gauge(sink, "process_resident_memory_bytes", "process.memory.usage", "By", "Resident memory.",
               resident_bytes());
    tell_gauge(sink, "process_open_fds", "process.open_file_descriptor.count", "{file_descriptor}",
               "Open file descriptors.", open_descriptors());
    tell_gauge(sink, "process_start_time_seconds", "clarion.process.started", "s", "When the service was started.",
               (double)service->started);
}

static void tell_load(struct web_server *server, struct metric_sink *sink)
{
    struct web_load load = web_server_load(server);
    tell_gauge(sink, "clarion_http_connections", "clarion.http.connections", "{connection}",
               "Open connections to the API.", (double)load.connections);
    tell_gauge(sink, "clarion_http_running", "clarion.http.running", "{request}",
               "Requests to the API that are not answered yet.", (double)load.running);
    tell_gauge(sink, "clarion_http_queued", "clarion.http.queued", "{request}",
               "Of these, requests that wait for a thread that changes the store.", (double)load.queued);
    tell_counter(
        sink, "clarion_http_dropped_total", "clarion.http.dropped", "{connection}",
        "Connections closed because no whole request came within the limit request_seconds, or a long answer was "
        "not taken within stream_seconds.",
        (double)load.dropped);
}

static void tell_indexing(struct indexing *indexing, struct metric_sink *sink)
{
    struct indexing_load load = indexing_load(indexing);
    tell_gauge(sink, "clarion_indexing_running", "clarion.indexing.running", "{manifest}",
               "Posted manifests that are being indexed.", (double)load.running);
    tell_gauge(sink, "clarion_indexing_waiting", "clarion.indexing.waiting", "{manifest}",
               "Posted manifests that wait to be indexed.", (double)load.waiting);
    tell_counter(sink, "clarion_indexing_indexed_total", "clarion.indexing.indexed", "{manifest}",
                 "Posted manifests that were indexed.", (double)load.indexed);
    tell_counter(sink, "clarion_indexing_failed_total", "clarion.indexing.failed", "{manifest}",
                 "Posted manifests that could not be indexed.", (double)load.failed);
}

static void tell_traces(struct tracer *tracer, struct metric_sink *sink)
{
    struct tracer_load load = tracer_load(tracer);
    tell_gauge(sink, "clarion_spans_queued", "clarion.spans.queued", "{span}", "Finished spans that wait to be sent.",
               (double)load.queued);
    tell_counter(sink, "clarion_spans_total", "clarion.spans", "{span}", "Finished spans.", (double)load.ended);
    tell_counter(sink, "clarion_spans_dropped_total", "clarion.spans.dropped", "{span}",
                 "Spans for which the limit span_queue left no room.", (double)load.dropped);
}

static void tell_notifier(const struct notifier *notifier, struct metric_sink *sink)
{
    const struct notifier_load load = notifier_load(notifier);
    tell_counter(sink, "clarion_notifier_updates_total", "clarion.notifier.updates", "{update}",
                 "Updates of feeds that were compared with the one before.", (double)load.updates);
    tell_counter(sink, "clarion_notifier_notifications_total", "clarion.notifier.notifications", "{notification}",
                 "Notifications made.", (double)load.notifications);
    tell_counter(sink, "clarion_notifier_items_total", "clarion.notifier.items", "{item}", "Items in them.",
                 (double)load.items);
    tell_counter(sink, "clarion_notifier_held_back_total", "clarion.notifier.held_back", "{item}",
                 "Items that the filter or a limit kept out.", (double)load.held_back);
    tell_counter(sink, "clarion_notifier_errors_total", "clarion.notifier.errors", "{error}",
                 "Times that notifications could not be made or read.", (double)load.errors);
    tell_counter(sink, "clarion_notifier_delivered_total", "clarion.notifier.delivered", "{delivery}",
                 "Deliveries that a target took.", (double)load.delivered);
    tell_counter(sink, "clarion_notifier_failed_total", "clarion.notifier.failed", "{attempt}",
                 "Attempts to deliver that failed.", (double)load.failed);
    tell_counter(sink, "clarion_notifier_given_up_total", "clarion.notifier.given_up", "{delivery}",
                 "Deliveries given up.", (double)load.given_up);
    tell_gauge(sink, "clarion_notifier_age_seconds", "clarion.notifier.age", "s",
               "From a feed's update to its notification, of the last one.", (double)load.last_age);
}

static void tell_summarising(const struct summarising *summarising, struct metric_sink *sink)
{
    const struct summarising_load load = summarising_load(summarising);
    tell_counter(sink, "clarion_summaries_total", "clarion.summaries", "{summary}",
                 "Summaries of images made, one for all with the same packages.", (double)load.groups);
    tell_counter(sink, "clarion_summary_errors_total", "clarion.summary.errors", "{error}",
                 "Times that summaries of images could not be made.", (double)load.errors);
}

void service_tell(void *context, struct metric_sink *sink)
{
    static const struct metric_spec build = {METRIC_GAUGE, "clarion_build_info", "clarion.build", "1",
                                             "Which Clarion this is."};
    static const struct metric_label version = {"version", "service.version", CLARION_VERSION, false};
    struct service *service = context;
    sink->metric(sink, &build);
    sink->number(sink, &version, 1, 1);
    metrics_write(service->metrics, service->config->tls_cert.n != 0 ? "https" : "http", sink);
    pthread_mutex_lock(&service->lock);
    if (service->api != NULL)
        tell_load(service->api, sink);
    pthread_mutex_unlock(&service->lock);
    if (service->indexing != NULL)
        tell_indexing(service->indexing, sink);
    if (service->notifier != NULL)
        tell_notifier(service->notifier, sink);
    if (service->summarising != NULL)
        tell_summarising(service->summarising, sink);
    if (telemetry_tracer(service->telemetry) != NULL)
        tell_traces(telemetry_tracer(service->telemetry), sink);
    tell_store(service, sink);
    tell_process(service, sink);
}

static void get_metrics(void *context, const struct web_request *request, struct web_response *response)
{
    struct prometheus_sink sink = prometheus_sink(&response->body);
    (void)request;
    response->status = 200;
    response->type = "text/plain; version=0.0.4; charset=utf-8";
    service_tell(context, &sink.base);
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
