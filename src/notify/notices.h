// From updates of feeds to notifications.
//
// For each feed the store notes the segment up to which notifications were made; where another one is in force,
// something is to be done. Reading and judging happens beside the others who use the store; what came of it is written
// together with that note in one short transaction. So whatever ends the process and whenever, each update is told of
// once: before the transaction nothing has happened, after it all has.
#pragma once

#include "base/limits.h"
#include "match/report.h"
#include "notify/filter.h"
#include "store/store.h"

struct notices_options {
    const struct limits *limits; // notification_items, and those of VEX documents
    struct notice_filter filter;
    bool whole;        // each flaw in each package of each image; else of an image, for each reason, the worst
    bool first_update; // tell also of the first update of a feed, which brings all that it ever said
    // What the service leaves out of its reports; NULL: nothing.
    void (*restrict_report)(const void *context, struct report *report);
    const void *context;
    const struct slice *targets; // names of those that notifications are to be delivered to
    size_t targets_n;
};

struct notices_outcome {
    uint64_t updates, notifications, items, held_back;
    int64_t slowest; // seconds from an update to its notification, the longest of them
};

// Makes the notifications of all feeds that have something new, feed by feed: what came of one counts as said when the
// next is compared, so that together they tell the whole difference. EPSS and mappings are taken as they are now and
// tell of nothing. Adds to the outcome; with an error the rest is left for the next call.
bool notices_make(struct store *s, const struct notices_options *options, struct notices_outcome *outcome,
                  struct error *err);
