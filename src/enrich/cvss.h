// CVSS vectors and the scores that they stand for.
//
// Sources, all by FIRST: "A Complete Guide to the Common Vulnerability Scoring System Version 2.0", and the
// specification documents of version 3.0, 3.1 and 4.0. NVD's "Vulnerability Metrics" page for the levels of version 2,
// whose document has none.
//
// Scores are whole tenths, 0 to 100, computed without floating point: every metric's weight is a decimal fraction, so
// what the equations say can be had to the last digit.
#pragma once

#include "base/error.h"

enum cvss_version { CVSS_2_0, CVSS_3_0, CVSS_3_1, CVSS_4_0 };

enum cvss_severity {
    CVSS_NONE, // not in version 2, where 0 is Low
    CVSS_LOW,
    CVSS_MEDIUM,
    CVSS_HIGH,
    CVSS_CRITICAL // not in version 2, where 10 is High
};

#define CVSS_METRICS 32 // of version 4.0, which has most

// Which value each metric has, by the positions in the tables of its version. All metrics that are not Base are
// optional; 0 is "not defined" of such a one, written or left out.
struct cvss {
    enum cvss_version version;
    uint8_t values[CVSS_METRICS];
};

// Reads a vector: "AV:N/AC:L/Au:N/C:N/I:N/A:C" with or without parentheses around it, or one that begins with
// "CVSS:3.0/", "CVSS:3.1/" or "CVSS:4.0/". All Base metrics must be there, no metric twice, all in the letters that the
// documents give them. Any order is taken: version 3 demands that of readers; version 2 and 4.0 give one, but 4.0's was
// changed after it was published, and no meaning hangs on it.
//
// ERR_UNSUPPORTED: another version. ERR_FORMAT: no vector; the text says at which byte, and what is expected there.
bool cvss_parse(struct slice vector, struct cvss *out, struct error *err);

// The score of all that the vector says. Version 2 and 3: the Environmental score where a metric of that group is
// defined, else the Temporal score where one of that is, else the Base score. Version 4.0 has one score (CVSS-BTE).
int cvss_score(const struct cvss *c);

// The score of the Base metrics alone.
int cvss_base_score(const struct cvss *c);

// The qualitative rating of a score.
enum cvss_severity cvss_severity(enum cvss_version version, int score);

const char *cvss_severity_name(enum cvss_severity severity); // "None", "Low", …
const char *cvss_version_name(enum cvss_version version);    // "2.0", "3.0", "3.1", "4.0"
