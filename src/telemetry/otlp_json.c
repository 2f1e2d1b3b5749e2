#include "telemetry/otlp_json.h"

#include "base/clock.h"

#include <stdio.h>

#define CUMULATIVE 2 // AGGREGATION_TEMPORALITY_CUMULATIVE

// SpanFlags: bit 8 says that bit 9 means something, bit 9 that the parent is another process's.
#define FLAG_REMOTE_KNOWN 0x100
#define FLAG_REMOTE       0x200

// ---- parts of both --------------------------------------------------------------------------------------------------

static void add_u64(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    json_add_str(doc, object, key, slice_of(text, (size_t)n));
}

static yyjson_mut_val *add_key(yyjson_mut_doc *doc, yyjson_mut_val *attributes, const char *key)
{
    yyjson_mut_val *pair = yyjson_mut_arr_add_obj(doc, attributes);
    json_add_str(doc, pair, "key", slice_str(key));
    return json_add_obj(doc, pair, "value");
}

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *attributes, const char *key, struct slice value)
{
    json_add_str(doc, add_key(doc, attributes, key), "stringValue", value);
}

static void add_number(yyjson_mut_doc *doc, yyjson_mut_val *attributes, const char *key, int64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)value);
    json_add_str(doc, add_key(doc, attributes, key), "intValue", slice_of(text, (size_t)n));
}

// "resourceSpans": [{"resource": …, "scopeSpans": [{"scope": …, "spans": […]}]}], or the same of metrics. Gives the
// innermost array.
static yyjson_mut_val *begin(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct otlp_resource *resource,
                             const char *outer, const char *scopes, const char *inner)
{
    yyjson_mut_val *whole = yyjson_mut_arr_add_obj(doc, json_add_arr(doc, root, outer));
    yyjson_mut_val *attributes = json_add_arr(doc, json_add_obj(doc, whole, "resource"), "attributes");
    add_text(doc, attributes, "service.name", SLICE("clarion"));
    add_text(doc, attributes, "service.version", SLICE(CLARION_VERSION));
    add_text(doc, attributes, "service.instance.id", slice_str(resource->instance));
    add_text(doc, attributes, "clarion.mode", slice_str(resource->role));
    yyjson_mut_val *scope = yyjson_mut_arr_add_obj(doc, json_add_arr(doc, whole, scopes));
    yyjson_mut_val *library = json_add_obj(doc, scope, "scope");
    json_add_str(doc, library, "name", SLICE("clarion"));
    json_add_str(doc, library, "version", SLICE(CLARION_VERSION));
    return json_add_arr(doc, scope, inner);
}

// ---- spans ----------------------------------------------------------------------------------------------------------

