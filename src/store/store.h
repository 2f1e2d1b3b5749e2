// The data folder: the segments, and the database with the inventory and the feeds' state, unless that is on a server.
//
//   DATA/clarion.db     inventory, layer findings, update operations, generations
//   DATA/segments/      immutable advisory segments, named by their digest
//   DATA/FEED.lock      held by the process that changes what is in force of the feed
//   DATA/DUTY.lock      held by the process that does what one does for all: "updates", "notifications", "summaries"
//   DATA/segments.lock  held, shared, by whoever is about to open or to record segments
//
// Two processes may use one folder at once. A store belongs to one thread at a time.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "inventory/inventory.h"
#include "store/db.h"

#include <stdatomic.h>

#define UUID_TEXT 37 // with its NUL

// Where a store is. Any number of threads may open it.
struct store_home {
    char *folder; // DATA
    struct db_source *database;
    char node[UUID_TEXT]; // this process among those that use the store
    atomic_bool current;  // the schema is up to date
    struct parts_seen *seen;
};

// `database`: a server, as db_source_new takes it; empty: the file in the folder. `connections`: likewise. Touches
// neither yet.
bool store_home_make(const char *folder, struct slice database, unsigned connections, struct store_home *home,
                     struct error *err);
void store_home_free(struct store_home *home); // harmless for an all-zero one
#define STORE_HOME_AUTO __attribute__((cleanup(store_home_free)))

struct store {
    struct store_home *home;
    struct db *db;
    char *segments; // DATA/segments
};

// Opens a store, making the folder and bringing the schema up to date when needed. One written by a newer Clarion is
// refused (ERR_STORE), never touched. The home must live as long.
bool store_open(struct store_home *home, struct store *store, struct error *err);
void store_close(struct store *store);

// As db_observe.
void store_observe(struct store *store, struct db_timings *timings);
#define STORE_AUTO __attribute__((cleanup(store_close)))

// ---- layer_store.c, inventory_store.c -------------------------------------------------------------------------------

// What is known of layers under an indexer state: for each `layer` its findings, in an arena of its own, when they are
// there. Where they are not, its `lease` is taken, the name of one (leases.h): unless another process has it, the layer
// is ours to read.
struct layer_known {
    struct digest layer;
    struct arena *arena;
    struct slice lease; // empty: none is wanted
    struct findings findings;
    bool found, leased;
};
struct layer_question {
    const struct digest *state;
    const struct limits *limits;
    struct layer_known *layers; // each once
    size_t n;
};
bool store_layers_get(struct store *s, const struct layer_question *question, struct error *err);

// Findings of a layer to be kept, as JSON (findings_encode). The lease of that name is given back with them; empty:
// there is none.
struct layer_put {
    struct digest layer;
    struct slice findings, lease;
};

// Keeps the findings of layers, all or, on an error, none.
bool store_layers_put(struct store *s, const struct digest *state, const struct layer_put *layers, size_t n,
                      struct error *err);

struct stored_layer {
    struct digest digest;
    struct slice media_type, created_by, skip_reason;
    uint64_t size;
};

// What tells one state of an image's inventory from another, without reading it: indexed anew it is another one.
struct image_mark {
    int64_t id, indexed;
    struct digest state; // of the indexer
};

// An indexed image: what a report needs, without the image.
struct stored_image {
    struct image_mark mark; // of what the store gave
    struct digest manifest, config;
    struct slice reference, kind, os, arch;
    struct stored_layer *layers;
    size_t layers_n;
    struct slice *remarks;
    size_t remarks_n;
    int64_t indexed; // when, seconds
    struct inventory inventory;
};

// The names under which records are looked up that may concern a package: the rules are others', the store keeps what
// they give. `names` appends those of one package, in the arena; with other rules comes a higher version, from 1 on.
typedef VEC(struct slice) store_names;
struct store_naming {
    unsigned version;
    void (*names)(struct arena *a, const struct package *package, store_names *out);
};

// One transaction: after a crash the image is there whole or not at all, and with it those of its layers that are not
// kept yet. Replaces an earlier one of the same manifest. With `naming` NULL its packages get their names at the next
// store_lookup_complete.
bool store_image_put(struct store *s, const struct digest *state, const struct stored_image *image,
                     const struct layer_put *layers, size_t layers_n, const struct store_naming *naming,
                     struct error *err);

