#include "service/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUTES  32
#define BUCKETS 12

static const double bounds[BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30};

// Those that the service answers with; any other counts for the last.
static const unsigned statuses[] = {200, 201, 202, 204, 302, 304, 307, 400, 401, 403, 404,
                                    405, 412, 413, 415, 422, 429, 431, 500, 501, 503, 0};
#define STATUSES (sizeof statuses / sizeof statuses[0])

struct counters {
    atomic_ullong by_status[STATUSES];
    atomic_ullong buckets[BUCKETS]; // not summed up yet
    atomic_ullong nanoseconds;
};

struct metrics {
    const struct web_route *routes;
    size_t routes_n;
    struct counters counters[ROUTES + 1]; // the last: no route
};

struct metrics *metrics_new(const struct web_route *routes)
{
    struct metrics *m = must_alloc(sizeof *m);
    memset(m, 0, sizeof *m);
    m->routes = routes;
    while (routes[m->routes_n].path != NULL && m->routes_n < ROUTES)
        m->routes_n++;
    return m;
}

void metrics_free(struct metrics **metrics)
{
    free(*metrics);
    *metrics = NULL;
}

void metrics_answer(struct metrics *m, const struct web_route *route, unsigned status, double seconds)
{
    size_t at = route != NULL ? (size_t)(route - m->routes) : ROUTES, s = 0, b = 0;
    struct counters *c = &m->counters[at < ROUTES ? at : ROUTES];
    while (s + 1 < STATUSES && statuses[s] != status)
        s++;
    while (b < BUCKETS && seconds > bounds[b])
        b++;
    atomic_fetch_add_explicit(&c->by_status[s], 1, memory_order_relaxed);
    if (b < BUCKETS)
        atomic_fetch_add_explicit(&c->buckets[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->nanoseconds, (unsigned long long)(seconds * 1e9), memory_order_relaxed);
}

void metric_write(struct buf *out, const char *name, const char *type, const char *help, const char *labels,
                  double value)
{
    if (help != NULL)
        buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    buf_addf(out, "%s%s%s%s %.17g\n", name, labels[0] != '\0' ? "{" : "", labels, labels[0] != '\0' ? "}" : "", value);
}

static unsigned long long read_counter(const atomic_ullong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static const char *route_name(const struct metrics *m, size_t i)
{
    return i < m->routes_n ? m->routes[i].path : "none";
}

static void write_totals(const struct metrics *m, struct buf *out)
{
    static const char name[] = "clarion_http_requests_total";
    buf_addf(out, "# HELP %s Answers, by route and status.\n# TYPE %s counter\n", name, name);
    for (size_t i = 0; i <= ROUTES; i++)
        for (size_t s = 0; s < STATUSES; s++) {
            unsigned long long n = read_counter(&m->counters[i].by_status[s]);
            char status[16];
            snprintf(status, sizeof status, "%u", statuses[s]);
            if (n != 0)
                buf_addf(out, "%s{handler=\"%s\",code=\"%s\"} %llu\n", name, route_name(m, i),
                         statuses[s] != 0 ? status : "other", n);
        }
}

static void write_histogram(const struct counters *c, const char *route, struct buf *out)
{
    static const char name[] = "clarion_http_request_duration_seconds";
    unsigned long long sum = 0, all = 0;
    for (size_t s = 0; s < STATUSES; s++)
        all += read_counter(&c->by_status[s]);
    if (all == 0)
        return;
    for (size_t b = 0; b < BUCKETS; b++) {
        sum += read_counter(&c->buckets[b]);
        buf_addf(out, "%s_bucket{handler=\"%s\",le=\"%g\"} %llu\n", name, route, bounds[b], sum < all ? sum : all);
    }
    buf_addf(out, "%s_bucket{handler=\"%s\",le=\"+Inf\"} %llu\n", name, route, all);
    buf_addf(out, "%s_sum{handler=\"%s\"} %.9f\n", name, route, (double)read_counter(&c->nanoseconds) / 1e9);
    buf_addf(out, "%s_count{handler=\"%s\"} %llu\n", name, route, all);
}

void metrics_write(const struct metrics *m, struct buf *out)
{
    write_totals(m, out);
    buf_adds(out, "# HELP clarion_http_request_duration_seconds From a request's first line to the end of its answer.\n"
                  "# TYPE clarion_http_request_duration_seconds histogram\n");
    for (size_t i = 0; i <= ROUTES; i++)
        write_histogram(&m->counters[i], route_name(m, i), out);
}
