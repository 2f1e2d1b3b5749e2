// What cvss.c asks of each version: its metrics as a table, and its equations.
#pragma once

#include "enrich/cvss.h"

enum cvss_group {
    CVSS_BASE,
    CVSS_TEMPORAL, // called Threat in version 4.0
    CVSS_ENVIRONMENTAL,
    CVSS_SUPPLEMENTAL // of version 4.0, in no score
};

// The number that the equations take for a value: thousandths in version 2 and 3; in version 4.0, steps down from the
// most severe value.
struct cvss_value {
    const char *name;
    int weight;
};

#define CVSS_VALUES 7

// The values end with one that has no name. An optional metric's first is "not defined".
struct cvss_metric {
    const char *name;
    enum cvss_group group;
    struct cvss_value values[CVSS_VALUES];
};

struct cvss_scheme {
    const char *version;
    struct slice prefix; // with which vectors begin; empty in version 2
    const struct cvss_metric *metrics;
    size_t metrics_n;
    int (*base_score)(const struct cvss *c);
    int (*score)(const struct cvss *c);
};

extern const struct cvss_scheme cvss_v2, cvss_v3_0, cvss_v3_1, cvss_v4;

const struct cvss_scheme *cvss_scheme_of(const struct cvss *c);

// Of the value that the vector gives a metric.
int cvss_weight(const struct cvss *c, size_t metric);

// Is any metric of the group defined?
bool cvss_defines(const struct cvss *c, enum cvss_group group);

// ---- decimal fractions ----------------------------------------------------------------------------------------------

// In units of 10^-18. No value of the equations of version 2 and 3 is over 13, so a product fits 128 bits. What a
// product loses is less than one unit, and nothing while factors have 18 decimal places together: that is all of the
// equations but the powers for a changed scope and, in version 2, the last factor, after which a tie is still seen.
typedef __int128 decimal;

#define DECIMAL_ONE ((decimal)1000000000000000000)

// decimal_of(1041, 2) is 10.41.
static inline decimal decimal_of(int digits, int places)
{
    decimal d = digits * DECIMAL_ONE;
    for (int i = 0; i < places; i++)
        d /= 10;
    return d;
}

static inline decimal decimal_times(decimal a, decimal b)
{
    return a * b / DECIMAL_ONE;
}

static inline decimal decimal_weight(const struct cvss *c, size_t metric)
{
    return decimal_of(cvss_weight(c, metric), 3);
}