// `state` NULL: whatever state it was indexed under.
bool store_image_get(struct store *s, const struct digest *manifest, const struct digest *state, struct arena *a,
                     struct stored_image *out, bool *found, struct error *err);

// The image under the question's state, or else what is known of its layers, with the leases of the others: one wait
// for a server.
bool store_image_or_layers(struct store *s, const struct digest *manifest, const struct layer_question *question,
                           struct arena *a, struct stored_image *out, bool *found, struct error *err);

// Full digests of the images whose manifest digest starts with `prefix` ("sha256:12ab" or "12ab"), at most `most`.
bool store_image_find(struct store *s, struct slice prefix, struct digest *out, size_t most, size_t *n,
                      struct error *err);

// ---- image_store.c --------------------------------------------------------------------------------------------------

bool store_image_mark(struct store *s, const struct digest *manifest, struct image_mark *mark, bool *found,
                      struct error *err);

// Forgets an image, and of its packages and layers those that no other image has; one transaction. `*found` tells
// whether it was there.
bool store_image_delete(struct store *s, const struct digest *manifest, bool *found, struct error *err);

bool store_image_count(struct store *s, uint64_t *n, struct error *err);

// As db_version.
bool store_version(struct store *s, int64_t *version, struct error *err);

// ---- lookup_store.c: from a record's name to the images that it concerns --------------------------------------------

// Gives names to the packages that have none by these rules yet (an older program stored them); costs one query when
// there are none. To be called before the others here.
bool store_lookup_complete(struct store *s, const struct store_naming *naming, struct error *err);

// A package in a context: all images with the same distribution and the same repositories.
struct store_candidate {
    int64_t context, package;
};
typedef VEC(struct store_candidate) store_candidates;

// Appends the packages of `kind` that are looked up by that name, in each context that they occur in.
bool store_lookup_name(struct store *s, struct slice name, struct slice kind, struct arena *a, store_candidates *out,
                       struct error *err);

// Appends all packages of `kind`; those of one context, unless that is 0.
bool store_lookup_kind(struct store *s, struct slice kind, int64_t context, struct arena *a, store_candidates *out,
                       struct error *err);

// Appends the ids of all contexts.
typedef VEC(int64_t) store_ids;
bool store_contexts(struct store *s, struct arena *a, store_ids *out, struct error *err);

// A context as an inventory without packages.
bool store_context_get(struct store *s, int64_t context, struct arena *a, struct inventory *out, struct error *err);

// Appends a package to an inventory: without owner, database and layer. ERR_NOT_FOUND when there is none.
bool store_package_get(struct store *s, int64_t package, struct arena *a, struct inventory_package *out,
                       struct error *err);

// An image that holds a package.
struct holding {
    int64_t image;
    size_t layer; // the lowest that brought the package
};
typedef bool store_holding_fn(void *context, const struct holding *holding, struct error *err);

// Tells of the images of a context that hold a package which no package of a distribution owns there.
bool store_holdings(struct store *s, int64_t context, int64_t package, store_holding_fn *each, void *argument,
                    struct error *err);

// The same, whether it is owned there or not.
bool store_all_holdings(struct store *s, int64_t context, int64_t package, store_holding_fn *each, void *argument,
                        struct error *err);

// The same of one package set, whether it is owned there or not.
bool store_set_holdings(struct store *s, int64_t set, int64_t context, int64_t package, store_holding_fn *each,
                        void *argument, struct error *err);

// Appends the sets in which a package is owned by one of the distribution, or, as "deb:python3-jinja2", is the owner.
bool store_owned_sets(struct store *s, int64_t package, struct slice as_owner, struct arena *a, store_ids *out,
                      struct error *err);

// Appends the contexts of the images with that set.
bool store_set_contexts(struct store *s, int64_t set, struct arena *a, store_ids *out, struct error *err);

// Appends the parts that a set is made of, in the order of their ids.
bool store_set_parts(struct store *s, int64_t set, struct arena *a, store_ids *out, struct error *err);

// What of a package set decides about those of its packages that are owned: these themselves, with each of their
// places, and their owners. `package` is the id of each.
struct store_owned {
    int64_t package;
    struct slice owner; // empty: it is an owner, or another place of an owned one
    bool judged;        // is owned, here or at another place in the set
};
typedef VEC(struct store_owned) store_owned_packages;
bool store_set_owned(struct store *s, int64_t set, struct arena *a, store_owned_packages *out, struct error *err);

