// A feed is one upstream's vulnerability data: a name, its URLs, and how to turn its files into advisory records.
//
// Adding one is one file and one line in feeds.c. fetch.c does all HTTP, so a feed only names URLs and parses streams.
#pragma once

#include "advisory/advisory.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/reader.h"
#include "telemetry/span.h"

struct feed_input;
struct feed_run;

struct feed {
    const char *name;  // "debian"
    const char *title; // "Debian security tracker"
    const char *url;   // where a person looks: the upstream's first URL
    unsigned version;  // of the parser: a new one makes every file be fetched and read again
    bool whole_files;  // its files are archives that are read by place: the parser gets `file`, and no `body`

    // Reads one of its files into records.
    bool (*parse)(struct feed_input *input, struct error *err);

    // Fetches everything, by feed_source for each file. False: the feed as a whole failed.
    bool (*update)(struct feed_run *run, struct error *err);
};

// The table, terminated by NULL.
extern const struct feed *const feeds[];
const struct feed *feed_named(struct slice name);

// ---- for feeds ------------------------------------------------------------------------------------------------------

#define FEED_REASONS 16 // the most that are told apart; what comes behind them counts for the last

// What became of the records of files: those added, some of them word for word the same, and those left out.
struct feed_tally {
    uint64_t added, left_out;
    struct feed_reason {
        const char *reason; // a literal
        uint64_t n;
    } reasons[FEED_REASONS];
    size_t reasons_n;
};

// What a parser gets.
struct feed_input {
    struct reader *body; // unpacked
    int file;            // with feed.whole_files, as it was fetched: a descriptor that stays the caller's
    struct slice scope;  // the one that this file covers, with those within it; empty when the file says it itself
    struct segment_builder *builder;
    const struct limits *limits;
    struct feed_tally *tally;
};

// Adds a record, or leaves it out (for a field that it lacks, or that is too long). False when the segment is full.
bool feed_add(struct feed_input *input, const struct advisory *record, struct error *err);

// Counts a record that the parser could not use. Nothing of an upstream is dropped otherwise: what it says is either
// added or counted here. `reason` is a literal, for people: "no known status". What it was goes to the debug log.
void feed_leave_out(struct feed_input *input, const char *reason, const struct advisory *record);

enum feed_answer { FEED_READ, FEED_UNCHANGED, FEED_ABSENT, FEED_FAILED };

// Fetches one URL and has it read by the feed's parser. A file that has not changed since the last segment is carried
// over from there, by its scope and those within it: "ubuntu:jammy" and "ubuntu:jammy/pro", the first of which must be
// declared (a feed of one file without a scope is then unchanged as a whole). A file that fails
// after retries keeps its former records; the run goes on and is reported as failed in part. FEED_ABSENT: the upstream
// says that there is no such file (404), which is no failure for a feed that probes.
enum feed_answer feed_source(struct feed_run *run, const char *url, struct slice scope);

// The update() of a feed that is one file, at its `url` and without a scope.
bool feed_update_one_file(struct feed_run *run, struct error *err);

// A file that another one names: several places may have it, each under a name of its own.
struct feed_named_file {
    const char *name;     // that stays the same, wherever it is fetched from: the URL of what names it
    struct slice scope;   // as for feed_source
    struct digest digest; // of the file as it is fetched
};

// Tries one place, as feed_source does; a file that has the digest of the one that was read before is not even fetched.
// What fails (FEED_ABSENT, too) is in `err` and costs nothing yet: another place may do better.
enum feed_answer feed_try(struct feed_run *run, const struct feed_named_file *file, const char *url, struct error *err);

// No place had the file: it keeps its former records, and the run is reported as failed in part, because of `why`.
void feed_give_up(struct feed_run *run, const char *name, struct slice scope, const struct error *why);

// The upstream has no such file; when it had one before, its records go, and that is said.
void feed_absent(struct feed_run *run, const char *name, const struct error *why);

// Fetches a small file, such as a list of others, for update() itself to read. `text` lives as long as the run.
enum feed_answer feed_text(struct feed_run *run, const char *url, struct slice *text, struct error *err);

struct arena *feed_arena(struct feed_run *run); // lives as long as the run
const struct limits *feed_limits(const struct feed_run *run);

// ---- for feeds whose upstream publishes its changes
// ------------------------------------------------------------------

