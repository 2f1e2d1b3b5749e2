#include "service/metrics.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

// Those that the service answers with; any other counts for the last.
static const unsigned statuses[] = {200, 201, 202, 204, 302, 304, 307, 400, 401, 403, 404, 405, 406,
                                    409, 412, 413, 415, 422, 429, 431, 500, 501, 502, 503, 0};
#define STATUSES (sizeof statuses / sizeof statuses[0])

// What became of a layer that is not kept. By the kind of the error; any other counts for the last.
static const struct {
    enum error_code code;
    const char *reason;
} reasons[] = {
    {ERR_CRASH, "crash"},   {ERR_LIMIT, "limit"},   {ERR_NETWORK, "network"}, {ERR_NOT_FOUND, "not found"},
    {ERR_DIGEST, "digest"}, {ERR_FORMAT, "format"}, {ERR_REFUSED, "refused"}, {ERR_UNSUPPORTED, "unsupported"},
    {ERR_NONE, "other"}};
#define REASONS (sizeof reasons / sizeof reasons[0])

#define LIMITS_MOST 256 // limits that there may ever be

static const char *const timings[TIMINGS] = {"fetch", "read", "keep", "coalesce", "store"};
static const char *const signals[EXPORT_SIGNALS] = {"traces", "metrics"};
static const char *const results[] = {
    [FEED_UPDATED] = "updated",           [FEED_SAME] = "unchanged", [FEED_PARTLY] = "partly", [FEED_BROKEN] = "failed",
    [FEED_NOT_MIRRORED] = "not mirrored", [FEED_STOPPED] = "stopped"};
#define RESULTS (sizeof results / sizeof results[0])

struct feed_counts {
    counter by_result[RESULTS + 1]; // the last: our own store failed
    counter nanoseconds;            // of the last run
};

struct metrics {
    const struct web_route *routes;
    size_t routes_n;
    // By route (the last: none), method and status. Most of them never come, so a histogram is made when one does.
    _Atomic(struct histogram *) *answers;
    struct histogram timings[TIMINGS], reports, feed_runs;
    counter layers_read, layers_reused, bytes, unpacked, layers_failed[REASONS], limits[LIMITS_MOST];
    counter cache_hits, cache_misses;
    counter sent[EXPORT_SIGNALS], lost[EXPORT_SIGNALS];
    struct db_timings db;
    struct feed_counts *feeds; // in the order of the table of feeds
    size_t feeds_n;
};

static size_t answers_n(const struct metrics *m)
{
    return (m->routes_n + 1) * WEB_METHODS * STATUSES;
}

static void *zeroed(size_t n, size_t size)
{
    void *p = must_alloc(n * size);
    memset(p, 0, n * size);
    return p;
}

struct metrics *metrics_new(const struct web_route *routes)
{
    struct metrics *m = zeroed(1, sizeof *m);
    m->routes = routes;
    while (routes[m->routes_n].path != NULL)
        m->routes_n++;
    while (feeds[m->feeds_n] != NULL)
        m->feeds_n++;
    m->answers = zeroed(answers_n(m), sizeof *m->answers);
    m->feeds = zeroed(m->feeds_n, sizeof *m->feeds);
    for (size_t i = 0; i < TIMINGS; i++)
        m->timings[i].bounds = histogram_long;
    m->feed_runs.bounds = histogram_long;
    m->reports.bounds = histogram_short;
    for (size_t i = 0; i < DB_KINDS; i++)
        m->db.kinds[i].bounds = histogram_short;
    return m;
}

void metrics_free(struct metrics **metrics)
{
    struct metrics *m = *metrics;
    if (m == NULL)
        return;
    for (size_t i = 0; i < answers_n(m); i++)
        free(atomic_load(&m->answers[i]));
    free(m->answers);
    free(m->feeds);
    free(m);
    *metrics = NULL;
}

// ---- counting -------------------------------------------------------------------------------------------------------

