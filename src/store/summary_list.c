// Lists of images by what was found in them. An index has the images of each class by when they were indexed: a page is
// merged from those classes that are wanted, of each of which no more rows are read than the page has.
#include "store/summaries.h"

#include "store/name_rows.h"
#include "store/update_rows.h"

#include <inttypes.h>
#include <stdlib.h>

// ---- where a page ended ---------------------------------------------------------------------------------------------

struct slice summary_key_text(const struct summary_key *key, struct arena *a)
{
    return arena_printf(a, "%u.%" PRId64 ".%" PRId64, key->class, key->indexed, key->image);
}

bool summary_key_parse(struct slice text, struct summary_key *key, struct error *err)
{
    struct slice class, indexed, image;
    uint64_t numbers[3] = {0};
    bool ok = slice_cut(text, '.', &class, &indexed) && slice_cut(indexed, '.', &indexed, &image) &&
              slice_to_u64(class, &numbers[0]) && slice_to_u64(indexed, &numbers[1]) &&
              slice_to_u64(image, &numbers[2]) && numbers[0] < SUMMARY_CLASSES && numbers[1] <= INT64_MAX &&
              numbers[2] <= INT64_MAX && numbers[2] != 0;
    *key = (struct summary_key){(unsigned)numbers[0], (int64_t)numbers[1], (int64_t)numbers[2]};
    return ok || error_set(err, ERR_USAGE, "\"%.*s\" is not where a page of this list ends", SLICE_ARG(text));
}

