// What a feed says: records, kept in immutable segments; a generation is a set of segments, one for each feed.
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"

enum advisory_status {
    ADVISORY_AFFECTED,     // every version is affected, no fix is known ("open")
    ADVISORY_FIXED,        // versions before fixed_in are affected
    ADVISORY_NOT_AFFECTED, // no version is or was affected
    ADVISORY_UNDETERMINED, // the feed itself does not know yet
};

const char *advisory_status_name(enum advisory_status status); // "affected", "fixed", "not_affected", "undetermined"

// The longest scope, package, vulnerability, fixed version or severity that a segment takes.
#define ADVISORY_FIELD_BYTES 4096

// The longest description, list of aliases or list of links. A longer description is cut, with "…" at its end; a longer
// list loses its last members.
#define ADVISORY_TEXT_BYTES (64 * 1024)

// One statement of a feed: this vulnerability, in this package, in this scope. All text is valid UTF-8.
struct advisory {
    struct slice scope;         // what the feed speaks of: "debian:bookworm", "alpine:v3.10/main"
    struct slice package;       // the name to look up: the source package's
    struct slice vulnerability; // "CVE-2014-0160"
    struct slice aliases;       // other ids of the same flaw, blank-separated
    struct slice fixed_in;      // with ADVISORY_FIXED
    enum advisory_status status;
    struct slice severity;    // as the feed publishes it for this package: "high", "not yet assigned"
    struct slice description; // of the vulnerability
    struct slice links;       // blank-separated, of the vulnerability; the most useful first
    uint32_t note; // set by segment_lookup_brief, for segment_describe: where the long texts stand, 0 nowhere
};

// False for a record that names no scope, package or vulnerability, or has a field longer than limits.field_bytes or
// ADVISORY_FIELD_BYTES: a parser leaves such a record out.
bool advisory_fits(const struct advisory *record, const struct limits *limits);

// ---- segments -------------------------------------------------------------------------------------------------------

// A segment is one file: what one feed said at one update, sorted, addressed by the digest of its bytes. The same
// records give the same bytes. It is an SQLite database, opened read-only.

struct segment_builder;

// Collects records in memory (28 bytes each beside the texts, which are kept once), in any order. Never NULL.
struct segment_builder *segment_builder_new(const char *feed);
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

// A place to go back to: what was added after it (of a file that turned out to be broken) is forgotten by
// segment_rewind.
struct segment_mark {
    size_t records, scopes;
};
struct segment_mark segment_mark(const struct segment_builder *b);
void segment_rewind(struct segment_builder *b, struct segment_mark mark);

uint64_t segment_builder_count(const struct segment_builder *b);

// Writes the segment into `folder` as "<hex digest>.segment": built in a temporary file, synced, renamed. A crash
// leaves nothing but a temporary file that a later call removes. Nothing may be added afterwards.
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

// The same without aliases, description and links, of which most records are never asked: many times faster.
bool segment_lookup_brief(struct segment *s, struct slice scope, struct slice package, struct arena *a,
                          advisory_vec *out, struct error *err);

// Fills in what segment_lookup_brief has left out.
bool segment_describe(struct segment *s, struct advisory *record, struct arena *a, struct error *err);

// Appends every record of one vulnerability, ordered by package and scope.
bool segment_vulnerability(struct segment *s, struct slice vulnerability, struct arena *a, advisory_vec *out,
                           struct error *err);

bool segment_has_scope(struct segment *s, struct slice scope);

uint64_t segment_count(struct segment *s); // records
