// Flaws as notifications keep them: taken from a report's finding, and as JSON in the store.
#pragma once

#include "match/report.h"
#include "notify/notice.h"

// What a finding of a report says. Text lives in the arena, or as long as the report.
void notice_flaw_of(const struct report *report, const struct report_finding *finding, struct arena *a,
                    struct notice_flaw *out);

void notice_flaw_encode(const struct notice_flaw *flaw, struct buf *out);

// Text lives in the arena. ERR_FORMAT for what notice_flaw_encode has not written.
bool notice_flaw_decode(struct slice text, struct arena *a, struct notice_flaw *out, struct error *err);
