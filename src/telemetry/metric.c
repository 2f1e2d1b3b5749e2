#include "telemetry/metric.h"

const double histogram_short[HISTOGRAM_BOUNDS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                  0.1,    0.25,  0.5,    1,     5,    10,    30};
const double histogram_long[HISTOGRAM_BOUNDS] = {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600};

void histogram_add(struct histogram *h, double seconds)
{
    size_t b = 0;
    if (h == NULL)
        return;
    while (b < HISTOGRAM_BOUNDS && seconds > h->bounds[b])
        b++;
    counter_add(&h->buckets[b], 1);
    counter_add(&h->nanoseconds, seconds > 0 ? (uint64_t)(seconds * 1e9) : 0);
}

void histogram_read(const struct histogram *h, struct histogram_reading *reading)
{
    *reading = (struct histogram_reading){.bounds = h->bounds, .sum = (double)counter_read(&h->nanoseconds) / 1e9};
    for (size_t b = 0; b <= HISTOGRAM_BOUNDS; b++) {
        reading->buckets[b] = counter_read(&h->buckets[b]);
        reading->count += reading->buckets[b];
    }
}

void metric_tell(struct metric_sink *sink, const struct metric_spec *metric, double value)
{
    sink->metric(sink, metric);
    sink->number(sink, NULL, 0, value);
}
