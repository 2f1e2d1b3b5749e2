// The parts of the page: its frame, summary and updates (html.c), what was found (html_findings.c), and what the report
// was made of (html_sources.c).
#pragma once

#include "output/output.h"

struct html {
    const struct report *report;
    const struct output_options *options;
    struct arena *a;
    struct buf *out;
};

// Foreign text as text of an element.
void html_text(struct html *h, struct slice text);

// A table's cell; "-" for an empty one. `class` is ours.
void html_cell(struct html *h, const char *class, struct slice text);

// A heading, which links of the page lead to, and the head of a table; html_end_table closes it.
void html_heading(struct html *h, const char *id, const char *title, size_t n);
void html_begin_table(struct html *h, const char *const *columns, size_t n);
void html_end_table(struct html *h);

// A link where the text is an http or https URL, else the text.
void html_link(struct html *h, struct slice url, struct slice text);

// "Critical", in its colour.
void html_severity(struct html *h, enum severity severity);

void html_findings(struct html *h);     // those that are shown, a table for each severity
void html_suppressed(struct html *h);   // by VEX and ignore rules, and why
void html_undetermined(struct html *h); // of which the feeds do not know yet
void html_coverage(struct html *h);     // what could not be judged or read
void html_layers(struct html *h);
void html_feeds(struct html *h);
