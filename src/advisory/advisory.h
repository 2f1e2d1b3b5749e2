// What a feed says: records, kept in immutable segments; a generation is a set of segments, one for each feed.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"

enum advisory_status {
    ADVISORY_AFFECTED,      // every version from `introduced` on is affected, no fix is known ("open")
    ADVISORY_FIXED,         // versions from `introduced` to before `bound`
    ADVISORY_LAST_AFFECTED, // versions from `introduced` to `bound`, that one too; which one has the fix is not said
    ADVISORY_NOT_AFFECTED,  // no version is or was affected
    ADVISORY_UNDETERMINED,  // the feed itself does not know yet
};

// "affected", "fixed", "last_affected", "not_affected", "undetermined".
const char *advisory_status_name(enum advisory_status status);

// The longest name, version or word of a record that a segment takes: all its texts but the long ones.
#define ADVISORY_FIELD_BYTES 4096

// The longest description, or list of aliases, advisories, scores or links. A longer description is cut, with "…" at
// its end; a longer list loses its last members.
#define ADVISORY_TEXT_BYTES (64 * 1024)

// One statement of a feed: this vulnerability, in one range of versions of this package, in this scope. A vulnerability
// with several ranges has several records. All text is valid UTF-8.
struct advisory {
    struct slice scope;         // what the feed speaks of: "debian:bookworm", "alpine:v3.10/main", "pypi"
    struct slice package;       // the name to look up
    bool of_source;             // `package` names a source package, so the record is for whatever was built from it
    struct slice vulnerability; // "CVE-2014-0160"
    struct slice introduced;    // the first affected version; empty: the first of all
    enum advisory_status status;
    struct slice bound; // with ADVISORY_FIXED the version with the fix, with ADVISORY_LAST_AFFECTED the last without

    // Traits: what few distinct values of serve very many records.
    struct slice severity; // as the feed publishes it for this package: "high", "not yet assigned"
    struct slice state;    // what else it says of this package, in its own words: "Will not fix", "deferred"
    struct slice arch;     // the record is for these only, blank-separated; empty: for all
    struct slice module;   // of rpm, "nodejs:18": the record is for packages of that module; empty: of none

    // Of the vulnerability.
    struct slice description;
    struct slice aliases;    // other ids of the same flaw, blank-separated
    struct slice advisories; // the vendor's notices that tell of it, among others perhaps: "RHSA-2024:1234", likewise
    struct slice cvss;       // vectors as the feed gives them, likewise
    struct slice links;      // likewise; the most useful first

    uint32_t note; // set by segment_lookup_brief, for segment_describe: where the long texts stand, 0 nowhere
};

// The version that mends what the record tells of; empty when it names none.
static inline struct slice advisory_fix(const struct advisory *record)
{
    return record->status == ADVISORY_FIXED ? record->bound : (struct slice){0};
}

// False for a record that names no scope, package or vulnerability, has a bound where its status knows none or none
// where it needs one, or has a field longer than limits.field_bytes or ADVISORY_FIELD_BYTES: a parser leaves such a
// record out.
bool advisory_fits(const struct advisory *record, const struct limits *limits);

// ---- segments -------------------------------------------------------------------------------------------------------

// A segment is one file: what one feed said at one update, sorted, addressed by the digest of its bytes. The same
// records give the same bytes. It is an SQLite database, opened read-only.

struct segment_builder;

// Collects records, in any order. Names, versions and words are held in memory, each once; the records themselves and
// their long texts only up to some MiB, and beyond that in unnamed temporary files in `folder`. With folder NULL all of
// it stays in memory. Never NULL.
struct segment_builder *segment_builder_new(const char *feed, const char *folder);
void segment_builder_free(struct segment_builder **b); // NULL is fine

// Adds a record; its text is copied. ERR_LIMIT beyond limits.feed_records or feed_text_bytes, or when it does not fit.
// A record repeated word for word counts once.
bool segment_add(struct segment_builder *b, const struct advisory *record, const struct limits *limits,
                 struct error *err);

// Declares a scope that the feed covers, also when it has no record for it ("looked, and found nothing").
void segment_add_scope(struct segment_builder *b, struct slice scope);

struct segment;

// Takes all records of `scope` over from an earlier segment of the feed (a file that has not changed since). False when
// that segment does not have the scope, or cannot be read.
bool segment_carry(struct segment_builder *b, struct segment *from, struct slice scope, const struct limits *limits,
                   struct error *err);

