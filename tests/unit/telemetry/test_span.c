// Spans, the queue that they wait in, and OTLP's JSON of both signals.
#include "telemetry/otlp_json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"

static struct tracer *new_tracer(struct limits *limits, double probability, bool all)
{
    *limits = limits_default();
    return tracer_new(&(struct tracer_options){.limits = limits, .probability = probability, .all = all});
}

// Nothing is made where nobody wants it.
static void off(void **state)
{
    struct limits limits;
    struct tracer *t = new_tracer(&limits, 0, false);
    (void)state;
    struct span *s = span_root(NULL, SPAN_INTERNAL, "a");
    assert_null(s);
    assert_null(span_remote(NULL, "a", SLICE(PARENT "01"), SLICE("")));
    assert_null(span_child(NULL, SPAN_INTERNAL, "a"));
    span_name(s, SLICE("b"));
    span_text(s, "k", SLICE("v"));
    span_number(s, "k", 1);
    span_fail(s, SLICE("why"));
    span_log(s);
    span_end(&s);
    assert_null(span_root(t, SPAN_INTERNAL, "a"));
    assert_null(span_remote(t, "a", SLICE(PARENT "00"), SLICE("")));
    assert_int_equal(tracer_load(t).ended, 0);
    assert_null(tracer_take(t, 10, 0));
    tracer_free(&t);
    assert_int_equal(tracer_load(NULL).queued, 0);
}

static void sampling(void **state)
{
    struct limits limits;
    struct tracer *t = new_tracer(&limits, 0.25, false);
    size_t sampled = 0;
    (void)state;
    for (size_t i = 0; i < 4000; i++) {
        struct span *s = span_root(t, SPAN_INTERNAL, "a");
        sampled += s != NULL;
        span_end(&s);
    }
    assert_in_range(sampled, 800, 1200); // seven standard deviations
    struct span *s = span_remote(t, "a", SLICE(PARENT "01"), SLICE("not valid"));
    assert_string_equal(s->trace_text, "0af7651916cd43dd8448eb211c80319c");
    assert_memory_equal(s->parent, "\xb7\xad\x6b\x71\x69\x20\x33\x31", 8);
    assert_true(s->has_parent && s->remote && s->state == NULL);
    span_end(&s);
    tracer_free(&t);
    t = new_tracer(&limits, 1, false);
    assert_null(span_remote(t, "a", SLICE(PARENT "00"), SLICE("")));
    s = span_remote(t, "a", SLICE("rubbish"), SLICE("a=1"));
    assert_true(s != NULL && !s->has_parent && s->state == NULL);
    span_end(&s);
    tracer_free(&t);
    t = new_tracer(&limits, 0, true);
    s = span_remote(t, "a", SLICE(PARENT "00"), SLICE("a=1"));
    assert_true(s != NULL && s->state != NULL && strcmp(s->state, "a=1") == 0);
    span_end(&s);
    tracer_free(&t);
}

static void queue(void **state)
{
    struct limits limits;
    struct tracer *t = new_tracer(&limits, 1, false);
    (void)state;
    limits.span_queue = 5;
    for (size_t i = 0; i < 8; i++) {
        struct span *s = span_root(t, SPAN_INTERNAL, i == 0 ? "first" : "other");
        span_end(&s);
    }
    struct tracer_load load = tracer_load(t);
    assert_int_equal(load.queued, 5);
    assert_int_equal(load.ended, 8);
    assert_int_equal(load.dropped, 3);
    struct span *two = tracer_take(t, 2, 0);
    assert_true(slice_eq(span_slice(two, two->name), SLICE("first")));
    assert_true(two->next != NULL && two->next->next == NULL);
    spans_free(two);
    assert_int_equal(tracer_load(t).queued, 3);
    tracer_stop(t);
    struct span *rest = tracer_take(t, 100, 3600); // does not wait any more
    assert_non_null(rest);
    spans_free(rest);
    assert_null(tracer_take(t, 100, 3600));
    struct span *late = span_root(t, SPAN_INTERNAL, "late");
    span_end(&late);
    tracer_free(&t); // with what is left in it
}