void metrics_answer(struct metrics *m, const struct web_route *route, struct slice method, unsigned status,
                    double seconds)
{
    size_t r = route != NULL ? (size_t)(route - m->routes) : m->routes_n, s = 0;
    while (s + 1 < STATUSES && statuses[s] != status)
        s++;
    _Atomic(struct histogram *) *place = &m->answers[(r * WEB_METHODS + web_method_of(method)) * STATUSES + s];
    struct histogram *h = atomic_load(place);
    if (h == NULL) {
        struct histogram *made = zeroed(1, sizeof *made);
        made->bounds = histogram_short;
        // Of two threads that make one at once, the second takes the first's.
        if (atomic_compare_exchange_strong(place, &h, made))
            h = made;
        else
            free(made);
    }
    histogram_add(h, seconds);
}

void metrics_timing(struct metrics *m, enum index_timing timing, double seconds)
{
    if (m != NULL)
        histogram_add(&m->timings[timing], seconds);
}

void metrics_layer_read(struct metrics *m, uint64_t bytes, uint64_t unpacked)
{
    if (m == NULL)
        return;
    counter_add(&m->layers_read, 1);
    counter_add(&m->bytes, bytes);
    counter_add(&m->unpacked, unpacked);
}

void metrics_layer_reused(struct metrics *m)
{
    if (m != NULL)
        counter_add(&m->layers_reused, 1);
}

void metrics_layer_failed(struct metrics *m, const struct error *why)
{
    size_t i = 0, limit;
    if (m == NULL)
        return;
    while (i + 1 < REASONS && reasons[i].code != why->code)
        i++;
    counter_add(&m->layers_failed[i], 1);
    if (why->code == ERR_LIMIT && limits_named(slice_str(why->text), &limit) && limit < LIMITS_MOST)
        counter_add(&m->limits[limit], 1);
}

void metrics_report(struct metrics *m, double seconds)
{
    histogram_add(&m->reports, seconds);
}

void metrics_report_cached(struct metrics *m, bool hit)
{
    counter_add(hit ? &m->cache_hits : &m->cache_misses, 1);
}

void metrics_feed(struct metrics *m, const struct feed *feed, const struct feed_outcome *outcome, double seconds)
{
    size_t i = 0;
    while (i < m->feeds_n && feeds[i] != feed)
        i++;
    if (i == m->feeds_n)
        return;
    counter_add(&m->feeds[i].by_result[outcome != NULL ? (size_t)outcome->result : RESULTS], 1);
    atomic_store(&m->feeds[i].nanoseconds, (unsigned long long)(seconds * 1e9));
    histogram_add(&m->feed_runs, seconds);
}

void metrics_exported(struct metrics *m, enum export_signal signal, uint64_t sent, uint64_t lost)
{
    counter_add(&m->sent[signal], sent);
    counter_add(&m->lost[signal], lost);
}

struct db_timings *metrics_db(struct metrics *m)
{
    return m != NULL ? &m->db : NULL;
}

// ---- telling --------------------------------------------------------------------------------------------------------

// Calls `tell` for each route, method and status that there was an answer of.
static void each_answer(struct metrics *m, const char *scheme, struct metric_sink *sink,
                        void (*tell)(struct metric_sink *sink, const struct metric_label *labels, size_t n,
                                     const struct histogram_reading *reading))
{
    for (size_t i = 0; i < answers_n(m); i++) {
        const struct histogram *h = atomic_load(&m->answers[i]);
        size_t r = i / STATUSES / WEB_METHODS;
        unsigned status = statuses[i % STATUSES];
        char code[16];
        struct histogram_reading reading;
        if (h == NULL)
            continue;
        snprintf(code, sizeof code, "%u", status);
        const struct metric_label labels[] = {
            {"handler", r < m->routes_n ? "http.route" : NULL, r < m->routes_n ? m->routes[r].path : "none", false},
            {"method", "http.request.method", web_methods[i / STATUSES % WEB_METHODS], false},
            {"code", "http.response.status_code", status != 0 ? code : "other", true},
            {NULL, "url.scheme", scheme, false},
        };
        histogram_read(h, &reading);
        tell(sink, labels, sizeof labels / sizeof labels[0], &reading);
    }
}

static void tell_count(struct metric_sink *sink, const struct metric_label *labels, size_t n,
                       const struct histogram_reading *reading)
{
    sink->number(sink, labels, n, (double)reading->count);
}

static void tell_histogram(struct metric_sink *sink, const struct metric_label *labels, size_t n,
                           const struct histogram *h)
{
    struct histogram_reading reading;
    histogram_read(h, &reading);
    sink->histogram(sink, labels, n, &reading);
}

