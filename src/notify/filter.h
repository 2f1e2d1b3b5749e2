// What people want to be told of: the configuration's section notifier.filter.
//
// It says of each item whether it is told, by its flaw and by its image; what it holds back is counted with the
// notification.
#pragma once

#include "match/report.h"
#include "notify/notice.h"
#include "store/names.h"

struct notice_filter {
    enum severity least;        // SEVERITY_UNKNOWN: all
    bool only_fixable;          // a version that mends it is known
    bool only_exploited;        // is in CISA's catalogue
    struct slices repositories; // patterns, terminated: "registry.example/team/*"; none: all
    bool only_tagged;           // a tag points at the image now
    int64_t pushed_within;      // seconds; 0: whenever it was
};

static inline bool notice_filter_finding(const struct notice_filter *filter, const struct report_finding *finding)
{
    return finding->severity >= filter->least && (!filter->only_fixable || finding->fixed_in.n != 0) &&
           (!filter->only_exploited || finding_exploited(finding) != NULL);
}

// Does one of the names of an image, in force now, answer all that is asked of names? `*` in a pattern stands for any
// text, with slashes too. A name that nobody said the push of counts from when its tag was seen.
bool notice_filter_names(const struct notice_filter *filter, const struct image_name *names, size_t n, int64_t now);

// The same of the images of a store, each looked up once.
struct image_filter {
    const struct notice_filter *filter;
    struct store *store;
    int64_t now;
    uint8_t *known; // by row: what was found out
    size_t known_n;
};
bool image_filter_wants(struct image_filter *images, int64_t row, bool *wanted, struct error *err);
void image_filter_free(struct image_filter *images);
