// Prometheus' text exposition format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
#include "telemetry/metric.h"

#include <stdio.h>

static void take_metric(struct metric_sink *base, const struct metric_spec *metric)
{
    struct prometheus_sink *sink = (struct prometheus_sink *)base;
    sink->metric = metric;
    sink->headed = false;
}

static void head(struct prometheus_sink *sink)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    const struct metric_spec *m = sink->metric;
    if (!sink->headed)
        buf_addf(sink->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, types[m->kind]);
    sink->headed = true;
}

static void add_escaped(struct buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            buf_addc(out, '\\');
        if (*value == '\n')
            buf_adds(out, "\\n");
        else
            buf_addc(out, *value);
    }
}

// The labels, with one more for a bucket's bound, which may be NULL.
static void add_labels(struct buf *out, const struct metric_label *labels, size_t n, const char *bound)
{
    char before = '{';
    for (size_t i = 0; i < n; i++) {
        if (labels[i].name == NULL)
            continue;
        buf_addf(out, "%c%s=\"", before, labels[i].name);
        add_escaped(out, labels[i].value);
        buf_addc(out, '"');
        before = ',';
    }
    if (bound != NULL) {
        buf_addf(out, "%cle=\"%s\"", before, bound);
        before = ',';
    }
    if (before == ',')
        buf_addc(out, '}');
}

static void take_number(struct metric_sink *base, const struct metric_label *labels, size_t n, double value)
{
    struct prometheus_sink *sink = (struct prometheus_sink *)base;
    head(sink);
    buf_adds(sink->out, sink->metric->name);
    add_labels(sink->out, labels, n, NULL);
    buf_addf(sink->out, " %.17g\n", value);
}

static void add_part(struct prometheus_sink *sink, const char *part, const struct metric_label *labels, size_t n,
                     const char *bound)
{
    buf_addf(sink->out, "%s%s", sink->metric->name, part);
    add_labels(sink->out, labels, n, bound);
}

// Here a bucket counts all below its bound, those of smaller buckets too.
static void take_histogram(struct metric_sink *base, const struct metric_label *labels, size_t n,
                           const struct histogram_reading *reading)
{
    struct prometheus_sink *sink = (struct prometheus_sink *)base;
    uint64_t sum = 0;
    head(sink);
    for (size_t b = 0; b <= HISTOGRAM_BOUNDS; b++) {
        char bound[32] = "+Inf";
        if (b < HISTOGRAM_BOUNDS)
            snprintf(bound, sizeof bound, "%g", reading->bounds[b]);
        sum += reading->buckets[b];
        add_part(sink, "_bucket", labels, n, bound);
        buf_addf(sink->out, " %llu\n", (unsigned long long)sum);
    }
    add_part(sink, "_sum", labels, n, NULL);
    buf_addf(sink->out, " %.9f\n", reading->sum);
    add_part(sink, "_count", labels, n, NULL);
    buf_addf(sink->out, " %llu\n", (unsigned long long)reading->count);
}

struct prometheus_sink prometheus_sink(struct buf *out)
{
    return (struct prometheus_sink){.base = {take_metric, take_number, take_histogram}, .out = out};
}