// OpenTelemetry's name and attributes are those of its semantic conventions, http/http-metrics.
static void write_answers(struct metrics *m, const char *scheme, struct metric_sink *sink)
{
    static const struct metric_spec requests = {METRIC_COUNTER, "clarion_http_requests_total", "clarion.http.requests",
                                                "{request}", "Answers, by route, method and status."};
    static const struct metric_spec durations = {METRIC_HISTOGRAM, "clarion_http_request_duration_seconds",
                                                 "http.server.request.duration", "s",
                                                 "From a request's first line to the end of its answer."};
    sink->metric(sink, &requests);
    each_answer(m, scheme, sink, tell_count);
    sink->metric(sink, &durations);
    each_answer(m, scheme, sink, sink->histogram);
}

static void tell_labelled(struct metric_sink *sink, const char *name, const char *attribute, const char *value,
                          uint64_t number)
{
    const struct metric_label label = {name, attribute, value, false};
    sink->number(sink, &label, 1, (double)number);
}

static void write_layers(struct metrics *m, struct metric_sink *sink)
{
    static const struct metric_spec stage = {METRIC_HISTOGRAM, "clarion_index_stage_duration_seconds",
                                             "clarion.index.stage.duration", "s", "How long a stage of indexing took."};
    static const struct metric_spec read = {METRIC_COUNTER, "clarion_layers_read_total", "clarion.layers.read",
                                            "{layer}", "Layers fetched and read."};
    static const struct metric_spec reused = {METRIC_COUNTER, "clarion_layers_reused_total", "clarion.layers.reused",
                                              "{layer}", "Layers of indexed images that the store knew already."};
    static const struct metric_spec bytes = {METRIC_COUNTER, "clarion_layer_bytes_fetched_total",
                                             "clarion.layer.bytes.fetched", "By", "Compressed bytes of layers."};
    static const struct metric_spec unpacked = {METRIC_COUNTER, "clarion_layer_bytes_unpacked_total",
                                                "clarion.layer.bytes.unpacked", "By", "Bytes that these unpacked to."};
    static const struct metric_spec failed = {METRIC_COUNTER, "clarion_layers_failed_total", "clarion.layers.failed",
                                              "{layer}",
                                              "Layers that failed or were not read to their end, by reason."};
    static const struct metric_spec limits = {METRIC_COUNTER, "clarion_limits_hit_total", "clarion.limits.hit",
                                              "{layer}", "Layers that hit a limit, by limit."};
    sink->metric(sink, &stage);
    for (size_t i = 0; i < TIMINGS; i++) {
        const struct metric_label label = {"stage", "clarion.stage", timings[i], false};
        tell_histogram(sink, &label, 1, &m->timings[i]);
    }
    metric_tell(sink, &read, (double)counter_read(&m->layers_read));
    metric_tell(sink, &reused, (double)counter_read(&m->layers_reused));
    metric_tell(sink, &bytes, (double)counter_read(&m->bytes));
    metric_tell(sink, &unpacked, (double)counter_read(&m->unpacked));
    sink->metric(sink, &failed);
    for (size_t i = 0; i < REASONS; i++)
        tell_labelled(sink, "reason", "error.type", reasons[i].reason, counter_read(&m->layers_failed[i]));
    sink->metric(sink, &limits);
    for (size_t i = 0; limits_entry(i) != NULL && i < LIMITS_MOST; i++)
        if (counter_read(&m->limits[i]) != 0)
            tell_labelled(sink, "limit", "clarion.limit", limits_entry(i)->name, counter_read(&m->limits[i]));
}

static void write_reports(struct metrics *m, struct metric_sink *sink)
{
    static const struct metric_spec durations = {METRIC_HISTOGRAM, "clarion_report_duration_seconds",
                                                 "clarion.report.duration", "s",
                                                 "How long a vulnerability report took to make."};
    static const struct metric_spec hits = {METRIC_COUNTER, "clarion_report_cache_hits_total",
                                            "clarion.report.cache.hits", "{report}",
                                            "Reports that were finished already."};
    static const struct metric_spec misses = {METRIC_COUNTER, "clarion_report_cache_misses_total",
                                              "clarion.report.cache.misses", "{report}",
                                              "Reports that had to be made."};
    sink->metric(sink, &durations);
    tell_histogram(sink, NULL, 0, &m->reports);
    metric_tell(sink, &hits, (double)counter_read(&m->cache_hits));
    metric_tell(sink, &misses, (double)counter_read(&m->cache_misses));
}

