// One run of a feed: fetch, parse, build a segment, record the outcome. No feed fails because of another, and no file
// of a feed because of another file.
#include "feed/feed.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "feed/fetch.h"
#include "feed/unpack.h"
#include "store/segments.h"
#include "store/store.h"

#include <stdio.h>
#include <unistd.h>

struct feed_run {
    const struct feed *feed;
    const struct update_options *options;
    struct store *store;
    struct arena arena;
    struct fetcher *fetcher;
    struct segment_builder *builder;
    struct segment *former; // the feed's segment until now; NULL none
    const struct feed_file *known;
    size_t known_n;
    struct slice noted;          // at the last run
    struct slice note;           // in this one; p == NULL none
    VEC(struct feed_file) files; // as they are after this run
    struct feed_file *parts;     // what its parts have given, told as of one file; NULL none
    size_t read, unchanged, failed;
    size_t vanished; // files that were there at the last run
    struct error first_failure;
};

static void say(struct feed_run *run, const char *url, const char *what)
{
    char text[2 * ERROR_TEXT];
    snprintf(text, sizeof text, "%s: %s", url, what);
    if (run->options->progress != NULL)
        run->options->progress(run->options->progress_context, run->feed->name, text);
}

// A step of the run that is traced: "download", of this URL. Documents that are fetched by the thousand have none.
static struct span *step(struct feed_run *run, enum span_kind kind, const char *name, const char *url)
{
    struct span *span = span_child(run->options->span, kind, name);
    span_text(span, "url.full", slice_str(url));
    return span;
}

static void end_download(struct span *span, enum fetch_result result, const struct error *err)
{
    static const char *const words[] = {
        [FETCH_OK] = "read", [FETCH_UNCHANGED] = "unchanged", [FETCH_ABSENT] = "absent", [FETCH_FAILED] = "failed"};
    span_text(span, "clarion.result", slice_str(words[result]));
    if (result == FETCH_FAILED)
        span_fail(span, slice_str(err->text));
    span_end(&span);
}

static enum fetch_result download_stream(struct feed_run *run, const char *url, struct fetch_validators *validators,
                                         struct reader **body, struct error *err)
{
    struct span *span = step(run, SPAN_CLIENT, "download", url);
    enum fetch_result result = fetch(run->fetcher, url, validators, &run->arena, body, err);
    end_download(span, result, err);
    return result;
}

static enum fetch_result download_file(struct feed_run *run, const char *url, struct fetch_validators *validators,
                                       int *file, struct error *err)
{
    struct span *span = step(run, SPAN_CLIENT, "download", url);
    enum fetch_result result = fetch_file(run->fetcher, url, validators, &run->arena, file, err);
    end_download(span, result, err);
    return result;
}

static const struct feed_file *known_file(const struct feed_run *run, const char *url)
{
    for (size_t i = 0; i < run->known_n; i++)
        if (slice_eq(run->known[i].url, slice_str(url)))
            return &run->known[i];
    return NULL;
}

// True when the records of the file are in the former segment, which is sound.
static bool is_kept(const struct feed_run *run, const struct feed_file *file, struct slice scope)
{
    return file != NULL && run->former != NULL && file->checked != 0 &&
           (scope.n == 0 || segment_has_scope(run->former, scope));
}

// Is this the scope of the file, or one within it ("ubuntu:jammy/pro" of "ubuntu:jammy")?
static bool is_within(struct slice scope, struct slice of_file)
{
    return slice_starts(scope, of_file) && (scope.n == of_file.n || scope.p[of_file.n] == '/');
}

// Takes the records of a file over from the former segment. Those of a feed of one file stay where they are.
static bool carry(struct feed_run *run, struct slice scope, struct error *err)
{
    struct segment_mark mark = segment_mark(run->builder);
    size_t n;
    const struct slice *former = segment_scopes(run->former, &n);
    bool ok = true;
    for (size_t i = 0; ok && scope.n != 0 && i < n; i++)
        if (is_within(former[i], scope))
            ok = segment_carry(run->builder, run->former, former[i], run->options->limits, err);
    if (!ok)
        segment_rewind(run->builder, mark);
    return ok;
}

