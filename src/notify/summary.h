// What a notification comes to, for people: how many vulnerabilities of which severity, and which layers to mend.
//
// A package that a base image brought is in every image built on it, so items are grouped by the layer that brought the
// package: mend that one, and so many images are clean. However large the notification, the memory is bounded: by the
// limit summary_items for what is counted, and by summary_layers, summary_flaws, summary_images and summary_names for
// what is named.
#pragma once

#include "base/limits.h"
#include "notify/target.h"

#define SUMMARY_REASONS    3
#define SUMMARY_SEVERITIES 6

// Texts are printable, and cut to what stands here; a name that long is nobody's.
struct summary_flaw {
    enum notice_reason reason; // NOTICE_ADDED or NOTICE_CHANGED
    enum severity severity;
    bool exploited;
    struct slice kind; // of the package, a literal
    char vulnerability[64], package[256], version[256], fixed_in[256];
    char link[512]; // the most useful; empty: none, or a longer one
};

struct summary_name {
    char text[512];
};

struct summary_image {
    struct digest manifest;
    struct summary_name *names; // in registries; else what it was indexed by
    size_t names_n;             // 0: nothing is known
    uint64_t names_more;
};

struct summary_layer {
    struct digest digest;       // empty: it is not known which one
    uint64_t images_n, flaws_n; // distinct ones, of those items that were counted
    struct summary_flaw *flaws; // the worst first
    size_t flaws_shown;
    struct summary_image *images;
    size_t images_shown;
};

struct summary {
    uint64_t counts[SUMMARY_REASONS][SUMMARY_SEVERITIES]; // distinct vulnerabilities
    uint64_t items;                                       // that were counted
    bool complete;                                        // these are all
    uint64_t images;                                      // distinct, with an added or changed vulnerability
    struct summary_layer *layers;                         // of added and changed ones, those with most images first
    size_t layers_n;
    uint64_t layers_more; // that are not named
};

// Reads the items twice. Everything in `summary` lives in the arena.
bool summary_make(const struct delivery *delivery, const struct limits *limits, struct arena *a,
                  struct summary *summary, struct error *err);

// How many distinct vulnerabilities there are for a reason.
uint64_t summary_count(const struct summary *summary, enum notice_reason reason);

// "3 Critical, 9 High" for a reason; empty for none.
struct slice summary_counts_text(struct arena *a, const struct summary *summary, enum notice_reason reason);
