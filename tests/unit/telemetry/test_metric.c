// Histograms, and the texts that tell them.
#include "telemetry/metric.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
// cmocka wants the above first
#include <cmocka.h>

static void buckets(void **state)
{
    struct histogram h = {.bounds = histogram_short};
    struct histogram_reading r;
    (void)state;
    histogram_read(&h, &r);
    assert_int_equal(r.count, 0);
    histogram_add(&h, 0);
    histogram_add(&h, 0.0005); // a bound is in its own bucket
    histogram_add(&h, 0.00051);
    histogram_add(&h, 30);
    histogram_add(&h, 30.5);
    histogram_add(&h, 1e6);
    histogram_add(&h, -1); // a clock that was set back
    histogram_add(NULL, 1);
    histogram_read(&h, &r);
    assert_int_equal(r.count, 7);
    assert_int_equal(r.buckets[0], 3);
    assert_int_equal(r.buckets[1], 1);
    assert_int_equal(r.buckets[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(r.buckets[HISTOGRAM_BOUNDS], 2);
    assert_true(r.sum > 1000060.501 && r.sum < 1000060.502);
}

static void bounds_grow(void **state)
{
    const double *const all[] = {histogram_short, histogram_long};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t b = 1; b < HISTOGRAM_BOUNDS; b++)
            assert_true(all[i][b - 1] < all[i][b]);
}

static void *add_many(void *histogram)
{
    for (int i = 0; i < 20000; i++)
        histogram_add(histogram, 0.001 * (i % 40));
    return NULL;
}

// None is lost between threads.
static void threads(void **state)
{
    struct histogram h = {.bounds = histogram_short};
    struct histogram_reading r;
    pthread_t all[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&all[i], NULL, add_many, &h), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(all[i], NULL);
    histogram_read(&h, &r);
    assert_int_equal(r.count, 80000);
    assert_true(r.sum > 1559.9 && r.sum < 1560.1); // 2000 times 0.001 * (0 + 1 + … + 39)
}

static void prometheus(void **state)
{
    static const struct metric_spec counted = {METRIC_COUNTER, "a_total", "a", "1", "What it is."};
    static const struct metric_spec none = {METRIC_GAUGE, "b", "b", "1", "Never told."};
    static const struct metric_spec timed = {METRIC_HISTOGRAM, "c_seconds", "c", "s", "How long."};
    struct buf text BUF_AUTO = {0};
    struct prometheus_sink sink = prometheus_sink(&text);
    struct histogram h = {.bounds = histogram_long};
    struct histogram_reading r;
    const struct metric_label labels[] = {
        {"x", "x", "quote \" back \\ line \n", false}, {NULL, "y", "not here", false}, {"z", NULL, "", false}};
    (void)state;
    sink.base.metric(&sink.base, &counted);
    sink.base.number(&sink.base, labels, 3, 3);
    sink.base.number(&sink.base, NULL, 0, 0.25);
    sink.base.metric(&sink.base, &none);
    sink.base.metric(&sink.base, &timed);
    histogram_add(&h, 0.02);
    histogram_add(&h, 4000);
    histogram_read(&h, &r);
    sink.base.histogram(&sink.base, labels, 1, &r);
    buf_addc(&text, '\0');
    assert_non_null(strstr(text.p, "# HELP a_total What it is.\n# TYPE a_total counter\n"
                                   "a_total{x=\"quote \\\" back \\\\ line \\n\",z=\"\"} 3\na_total 0.25\n"
                                   "# HELP c_seconds How long.\n# TYPE c_seconds histogram\n"));
    assert_non_null(strstr(text.p, "\",le=\"0.005\"} 0\n"));
    assert_non_null(strstr(text.p, "\",le=\"0.025\"} 1\n"));
    assert_non_null(strstr(text.p, "\",le=\"3600\"} 1\n"));
    assert_non_null(strstr(text.p, "\",le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(text.p, "c_seconds_sum{x=\"quote \\\" back \\\\ line \\n\"} 4000.020000000\n"));
    assert_non_null(strstr(text.p, "c_seconds_count{x=\"quote \\\" back \\\\ line \\n\"} 2\n"));
    assert_null(strstr(text.p, "Never told"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets),
        cmocka_unit_test(bounds_grow),
        cmocka_unit_test(threads),
        cmocka_unit_test(prometheus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