// The file as it was before, with its records and the validators that speak of them; and why it could not be had now.
static void fail(struct feed_run *run, const struct feed_file *former, struct slice scope, struct feed_file *file,
                 const struct error *why)
{
    struct error lost;
    say(run, file->url.p, why->text);
    if (run->failed++ == 0)
        run->first_failure = *why;
    if (is_kept(run, former, scope)) {
        if (carry(run, scope, &lost))
            *file = *former;
        else
            log_warn("%s: the former records of %s are lost: %s", run->feed->name, file->url.p, lost.text);
    }
    file->error = arena_dup(&run->arena, slice_str(why->text));
}

struct arena *feed_arena(struct feed_run *run)
{
    return &run->arena;
}

const struct limits *feed_limits(const struct feed_run *run)
{
    return run->options->limits;
}

// ---- what parsers give ----------------------------------------------------------------------------------------------

static void count_reason(struct feed_tally *tally, const char *reason, uint64_t n)
{
    size_t i = 0;
    while (i < tally->reasons_n && strcmp(tally->reasons[i].reason, reason) != 0)
        i++;
    if (i == tally->reasons_n && i < FEED_REASONS)
        tally->reasons[tally->reasons_n++] = (struct feed_reason){reason, 0};
    tally->reasons[i < FEED_REASONS ? i : FEED_REASONS - 1].n += n;
    tally->left_out += n;
}

static void add_left_out(struct feed_run *run, struct feed_file *file, const struct file_left_out *more, size_t more_n)
{
    size_t n = file->left_out_n;
    if (more_n == 0)
        return;
    struct file_left_out *all = ARENA_NEW(&run->arena, struct file_left_out, n + more_n);
    if (n != 0)
        memcpy(all, file->left_out, n * sizeof *all);
    for (size_t i = 0; i < more_n; i++) {
        size_t at = 0;
        while (at < n && !slice_eq(all[at].reason, more[i].reason))
            at++;
        if (at == n)
            all[n++].reason = more[i].reason;
        all[at].records += more[i].records;
    }
    file->left_out = all;
    file->left_out_n = n;
}

// Adds what became of records to what is told of the file that they came from.
static void add_tally(struct feed_run *run, struct feed_file *file, const struct feed_tally *tally)
{
    struct file_left_out *left_out = ARENA_NEW(&run->arena, struct file_left_out, tally->reasons_n);
    for (size_t i = 0; i < tally->reasons_n; i++)
        left_out[i] = (struct file_left_out){slice_str(tally->reasons[i].reason), tally->reasons[i].n};
    file->added += tally->added;
    add_left_out(run, file, left_out, tally->reasons_n);
}

bool feed_add(struct feed_input *input, const struct advisory *record, struct error *err)
{
    if (!advisory_fits(record, input->limits)) {
        feed_leave_out(input, "lacks a field, or has one that is too long", record);
        return true;
    }
    input->tally->added++;
    return segment_add(input->builder, record, input->limits, err);
}

void feed_leave_out(struct feed_input *input, const char *reason, const struct advisory *record)
{
    count_reason(input->tally, reason, 1);
    log_debug("left out: %.*s %.*s %.*s: %s", SLICE_ARG(record->scope), SLICE_ARG(record->package),
              SLICE_ARG(record->vulnerability), reason);
}

// ---- files ----------------------------------------------------------------------------------------------------------

// By `parse` and its context, or by the feed's own parser. What becomes of the records is told of `file`.
static bool parse_body(struct feed_run *run, struct reader *body, int whole, struct feed_file *file,
                       feed_parse_fn *parse, void *context, struct error *err)
{
    struct feed_tally tally = {0};
    struct feed_input input = {body, whole, file->scope, run->builder, run->options->limits, &tally};
    struct segment_mark mark = segment_mark(run->builder);
    if (!(parse != NULL ? parse(&input, context, err) : run->feed->parse(&input, err))) {
        segment_rewind(run->builder, mark);
        return false;
    }
    add_tally(run, file, &tally);
    return true;
}