// Takes over every record and scope of an earlier segment, but for the records of the vulnerabilities that `leave` says
// yes to: what an upstream that publishes its changes has not changed.
typedef bool segment_leave_fn(void *context, struct slice vulnerability);
bool segment_carry_all(struct segment_builder *b, struct segment *from, segment_leave_fn *leave, void *context,
                       const struct limits *limits, struct error *err);

// A place to go back to: what was added after it (of a file that turned out to be broken) is forgotten by
// segment_rewind.
struct segment_mark {
    uint64_t records;
    size_t scopes;
};
struct segment_mark segment_mark(const struct segment_builder *b);
void segment_rewind(struct segment_builder *b, struct segment_mark mark);

uint64_t segment_builder_count(const struct segment_builder *b);

// Writes the segment into `folder` as "<hex digest>.segment": built in a temporary file, synced, renamed. A crash
// leaves nothing but a temporary file, which store_collect removes. Nothing may be added afterwards.
bool segment_write(struct segment_builder *b, const char *folder, struct digest *digest, uint64_t *records,
                   struct error *err);

// Opens folder/<hex>.segment read-only. ERR_FORMAT when it is no segment or of a version that this program cannot read.
// Use by one thread at a time.
struct segment *segment_open(const char *folder, const struct digest *digest, struct error *err);
void segment_close(struct segment **s); // NULL is fine

// Reads the whole file again and compares its digest with its name.
bool segment_verify(const char *folder, const struct digest *digest, struct error *err);

typedef VEC(struct advisory) advisory_vec;

// Appends the records of one package in one scope, ordered by vulnerability, then as stored. Text lives in the arena.
bool segment_lookup(struct segment *s, struct slice scope, struct slice package, struct arena *a, advisory_vec *out,
                    struct error *err);

// The same without the long texts, of which most records are never asked: many times faster.
bool segment_lookup_brief(struct segment *s, struct slice scope, struct slice package, struct arena *a,
                          advisory_vec *out, struct error *err);

// Fills in what segment_lookup_brief has left out.
bool segment_describe(struct segment *s, struct advisory *record, struct arena *a, struct error *err);

// Appends every record of one vulnerability, its id in letters of either case, ordered by package and scope.
bool segment_vulnerability(struct segment *s, struct slice vulnerability, struct arena *a, advisory_vec *out,
                           struct error *err);

bool segment_has_scope(struct segment *s, struct slice scope);

// All scopes, sorted. They belong to the segment.
const struct slice *segment_scopes(const struct segment *s, size_t *n);

uint64_t segment_count(struct segment *s);          // records
struct slice segment_feed(const struct segment *s); // the name that its builder was made with; belongs to the segment

// Goes through all records, block by block: those of one package in one scope, ordered by the packages' names, then by
// the scopes'. segment_walk begins anew; segment_walk_next appends a block as segment_lookup_brief does, or nothing at
// the end.
void segment_walk(struct segment *s);
bool segment_walk_next(struct segment *s, struct arena *a, advisory_vec *out, struct error *err);

// ---- differences ----------------------------------------------------------------------------------------------------

// What is said otherwise of one vulnerability in one package of one scope: the records that only one side has. When
// nothing at all was said of it before, or is afterwards, it was added or removed.
struct segment_change {
    enum { SEGMENT_ADDED, SEGMENT_CHANGED, SEGMENT_REMOVED } kind;
    const struct advisory *before, *after;
    size_t before_n, after_n;
};
typedef bool segment_change_fn(void *context, const struct segment_change *change, struct error *err);

// The changes from one segment to another, ordered by package, scope and vulnerability, in one pass over both; NULL is
// a segment without records. Memory is bounded by the largest block and the aliases and scores of all. Other long texts
// (descriptions, links, advisories) are not compared: a word more in one changes no judgement. The records have their
// aliases and scores; segment_describe fills in the rest.
struct segment_diff;
struct segment_diff *segment_diff_new(struct segment *before, struct segment *after, struct error *err);
void segment_diff_free(struct segment_diff **d); // NULL is fine

// The next change, valid until the next call; or, so that who has other things to do is not kept for long, nothing but
// that a block of each was passed in which all is the same.
enum segment_step { SEGMENT_STEP_FAILED, SEGMENT_STEP_CHANGE, SEGMENT_STEP_SAME, SEGMENT_STEP_END };
enum segment_step segment_diff_next(struct segment_diff *d, struct segment_change *change, struct error *err);

// Begins anew.
void segment_diff_rewind(struct segment_diff *d);

// Tells of each change. A false of `tell` ends it.
bool segment_diff(struct segment *before, struct segment *after, segment_change_fn *tell, void *context,
                  struct error *err);
