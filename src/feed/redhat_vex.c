// Red Hat's VEX documents, one for each vulnerability: an archive of all, and lists of what has changed since.
//
// Form, as security.access.redhat.com publishes it under data/csaf/v2/vex (described in Red Hat's security data
// guidelines, https://redhatproductsecurity.github.io/security-data-guidelines/): archive_latest.txt names an archive,
// "csaf_vex_2026-01-31.tar.zst", of documents "2024/cve-2024-2961.json". changes.csv and deletions.csv have a line for
// each document, "PATH","TIME" (RFC 3339): when it was last changed, or taken away.
//
// The archive is read once. What the feed notes of a run is up to when it has followed the changes, and which documents
// could not be had: the next run asks for these, and for what has changed after that.
#include "feed/redhat_vex.h"

#include "base/clock.h"
#include "base/log.h"
#include "feed/csaf.h"
#include "feed/tar_members.h"

#include <stdio.h>

#define FOLDER       "https://security.access.redhat.com/data/csaf/v2/vex/"
#define DAY          ((int64_t)24 * 3600)
#define MOST_FAILED  20 // documents in a row: then the upstream, or the archive, is not there
#define NEVER        INT64_MIN
#define PATH_BYTES   64
#define ADDRESS_SIZE (sizeof FOLDER + PATH_BYTES)

// ---- documents ------------------------------------------------------------------------------------------------------

struct listed {
    struct slice path;        // "2024/cve-2024-2961.json"
    int64_t changed, deleted; // NEVER: not that the lists say so
    bool wanted, read, failed;
};

struct vex {
    struct feed_run *run;
    struct arena *arena;
    struct csaf_ids ids;          // "CVE-2024-2961"
    VEC(struct listed) documents; // with the same numbers
    bool from_archive;
    int64_t since;          // changes up to then are known
    int64_t oldest, newest; // changes that are listed
    int failed;             // documents in a row
    uint64_t odd;           // members of the archive that are no documents
};