// The feed's own files, traced.
static bool parse_file(struct feed_run *run, struct reader *body, int whole, struct feed_file *file, struct error *err)
{
    struct span *span SPAN_AUTO = step(run, SPAN_INTERNAL, "parse", file->url.p);
    bool ok = parse_body(run, body, whole, file, NULL, NULL, err);
    span_number(span, "clarion.feed.records", (int64_t)file->added);
    if (!ok)
        span_fail(span, slice_str(err->text));
    return ok;
}

// A small file's text, unless it is as `validators` have it.
static enum fetch_result fetch_text(struct feed_run *run, const char *url, struct fetch_validators *validators,
                                    struct slice *text, struct error *err)
{
    struct reader *body READER_AUTO = NULL;
    struct buf bytes BUF_AUTO = {0};
    enum fetch_result result = download_stream(run, url, validators, &body, err);
    if (result != FETCH_OK)
        return result;
    if (!reader_read_all(body, &bytes, run->options->limits->feed_member_bytes, "the file (limit feed_member_bytes)",
                         err)) {
        error_wrap(err, "%s", url);
        return FETCH_FAILED;
    }
    *text = arena_dup(&run->arena, buf_slice(&bytes));
    return FETCH_OK;
}

enum feed_answer feed_text(struct feed_run *run, const char *url, struct slice *text, struct error *err)
{
    struct fetch_validators validators = {0};
    switch (fetch_text(run, url, &validators, text, err)) {
    case FETCH_OK:
        return FEED_READ;
    case FETCH_ABSENT:
        return FEED_ABSENT;
    default:
        return FEED_FAILED;
    }
}

void feed_absent(struct feed_run *run, const char *name, const struct error *why)
{
    if (known_file(run, name) == NULL)
        return;
    run->vanished++;
    log_warn("%s: %s (it was there before: its records are dropped)", run->feed->name, why->text);
}

// Notes a file that was read, or is as it was.
static void succeed(struct feed_run *run, enum feed_answer answer, struct feed_file *file, const char *url)
{
    file->checked = clock_now();
    file->version = run->feed->version;
    run->read += answer == FEED_READ;
    run->unchanged += answer == FEED_UNCHANGED;
    say(run, url, answer == FEED_READ ? "read" : "unchanged");
    VEC_PUSH(&run->arena, &run->files) = *file;
}

enum feed_answer feed_source(struct feed_run *run, const char *url, struct slice scope)
{
    const struct feed_file *former = known_file(run, url);
    struct feed_file file = {.url = arena_dup(&run->arena, slice_str(url)), .scope = arena_dup(&run->arena, scope)};
    struct fetch_validators validators = {0};
    struct reader *body READER_AUTO = NULL;
    int whole FD_AUTO = -1;
    struct error err;
    // "Unchanged" helps only where this version of the parser has read it.
    if (is_kept(run, former, scope) && former->version == run->feed->version)
        validators = (struct fetch_validators){former->etag, former->last_modified};
    enum feed_answer answer = FEED_FAILED;
    switch (run->feed->whole_files ? download_file(run, url, &validators, &whole, &err)
                                   : download_stream(run, url, &validators, &body, &err)) {
    case FETCH_ABSENT:
        feed_absent(run, url, &err);
        return FEED_ABSENT;
    case FETCH_UNCHANGED:
        answer = carry(run, scope, &err) ? FEED_UNCHANGED : FEED_FAILED;
        if (answer == FEED_UNCHANGED)
            file = *former;
        break;
    case FETCH_OK:
        answer = parse_file(run, body, whole, &file, &err) ? FEED_READ : FEED_FAILED;
        if (answer == FEED_FAILED)
            error_wrap(&err, "%s", url);
        break;
    case FETCH_FAILED:
        break;
    }
    if (answer == FEED_FAILED) {
        fail(run, former, scope, &file, &err);
        VEC_PUSH(&run->arena, &run->files) = file;
    } else {
        file.error = SLICE("");
        file.etag = validators.etag;
        file.last_modified = validators.last_modified;
        succeed(run, answer, &file, url);
    }
    return answer;
}