static void add_parent(yyjson_mut_doc *doc, yyjson_mut_val *out, const struct span *s)
{
    char text[2 * SPAN_ID_BYTES + 1];
    for (size_t i = 0; i < SPAN_ID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", s->parent[i]);
    json_add_str(doc, out, "parentSpanId", slice_str(text));
}

static void add_span(yyjson_mut_doc *doc, yyjson_mut_val *spans, const struct span *s)
{
    yyjson_mut_val *out = yyjson_mut_arr_add_obj(doc, spans);
    json_add_str(doc, out, "traceId", slice_str(s->trace_text));
    json_add_str(doc, out, "spanId", slice_str(s->span_text));
    json_add_str_if(doc, out, "traceState", slice_str(s->state));
    if (s->has_parent)
        add_parent(doc, out, s);
    yyjson_mut_obj_add_uint(doc, out, "flags",
                            s->context.flags | FLAG_REMOTE_KNOWN | (s->remote ? (unsigned)FLAG_REMOTE : 0));
    json_add_str(doc, out, "name", span_slice(s, s->name));
    yyjson_mut_obj_add_uint(doc, out, "kind", s->kind);
    add_u64(doc, out, "startTimeUnixNano", s->start);
    add_u64(doc, out, "endTimeUnixNano", s->end);
    yyjson_mut_val *attributes = json_add_arr(doc, out, "attributes");
    for (size_t i = 0; i < s->attributes_n; i++) {
        const struct span_attribute *a = &s->attributes[i];
        if (a->is_number)
            add_number(doc, attributes, a->key, a->number);
        else
            add_text(doc, attributes, a->key, span_slice(s, a->text));
    }
    if (s->attributes_lost != 0)
        yyjson_mut_obj_add_uint(doc, out, "droppedAttributesCount", s->attributes_lost);
    yyjson_mut_val *status = json_add_obj(doc, out, "status");
    if (!s->failed)
        return;
    yyjson_mut_obj_add_uint(doc, status, "code", 2); // STATUS_CODE_ERROR
    json_add_str_if(doc, status, "message", span_slice(s, s->problem));
}

void otlp_spans_write(const struct span *spans, const struct otlp_resource *resource, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    yyjson_mut_val *list = begin(doc, root, resource, "resourceSpans", "scopeSpans", "spans");
    for (const struct span *s = spans; s != NULL; s = s->next)
        add_span(doc, list, s);
    json_write(doc, false, out);
}

// ---- metrics --------------------------------------------------------------------------------------------------------

static void take_metric(struct metric_sink *base, const struct metric_spec *metric)
{
    struct otlp_sink *sink = (struct otlp_sink *)base;
    sink->metric = metric;
    sink->points = NULL;
}

static void head(struct otlp_sink *sink)
{
    static const char *const kinds[] = {"sum", "gauge", "histogram"};
    const struct metric_spec *m = sink->metric;
    if (sink->points != NULL)
        return;
    yyjson_mut_val *out = yyjson_mut_arr_add_obj(sink->doc, sink->metrics);
    json_add_str(sink->doc, out, "name", slice_str(m->otlp));
    json_add_str(sink->doc, out, "description", slice_str(m->help));
    json_add_str(sink->doc, out, "unit", slice_str(m->unit));
    yyjson_mut_val *data = json_add_obj(sink->doc, out, kinds[m->kind]);
    if (m->kind != METRIC_GAUGE)
        yyjson_mut_obj_add_uint(sink->doc, data, "aggregationTemporality", CUMULATIVE);
    if (m->kind == METRIC_COUNTER)
        yyjson_mut_obj_add_bool(sink->doc, data, "isMonotonic", true);
    sink->points = json_add_arr(sink->doc, data, "dataPoints");
}

static yyjson_mut_val *add_point(struct otlp_sink *sink, const struct metric_label *labels, size_t n)
{
    head(sink);
    sink->points_n++;
    yyjson_mut_val *point = yyjson_mut_arr_add_obj(sink->doc, sink->points);
    yyjson_mut_val *attributes = json_add_arr(sink->doc, point, "attributes");
    for (size_t i = 0; i < n; i++) {
        uint64_t number;
        struct slice value = slice_str(labels[i].value);
        if (labels[i].attribute == NULL)
            continue;
        if (labels[i].is_number && slice_to_u64(value, &number))
            add_number(sink->doc, attributes, labels[i].attribute, (int64_t)number);
        else
            add_text(sink->doc, attributes, labels[i].attribute, value);
    }
    if (sink->metric->kind != METRIC_GAUGE)
        add_u64(sink->doc, point, "startTimeUnixNano", sink->started);
    add_u64(sink->doc, point, "timeUnixNano", sink->now);
    return point;
}

static void take_number(struct metric_sink *base, const struct metric_label *labels, size_t n, double value)
{
    struct otlp_sink *sink = (struct otlp_sink *)base;
    yyjson_mut_obj_add_real(sink->doc, add_point(sink, labels, n), "asDouble", value);
}

static void take_histogram(struct metric_sink *base, const struct metric_label *labels, size_t n,
                           const struct histogram_reading *reading)
{
    struct otlp_sink *sink = (struct otlp_sink *)base;
    yyjson_mut_val *point = add_point(sink, labels, n);
    add_u64(sink->doc, point, "count", reading->count);
    yyjson_mut_obj_add_real(sink->doc, point, "sum", reading->sum);
    yyjson_mut_val *buckets = json_add_arr(sink->doc, point, "bucketCounts");
    yyjson_mut_val *bounds = json_add_arr(sink->doc, point, "explicitBounds");
    for (size_t b = 0; b <= HISTOGRAM_BOUNDS; b++) {
        char text[24];
        int length = snprintf(text, sizeof text, "%llu", (unsigned long long)reading->buckets[b]);
        json_arr_add_str(sink->doc, buckets, slice_of(text, (size_t)length));
        if (b < HISTOGRAM_BOUNDS)
            yyjson_mut_arr_add_real(sink->doc, bounds, reading->bounds[b]);
    }
}

struct otlp_sink otlp_sink(const struct otlp_resource *resource, uint64_t started)
{
    yyjson_mut_val *root;
    struct otlp_sink sink = {.base = {take_metric, take_number, take_histogram}, .started = started};
    sink.doc = json_new(&root);
    sink.now = clock_nanoseconds();
    sink.metrics = begin(sink.doc, root, resource, "resourceMetrics", "scopeMetrics", "metrics");
    return sink;
}

void otlp_sink_write(struct otlp_sink *sink, struct buf *out)
{
    json_write(sink->doc, false, out);
    json_mut_free(&sink->doc);
}

// ---- answers --------------------------------------------------------------------------------------------------------

bool otlp_partial(struct slice answer, struct arena *a, uint64_t *rejected, struct slice *text)
{
    struct error ignored;
    *rejected = 0;
    *text = SLICE("");
    yyjson_doc *doc JSON_AUTO = answer.n != 0 ? json_parse(answer, &ignored) : NULL;
    yyjson_val *partial = doc != NULL ? json_last(yyjson_doc_get_root(doc), "partialSuccess") : NULL;
    yyjson_val *count = json_last(partial, "rejectedSpans");
    if (count == NULL)
        count = json_last(partial, "rejectedDataPoints");
    if (yyjson_is_uint(count))
        *rejected = yyjson_get_uint(count);
    else
        slice_to_u64(json_val_str(count), rejected);
    *text = arena_dup(a, json_val_str(json_last(partial, "errorMessage")));
    return *rejected != 0 || text->n != 0;
}
