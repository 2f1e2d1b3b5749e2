// What is found in each image, counted: what lists of images show and are ordered by, without judging any of them.
//
// Images with the same packages in the same context (store_context_get) share their findings, and so a summary, unless
// VEX documents speak of some of them by name. An image is listed from the moment on that it is indexed; until it is
// judged it has no summary, which is not the same as nothing found. What is to be judged is kept as pairs of a package
// set and a context ("group"), so that it goes on after a crash: store_image_put adds the image's group, whoever takes
// a new generation or another VEX document adds those that it concerns.
//
// Who judges is the service in its role "matcher" (service/summarising.h). A store that no service uses only keeps the
// groups: one small row for each image put, and nothing is judged until a service comes.
#pragma once

#include "store/names.h"

// Severities in the order of enum severity (match/matcher.h): from 0, unknown, to 5, critical.
#define SUMMARY_SEVERITIES 6

// Counts are of findings that are neither undetermined nor suppressed.
struct image_summary {
    uint64_t severities[SUMMARY_SEVERITIES];
    uint64_t fixable, exploited; // of all severities; exploited: CISA's catalogue has them
    uint64_t undetermined;       // a feed does not know yet
    uint64_t judged, unjudged;   // packages
    bool recognised;             // the distribution is known
    struct slice end_of_life;    // "2026-06-30", when the distribution's support ends or ended; empty: nobody says
};

// By what images are listed, in one number: 0 for one that was not judged yet, else 1 + worst * 8 + exploited * 4 +
// fixable * 2 + gaps. worst: 0 nothing was found, else 1 + the severity; exploited, fixable: at least one finding is;
// gaps: 1 where nothing can be said of some packages, something that may have held packages was not read, or there are
// none. An image can have gaps where its summary, which others share, has none.
#define SUMMARY_UNJUDGED  0
#define SUMMARY_CLASSES   (1 + 8 * (SUMMARY_SEVERITIES + 1))
#define SUMMARY_GAPS      1
#define SUMMARY_FIXABLE   2
#define SUMMARY_EXPLOITED 4
// Raised when a class or a figure comes to mean something else, so that those in a store are made anew.
#define SUMMARY_MEANING 2
unsigned summary_class(const struct image_summary *summary);
// Of a class other than SUMMARY_UNJUDGED: 0 nothing, else 1 + the severity.
unsigned summary_class_worst(unsigned class);

// ---- summary_list.c: lists of images --------------------------------------------------------------------------------

enum summary_order {
    SUMMARY_WORST,  // by the worst severity, then whether any is exploited, any is fixable; then the newest first
    SUMMARY_NEWEST, // indexed last
};

// Where a page ended. Opaque to clients, who get it as text and hand it back.
struct summary_key {
    unsigned class;
    int64_t indexed, image;
};
struct slice summary_key_text(const struct summary_key *key, struct arena *a); // "25.1764400000.17"
bool summary_key_parse(struct slice text, struct summary_key *key, struct error *err);

struct summary_query {
    enum summary_order order;
    // Only images of these classes. least: 0 any, those that were not judged, too; else 1 + the severity. only: whose
    // worst finding is just that; with 0, in which nothing was found.
    unsigned least;
    bool only;
    bool fixable, exploited, unjudged; // with at least one such finding; unjudged: only those that were not judged yet
    struct slice repository, tag;      // in full; may be empty: only images that are there now, or were indexed by it
    // May be empty: only images with it in the name of a repository or place ("app"; "app:" where that ends so), at the
    // start of a tag ("1.2", "app:1.2"), or at the start of the digest of the image or of an index that it is in
    // ("sha256:12ab", "12ab").
    struct slice text;
    struct summary_key after; // image 0: from the start
    uint64_t most;
    uint64_t gathered; // 0: SUMMARY_GATHERED
};