bool feed_update_one_file(struct feed_run *run, struct error *err)
{
    (void)err; // what the one file met is the run's to tell
    feed_source(run, run->feed->url, SLICE(""));
    return true;
}

// ---- upstreams that publish their changes ---------------------------------------------------------------------------

struct slice feed_noted(const struct feed_run *run)
{
    bool same_parser = run->known_n != 0;
    for (size_t i = 0; i < run->known_n; i++)
        same_parser = same_parser && run->known[i].version == run->feed->version;
    return run->former != NULL && same_parser ? run->noted : (struct slice){0};
}

void feed_note(struct feed_run *run, struct slice note)
{
    run->note = arena_dup(&run->arena, note);
}

enum feed_answer feed_list(struct feed_run *run, const char *url, struct slice *text, struct error *err)
{
    const struct feed_file *former = feed_noted(run).n != 0 ? known_file(run, url) : NULL;
    struct fetch_validators validators = {0};
    if (former != NULL)
        validators = (struct fetch_validators){former->etag, former->last_modified};
    enum fetch_result result = fetch_text(run, url, &validators, text, err);
    if (result == FETCH_ABSENT || result == FETCH_FAILED)
        return result == FETCH_ABSENT ? FEED_ABSENT : FEED_FAILED;
    VEC_PUSH(&run->arena, &run->files) = (struct feed_file){
        .url = arena_dup(&run->arena, slice_str(url)),
        .etag = validators.etag,
        .last_modified = validators.last_modified,
        .checked = clock_now(),
        .version = run->feed->version,
    };
    run->unchanged += result == FETCH_UNCHANGED;
    run->read += result == FETCH_OK;
    say(run, url, result == FETCH_OK ? "read" : "unchanged");
    return result == FETCH_OK ? FEED_READ : FEED_UNCHANGED;
}

void feed_failure(struct feed_run *run, const char *what, const struct error *why)
{
    say(run, what, why->text);
    if (run->failed++ == 0)
        run->first_failure = *why;
}

// The parts are told of as one file, by the name of the whole: what was carried over, and what came since.
static struct feed_file *parts_of(struct feed_run *run)
{
    if (run->parts != NULL)
        return run->parts;
    run->parts = ARENA_NEW(&run->arena, struct feed_file, 1);
    *run->parts = (struct feed_file){.url = slice_str(run->feed->url)};
    run->parts->version = run->feed->version;
    run->parts->checked = clock_now();
    return run->parts;
}

enum feed_answer feed_part(struct feed_run *run, const char *url, feed_parse_fn *parse, void *context)
{
    struct arena scratch ARENA_AUTO = {0};
    struct fetch_validators validators = {0};
    struct reader *body READER_AUTO = NULL;
    struct error err;
    enum fetch_result result = fetch(run->fetcher, url, &validators, &scratch, &body, &err);
    if (result == FETCH_OK) {
        if (parse_body(run, body, -1, parts_of(run), parse, context, &err)) {
            run->read++;
            say(run, url, "read");
            return FEED_READ;
        }
        error_wrap(&err, "%s", url);
    }
    feed_failure(run, url, &err);
    return result == FETCH_ABSENT ? FEED_ABSENT : FEED_FAILED;
}

bool feed_carry(struct feed_run *run, segment_leave_fn *leave, void *context, struct error *err)
{
    const struct feed_file *former = known_file(run, run->feed->url);
    uint64_t before = segment_builder_count(run->builder);
    if (run->former == NULL)
        return true;
    if (!segment_carry_all(run->builder, run->former, leave, context, run->options->limits, err))
        return false;
    struct feed_file *parts = parts_of(run);
    parts->added += segment_builder_count(run->builder) - before;
    if (former != NULL)
        add_left_out(run, parts, former->left_out, former->left_out_n);
    return true;
}

