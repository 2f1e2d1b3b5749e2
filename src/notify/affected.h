// Which packages of which images a change of the feeds may concern, found by the store's reverse look-up: what this
// costs follows what it finds.
//
// A package is judged by itself and by the image around it, of which only the context counts: its distribution and its
// repositories. So the same package in the same context is a candidate once, however many images hold it. Only packages
// of languages that one of the distribution brought along are judged with their owners: those are candidates with what
// of their package set decides about them, which many sets have in common as well.
#pragma once

#include "match/judging.h"
#include "store/store.h"

// Package sets that have the same owned packages with the same owners.
struct affected_group {
    int64_t context;
    const int64_t *sets;
    size_t sets_n;
};

struct affected {
    store_candidates candidates; // ordered by context and package, each once
    struct affected_group *groups;
    size_t groups_n;
};

// Two states of the feeds that differ in one.
struct affected_change {
    const char *feed;
    struct report_segments *before, *after;
    int64_t now;
};

// What an update of a feed may concern: the packages that its changed records name, and, where the feed came to speak
// or ceased to speak of a release, those of that release. Everything lives in the arena.
bool affected_by_update(struct store *s, const struct affected_change *change, struct arena *a, struct affected *out,
                        struct error *err);

// A name that packages of a kind are looked up by. Those of containers go by what a feed says, so that all of them are
// candidates, whatever the name.
struct affected_name {
    const char *kind;
    struct slice name;
};

// What is looked up by some names.
bool affected_by_names(struct store *s, const struct affected_name *names, size_t n, struct arena *a,
                       struct affected *out, struct error *err);

// Does the matcher judge by records of this feed? Does it judge containers?
bool affected_reads(const struct matcher *matcher, const char *feed);
bool affected_is_of_containers(const struct matcher *matcher);

// A record that something is asked about: the feed that has it, and the name that it goes by.
struct affected_record {
    const char *feed;
    struct slice scope, package;
};

// The matcher that judges by a feed's records of that scope; NULL when none does.
const struct matcher *affected_matcher(const char *feed, struct slice scope);

// The packages, in their contexts, that some records may concern, each once: which package sets have to do with those
// that others own is not looked for.
bool affected_candidates(struct store *s, const struct affected_record *records, size_t n, struct arena *a,
                         store_candidates *out, struct error *err);

// What some records may concern.
bool affected_by_records(struct store *s, const struct affected_record *records, size_t n, struct arena *a,
                         struct affected *out, struct error *err);
