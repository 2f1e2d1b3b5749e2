// Judging by a security database in the form of Alpine's.
//
// secdb (https://secdb.alpinelinux.org/, made from the "secfixes" comments of the branch's APKBUILDs) lists, under a
// version, the vulnerabilities that this version of the branch fixed; under "0" those that never touched it. An id may
// stand under several versions, when a fix was lost and came again or took two attempts.
#pragma once

#include "match/matcher.h"

// All records that one vulnerability has for the package, whose origin is the key's first name.
void secdb_judge(const struct matcher *matcher, struct arena *a, const struct match_key *key,
                 const struct advisory *records, size_t n, bool explain, struct verdict *out);

// None: it publishes no severities.
enum severity secdb_severity(const struct advisory *record);
