// An output turns a report (or an inventory alone) into bytes. Adding one is one file and its name in
// OUTPUTS.
#pragma once

#include "base/buf.h"
#include "match/report.h"

struct output_options {
    bool only_fixed; // leave out findings without a fix
    bool only_code;  // leave out findings in packages that do not carry the code
    bool show_suppressed;
    bool color;  // the terminal understands colours
    int columns; // of the terminal; 0: no terminal, do not cut
};

struct output {
    const char *name;  // "json"
    const char *title; // for --help
    bool in_a_row;     // reports may stand one behind another in a file, and its readers tell them apart
    // NULL: not for reports. Writes nothing where the format has no valid document without a finding.
    void (*report)(const struct report *report, const struct output_options *options, struct buf *out);
    void (*inventory)(const struct report *report, const struct output_options *options, struct buf *out); // likewise
};

// In the order of --help. The output NAME is `output_NAME`.
// clang-format off
#define OUTPUTS(EACH) \
    EACH(table) EACH(json) EACH(clair) EACH(sarif) EACH(junit) EACH(gitlab) EACH(cyclonedx) EACH(spdx) EACH(openvex) \
    EACH(intoto) EACH(html)
// clang-format on
#define OUTPUT_WORD(name) #name " "
#define OUTPUT_NAMES      OUTPUTS(OUTPUT_WORD) // "table json … "

extern const struct output *const outputs[];
const struct output *output_named(struct slice name);

// True when the options ask for this finding not to be shown.
bool output_leaves_out(const struct output_options *options, const struct report_finding *finding);

// How many of the report's findings they ask not to be shown.
size_t output_left_out(const struct output_options *options, const struct report *report);
