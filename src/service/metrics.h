// What the service counts, and its text for Prometheus (text exposition format 0.0.4).
#pragma once

#include "http/server.h"

struct metrics;

// Counts the answers of each of these routes; the table must live as long.
struct metrics *metrics_new(const struct web_route *routes);
void metrics_free(struct metrics **metrics); // NULL is fine

// Safe from several threads. `route` NULL: a path that there is not.
void metrics_answer(struct metrics *metrics, const struct web_route *route, unsigned status, double seconds);

void metrics_write(const struct metrics *metrics, struct buf *out);

// One value; `labels` is "feed=\"debian\"" or empty, `type` "gauge" or "counter". Of a name with several values only
// the first comes with `help`, the others with NULL.
void metric_write(struct buf *out, const char *name, const char *type, const char *help, const char *labels,
                  double value);