static void *end_many(void *parent)
{
    for (int i = 0; i < 500; i++) {
        struct span *s = span_child(parent, SPAN_INTERNAL, "child");
        span_number(s, "i", i);
        span_end(&s);
    }
    return NULL;
}

static void threads(void **state)
{
    struct limits limits;
    struct tracer *t = new_tracer(&limits, 1, false);
    pthread_t all[4];
    size_t taken = 0;
    (void)state;
    limits.span_queue = 100000;
    struct span *parent = span_root(t, SPAN_INTERNAL, "parent");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&all[i], NULL, end_many, parent), 0);
    while (taken < 2000) {
        struct span *spans = tracer_take(t, 64, 0.05);
        for (const struct span *s = spans; s != NULL; s = s->next) {
            assert_memory_equal(s->parent, parent->context.span_id, SPAN_ID_BYTES);
            taken++;
        }
        spans_free(spans);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(all[i], NULL);
    span_end(&parent);
    tracer_free(&t);
    assert_int_equal(taken, 2000);
}

static yyjson_val *first(yyjson_val *object, const char *key)
{
    return yyjson_arr_get_first(yyjson_obj_get(object, key));
}

static void spans_as_json(void **state)
{
    static const struct otlp_resource resource = {"instance", "combo"};
    struct limits limits;
    struct tracer *t = new_tracer(&limits, 1, false);
    struct buf text BUF_AUTO = {0};
    struct error err;
    char large[3000];
    (void)state;
    memset(large, 'x', sizeof large);
    struct span *s = span_remote(t, "name", SLICE(PARENT "01"), SLICE("a=1"));
    span_text(s, "hostile", SLICE("\xff\"\\\n\x1b[31m\0z"));
    span_text(s, "large", slice_of(large, sizeof large));
    span_number(s, "least", INT64_MIN);
    for (size_t i = 0; i < SPAN_ATTRIBUTES; i++)
        span_number(s, "more", 1);
    span_fail(s, SLICE("broken"));
    span_end(&s);
    struct span *spans = tracer_take(t, 1, 0);
    otlp_spans_write(spans, &resource, &text);
    yyjson_doc *doc JSON_AUTO = json_parse(buf_slice(&text), &err);
    assert_non_null(doc);
    yyjson_val *of = first(yyjson_doc_get_root(doc), "resourceSpans");
    yyjson_val *span = first(first(of, "scopeSpans"), "spans");
    assert_true(slice_eq(json_str(span, "traceId"), SLICE("0af7651916cd43dd8448eb211c80319c")));
    assert_true(slice_eq(json_str(span, "parentSpanId"), SLICE("b7ad6b7169203331")));
    assert_int_equal(json_str(span, "spanId").n, 16);
    assert_true(slice_eq(json_str(span, "traceState"), SLICE("a=1")));
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(span, "flags")), 0x301);
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(span, "kind")), 2);
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(span, "droppedAttributesCount")), 3);
    yyjson_val *attributes = yyjson_obj_get(span, "attributes");
    assert_int_equal(yyjson_arr_size(attributes), SPAN_ATTRIBUTES);
    struct slice hostile = json_str(yyjson_obj_get(yyjson_arr_get(attributes, 0), "value"), "stringValue");
    assert_true(slice_eq(hostile, SLICE("\xef\xbf\xbd\"\\\n\x1b[31m\xef\xbf\xbdz")));
    assert_int_equal(json_str(yyjson_obj_get(yyjson_arr_get(attributes, 1), "value"), "stringValue").n,
                     limits.span_text_bytes);
    assert_true(slice_eq(json_str(yyjson_obj_get(yyjson_arr_get(attributes, 2), "value"), "intValue"),
                         SLICE("-9223372036854775808")));
    yyjson_val *status = yyjson_obj_get(span, "status");
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(status, "code")), 2);
    assert_true(slice_eq(json_str(status, "message"), SLICE("broken")));
    spans_free(spans);
    tracer_free(&t);
}