// ---- files that others name -----------------------------------------------------------------------------------------

// Fetches a file whole, and compares its digest.
static enum feed_answer fetch_checked(struct feed_run *run, const struct digest *digest, const char *url, int *whole,
                                      struct error *err)
{
    struct fetch_validators none = {0};
    struct digest found;
    enum fetch_result result = download_file(run, url, &none, whole, err);
    if (result != FETCH_OK)
        return result == FETCH_ABSENT ? FEED_ABSENT : FEED_FAILED;
    struct reader *packed READER_AUTO = reader_of_fd(*whole, false);
    if (!digest_reader(packed, digest, &found, NULL, err))
        return FEED_FAILED;
    if (lseek(*whole, 0, SEEK_SET) != 0) {
        error_errno(err, "cannot read %s again", url);
        return FEED_FAILED;
    }
    if (digest_eq(&found, digest))
        return FEED_READ;
    error_set(err, ERR_DIGEST, "%s has the digest %s, not %s", url, found.text, digest->text);
    return FEED_FAILED;
}

static bool parse_whole(struct feed_run *run, int whole, struct feed_file *file, struct error *err)
{
    struct reader *body READER_AUTO = NULL;
    return (run->feed->whole_files || unpack(reader_of_fd(whole, false), run->options->limits, &body, err)) &&
           parse_file(run, body, whole, file, err);
}

enum feed_answer feed_try(struct feed_run *run, const struct feed_named_file *named, const char *url, struct error *err)
{
    const struct feed_file *former = known_file(run, named->name);
    struct feed_file file = {.url = arena_dup(&run->arena, slice_str(named->name)),
                             .scope = arena_dup(&run->arena, named->scope),
                             .etag = arena_dup(&run->arena, digest_slice(&named->digest))};
    int whole FD_AUTO = -1;
    enum feed_answer answer;
    if (is_kept(run, former, named->scope) && former->version == run->feed->version &&
        slice_eq(former->etag, file.etag)) {
        answer = carry(run, named->scope, err) ? FEED_UNCHANGED : FEED_FAILED;
        file = *former;
    } else {
        answer = fetch_checked(run, &named->digest, url, &whole, err);
        if (answer == FEED_READ && !parse_whole(run, whole, &file, err)) {
            error_wrap(err, "%s", url);
            answer = FEED_FAILED;
        }
    }
    if (answer == FEED_READ || answer == FEED_UNCHANGED)
        succeed(run, answer, &file, url);
    return answer;
}

void feed_give_up(struct feed_run *run, const char *name, struct slice scope, const struct error *why)
{
    struct feed_file file = {.url = arena_dup(&run->arena, slice_str(name)), .scope = arena_dup(&run->arena, scope)};
    fail(run, known_file(run, name), scope, &file, why);
    VEC_PUSH(&run->arena, &run->files) = file;
}

// ---- a whole run ----------------------------------------------------------------------------------------------------

static bool broken(struct feed_outcome *outcome, const struct error *why)
{
    outcome->result = FEED_BROKEN;
    outcome->error = *why;
    return false;
}

// Writes the segment, unless that fails or it looks like a mistake: a feed that says the same over and over has shrunk,
// too. What is written then is in no generation, and goes with the next collection. False: `outcome` says why.
static bool build(struct feed_run *run, const struct feed_state *state, struct digest *digest,
                  struct feed_outcome *outcome)
{
    struct error err;
    uint64_t former = run->former != NULL ? segment_count(run->former) : 0, records;
    if (segment_builder_count(run->builder) == 0)
        log_warn("%s: the upstream has no records", run->feed->name);
    struct span *span = step(run, SPAN_INTERNAL, "write segment", run->feed->url);
    bool written = segment_write(run->builder, run->store->segments, digest, &records, &err);
    if (!written)
        span_fail(span, slice_str(err.text));
    span_end(&span);
    if (!written)
        return broken(outcome, &err);
    if (records < former - former / 2 && !run->options->force) {
        error_set(&err, ERR_FORMAT,
                  "has shrunk from %llu records to %llu, which looks like a mistake; the former ones stay "
                  "(`clarion update --force %s` accepts it)",
                  (unsigned long long)former, (unsigned long long)records, run->feed->name);
        return broken(outcome, &err);
    }
    if (!store_segment_give(run->store, digest, &err))
        return broken(outcome, &err);
    outcome->records = records;
    outcome->result = state != NULL && digest_eq(digest, &state->segment) ? FEED_SAME : FEED_UPDATED;
    return true;
}

