// --fail-on: which findings make a scan fail.
#pragma once

#include "match/report.h"

#define GATE_SCORES 8 // conditions of one sort

// At least one condition; a finding that meets any of them fails.
struct gate {
    bool by_severity, by_kev;
    enum severity least; // with by_severity
    struct gate_score {
        int64_t bound; // of CVSS in tenths, of EPSS in millionths
        bool at_bound; // the bound itself fails, too
    } cvss[GATE_SCORES], epss[GATE_SCORES];
    size_t cvss_n, epss_n;
};

// Reads "high,kev,epss>0.5,cvss>=9". ERR_USAGE, which says what is right, for anything else.
bool gate_parse(struct slice text, struct gate *out, struct error *err);

bool gate_is_met(const struct gate *gate, const struct report_finding *finding);

// The feed that a condition needs and that is not loaded, of the report's; NULL when all are there.
const struct report_feed *gate_lacks(const struct gate *gate, const struct report *report);
