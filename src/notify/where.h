// Which images have a flaw, or hold a package, answered from the store alone. Packages are judged with the same code
// that finds what an update changes, as if all that is said of the flaw were new; the images that hold them are then
// gone through page by page (store/where_store.h), so that a page costs what it shows. Where VEX documents speak of the
// flaw each image on the way is asked.
#pragma once

#include "notify/delta.h"
#include "store/where_store.h"

// A package in an image.
struct where {
    const struct holding_image *image;
    const struct package *package;
    struct slice db;    // path of the database or file that lists it
    int64_t position;   // of the layer that brought it, and
    struct slice layer; // its digest; empty where it is not known
    // Of a vulnerability that was asked for; NULL: a package was.
    const struct report_finding *finding;
    const struct report_decision *suppressed; // by a VEX document: its report does not show it; NULL: it does
};
typedef VEC(struct where) where_vec;

struct where_question {
    struct slice asked;
    struct store *store;
    const struct generation *generation;
    struct report_segments *segments;
    int64_t now;
    bool readable_only;    // feeds that cannot be read are passed over, and who asks says which; else they are an error
    struct triage *triage; // VEX documents that are obeyed; NULL: none are
    // What reports leave out; NULL: nothing.
    void (*restrict_report)(const void *context, struct report *report);
    const void *context;
    uint64_t examined; // images and sets that are looked at for a page; 0: 5,000
};

// What the feeds say of the vulnerability asked for: the records of its id and, in the feeds of languages, of an alias,
// each by its feed, scope and package, some perhaps more than once. Text lives in the arena.
typedef VEC(struct affected_record) where_records;
bool where_find_records(const struct where_question *question, struct arena *a, where_records *out, struct error *err);

// What is to be looked for in images: made once, for as many pages as are wanted.
struct where_answer;

// Of the vulnerability (its id or an alias, in letters of either case), or, where no feed knows one of that name, of
// the packages of that name and those built from a source of that name. The question and the arena must outlive the
// answer.
struct where_answer *where_ask(const struct where_question *question, struct arena *a, struct error *err);
// Of the packages alone.
struct where_answer *where_ask_packages(struct store *s, struct slice name, struct arena *a, struct error *err);
bool where_is_known(const struct where_answer *answer); // some feed has a record of it

// Some images more, and what of them is to be told. A page may have fewer than were asked for, or none, with more to
// come: where very many images are looked at and do not have it, it ends, and the next one goes on there.
struct where_page {
    where_vec rows; // image by image, the packages of each ordered
    bool more;
    struct holders_key next; // where there is more
};
// At most `most` images, which is not 0, behind a key. All of it lives in the arena, or with the answer.
bool where_page(struct where_answer *answer, const struct holders_key *after, uint64_t most, struct arena *a,
                struct where_page *out, struct error *err);

// How many images have it, and in how many more it is suppressed; no more than `most` are counted.
struct where_count {
    uint64_t images, suppressed;
    bool more; // than these
};
bool where_count(struct where_answer *answer, uint64_t most, struct where_count *out, struct error *err);