// Such a feed reads the upstream's archive once, then only the documents that have changed, and carries all else over.

// What the feed noted at its last run; empty when there is nothing to build on: no sound segment, or one that another
// version of the parser made.
struct slice feed_noted(const struct feed_run *run);

// Has it kept for the next run, together with the segment that this run makes. It is copied.
void feed_note(struct feed_run *run, struct slice note);

// As feed_text, for a list that is asked for again at each run. FEED_UNCHANGED, without a text: it is as it was at the
// last run, and feed_noted has something. FEED_FAILED: `err` says why.
enum feed_answer feed_list(struct feed_run *run, const char *url, struct slice *text, struct error *err);

// Fetches one URL and has it read by `parse`. Of a file that fails, which is told, nothing is added.
typedef bool feed_parse_fn(struct feed_input *input, void *context, struct error *err);
enum feed_answer feed_part(struct feed_run *run, const char *url, feed_parse_fn *parse, void *context);

// Tells of something that failed, as of a file: a part of an archive. `why` names it too. The run is then reported as
// failed in part.
void feed_failure(struct feed_run *run, const char *what, const struct error *why);

// Takes over what the former segment says, but for the vulnerabilities that `leave` says yes to; nothing when there is
// no former segment.
bool feed_carry(struct feed_run *run, segment_leave_fn *leave, void *context, struct error *err);

// ---- running them ---------------------------------------------------------------------------------------------------

// Another place for what an upstream has: a URL that begins with `from` is fetched at `to` and what follows.
struct feed_place {
    struct slice from; // "https://secdb.alpinelinux.org/", or the URL of one file
    struct slice to;   // a URL, or the path of a folder or file
};

// From "FEED=PLACE", where what the feed's first URL begins with is meant, or "URL=PLACE", as users write it; slices of
// it. ERR_USAGE.
bool feed_place_parse(struct slice text, struct feed_place *place, struct error *err);

// Can this be fetched from: a URL of http or https, "file:///PATH", or an absolute path? ERR_USAGE when not.
bool feed_place_check(struct slice to, struct error *err);

struct update_options {
    const char *mirror;              // NULL, a URL or a folder: https://HOST/PATH becomes MIRROR/HOST/PATH
    const struct feed_place *places; // go before the mirror; that with the longest `from` counts
    size_t places_n;
    const struct limits *limits;
    bool force; // accept a feed that has shrunk below half its former records
    void (*progress)(void *context, const char *feed, const char *message);
    void *progress_context;
    // Told how far a file is, in bytes: of its download, then, `reading`, of what is read of it. NULL: nobody is.
    void (*bytes)(void *context, const char *feed, const char *url, bool reading, uint64_t done, uint64_t total);
    void *bytes_context;
    // Asked often, by the thread that runs: from a true on nothing more is fetched. NULL: it goes on to its end.
    bool (*stopping)(void *context);
    void *stopping_context;
    const struct span *span; // the run is a part of; NULL: it is not traced
};

struct feed_outcome {
    const struct feed *feed;
    // FEED_NOT_MIRRORED: a mirror that was given has no file of the feed, and no update before had one.
    // FEED_STOPPED: it was told to stop; all is as it was before.
    enum { FEED_UPDATED, FEED_SAME, FEED_PARTLY, FEED_BROKEN, FEED_NOT_MIRRORED, FEED_STOPPED } result;
    uint64_t records, repeated, left_out; // of the segment in force and its files, as in struct feed_account
    struct error error;                   // of all but FEED_UPDATED and FEED_SAME
};

struct store;
struct feed_file;

// Every record that a feed's files hold is one of these.
struct feed_account {
    uint64_t kept;     // in the segment
    uint64_t repeated; // word for word the same as one that is, in the same file or in another
    uint64_t left_out;
};
struct feed_account feed_account(const struct feed_file *files, size_t n, uint64_t records);

// Runs one feed: fetches, parses, writes a segment, records it as the feed's current one (or the failure). A feed that
// fails keeps its last good segment; a last segment that is damaged is made anew from the whole upstream. Waits for
// another run of the same feed in this data folder, of whatever process. False only when our own store fails; the
// feed's own failure is in `outcome`.
bool feed_update(const struct feed *feed, struct store *store, const struct update_options *options,
                 struct feed_outcome *outcome, struct error *err);