static void write_feed_runs(struct metrics *m, struct metric_sink *sink)
{
    static const struct metric_spec updates = {METRIC_COUNTER, "clarion_feed_updates_total", "clarion.feed.updates",
                                               "{update}", "Runs of a feed, by result."};
    static const struct metric_spec last = {METRIC_GAUGE, "clarion_feed_update_seconds", "clarion.feed.update.last",
                                            "s", "How long the feed's last run took."};
    static const struct metric_spec durations = {METRIC_HISTOGRAM, "clarion_feed_update_duration_seconds",
                                                 "clarion.feed.update.duration", "s",
                                                 "How long the runs of all feeds took."};
    sink->metric(sink, &updates);
    for (size_t i = 0; i < m->feeds_n; i++)
        for (size_t r = 0; r <= RESULTS; r++) {
            uint64_t n = counter_read(&m->feeds[i].by_result[r]);
            const struct metric_label labels[] = {
                {"feed", "clarion.feed", feeds[i]->name, false},
                {"result", "clarion.result", r < RESULTS ? results[r] : "store failed", false}};
            if (n != 0)
                sink->number(sink, labels, 2, (double)n);
        }
    sink->metric(sink, &last);
    for (size_t i = 0; i < m->feeds_n; i++) {
        const struct metric_label label = {"feed", "clarion.feed", feeds[i]->name, false};
        uint64_t nanoseconds = counter_read(&m->feeds[i].nanoseconds);
        if (nanoseconds != 0)
            sink->number(sink, &label, 1, (double)nanoseconds / 1e9);
    }
    sink->metric(sink, &durations);
    tell_histogram(sink, NULL, 0, &m->feed_runs);
}

static void write_db(struct metrics *m, struct metric_sink *sink)
{
    static const char *const kinds[DB_KINDS] = {
        [DB_READ] = "read", [DB_WRITE] = "write", [DB_BEGIN] = "begin", [DB_COMMIT] = "commit"};
    static const struct metric_spec durations = {
        METRIC_HISTOGRAM, "clarion_store_duration_seconds", "clarion.store.duration", "s",
        "Statements of the store, waiting to begin a transaction, and ending it."};
    sink->metric(sink, &durations);
    for (size_t i = 0; i < DB_KINDS; i++) {
        const struct metric_label label = {"kind", "clarion.kind", kinds[i], false};
        tell_histogram(sink, &label, 1, &m->db.kinds[i]);
    }
    static const struct metric_spec trips = {METRIC_COUNTER, "clarion_store_round_trips_total",
                                             "clarion.store.round_trips", "{wait}",
                                             "Times that a database server was waited for."};
    metric_tell(sink, &trips, (double)counter_read(&m->db.trips));
}

static void write_exports(struct metrics *m, struct metric_sink *sink)
{
    static const struct metric_spec sent = {METRIC_COUNTER, "clarion_telemetry_sent_total", "clarion.telemetry.sent",
                                            "{item}", "Spans and values of metrics that the collector took."};
    static const struct metric_spec lost = {METRIC_COUNTER, "clarion_telemetry_lost_total", "clarion.telemetry.lost",
                                            "{item}", "Those that it did not take, or could not be sent in time."};
    sink->metric(sink, &sent);
    for (size_t i = 0; i < EXPORT_SIGNALS; i++)
        tell_labelled(sink, "signal", "clarion.signal", signals[i], counter_read(&m->sent[i]));
    sink->metric(sink, &lost);
    for (size_t i = 0; i < EXPORT_SIGNALS; i++)
        tell_labelled(sink, "signal", "clarion.signal", signals[i], counter_read(&m->lost[i]));
}

void metrics_write(struct metrics *m, const char *scheme, struct metric_sink *sink)
{
    write_answers(m, scheme, sink);
    write_layers(m, sink);
    write_reports(m, sink);
    write_feed_runs(m, sink);
    write_db(m, sink);
    write_exports(m, sink);
}