// Appends those packages of a part that are owned in it.
bool store_part_owned(struct store *s, int64_t part, struct arena *a, store_owned_packages *out, struct error *err);

// Append the parts that have a package, and those that have one which as an owner goes by "deb:python3-jinja2".
bool store_package_parts(struct store *s, int64_t package, struct arena *a, store_ids *out, struct error *err);
bool store_owner_parts(struct store *s, struct slice owner, struct arena *a, store_ids *out, struct error *err);

// ---- update_store.c -------------------------------------------------------------------------------------------------

// A feed's place in a generation.
struct feed_state {
    struct slice feed;
    struct digest segment; // empty text: none was ever made
    uint64_t records;
    int64_t updated;    // when the segment was made, seconds; 0 never
    int64_t checked;    // when the upstream last confirmed it, seconds; 0 never
    int64_t tried;      // when it was last asked, seconds; 0 never
    struct slice error; // of the last try; empty when it went well
    struct slice ref;   // UUID of the update operation that made the segment
};

// Records of an upstream file that were left out, for one reason.
struct file_left_out {
    struct slice reason; // for people
    uint64_t records;
};

// What is known of one upstream file, and what it gave.
struct feed_file {
    struct slice url, scope, etag, last_modified, error;
    int64_t checked;  // when the upstream last gave or confirmed it
    unsigned version; // of the parser that read it
    uint64_t added;   // records that were taken from it, some of them perhaps word for word the same
    struct file_left_out *left_out;
    size_t left_out_n;
};

struct generation {
    struct slice id; // 16 hex digits, made of the segments' digests: the same segments give the same id
    int64_t created;
    struct feed_state *feeds; // ordered by name
    size_t feeds_n;
};

// The state of a feed in it; NULL when it has none.
static inline struct feed_state *generation_feed(const struct generation *g, struct slice feed)
{
    for (size_t i = 0; i < g->feeds_n; i++)
        if (slice_eq(g->feeds[i].feed, feed))
            return &g->feeds[i];
    return NULL;
}

// The current generation; feeds_n is 0 when there is none yet.
bool store_generation(struct store *s, struct arena *a, struct generation *out, struct error *err);

// The newest generation made at or before `when`, or the one with that id; ERR_NOT_FOUND when there is none (any more).
bool store_generation_at(struct store *s, struct slice id_or_date, struct arena *a, struct generation *out,
                         struct error *err);

// The files of the feed's segment in force, ordered by URL.
bool store_feed_files(struct store *s, struct slice feed, struct arena *a, struct feed_file **files, size_t *n,
                      struct error *err);

// What the feed noted at its last run; empty when it did not.
bool store_feed_note(struct store *s, struct slice feed, struct arena *a, struct slice *note, struct error *err);

// Records a run of a feed, in one transaction: its state, its files, and, when `segment` is another one than before, an
// update operation and a new generation. Then drops what is older than the updates to keep, and removes what only they
// used. ERR_STORE, and nothing is recorded, when another segment than the former one is in force meanwhile: whoever ran
// lost the feed's lock, and another one was faster.
struct feed_result {
    struct slice feed;
    const struct digest *segment; // NULL: the run made none
    const struct digest *former;  // that was in force when the run began (empty text: none); NULL: whichever it was
    uint64_t records;
    bool confirmed; // the upstream gave or confirmed all of it
    struct slice error;
    const struct feed_file *files; // replaces all files of the feed; NULL leaves them
    size_t files_n;
    struct slice note; // likewise: p == NULL leaves the former one
    uint64_t keep;     // updates of the feed, the one in force among them; at least one
};
bool store_feed_record(struct store *s, const struct feed_result *result, struct error *err);

// ---- history.c: the updates that are kept, and going back to one ----------------------------------------------------

struct kept_update {
    struct slice ref, feed;
    struct digest segment;
    uint64_t records;
    int64_t made, checked;
    size_t generations; // kept ones that it is a part of
    bool in_force;
};

// All of them, the newest first.
bool store_updates(struct store *s, struct arena *a, struct kept_update **out, size_t *n, struct error *err);

struct kept_generation {
    struct slice id;
    int64_t made;
    struct slice changed; // feeds that differ from the kept generation before it, blank-separated
};

