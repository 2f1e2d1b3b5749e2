// The table's two halves: the grid of findings (table.c), and the lines below it (table_summary.c).
#pragma once

#include "output/output.h"

struct table_counts {
    size_t shown, hidden;                      // findings; hidden by --only-fixed
    size_t codeless, codeless_hidden;          // in packages without the code: shown, and hidden by --only-code
    size_t development;                        // shown, in packages of development files
    size_t exploited;                          // of those shown
    size_t packages;                           // with findings
    size_t by_severity[SEVERITY_CRITICAL + 1]; // shown
};

struct table_counts table_count(const struct report *report, const struct output_options *options);

// What marks the name of a package that does not carry the code, or that is for developing: " *", " +", "".
const char *table_code_mark(const struct report_finding *finding);

// What is marked, and what is left out for its sake.
void table_add_code(struct buf *out, const struct table_counts *counts);

// How many findings VEX and ignore rules suppress; with `list` also which, and what they say.
void table_add_suppressed(struct buf *out, const struct report *report, bool list);

// What the findings come to, and what could not be judged, in lines for people.
void table_add_summary(struct buf *out, const struct report *report, const struct table_counts *counts,
                       const struct output_options *options);
