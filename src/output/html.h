// The parts of the page: its frame, summary and updates (html.c), what was found (html_findings.c), and what the report
// was made of (html_sources.c).
#pragma once

#include "output/output.h"

struct html_report {
    const struct report *report;
    const struct output_options *options;
    struct arena *a;
    struct buf *out;
};

extern const char report_style[]; // report.css
extern const size_t report_style_n;

// Foreign text as text of an element.
void html_report_text(struct html_report *h, struct slice text);

// A table's cell; "-" for an empty one. `class` is ours.
void html_report_cell(struct html_report *h, const char *class, struct slice text);

// A heading, which links of the page lead to, and the head of a table; html_report_end_table closes it.
void html_report_heading(struct html_report *h, const char *id, const char *title, size_t n);
void html_report_begin_table(struct html_report *h, const char *const *columns, size_t n);
void html_report_end_table(struct html_report *h);

// A link where the text is an http or https URL, else the text.
void html_report_link(struct html_report *h, struct slice url, struct slice text);

// "Critical", in its colour.
void html_report_severity(struct html_report *h, enum severity severity);

void html_report_findings(struct html_report *h);     // those that are shown, a table for each severity
void html_report_suppressed(struct html_report *h);   // by VEX and ignore rules, and why
void html_report_undetermined(struct html_report *h); // of which the feeds do not know yet
void html_report_coverage(struct html_report *h);     // what could not be judged or read
void html_report_layers(struct html_report *h);
void html_report_feeds(struct html_report *h);