// What comes first in a list is the greater one.
static int compare_keys(enum summary_order order, const struct summary_key *x, const struct summary_key *y)
{
    if (order == SUMMARY_WORST && x->class != y->class)
        return x->class < y->class ? -1 : 1;
    if (x->indexed != y->indexed)
        return x->indexed < y->indexed ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

static int by_worst(const void *x, const void *y)
{
    return compare_keys(SUMMARY_WORST, y, x);
}

static int by_newest(const void *x, const void *y)
{
    return compare_keys(SUMMARY_NEWEST, y, x);
}

// ---- what is wanted -------------------------------------------------------------------------------------------------

static bool wants_class(const struct summary_query *q, unsigned class)
{
    if (q->unjudged)
        return class == SUMMARY_UNJUDGED;
    if (class == SUMMARY_UNJUDGED)
        return q->least == 0 && !q->only && !q->fixable && !q->exploited;
    unsigned worst = summary_class_worst(class);
    return (q->only ? worst == q->least : worst >= q->least) && (!q->fixable || ((class - 1) & SUMMARY_FIXABLE) != 0) &&
           (!q->exploited || ((class - 1) & SUMMARY_EXPLOITED) != 0);
}

// Of a class: before it nothing is wanted, behind it all, in it what is behind the key.
static struct summary_key start_in(const struct summary_query *q, unsigned class)
{
    const struct summary_key all = {class, INT64_MAX, INT64_MAX}, none = {class, -1, 0};
    if (q->after.image == 0)
        return all;
    if (q->order == SUMMARY_NEWEST || class == q->after.class)
        return (struct summary_key){class, q->after.indexed, q->after.image};
    return class < q->after.class ? all : none;
}

struct listing {
    const struct summary_query *q;
    struct arena *a;
    VEC(struct summary_key) keys;
    struct slice repository, tag, text;
    struct slice stem, beginning; // "app" and "1.2" of the text "app:1.2"; else empty, and all of the text
    struct slice beginning_end;   // behind all that starts so
    struct digest_range range;
};

static bool key_row(void *context, struct db_row *row, struct error *err)
{
    struct listing *l = context;
    (void)err;
    VEC_PUSH(l->a, &l->keys) =
        (struct summary_key){(unsigned)db_column_int(row, 0), db_column_int(row, 1), db_column_int(row, 2)};
    return true;
}

static void prepare(struct listing *l)
{
    const struct summary_query *q = l->q;
    ptrdiff_t colon = slice_rfind(q->text, ':');
    l->repository = q->repository.n != 0 ? q->repository : SLICE("");
    l->tag = q->tag.n != 0 ? q->tag : SLICE("");
    l->text = q->text.n != 0 ? q->text : SLICE("");
    l->stem = colon > 0 ? slice_of(q->text.p, (size_t)colon) : SLICE("");
    l->beginning = slice_from(l->text, (size_t)(colon + 1));
    l->beginning_end = l->beginning.n != 0 ? arena_printf(l->a, "%.*s\U0010FFFF", SLICE_ARG(l->beginning)) : SLICE("");
    l->range = digest_starting(l->text);
}

// ---- what a repository, a tag or a text is true of ------------------------------------------------------------------
// ?1: the repository, ?2: the tag, ?3: the text, ?4 and ?5, ?6: its stem and its beginning of a tag, ?7 to ?9: the
// digests that start with it.

#define VALUES                                                                                                         \
    db_text(l->repository), db_text(l->tag), db_text(l->text), db_text(l->stem), db_text(l->beginning),                \
        db_text(l->beginning_end), db_blob(slice_of(l->range.low, l->range.low_n)),                                    \
        db_blob(slice_of(l->range.high, l->range.high_n)), db_int((int64_t)l->range.size)
#define VALUES_N 9

#define IN_RANGE(digest) "(" digest " BETWEEN ?7 AND ?8 AND (?9 = 0 OR length(" digest ") = ?9))"

// Of a place p with an image i; of a repository r; of a tag n of it.
#define PLACE_IS_IT         "(?2 = '' AND p.name = ?1)"
#define REPOSITORY_IS_IT    "(?2 = '' AND r.name = ?1)"
#define TAG_IS_IT           "(?2 <> '' AND n.name = ?2 AND (?1 = '' OR r.name = ?1) AND n.until = 0)"
#define PLACE_HAS_TEXT      "(instr(p.name || ':', ?3) > 0)"
#define PLACE_HAS_STEM      "(?4 <> '' AND instr(p.name || ':', ?4 || ':') > 0 AND instr(i.reference, ?3) > 0)"
#define REPOSITORY_HAS_TEXT "(instr(r.name || ':', ?3) > 0)"
#define TAG_HAS_TEXT                                                                                                   \
    "(n.name >= ?5 AND n.name < ?6 AND (?4 = '' OR instr(r.name || ':' || n.name, ?3) > 0) AND n.until = 0)"

// The same, asked of one image i that stands in a place p.
#define LEADING                                                                                                        \
    "(SELECT i.manifest AS manifest UNION SELECT parent FROM index_member WHERE index_member.manifest = i.manifest)"
#define IS_NAMED(of_repository, of_tag)                                                                                \
    "EXISTS (SELECT 1 FROM repository_manifest rm JOIN repository r ON r.id = rm.repository_id WHERE rm.manifest IN "  \
    "" LEADING " AND " of_repository ") OR EXISTS (SELECT 1 FROM tag n JOIN repository r ON r.id = n.repository_id "   \
    "WHERE n.manifest IN " LEADING " AND " of_tag ")"
#define IS_OF_DIGEST                                                                                                   \
    "(" IN_RANGE("i.manifest") " OR EXISTS (SELECT 1 FROM index_member WHERE index_member.manifest = i.manifest AND "  \
                               "" IN_RANGE("parent") "))"
#define HAS_TEXT                                                                                                       \
    "(?3 = '' OR " PLACE_HAS_TEXT " OR " PLACE_HAS_STEM " OR " IS_OF_DIGEST                                            \
    " OR " IS_NAMED(REPOSITORY_HAS_TEXT, TAG_HAS_TEXT) ")"
#define HAS_NAME "((?1 = '' AND ?2 = '') OR " PLACE_IS_IT " OR " IS_NAMED(REPOSITORY_IS_IT, TAG_IS_IT) ")"

// Gathered: what it is true of by one way after the other, each by its own index. No way gives more than ?10 images, so
// that one that is cut off makes the whole too many.
#define WAY(number, image, from, condition)                                                                            \
    "SELECT id FROM (SELECT DISTINCT " image " AS id FROM " from " WHERE " condition " LIMIT ?10) AS way" number
// Places first: they are fewer than images.
#define IN_PLACE      "place p CROSS JOIN image_listed l "
#define ITS           "l.place_id = p.id AND "
#define IN_IT         "JOIN image i ON i.id = l.image_id "
#define OF_REPOSITORY "repository r JOIN repository_manifest n ON n.repository_id = r.id "
#define OF_TAG        "tag n JOIN repository r ON r.id = n.repository_id "
#define IMAGE         " JOIN image i ON i.manifest = n.manifest "
#define MEMBER        " JOIN index_member m ON m.parent = n.manifest JOIN image i ON i.manifest = m.manifest "
#define ITS_PLACE     " JOIN image_listed il ON il.image_id = i.id JOIN place p ON p.id = il.place_id"
#define KEYS          "SELECT l.class, l.indexed, l.image_id FROM ("
#define OF_THESE      ") AS chosen JOIN image_listed l ON l.image_id = chosen.id"

static const char chosen_by_text[] = KEYS WAY("1", "l.image_id", IN_PLACE, ITS PLACE_HAS_TEXT)                 //
    " UNION " WAY("2", "i.id", OF_REPOSITORY IMAGE, REPOSITORY_HAS_TEXT)                                       //
    " UNION " WAY("3", "i.id", OF_REPOSITORY MEMBER, REPOSITORY_HAS_TEXT)                                      //
    " UNION " WAY("4", "i.id", OF_TAG IMAGE, TAG_HAS_TEXT)                                                     //
    " UNION " WAY("5", "i.id", OF_TAG MEMBER, TAG_HAS_TEXT)                                                    //
    " UNION " WAY("6", "i.id", "image i", IN_RANGE("i.manifest"))                                              //
    " UNION " WAY("7", "i.id", "index_member m JOIN image i ON i.manifest = m.manifest", IN_RANGE("m.parent")) //
    " UNION " WAY("8", "i.id", IN_PLACE IN_IT, ITS PLACE_HAS_STEM) OF_THESE;
// With a text, too, that is asked of each.
static const char chosen_by_name[] = KEYS WAY("1", "i.id", IN_PLACE IN_IT, ITS PLACE_IS_IT " AND " HAS_TEXT) //
    " UNION " WAY("2", "i.id", OF_REPOSITORY IMAGE ITS_PLACE, REPOSITORY_IS_IT " AND " HAS_TEXT)             //
    " UNION " WAY("3", "i.id", OF_REPOSITORY MEMBER ITS_PLACE, REPOSITORY_IS_IT " AND " HAS_TEXT)            //
    " UNION " WAY("4", "i.id", OF_TAG IMAGE ITS_PLACE, TAG_IS_IT " AND " HAS_TEXT)                           //
    " UNION " WAY("5", "i.id", OF_TAG MEMBER ITS_PLACE, TAG_IS_IT " AND " HAS_TEXT) OF_THESE;

// Everything that it is true of, unless that is too much: then *all is false.
static bool gather(struct listing *l, struct store *s, uint64_t most, bool *all, struct error *err)
{
    const struct db_value values[VALUES_N + 1] = {VALUES, db_int((int64_t)most + 1)};
    bool by_text = l->repository.n == 0 && l->tag.n == 0;
    const char *counted = by_text ? chosen_by_text : chosen_by_name;
    if (!db_query(s->db, counted, values, VALUES_N + 1, key_row, l, err))
        return false;
    *all = l->keys.n <= most;
    return true;
}

static void keep_wanted(struct listing *l)
{
    const struct summary_query *q = l->q;
    size_t kept = 0;
    for (size_t i = 0; i < l->keys.n; i++) {
        struct summary_key key = l->keys.v[i];
        if (wants_class(q, key.class) && (q->after.image == 0 || compare_keys(q->order, &key, &q->after) < 0))
            l->keys.v[kept++] = key;
    }
    l->keys.n = kept;
}

// ---- by class -------------------------------------------------------------------------------------------------------

struct classes {
    unsigned list[SUMMARY_CLASSES];
    size_t n;
};

static bool class_row(void *context, struct db_row *row, struct error *err)
{
    struct classes *c = context;
    int64_t class = db_column_int(row, 0);
    (void)err;
    if (c->n < SUMMARY_CLASSES && class >= 0 && class < SUMMARY_CLASSES)
        c->list[c->n++] = (unsigned)class;
    return true;
}

// From one class to the next in the index: as many steps as there are classes, however many images.
static const char which_classes[] =
    "WITH RECURSIVE c (class) AS (SELECT min(class) FROM image_listed UNION ALL SELECT (SELECT min(l.class) FROM "
    "image_listed l WHERE l.class > c.class) FROM c WHERE c.class IS NOT NULL) SELECT class FROM c WHERE class IS NOT "
    "NULL";

#define BEHIND(class, indexed, image) " l.class = " class " AND (l.indexed, l.image_id) < (" indexed ", " image ") "
static const char page_of_class[] = "SELECT l.class, l.indexed, l.image_id FROM image_listed l WHERE" BEHIND(
    "?1", "?2", "?3") "ORDER BY l.indexed DESC, l.image_id DESC LIMIT ?4";
static const char page_of_class_where[] =
    "SELECT l.class, l.indexed, l.image_id FROM image_listed l JOIN image i ON i.id = l.image_id JOIN place p ON p.id "
    "= l.place_id WHERE" BEHIND("?10", "?11", "?12") "AND " HAS_NAME " AND " HAS_TEXT
                                                     " ORDER BY l.indexed DESC, l.image_id DESC LIMIT ?13";

static bool walk(struct listing *l, struct store *s, bool where, struct error *err)
{
    const struct summary_query *q = l->q;
    struct db_request requests[SUMMARY_CLASSES];
    struct classes classes = {.n = 0};
    size_t n = 0;
    l->keys.n = 0;
    if (!db_query(s->db, which_classes, NULL, 0, class_row, &classes, err))
        return false;
    for (size_t i = 0; i < classes.n; i++) {
        if (!wants_class(q, classes.list[i]))
            continue;
        const struct summary_key key = start_in(q, classes.list[i]);
        const struct db_value values[] = {VALUES, db_int(key.class), db_int(key.indexed), db_int(key.image),
                                          db_int((int64_t)q->most + 1)};
        size_t skip = where ? 0 : VALUES_N, values_n = sizeof values / sizeof values[0] - skip;
        struct db_value *kept = ARENA_NEW(l->a, struct db_value, values_n);
        memcpy(kept, values + skip, values_n * sizeof *kept);
        requests[n++] = (struct db_request){.sql = where ? page_of_class_where : page_of_class,
                                            .values = kept,
                                            .n = values_n,
                                            .row = key_row,
                                            .context = l};
    }
    return n == 0 || db_batch(s->db, requests, n, err);
}

// ---- the images -----------------------------------------------------------------------------------------------------

#define SELECT_SUMMARISED                                                                                              \
    "SELECT " LISTED_COLUMNS ", l.image_id, l.class, coalesce(unknown, 0), coalesce(negligible, 0), coalesce(low, "    \
    "0), coalesce(medium, 0), coalesce(high, 0), coalesce(critical, 0), coalesce(fixable, 0), coalesce(exploited, "    \
    "0), coalesce(undetermined, 0), coalesce(judged, 0), coalesce(unjudged, 0), coalesce(recognised, 0), "             \
    "coalesce(end_of_life, ''), l.class <> 0 AND EXISTS (SELECT 1 FROM summary_due d WHERE d.set_id = image.set_id "   \
    "AND d.context_id = image.context_id) FROM image JOIN image_listed l ON l.image_id = image.id " LISTED_JOINS       \
    " LEFT JOIN summary ON summary.id = l.summary_id "

struct images_context {
    struct arena *arena;
    VEC(struct summarised_image) list;
};

static void read_summary(struct db_row *row, struct arena *a, struct summarised_image *out)
{
    enum { ROW = 9, CLASS, SEVERITIES, FIXABLE = SEVERITIES + SUMMARY_SEVERITIES };
    out->row = db_column_int(row, ROW);
    out->class = (unsigned)db_column_int(row, CLASS);
    for (int i = 0; i < SUMMARY_SEVERITIES; i++)
        out->summary.severities[i] = (uint64_t)db_column_int(row, SEVERITIES + i);
    out->summary.fixable = (uint64_t)db_column_int(row, FIXABLE);
    out->summary.exploited = (uint64_t)db_column_int(row, FIXABLE + 1);
    out->summary.undetermined = (uint64_t)db_column_int(row, FIXABLE + 2);
    out->summary.judged = (uint64_t)db_column_int(row, FIXABLE + 3);
    out->summary.unjudged = (uint64_t)db_column_int(row, FIXABLE + 4);
    out->summary.recognised = db_column_int(row, FIXABLE + 5) != 0;
    out->summary.end_of_life = arena_dup(a, db_column(row, FIXABLE + 6));
    out->due = db_column_int(row, FIXABLE + 7) != 0;
}

static bool image_row(void *context, struct db_row *row, struct error *err)
{
    struct images_context *c = context;
    struct summarised_image *out = &VEC_PUSH(c->arena, &c->list);
    read_summary(row, c->arena, out);
    return listed_read(row, c->arena, &out->image, err);
}

// One that goes meanwhile is left out.
static bool read_images(struct store *s, const struct summary_key *keys, size_t n, struct images_context *c,
                        struct error *err)
{
    struct db_request *requests = ARENA_NEW(c->arena, struct db_request, n);
    struct db_value *values = ARENA_NEW(c->arena, struct db_value, n);
    for (size_t i = 0; i < n; i++) {
        values[i] = db_int(keys[i].image);
        requests[i] = (struct db_request){.sql = SELECT_SUMMARISED "WHERE image.id = ?1",
                                          .values = &values[i],
                                          .n = 1,
                                          .row = image_row,
                                          .context = c};
    }
    if (n != 0 && !db_batch(s->db, requests, n, err))
        return false;
    struct listed_image **listed = ARENA_NEW(c->arena, struct listed_image *, c->list.n);
    for (size_t i = 0; i < c->list.n; i++)
        listed[i] = &c->list.v[i].image;
    return listed_names(s, listed, c->list.n, c->arena, err);
}

bool store_summary_list(struct store *s, const struct summary_query *query, struct arena *a,
                        struct summarised_image **images, size_t *n, struct summary_key *next, bool *more,
                        struct error *err)
{
    struct listing l = {.q = query, .a = a};
    struct images_context c = {.arena = a};
    bool where = query->repository.n != 0 || query->tag.n != 0 || query->text.n != 0, all = false;
    prepare(&l);
    if (where && !gather(&l, s, query->gathered != 0 ? query->gathered : SUMMARY_GATHERED, &all, err))
        return false;
    if (!all && !walk(&l, s, where, err))
        return false;
    keep_wanted(&l);
    if (l.keys.n > 1)
        qsort(l.keys.v, l.keys.n, sizeof *l.keys.v, query->order == SUMMARY_WORST ? by_worst : by_newest);
    *more = l.keys.n > query->most;
    size_t taken = *more ? (size_t)query->most : l.keys.n;
    *next = taken != 0 ? l.keys.v[taken - 1] : (struct summary_key){0};
    if (!read_images(s, l.keys.v, taken, &c, err))
        return false;
    *images = c.list.v;
    *n = c.list.n;
    return true;
}

struct filling {
    struct arena *arena;
    struct summarised_image *out;
};

static bool fill_row(void *context, struct db_row *row, struct error *err)
{
    struct filling *f = context;
    (void)err;
    read_summary(row, f->arena, f->out);
    return true;
}

bool store_summaries_of(struct store *s, const struct listed_image *images, size_t n, struct arena *a,
                        struct summarised_image *out, struct error *err)
{
    struct db_request *requests = ARENA_NEW(a, struct db_request, n);
    struct db_value *values = ARENA_NEW(a, struct db_value, n);
    struct filling *filling = ARENA_NEW(a, struct filling, n);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct summarised_image){.image = images[i]};
        filling[i] = (struct filling){a, &out[i]};
        values[i] = db_blob(digest_pack(&images[i].manifest, arena_alloc(a, DIGEST_BYTES)));
        requests[i] = (struct db_request){.sql = SELECT_SUMMARISED "WHERE image.manifest = ?1",
                                          .values = &values[i],
                                          .n = 1,
                                          .row = fill_row,
                                          .context = &filling[i]};
    }
    return n == 0 || db_batch(s->db, requests, n, err);
}