static size_t digits(struct slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

// Takes `literal`, or at least `least` digits, off the front.
static bool take_literal(struct slice *rest, struct slice literal)
{
    bool there = slice_starts(*rest, literal);
    *rest = slice_from(*rest, there ? literal.n : 0);
    return there;
}

static bool take_digits(struct slice *rest, size_t least)
{
    size_t n = digits(*rest);
    *rest = slice_from(*rest, n);
    return n >= least;
}

// "2024/cve-2024-2961.json" gives "CVE-2024-2961", in the arena. False for a path of another form.
static bool id_of_path(struct slice path, struct arena *a, struct slice *id)
{
    struct slice rest = path, name = slice_basename(path);
    if (path.n > PATH_BYTES || !take_digits(&rest, 4) || !take_literal(&rest, SLICE("/cve-")) ||
        !take_digits(&rest, 4) || !take_literal(&rest, SLICE("-")) || !take_digits(&rest, 4) ||
        !slice_eq(rest, SLICE(".json")))
        return false;
    *id = arena_printf(a, "CVE-%.*s", (int)(name.n - sizeof "cve-.json" + 1), name.p + sizeof "cve-" - 1);
    return true;
}

// The document of a path, listed before or not. NULL for a path of another form.
static struct listed *document_at(struct vex *x, struct slice path)
{
    struct slice id;
    if (!id_of_path(path, x->arena, &id))
        return NULL;
    size_t number = csaf_ids_add(&x->ids, x->arena, id);
    if (number == x->documents.n)
        VEC_PUSH(x->arena, &x->documents) =
            (struct listed){.path = arena_dup(x->arena, path), .changed = NEVER, .deleted = NEVER};
    return &x->documents.v[number];
}

static struct slice id_of(const struct vex *x, const struct listed *document)
{
    return x->ids.ids.v[document - x->documents.v];
}

static bool is_gone(const struct listed *document)
{
    return document->deleted > document->changed;
}

// ---- the lists ------------------------------------------------------------------------------------------------------

static struct slice unquoted(struct slice field)
{
    field = slice_trim(field);
    if (field.n >= 2 && field.p[0] == '"' && field.p[field.n - 1] == '"')
        return slice_of(field.p + 1, field.n - 2);
    return field;
}

static bool take_line(struct vex *x, struct slice line, bool deletions)
{
    struct slice path, time;
    int64_t when;
    slice_cut(line, ',', &path, &time);
    struct listed *document = clock_parse(unquoted(time), &when) ? document_at(x, unquoted(path)) : NULL;
    if (document == NULL)
        return false;
    if (deletions) {
        document->deleted = when;
        return true;
    }
    document->changed = when;
    x->oldest = when < x->oldest ? when : x->oldest;
    x->newest = when > x->newest ? when : x->newest;
    return true;
}

static bool take_list(struct vex *x, const char *name, struct slice text, bool deletions, struct error *err)
{
    struct slice line;
    size_t lines = 0, odd = 0;
    while (slice_next_line(&text, &line)) {
        if (slice_trim(line).n == 0)
            continue;
        lines++;
        odd += !take_line(x, line, deletions);
    }
    if (odd != 0 && odd == lines)
        return error_set(err, ERR_FORMAT, FOLDER "%s: no line names a document and a time", name);
    if (odd != 0)
        log_warn("redhat-vex: %s: %zu lines name no document and time, and were not followed", name, odd);
    return true;
}

// *there: the upstream has the list; *same: it is as it was at the last run.
static bool read_list(struct vex *x, const char *name, bool deletions, bool *there, bool *same, struct error *err)
{
    char url[ADDRESS_SIZE];
    struct slice text = {0};
    snprintf(url, sizeof url, FOLDER "%s", name);
    enum feed_answer answer = feed_list(x->run, url, &text, err);
    *there = answer != FEED_ABSENT;
    *same = answer == FEED_UNCHANGED;
    if (answer == FEED_FAILED)
        return false;
    return take_list(x, name, text, deletions, err);
}

// ---- what was noted -------------------------------------------------------------------------------------------------

// "since TIME", "done PATH" for each document of that very second, "failed PATH" for each that is to be asked for
// again.
static void write_note(const struct vex *x)
{
    struct buf note BUF_AUTO = {0};
    int64_t since = x->newest > x->since ? x->newest : x->since;
    char time[CLOCK_TEXT];
    clock_format(since, time);
    buf_addf(&note, "since %s\n", time);
    for (size_t i = 0; i < x->documents.n; i++) {
        const struct listed *document = &x->documents.v[i];
        if (document->failed)
            buf_addf(&note, "failed %.*s\n", SLICE_ARG(document->path));
        else if (document->changed == since)
            buf_addf(&note, "done %.*s\n", SLICE_ARG(document->path));
    }
    feed_note(x->run, buf_slice(&note));
}

// Which documents of the lists are to be fetched, going by what the last run noted. False when it noted nothing that
// can be built on.
static bool follow_note(struct vex *x, struct slice note, size_t *again)
{
    struct slice line, word, rest;
    if (!slice_next_line(&note, &line) || !slice_cut(line, ' ', &word, &rest) || !slice_eq(word, SLICE("since")) ||
        !clock_parse(rest, &x->since))
        return false;
    for (size_t i = 0; i < x->documents.n; i++)
        x->documents.v[i].wanted = x->documents.v[i].changed >= x->since;
    *again = 0;
    while (slice_next_line(&note, &line)) {
        slice_cut(line, ' ', &word, &rest);
        struct listed *document = document_at(x, rest);
        if (document == NULL)
            continue;
        bool failed = slice_eq(word, SLICE("failed"));
        if (failed || document->changed == x->since)
            document->wanted = failed;
        if (document->changed == NEVER && !failed)
            document->changed = x->since; // the list has not changed, and was not read
        *again += failed;
    }
    return true;
}

// ---- single documents -----------------------------------------------------------------------------------------------

static bool read_single(struct feed_input *input, void *context, struct error *err)
{
    const struct slice *id = context;
    struct buf text BUF_AUTO = {0};
    return reader_read_all(input->body, &text, input->limits->feed_member_bytes, "the file (limit feed_member_bytes)",
                           err) &&
           redhat_vex_document(input, &text, *id, err);
}

static bool fetch_wanted(struct vex *x, struct error *err)
{
    for (size_t i = 0; i < x->documents.n; i++) {
        struct listed *document = &x->documents.v[i];
        char url[ADDRESS_SIZE];
        if (!document->wanted || is_gone(document))
            continue;
        struct slice id = id_of(x, document);
        snprintf(url, sizeof url, FOLDER "%.*s", SLICE_ARG(document->path));
        document->read = feed_part(x->run, url, read_single, &id) == FEED_READ;
        document->failed = !document->read;
        x->failed = document->read ? 0 : x->failed + 1;
        if (x->failed == MOST_FAILED)
            return error_set(err, ERR_NETWORK, "%d documents in a row failed, so the others were not asked for",
                             x->failed);
    }
    return true;
}

// ---- the archive ----------------------------------------------------------------------------------------------------

// One document of the archive. One that cannot be read costs no other.
static bool take_member(struct vex *x, struct feed_input *input, struct tar *tar, const struct tar_entry *entry,
                        struct buf *text, struct error *err)
{
    struct listed *document = document_at(x, entry->path);
    if (document == NULL) {
        log_debug("redhat-vex: the archive's %.*s is no document by its name", SLICE_ARG(entry->path));
        x->odd++;
        return true;
    }
    if (document->read || is_gone(document))
        return true;
    struct slice path = document->path, id = id_of(x, document);
    struct segment_mark mark = segment_mark(input->builder);
    document->read = tar_read_member(tar, entry, input->limits, text, err) && redhat_vex_document(input, text, id, err);
    x->failed = document->read ? 0 : x->failed + 1;
    if (document->read)
        return true; // that a later state of it failed stands
    segment_rewind(input->builder, mark);
    error_wrap(err, "the archive's %.*s", SLICE_ARG(path));
    document->failed = true;
    feed_failure(x->run, path.p, err);
    return x->failed < MOST_FAILED;
}

static bool read_archive(struct feed_input *input, void *context, struct error *err)
{
    struct vex *x = context;
    struct buf text BUF_AUTO = {0};
    struct tar *tar TAR_AUTO = tar_open(input->body, input->limits);
    struct tar_entry entry;
    bool more;
    x->failed = 0;
    for (;;) {
        if (!tar_next(tar, &entry, &more, err))
            return false;
        if (!more)
            break;
        if (entry.type == TAR_FILE && !take_member(x, input, tar, &entry, &text, err))
            return false;
    }
    if (x->odd != 0) // not one by one: an archive can have millions
        log_warn("redhat-vex: files of the archive that are no documents by their names, and were not read: %llu",
                 (unsigned long long)x->odd);
    return true;
}

// The archive's name, and the day in it; it holds what changed before that day at least.
static bool find_archive(struct vex *x, struct slice *name, struct error *err)
{
    static const struct slice before = {"csaf_vex_", sizeof "csaf_vex_" - 1}, behind = {".tar.zst", 8};
    struct slice text = {0};
    enum feed_answer answer = feed_text(x->run, FOLDER "archive_latest.txt", &text, err);
    if (answer == FEED_FAILED)
        return false;
    *name = slice_trim(text);
    struct slice day = slice_from(*name, before.n);
    day.n = day.n > behind.n ? day.n - behind.n : 0;
    if (answer == FEED_ABSENT || !slice_starts(*name, before) || !slice_ends(*name, behind) || day.n != 10 ||
        !clock_parse(day, &x->since))
        return error_set(err, ERR_FORMAT, "archive_latest.txt names no archive");
    x->since -= DAY;
    return true;
}

// Documents that have changed since the archive was made are fetched first, and its own are not read.
static bool start_over(struct vex *x, struct error *err)
{
    struct slice name;
    char url[ADDRESS_SIZE];
    x->from_archive = true;
    if (!find_archive(x, &name, err))
        return false;
    for (size_t i = 0; i < x->documents.n; i++)
        x->documents.v[i].wanted = x->documents.v[i].changed >= x->since;
    snprintf(url, sizeof url, FOLDER "%.*s", SLICE_ARG(name));
    return fetch_wanted(x, err) && (feed_part(x->run, url, read_archive, x) == FEED_READ ||
                                    error_set(err, ERR_NETWORK, "the archive could not be read"));
}

// ---- the feed -------------------------------------------------------------------------------------------------------

// A document that is gone, or that was read anew; of the archive all but what could not be read from it.
static bool leaves(void *context, struct slice vulnerability)
{
    const struct vex *x = context;
    size_t number = csaf_ids_find(&x->ids, vulnerability);
    const struct listed *document = number != CSAF_NO_ID ? &x->documents.v[number] : NULL;
    if (x->from_archive)
        return document == NULL || !document->failed || document->read || is_gone(document);
    return document != NULL && (document->read || is_gone(document));
}

// Whether a deletion counts depends on what has changed since: where deletions.csv is new, changes.csv is needed too.
static bool read_lists(struct vex *x, bool *there, bool *changes_same, bool *deletions_same, struct error *err)
{
    struct slice text = {0};
    bool deletions_there;
    if (!read_list(x, "changes.csv", false, there, changes_same, err))
        return false;
    if (!*there)
        return true;
    if (!read_list(x, "deletions.csv", true, &deletions_there, deletions_same, err))
        return false;
    if (!deletions_there || *deletions_same || !*changes_same) {
        *deletions_same = *deletions_same || !deletions_there;
        return true;
    }
    *changes_same = false;
    if (feed_text(x->run, FOLDER "changes.csv", &text, err) != FEED_READ)
        return false;
    return take_list(x, "changes.csv", text, false, err);
}

static bool update(struct feed_run *run, struct error *err)
{
    struct vex x = {.run = run, .arena = feed_arena(run), .since = NEVER, .oldest = INT64_MAX, .newest = NEVER};
    bool there, changes_same, deletions_same;
    size_t again = 0;
    if (!read_lists(&x, &there, &changes_same, &deletions_same, err))
        return false;
    if (!there) // so there is no such upstream, or mirror
        return true;
    bool known = follow_note(&x, feed_noted(run), &again);
    if (known && changes_same && deletions_same && again == 0)
        return true;
    // A list that does not reach back to what is known leaves a gap.
    if (known && (changes_same || x.oldest <= x.since)) {
        if (!fetch_wanted(&x, err))
            return false;
    } else if (!start_over(&x, err)) {
        return false;
    }
    write_note(&x);
    return feed_carry(run, leaves, &x, err);
}

static bool parse(struct feed_input *input, struct error *err)
{
    struct slice any = {0};
    return read_single(input, &any, err);
}

const struct feed feed_redhat_vex = {
    .name = "redhat-vex",
    .title = "Red Hat's VEX documents",
    .url = FOLDER,
    .version = 1,
    .parse = parse,
    .update = update,
};