struct summarised_image {
    struct listed_image image; // with its names in force
    int64_t row;
    unsigned class;
    struct image_summary summary; // all zero with class SUMMARY_UNJUDGED
    bool due;                     // judged, but something came since that may change it
};

// `*more`: there are others behind these, from `*next` on. What a page costs follows its length, or, with a repository
// or a text, the number of images that it is true of, up to SUMMARY_GATHERED; beyond that, how often it is true.
#define SUMMARY_GATHERED 20000
bool store_summary_list(struct store *s, const struct summary_query *query, struct arena *a,
                        struct summarised_image **images, size_t *n, struct summary_key *next, bool *more,
                        struct error *err);

// Fills in the same of images that were listed otherwise, one for each of them: one wait for a server. One that is not
// there any more is as one that was not judged.
bool store_summaries_of(struct store *s, const struct listed_image *images, size_t n, struct arena *a,
                        struct summarised_image *out, struct error *err);

// ---- summary_overview.c ---------------------------------------------------------------------------------------------

struct summary_overview {
    uint64_t images, unjudged;              // unjudged: that no summary was made of yet
    uint64_t worst[SUMMARY_SEVERITIES + 1]; // images by class_worst: [0] nothing was found
    uint64_t fixable, exploited, gaps;      // images of such a class
    uint64_t due;                           // groups that are to be judged, or judged again
    uint64_t notifications, told;           // made since `since`, and the items that they have now
    int64_t since;                          // seconds
};
bool store_summary_overview(struct store *s, int64_t since, struct summary_overview *out, struct error *err);

struct summary_repository {
    struct slice name;
    uint64_t images, unjudged;
    uint64_t worst[SUMMARY_SEVERITIES + 1];
};
// Places that references name, ordered by name, from the one behind `after` on, with `text` in their name (may be
// empty). An image counts where it was indexed from.
bool store_summary_repositories(struct store *s, struct slice text, struct slice after, uint64_t most, struct arena *a,
                                struct summary_repository **out, size_t *n, struct error *err);

// ---- summary_store.c: what is to be judged, and what came of it -----------------------------------------------------

// Images with the same packages in the same context.
struct summary_group {
    int64_t set, context;
    int64_t asked; // as it stood when the group was taken
};
typedef VEC(struct summary_group) summary_groups;

// Appends at most `most` that are due, the newest sets first.
bool store_summary_due(struct store *s, uint64_t most, struct arena *a, summary_groups *out, struct error *err);

// Appends the rows of the images of a group.
bool store_group_images(struct store *s, const struct summary_group *group, struct arena *a, store_ids *out,
                        struct error *err);

// What came of a group: one summary for all of its images, or, where images_n is not 0, one for each of these images.
struct summary_result {
    struct summary_group group;
    const struct image_summary *summaries; // 1, or images_n
    const int64_t *images;
    size_t images_n;
};
// What summaries were made by: segments of feeds, and with the name "" a digest of all else (0009_summaries.sql).
struct summarised_feed {
    struct slice feed, segment;
};
bool store_summarised(struct store *s, struct arena *a, struct summarised_feed **out, size_t *n, struct error *err);
// A digest of these, which are ordered by feed.
struct digest summarised_by(const struct summarised_feed *feeds, size_t n);

// Writes results in one transaction, unless others have noted meanwhile that summaries are made by something else than
// this: then nothing is written, and the groups stay due. A group of which somebody has asked again since it was taken
// stays due, too.
bool store_summary_put(struct store *s, const struct digest *made_by, const struct summary_result *results, size_t n,
                       struct error *err);

// Notes what they are made by from now on, and which groups are due: all, or those of the candidates, in all sets that
// have them, and those groups. In one transaction.
struct summary_change {
    const struct summarised_feed *feeds; // replaces all
    size_t feeds_n;
    bool all;
    const struct store_candidate *candidates;
    size_t candidates_n;
    const struct summary_group *groups;
    size_t groups_n;
};
bool store_summary_change(struct store *s, const struct summary_change *change, struct error *err);
