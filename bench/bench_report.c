// How long a report takes inside the process: bench_report DATA DIGEST. Prints one line of JSON.
#include "base/clock.h"
#include "match/report.h"
#include "output/output.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#define SECONDS 2.0

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool once(struct stored_image *image, const struct generation *g, struct report_segments *segments,
                 struct report *report, struct arena *a, struct buf *json, struct error *err)
{
    static const struct output_options plain;
    if (!report_make(image, g, segments, clock_now(), a, report, err))
        return false;
    output_named(SLICE("clair"))->report(report, &plain, json);
    return true;
}

static bool measure(struct store *store, struct slice prefix, struct error *err)
{
    struct arena keep ARENA_AUTO = {0};
    struct digest digest;
    struct stored_image image;
    struct generation g;
    size_t n;
    bool found;
    if (!store_image_find(store, prefix, &digest, 1, &n, err) || n == 0 ||
        !store_image_get(store, &digest, NULL, &keep, &image, &found, err) || !store_generation(store, &keep, &g, err))
        return false;
    struct report_segments *segments = report_segments_open(store, &g);
    static double times[1000000];
    size_t runs = 0, findings = 0, bytes = 0;
    double start = clock_monotonic(), before = start;
    while (before - start < SECONDS && runs < sizeof times / sizeof times[0]) {
        struct arena a ARENA_AUTO = {0};
        struct buf json BUF_AUTO = {0};
        struct report report;
        if (!once(&image, &g, segments, &report, &a, &json, err))
            return false;
        double now = clock_monotonic();
        times[runs++] = now - before;
        before = now;
        findings = report.findings_n;
        bytes = json.n;
    }
    qsort(times, runs, sizeof times[0], by_value);
    printf("{\"packages\":%zu,\"findings\":%zu,\"bytes\":%zu,\"runs\":%zu,\"p50_ms\":%.4f,\"p99_ms\":%.4f}\n",
           image.inventory.packages_n, findings, bytes, runs, 1e3 * times[runs / 2], 1e3 * times[runs * 99 / 100]);
    report_segments_close(&segments);
    return true;
}

int main(int argc, char **argv)
{
    struct store_home home STORE_HOME_AUTO = {0};
    struct store store STORE_AUTO = {0};
    struct error err = {0};
    const char *server = getenv("CLARION_DB");
    if (argc != 3) {
        fprintf(stderr, "usage: bench_report DATA DIGEST\n");
        return 2;
    }
    if (store_home_make(argv[1], slice_str(server != NULL ? server : ""), 0, &home, &err) &&
        store_open(&home, &store, &err) && measure(&store, slice_str(argv[2]), &err))
        return 0;
    fprintf(stderr, "bench_report: %s\n", err.text);
    return 3;
}
