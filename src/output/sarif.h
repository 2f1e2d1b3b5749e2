// The parts of a SARIF document: the run and its results (sarif.c), and its rules (sarif_rules.c).
#pragma once

#include "base/json.h"
#include "output/output.h"

struct sarif_result;

struct sarif_rule {
    const struct report_finding *finding; // the worst of its
    enum severity severity;
};

struct sarif {
    const struct report *report;
    struct arena *a;
    struct sarif_result *results;
    size_t n, left_out;
    struct sarif_rule *rules;
    size_t rules_n;
    struct slice repository;
    yyjson_mut_doc *doc;
};

// Adds {"text": …} as a member. The text must have been made fit for a message where foreign text is in one.
void sarif_add_message(struct sarif *s, yyjson_mut_val *object, const char *key, struct slice text);

// "error", "warning", "note".
const char *sarif_level(enum severity severity);

void sarif_add_rule(struct sarif *s, yyjson_mut_val *list, const struct sarif_rule *rule);