static void metrics_as_json(void **state)
{
    static const struct otlp_resource resource = {"instance", "combo"};
    static const struct metric_spec counted = {METRIC_COUNTER, "a_total", "a", "{thing}", "What it is."};
    static const struct metric_spec timed = {METRIC_HISTOGRAM, "c_seconds", "c", "s", "How long."};
    const struct metric_label labels[] = {
        {"code", "status", "200", true}, {"code", "status", "other", true}, {"x", NULL, "not here", false}};
    struct otlp_sink sink = otlp_sink(&resource, 17);
    struct histogram h = {.bounds = histogram_short};
    struct histogram_reading r;
    struct buf text BUF_AUTO = {0};
    struct error err;
    (void)state;
    sink.base.metric(&sink.base, &counted);
    sink.base.number(&sink.base, labels, 3, 2.5);
    histogram_add(&h, 100);
    histogram_read(&h, &r);
    sink.base.metric(&sink.base, &timed);
    sink.base.histogram(&sink.base, NULL, 0, &r);
    assert_int_equal(sink.points_n, 2);
    otlp_sink_write(&sink, &text);
    yyjson_doc *doc JSON_AUTO = json_parse(buf_slice(&text), &err);
    yyjson_val *of = first(yyjson_doc_get_root(doc), "resourceMetrics");
    yyjson_val *metrics = yyjson_obj_get(first(of, "scopeMetrics"), "metrics");
    yyjson_val *sum = yyjson_obj_get(yyjson_arr_get(metrics, 0), "sum");
    assert_true(yyjson_get_bool(yyjson_obj_get(sum, "isMonotonic")));
    assert_int_equal(yyjson_get_uint(yyjson_obj_get(sum, "aggregationTemporality")), 2);
    yyjson_val *point = first(sum, "dataPoints"), *attributes = yyjson_obj_get(point, "attributes");
    assert_true(slice_eq(json_str(point, "startTimeUnixNano"), SLICE("17")));
    assert_int_equal(yyjson_arr_size(attributes), 2);
    assert_true(slice_eq(json_str(yyjson_obj_get(yyjson_arr_get(attributes, 0), "value"), "intValue"), SLICE("200")));
    assert_true(
        slice_eq(json_str(yyjson_obj_get(yyjson_arr_get(attributes, 1), "value"), "stringValue"), SLICE("other")));
    point = first(yyjson_obj_get(yyjson_arr_get(metrics, 1), "histogram"), "dataPoints");
    assert_true(slice_eq(json_str(point, "count"), SLICE("1")));
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(point, "bucketCounts")), HISTOGRAM_BOUNDS + 1);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(point, "explicitBounds")), HISTOGRAM_BOUNDS);
    assert_true(slice_eq(json_val_str(yyjson_arr_get_last(yyjson_obj_get(point, "bucketCounts"))), SLICE("1")));
}

static void partial_success(void **state)
{
    static const struct {
        const char *answer, *text;
        uint64_t rejected;
    } cases[] = {
        {"{}", "", 0},
        {"", "", 0},
        {"[", "", 0},
        {"{\"partialSuccess\":{}}", "", 0},
        {"{\"partialSuccess\":null}", "", 0},
        {"{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"why\"}}", "why", 3},
        {"{\"partialSuccess\":{\"rejectedDataPoints\":4}}", "", 4},
        {"{\"partialSuccess\":{\"rejectedSpans\":-1}}", "", 0},
        {"{\"partialSuccess\":{\"errorMessage\":\"a warning\"}}", "a warning", 0},
        {"{\"partialSuccess\":{\"rejectedSpans\":\"99999999999999999999\"}}", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a ARENA_AUTO = {0};
        uint64_t rejected;
        struct slice text;
        bool told = otlp_partial(slice_str(cases[i].answer), &a, &rejected, &text);
        assert_int_equal(rejected, cases[i].rejected);
        assert_true(slice_eq(text, slice_str(cases[i].text)));
        assert_int_equal(told, cases[i].rejected != 0 || cases[i].text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off),
        cmocka_unit_test(sampling),
        cmocka_unit_test(queue),
        cmocka_unit_test(threads),
        cmocka_unit_test(spans_as_json),
        cmocka_unit_test(metrics_as_json),
        cmocka_unit_test(partial_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
