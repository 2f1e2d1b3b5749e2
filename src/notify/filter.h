// What people want to be told of: the configuration's section notifier.filter.
//
// It says of each item whether it is told; what it holds back is counted with the notification. A rule on flaws belongs
// into notice_filter_flaw, one on images (their names, when they were pushed) beside it, to be asked for each image.
#pragma once

#include "notify/notice.h"

struct notice_filter {
    enum severity least; // SEVERITY_UNKNOWN: all
    bool only_fixable;   // a version that mends it is known
    bool only_exploited; // is in CISA's catalogue
};

static inline bool notice_filter_flaw(const struct notice_filter *filter, const struct notice_flaw *flaw)
{
    return flaw->severity >= filter->least && (!filter->only_fixable || flaw->fixed_in.n != 0) &&
           (!filter->only_exploited || flaw->exploited);
}
