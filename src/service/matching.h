// What the configuration leaves out of the reports that the API gives: Clair's matchers.names,
// matchers.config.rhel.ignore_unpatched and matcher.disable_enrichment.
#pragma once

#include "match/report.h"
#include "service/config.h"

// Is this one of Clair's names of matchers ("debian-matcher"), or of ours?
bool matching_knows(struct slice name);

// Takes it out of a report that was made.
void matching_restrict(const struct config *config, struct report *report);

// Adds what tells reports apart that different configurations restrict.
void matching_write(const struct config *config, struct buf *out);