// Decides what the run amounts to. *made tells whether `digest` names a segment of this run.
static void conclude(struct feed_run *run, bool ran, const struct error *why, const struct feed_state *state,
                     struct digest *digest, bool *made, struct feed_outcome *outcome)
{
    struct error err;
    *made = false;
    outcome->records = state != NULL ? state->records : 0;
    if (!ran) {
        err = *why;
        if (run->failed != 0)
            error_set(&err, why->code, "%s; the first: %s", why->text, run->first_failure.text);
        broken(outcome, &err);
    } else if (run->read + run->unchanged == 0) {
        if (run->failed == 0)
            error_set(&err, ERR_NOT_FOUND, "the upstream has none of the feed's files (%s)", run->feed->url);
        broken(outcome, run->failed != 0 ? &run->first_failure : &err);
        if (run->failed == 0 && run->options->mirror != NULL && outcome->records == 0)
            outcome->result = FEED_NOT_MIRRORED;
    } else if (run->read + run->failed + run->vanished == 0) {
        outcome->result = FEED_SAME;
    } else {
        *made = build(run, state, digest, outcome);
        if (*made && run->failed != 0) {
            outcome->result = FEED_PARTLY;
            outcome->error = run->first_failure;
            if (run->failed > 1)
                error_wrap(&outcome->error, "%zu files failed, the first", run->failed);
        }
    }
}

static bool record(struct feed_run *run, const struct feed_state *state, const struct digest *segment,
                   const struct feed_outcome *outcome, struct error *err)
{
    static const struct digest none;
    bool fine = outcome->result == FEED_UPDATED || outcome->result == FEED_SAME;
    if (outcome->result == FEED_NOT_MIRRORED)
        return true;
    struct feed_result result = {
        .feed = slice_str(run->feed->name),
        .segment = segment,
        .former = state != NULL ? &state->segment : &none,
        .records = outcome->records,
        .confirmed = fine,
        .error = fine ? SLICE("") : slice_str(outcome->error.text),
        // Where nothing was made of them, the files are as they were.
        .files = segment != NULL || fine ? run->files.v : NULL,
        .files_n = run->files.n,
        .note = segment != NULL || fine ? run->note : (struct slice){0},
        .keep = run->options->limits->feed_updates,
    };
    return store_feed_record(run->store, &result, err);
}

// What the files that are in force have given beside the records that are kept.
static bool count(struct feed_run *run, struct feed_outcome *outcome, struct error *err)
{
    struct feed_file *files;
    size_t n;
    if (!store_feed_files(run->store, slice_str(run->feed->name), &run->arena, &files, &n, err))
        return false;
    const struct feed_account account = feed_account(files, n, outcome->records);
    outcome->repeated = account.repeated;
    outcome->left_out = account.left_out;
    return true;
}

// Where nothing was asked for, the parts are as they were.
static void tell_of_parts(struct feed_run *run)
{
    const struct feed_file *parts = run->parts;
    if (parts == NULL && feed_noted(run).n != 0)
        parts = known_file(run, run->feed->url);
    if (parts != NULL)
        VEC_PUSH(&run->arena, &run->files) = *parts;
}

static bool is_stopping(const struct feed_run *run)
{
    return run->options->stopping != NULL && run->options->stopping(run->options->stopping_context);
}

