#include "service/update_diff.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "notify/affected.h"
#include "service/vulnerabilities.h"
#include "store/segments.h"

#include <stdlib.h>

// A part of the document ends when it has so many bytes, or after so many steps, most of which may have written
// nothing: so none takes more than some milliseconds to make.
#define PART_BYTES ((size_t)32 * 1024)
#define PART_STEPS 64

struct side {
    struct kept_update update; // ref.n == 0: none
    struct segment *segment;
};

// The lists of the document, in their order. Both come of the same pass over the segments, so it is made twice; the
// second time only where there is something to find.
enum list { ADDED, REMOVED, LISTS };

struct diffing {
    struct arena arena;
    struct side prev, cur;
    struct segment_diff *walk;
    struct segment_change change;
    size_t at; // of the records of the change: the next
    enum list list;
    size_t n[LISTS]; // of documents
    bool begun, removes;
    size_t ids;
};

static void diffing_end(void *context)
{
    struct diffing *d = context;
    segment_diff_free(&d->walk);
    segment_close(&d->prev.segment);
    segment_close(&d->cur.segment);
    arena_free(&d->arena);
    free(d);
}

static void write_operation(const char *key, const struct side *side, struct buf *out)
{
    yyjson_mut_val *root;
    yyjson_mut_doc *doc JSON_MUT_AUTO = json_new(&root);
    char made[CLOCK_TEXT] = "0001-01-01T00:00:00Z"; // Go's zero time
    bool given = side->update.ref.n != 0;
    if (given)
        clock_format(side->update.made, made);
    json_add_str(doc, root, "ref", given ? side->update.ref : SLICE("00000000-0000-0000-0000-000000000000"));
    json_add_str(doc, root, "updater", side->update.feed);
    json_add_str(doc, root, "fingerprint", given ? digest_slice(&side->update.segment) : SLICE(""));
    json_add_str(doc, root, "date", slice_str(made));
    json_add_str(doc, root, "kind", SLICE("")); // as Clair
    buf_addf(out, "\"%s\":", key);
    json_write(doc, false, out);
}

static void begin(struct diffing *d, struct buf *out)
{
    d->begun = true;
    buf_adds(out, "{");
    write_operation("prev", &d->prev, out);
    buf_adds(out, ",");
    write_operation("cur", &d->cur, out);
    buf_adds(out, ",\"added\":");
}

// Of a feed that maps names or has scores, which Clair calls enrichments, there is no document.
static bool write_record(struct diffing *d, const struct side *side, const struct advisory *stored, struct buf *out,
                         struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    struct advisory record = *stored;
    const char *feed = side->update.feed.p;
    const struct matcher *matcher = affected_matcher(feed, record.scope);
    if (matcher == NULL)
        return true;
    if (!segment_describe(side->segment, &record, &scratch, err))
        return error_wrap(err, "feed %s", feed);
    buf_adds(out, d->n[d->list]++ == 0 ? "[" : ",");
    vulnerability_write(&record, feed, matcher, ++d->ids, out);
    return true;
}

static void end_list(struct diffing *d, struct buf *out)
{
    buf_adds(out, d->n[d->list] != 0 ? "]" : "null");
    buf_adds(out, d->list == ADDED ? ",\"removed\":" : "}");
    d->list++;
    segment_diff_rewind(d->walk);
}

// The records that the change has in the list that is written now.
static size_t records_of(const struct diffing *d, const struct advisory **records)
{
    *records = d->list == ADDED ? d->change.after : d->change.before;
    return d->list == ADDED ? d->change.after_n : d->change.before_n;
}

static bool next_change(struct diffing *d, struct buf *out, struct error *err)
{
    enum segment_step step =
        d->list == REMOVED && !d->removes ? SEGMENT_STEP_END : segment_diff_next(d->walk, &d->change, err);
    d->at = 0;
    if (step != SEGMENT_STEP_CHANGE)
        d->change = (struct segment_change){0};
    d->removes = d->removes || d->change.before_n != 0;
    if (step == SEGMENT_STEP_END)
        end_list(d, out);
    return step != SEGMENT_STEP_FAILED;
}

// The next record, or the next change.
static bool go_on(struct diffing *d, struct buf *out, struct error *err)
{
    const struct advisory *records;
    const struct side *side = d->list == ADDED ? &d->cur : &d->prev;
    return d->at < records_of(d, &records) ? write_record(d, side, &records[d->at++], out, err)
                                           : next_change(d, out, err);
}

static bool next(void *context, struct buf *out, struct error *err)
{
    struct diffing *d = context;
    if (!d->begun)
        begin(d, out);
    for (int step = 0; d->list != LISTS && out->n < PART_BYTES && step < PART_STEPS; step++)
        if (!go_on(d, out, err))
            return false;
    if (d->list != LISTS && out->n == 0)
        buf_addc(out, '\n'); // a document may have blanks there, and an empty part would be its end
    return true;
}

// The side's update and, open, its segment.
static bool open_side(struct store *s, struct slice ref, struct arena *a, struct side *side, struct error *err)
{
    if (ref.n == 0)
        return true;
    if (!store_update_of(s, ref, a, &side->update, err))
        return err->code == ERR_NOT_FOUND
                   ? error_set(err, ERR_NOT_FOUND, "could not get update operations: operation %.*s does not exist",
                               SLICE_ARG(ref))
                   : false;
    side->segment = store_segment_open(s, &side->update.segment, err);
    return side->segment != NULL || error_wrap(err, "feed %s", side->update.feed.p);
}

bool update_diff_open(struct store *s, struct slice prev, struct slice cur, struct web_stream *stream,
                      struct error *err)
{
    int held FD_AUTO = -1;
    struct diffing *d = must_alloc(sizeof *d);
    *d = (struct diffing){0};
    if (store_hold_segments(s, &held, err) && open_side(s, cur, &d->arena, &d->cur, err) &&
        open_side(s, prev, &d->arena, &d->prev, err))
        d->walk = segment_diff_new(d->prev.segment, d->cur.segment, err);
    if (d->walk == NULL) {
        diffing_end(d);
        return false;
    }
    *stream = (struct web_stream){.next = next, .end = diffing_end, .context = d};
    return true;
}
