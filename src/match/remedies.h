// The updates that fix the most: the shortest list of package updates that closes all findings that have a fix.
//
// What was built from one source package is updated together, so it is one update. A package without a source of
// another name (a language's, mostly) is updated by itself, wherever in the image it is: one update for each version of
// it that is installed.
#pragma once

#include "match/report.h"

// A package that an update concerns.
struct remedy_package {
    size_t package;    // index into inventory.packages
    struct slice from; // installed: the source's version where the fixes are given in those, else the package's own
    struct slice to;   // the lowest version that closes all of its findings that have a fix
};

struct remedy {
    struct slice kind;
    struct slice name; // of the source package, which is the package's own where it has no other
    struct slice from; // what all the packages have installed; empty: they differ, and each has its own
    struct slice to;   // likewise: where they all have to go
    const struct remedy_package *packages;
    size_t packages_n;
    size_t findings; // that it closes
    size_t by_severity[SEVERITY_CRITICAL + 1];
    size_t exploited; // of them known to be exploited
};

struct remedies {
    struct remedy *v; // ordered by what they close: more of the worst severity first; then by name, kind and version
    size_t n, cap;
    size_t fixable;                             // findings that they close, all together
    size_t unfixable;                           // findings without a fix
    size_t unfixable_of[SEVERITY_CRITICAL + 1]; // those by severity
};

// Which findings count; `context` is the caller's.
typedef bool remedies_counts_fn(const void *context, const struct report_finding *finding);

// The updates for those of report->findings that count (`counts` NULL: all), in the arena; texts are the report's.
// Takes n log n for n findings.
struct remedies report_remedies(const struct report *report, remedies_counts_fn *counts, const void *context,
                                struct arena *a);
