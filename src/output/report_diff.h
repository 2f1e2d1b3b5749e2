// Two reports that were kept as Clarion's JSON, compared: what differs, and why.
//
// The answer of a scan rests on the image, on the feeds and on the program. A finding's causes are those of the three
// that differ where it comes from: its package, the segment of its feed, the program's version.
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

struct report_diff;

// Reads both and compares them. The texts must outlive it. NULL with ERR_FORMAT, "the first: …", for what is no report.
struct report_diff *report_diff_new(struct slice before, struct slice after, struct error *err);
void report_diff_free(struct report_diff **d); // NULL is fine

void report_diff_text(const struct report_diff *d, struct buf *out);
void report_diff_json(const struct report_diff *d, struct buf *out);
