// The table's two halves: the grid of findings (table.c), and the lines below it (table_summary.c).
#pragma once

#include "output/output.h"

#define TABLE_NAMES 8

struct table_counts {
    size_t shown, hidden;                      // findings; hidden by --only-fixed
    size_t fixable, exploited;                 // of those shown
    size_t packages, updates;                  // with findings; with findings that an update fixes
    size_t by_severity[SEVERITY_CRITICAL + 1]; // shown
    struct slice names[TABLE_NAMES];           // of packages to update, those with the worst findings first
    size_t names_n;
};

struct table_counts table_count(const struct report *report, const struct output_options *options);

// What the findings come to, and what could not be judged, in lines for people.
void table_add_summary(struct buf *out, const struct report *report, const struct table_counts *counts);