// All of them, the newest first.
bool store_generations(struct store *s, struct arena *a, struct kept_generation **out, size_t *n, struct error *err);

// The update with that ref; ERR_NOT_FOUND when it is not kept.
bool store_update_of(struct store *s, struct slice ref, struct arena *a, struct kept_update *out, struct error *err);

// Forgets a kept update, with the generations that it is a part of. One that is in force stays, and `*in_force` is set;
// one that is not kept is no error.
bool store_update_delete(struct store *s, struct slice ref, bool *in_force, struct error *err);

// The newest update of a feed that has another segment than the one in force; ERR_NOT_FOUND when none is kept.
bool store_update_before(struct store *s, struct slice feed, struct arena *a, struct kept_update *out,
                         struct error *err);

// Puts the segment of a kept update in force again, as a new update and generation, with what was known of the
// upstream's files then: so the next run of the feed asks for what has changed since. Its lock is to be held.
bool store_rollback(struct store *s, const struct kept_update *to, struct error *err);

// A feed's state that comes from another data folder. Its segment is in the folder of segments already.
struct feed_import {
    struct slice feed;
    struct digest segment;
    uint64_t records;
    int64_t made, checked;
    struct feed_file *files;
    size_t files_n;
    struct slice note;
    uint64_t bytes; // of the segment
};

// Puts them in force, in one transaction: one new generation, or none when no segment is another one than before. The
// locks of all these feeds are to be held.
bool store_import(struct store *s, const struct feed_import *imports, size_t n, uint64_t keep, struct error *err);

// ---- locks.c --------------------------------------------------------------------------------------------------------

// A lock that one has at a time, of all who use the store. It goes with the process; that of a server also with the
// connection to it, so that who has had it for long asks again whether it is still theirs.
struct store_lock {
    int fd; // of a file in the folder; -1: it is not had
    struct db_source *source;
    char name[64];
};
void store_unlock(struct store_lock *lock); // harmless when it is not had
#define STORE_LOCK_NONE                                                                                                \
    {                                                                                                                  \
        .fd = -1                                                                                                       \
    }
#define STORE_LOCK_AUTO __attribute__((cleanup(store_unlock)))
bool store_lock_holds(const struct store_lock *lock);

// One at a time changes what is in force of a feed; `waiting`, unless NULL, is told when somebody else does so already,
// before waiting for them.
bool store_lock_feed(struct store *s, struct slice feed, void (*waiting)(void *context), void *context,
                     struct store_lock *lock, struct error *err);

// One at a time does what is done for all: "updates", "notifications", "summaries". *got is false when another one has
// it.
bool store_lock_duty(const struct store_home *home, const char *duty, struct store_lock *lock, bool *got,
                     struct error *err);

// While this is held, by any number of processes, no segment is removed. To be held from before a generation is read
// until its segments are open (what is removed afterwards stays readable for those who have it open), and from before a
// segment gets its name until it is recorded.
bool store_hold_segments(struct store *s, int *fd, struct error *err);

// ---- retention.c ----------------------------------------------------------------------------------------------------

// Removes the segments that no kept update made and that no notification is still to be made from, and what crashed
// processes left in their folder. Where somebody holds the segments, nothing is done: the next call does it.
void store_collect(struct store *s);

// ---- vex_store.c ----------------------------------------------------------------------------------------------------

// A VEX document that reports obey, as the store knows it: what is in it is for others to read.
struct stored_vex {
    struct slice id, format, author, version;
    int64_t issued, added; // seconds; 0: the document does not say
    uint64_t statements;
};

// Goes through all, in the order in which they came. The text is valid until `each` returns; ends where that fails.
typedef bool store_vex_fn(void *context, const struct stored_vex *vex, struct slice document, struct error *err);
bool store_vex_each(struct store *s, store_vex_fn *each, void *context, struct error *err);

// A digest that is another one when a document came, went or was replaced by another one, unless that was in the same
// second: `*newest` is when the last one came (0: there is none).
bool store_vex_mark(struct store *s, struct digest *mark, int64_t *newest, struct error *err);

// Keeps a document, in the place of one with the same id; added now.
bool store_vex_put(struct store *s, const struct stored_vex *vex, struct slice document, struct error *err);

// ERR_NOT_FOUND when there is none with that id.
bool store_vex_remove(struct store *s, struct slice id, struct error *err);