static bool run_feed(struct feed_run *run, const struct feed_state *state, struct feed_outcome *outcome,
                     struct error *err)
{
    struct error why = {0};
    struct digest digest;
    bool made;
    bool ran = run->feed->update(run, &why);
    if (is_stopping(run)) { // what failed since did so for that: it says nothing of the upstream
        outcome->result = FEED_STOPPED;
        outcome->records = state != NULL ? state->records : 0;
        return true;
    }
    tell_of_parts(run);
    conclude(run, ran, &why, state, &digest, &made, outcome);
    return record(run, state, made ? &digest : NULL, outcome, err) && count(run, outcome, err);
}

// The segment until now, when it is there and as it was written. One that the disk has damaged is as good as none: then
// the upstream is asked for everything, not only for what has changed.
static void open_former(struct feed_run *run, const struct feed_state *state)
{
    struct error why;
    if (state == NULL || state->segment.text[0] == '\0')
        return;
    if (store_segment_fetch(run->store, &state->segment, &why) &&
        segment_verify(run->store->segments, &state->segment, &why))
        run->former = segment_open(run->store->segments, &state->segment, &why);
    if (run->former == NULL)
        log_warn("%s: all of it is fetched again: %s", run->feed->name, why.text);
}

static void say_bytes(void *context, const char *url, bool reading, uint64_t done, uint64_t total)
{
    const struct feed_run *run = context;
    run->options->bytes(run->options->bytes_context, run->feed->name, url, reading, done, total);
}

static void say_waiting(void *context)
{
    struct feed_run *run = context;
    say(run, run->feed->url, "waiting for another update");
}

static void run_free(struct feed_run *run)
{
    segment_close(&run->former);
    segment_builder_free(&run->builder);
    fetcher_free(&run->fetcher);
    arena_free(&run->arena);
}

bool feed_update(const struct feed *feed, struct store *store, const struct update_options *options,
                 struct feed_outcome *outcome, struct error *err)
{
    struct feed_run run = {.feed = feed, .options = options, .store = store};
    struct generation g;
    struct feed_file *known = NULL;
    struct store_lock locked STORE_LOCK_AUTO = STORE_LOCK_NONE;
    int held FD_AUTO = -1;
    *outcome = (struct feed_outcome){.feed = feed};
    // One run at a time in a data folder, also of other processes: two would fetch the same twice, and the one that
    // began first could put what it knows in the place of something newer.
    bool ok = store_lock_feed(store, slice_str(feed->name), say_waiting, &run, &locked, err) &&
              store_hold_segments(store, &held, err) && store_generation(store, &run.arena, &g, err) &&
              store_feed_files(store, slice_str(feed->name), &run.arena, &known, &run.known_n, err) &&
              store_feed_note(store, slice_str(feed->name), &run.arena, &run.noted, err);
    if (ok) {
        const struct feed_state *state = generation_feed(&g, slice_str(feed->name));
        run.known = known;
        run.fetcher = fetcher_new(options->mirror, store->home->folder, options->limits);
        fetcher_set_places(run.fetcher, options->places, options->places_n);
        if (options->bytes != NULL)
            fetcher_set_watch(run.fetcher, say_bytes, &run);
        fetcher_set_stopping(run.fetcher, options->stopping, options->stopping_context);
        run.builder = segment_builder_new(feed->name, store->home->folder);
        open_former(&run, state);
        ok = run_feed(&run, state, outcome, err);
    }
    run_free(&run);
    fd_close(&held);
    if (ok)
        store_collect(store);
    return ok;
}

struct feed_account feed_account(const struct feed_file *files, size_t n, uint64_t records)
{
    struct feed_account account = {.kept = records};
    uint64_t added = 0;
    for (size_t i = 0; i < n; i++) {
        added += files[i].added;
        for (size_t r = 0; r < files[i].left_out_n; r++)
            account.left_out += files[i].left_out[r].records;
    }
    account.repeated = added > records ? added - records : 0;
    return account;
}
