// Which groups of images are to be judged, and what came of it.
#include "store/summaries.h"

#include "base/buf.h"
#include "store/inventory_rows.h"
#include "store/update_rows.h"

// ---- classes --------------------------------------------------------------------------------------------------------

unsigned summary_class(const struct image_summary *summary)
{
    unsigned worst = SUMMARY_SEVERITIES;
    while (worst > 0 && summary->severities[worst - 1] == 0)
        worst--;
    bool gaps = !summary->recognised || summary->unjudged != 0 || summary->judged == 0;
    return 1 + worst * 8 + (summary->exploited != 0 ? SUMMARY_EXPLOITED : 0) +
           (summary->fixable != 0 ? SUMMARY_FIXABLE : 0) + (gaps ? SUMMARY_GAPS : 0);
}

unsigned summary_class_worst(unsigned class)
{
    return (class - 1) / 8;
}

// ---- what is due ----------------------------------------------------------------------------------------------------

// Asking again is counted, so that who judges meanwhile does not take it for done.
#define ASK_AGAIN "ON CONFLICT (set_id, context_id) DO UPDATE SET asked = summary_due.asked + 1"

bool summary_enlist(struct store *s, const struct digest *manifest, struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value image = db_blob(digest_pack(manifest, bytes));
    return db_run(s->db, err,
                  "INSERT INTO place (name) SELECT name FROM image_place p WHERE image_id = (SELECT id FROM image "
                  "WHERE manifest = ?1) AND NOT EXISTS (SELECT 1 FROM place WHERE place.name = p.name)",
                  image) &&
           db_run(s->db, err,
                  "INSERT INTO image_listed (image_id, place_id, indexed, class, summary_id) SELECT image_id, (SELECT "
                  "id FROM place WHERE place.name = p.name), indexed, 0, 0 FROM image_place p WHERE image_id = (SELECT "
                  "id FROM image WHERE manifest = ?1)",
                  image) &&
           db_run(s->db, err,
                  "INSERT INTO summary_due (set_id, context_id, asked) SELECT set_id, context_id, 0 FROM image WHERE "
                  "manifest = ?1 " ASK_AGAIN,
                  image);
}

bool summaries_collect(struct store *s, struct error *err)
{
    return db_send(s->db,
                   "DELETE FROM summary WHERE NOT EXISTS (SELECT 1 FROM image WHERE set_id = summary.set_id AND "
                   "context_id = summary.context_id)",
                   NULL, 0, err) &&
           db_send(s->db, "DELETE FROM place WHERE NOT EXISTS (SELECT 1 FROM image_listed WHERE place_id = place.id)",
                   NULL, 0, err);
}

struct due_context {
    struct arena *arena;
    summary_groups *out;
};

static bool due_row(void *context, struct db_row *row, struct error *err)
{
    struct due_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, c->out) =
        (struct summary_group){db_column_int(row, 0), db_column_int(row, 1), db_column_int(row, 2)};
    return true;
}

bool store_summary_due(struct store *s, uint64_t most, struct arena *a, summary_groups *out, struct error *err)
{
    struct due_context c = {a, out};
    const struct db_value values[] = {db_int((int64_t)most)};
    return db_query(s->db,
                    "SELECT set_id, context_id, asked FROM summary_due ORDER BY set_id DESC, context_id DESC LIMIT ?1",
                    values, 1, due_row, &c, err);
}

struct ids_context {
    struct arena *arena;
    store_ids *out;
};

static bool id_row(void *context, struct db_row *row, struct error *err)
{
    struct ids_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, c->out) = db_column_int(row, 0);
    return true;
}

bool store_group_images(struct store *s, const struct summary_group *group, struct arena *a, store_ids *out,
                        struct error *err)
{
    struct ids_context c = {a, out};
    const struct db_value values[] = {db_int(group->set), db_int(group->context)};
    return db_query(s->db, "SELECT id FROM image WHERE set_id = ?1 AND context_id = ?2 ORDER BY id", values, 2, id_row,
                    &c, err);
}

// ---- what summaries are made by -------------------------------------------------------------------------------------

struct summarised_context {
    struct arena *arena;
    VEC(struct summarised_feed) list;
};

static bool summarised_row(void *context, struct db_row *row, struct error *err)
{
    struct summarised_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, &c->list) =
        (struct summarised_feed){arena_dup(c->arena, db_column(row, 0)), arena_dup(c->arena, db_column(row, 1))};
    return true;
}

bool store_summarised(struct store *s, struct arena *a, struct summarised_feed **out, size_t *n, struct error *err)
{
    struct summarised_context c = {.arena = a};
    bool ok = db_query(s->db, "SELECT feed, segment FROM summarised ORDER BY feed", NULL, 0, summarised_row, &c, err);
    *out = c.list.v;
    *n = c.list.n;
    return ok;
}

struct digest summarised_by(const struct summarised_feed *feeds, size_t n)
{
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%.*s %.*s\n", SLICE_ARG(feeds[i].feed), SLICE_ARG(feeds[i].segment));
    return digest_of(buf_slice(&text));
}

static bool is_made_by(struct store *s, const struct digest *made_by, bool *is, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct summarised_feed *feeds;
    size_t n;
    if (!store_summarised(s, &a, &feeds, &n, err))
        return false;
    struct digest now = summarised_by(feeds, n);
    *is = digest_eq(&now, made_by);
    return true;
}

// ---- what came of it ------------------------------------------------------------------------------------------------

static bool same_summary(const struct image_summary *x, const struct image_summary *y)
{
    for (size_t i = 0; i < SUMMARY_SEVERITIES; i++)
        if (x->severities[i] != y->severities[i])
            return false;
    return x->fixable == y->fixable && x->exploited == y->exploited && x->undetermined == y->undetermined &&
           x->judged == y->judged && x->unjudged == y->unjudged && x->recognised == y->recognised &&
           slice_eq(x->end_of_life, y->end_of_life);
}

#define SET_FIGURES                                                                                                    \
    "class = ?2, critical = ?3, high = ?4, medium = ?5, low = ?6, negligible = ?7, unknown = ?8, fixable = ?9, "       \
    "exploited = ?10, undetermined = ?11, judged = ?12, unjudged = ?13, recognised = ?14, end_of_life = ?15"

// Writes a summary, into the row `id` or, for 0, a new one, whose id it then is.
static bool put_summary(struct store *s, const struct summary_group *group, const struct image_summary *summary,
                        int64_t *id, struct error *err)
{
    const struct db_value values[] = {
        db_int(*id),
        db_int(summary_class(summary)),
        db_int((int64_t)summary->severities[5]),
        db_int((int64_t)summary->severities[4]),
        db_int((int64_t)summary->severities[3]),
        db_int((int64_t)summary->severities[2]),
        db_int((int64_t)summary->severities[1]),
        db_int((int64_t)summary->severities[0]),
        db_int((int64_t)summary->fixable),
        db_int((int64_t)summary->exploited),
        db_int((int64_t)summary->undetermined),
        db_int((int64_t)summary->judged),
        db_int((int64_t)summary->unjudged),
        db_int(summary->recognised),
        db_text(summary->end_of_life),
        db_int(group->set),
        db_int(group->context),
    };
    if (*id != 0)
        return db_send(s->db, "UPDATE summary SET " SET_FIGURES " WHERE id = ?1", values, 15, err);
    return db_query(s->db,
                    "INSERT INTO summary (class, critical, high, medium, low, negligible, unknown, fixable, exploited, "
                    "undetermined, judged, unjudged, recognised, end_of_life, set_id, context_id) SELECT ?2, ?3, ?4, "
                    "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17 WHERE ?1 = 0 RETURNING id",
                    values, 17, number_row, id, err);
}

// The class of one image, which has gaps also where something was not read that may have held packages: unlike the
// packages, that is the image's own. `whole`: the parameter with the class of its summary, `partly` with that and gaps.
// A quote within a text of this JSON is behind a backslash, so nothing in an image's file names looks like this.
#define CLASS(whole, partly)                                                                                           \
    "(SELECT CASE WHEN instr(image.skips, '\"lost\":true') > 0 THEN " partly " ELSE " whole                            \
    " END FROM image WHERE image.id = image_listed.image_id)"

static int64_t class_with_gaps(const struct image_summary *summary)
{
    return 1 + ((summary_class(summary) - 1) | SUMMARY_GAPS);
}

static bool put_image(struct store *s, int64_t image, const struct image_summary *summary, int64_t id,
                      struct error *err)
{
    return db_run(
        s->db, err,
        "UPDATE image_listed SET class = " CLASS("?2", "?4") ", summary_id = ?3 WHERE image_id = ?1 AND "
                                                             "(class <> " CLASS("?2", "?4") " OR summary_id <> ?3)",
        db_int(image), db_int(summary_class(summary)), db_int(id), db_int(class_with_gaps(summary)));
}

// The rows that the group has, to be used again.
static bool former_rows(struct store *s, const struct summary_group *group, struct arena *a, store_ids *out,
                        struct error *err)
{
    struct ids_context c = {a, out};
    const struct db_value values[] = {db_int(group->set), db_int(group->context)};
    return db_query(s->db, "SELECT id FROM summary WHERE set_id = ?1 AND context_id = ?2 ORDER BY id", values, 2,
                    id_row, &c, err);
}

static bool put_shared(struct store *s, const struct summary_result *r, int64_t id, struct error *err)
{
    return db_run(s->db, err,
                  "UPDATE image_listed SET class = " CLASS(
                      "?3", "?5") ", summary_id = ?4 WHERE image_id IN (SELECT id "
                                  "FROM image WHERE set_id = ?1 AND context_id = ?2) AND (class <> " CLASS(
                                      "?3", "?5") " OR summary_id "
                                                  "<> ?4)",
                  db_int(r->group.set), db_int(r->group.context), db_int(summary_class(r->summaries)), db_int(id),
                  db_int(class_with_gaps(r->summaries)));
}

// A summary that differs from those before it, and its row.
struct distinct {
    const struct image_summary *summary;
    int64_t id;
};

// Images with the same figures share a row: there are as many as statements about images tell them apart.
static bool put_each(struct store *s, const struct summary_result *r, const store_ids *former, size_t *used,
                     struct arena *a, struct error *err)
{
    VEC(struct distinct) list = {0};
    for (size_t i = 0; i < r->images_n; i++) {
        size_t at = 0;
        while (at < list.n && !same_summary(list.v[at].summary, &r->summaries[i]))
            at++;
        if (at == list.n) {
            int64_t id = *used < former->n ? former->v[*used] : 0;
            ++*used;
            if (!put_summary(s, &r->group, &r->summaries[i], &id, err))
                return false;
            VEC_PUSH(a, &list) = (struct distinct){&r->summaries[i], id};
        }
        if (!put_image(s, r->images[i], &r->summaries[i], list.v[at].id, err))
            return false;
    }
    return true;
}

static bool put_result(struct store *s, const struct summary_result *r, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    store_ids former = {0};
    size_t used = 0;
    int64_t there = 0;
    const struct db_value set[] = {db_int(r->group.set)};
    if (!db_query(s->db, "SELECT count(*) FROM package_set WHERE id = ?1", set, 1, number_row, &there, err))
        return false;
    if (there == 0) // its last image went meanwhile, and all that is of the set with it
        return true;
    if (!former_rows(s, &r->group, &a, &former, err))
        return false;
    if (r->images_n != 0) {
        if (!put_each(s, r, &former, &used, &a, err))
            return false;
    } else if (r->summaries != NULL) {
        int64_t id = former.n != 0 ? former.v[0] : 0;
        used = 1;
        if (!put_summary(s, &r->group, r->summaries, &id, err) || !put_shared(s, r, id, err))
            return false;
    }
    for (size_t i = used; i < former.n; i++)
        if (!db_run(s->db, err, "DELETE FROM summary WHERE id = ?1", db_int(former.v[i])))
            return false;
    return db_run(s->db, err, "DELETE FROM summary_due WHERE set_id = ?1 AND context_id = ?2 AND asked = ?3",
                  db_int(r->group.set), db_int(r->group.context), db_int(r->group.asked));
}

bool store_summary_put(struct store *s, const struct digest *made_by, const struct summary_result *results, size_t n,
                       struct error *err)
{
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err)) {
        bool same = false;
        work.ok = is_made_by(s, made_by, &same, err);
        for (size_t i = 0; same && i < n && work.ok; i++)
            work.ok = put_result(s, &results[i], err);
    }
    return work.ok;
}

// ---- something new --------------------------------------------------------------------------------------------------

static bool ask_for_all(struct store *s, struct error *err)
{
    return db_send(s->db,
                   "INSERT INTO summary_due (set_id, context_id, asked) SELECT DISTINCT set_id, context_id, 0 FROM "
                   "image WHERE true " ASK_AGAIN,
                   NULL, 0, err);
}

static bool ask_for_group(struct store *s, const struct summary_group *g, struct error *err)
{
    return db_run(s->db, err,
                  "INSERT INTO summary_due (set_id, context_id, asked) SELECT ?1, ?2, 0 WHERE EXISTS (SELECT 1 FROM "
                  "image WHERE set_id = ?1 AND context_id = ?2) " ASK_AGAIN,
                  db_int(g->set), db_int(g->context));
}

// The sets that have the package, as far as images of that context do.
static bool ask_for(struct store *s, const struct store_candidate *c, struct error *err)
{
    return db_run(s->db, err,
                  "INSERT INTO summary_due (set_id, context_id, asked) SELECT m.set_id, ?2, 0 FROM (SELECT DISTINCT "
                  "set_id FROM package_set_member WHERE package_id = ?1) m WHERE EXISTS (SELECT 1 FROM image i WHERE "
                  "i.set_id = m.set_id AND i.context_id = ?2) " ASK_AGAIN,
                  db_int(c->package), db_int(c->context));
}

static bool put_change(struct store *s, const struct summary_change *change, struct error *err)
{
    if (!db_send(s->db, "DELETE FROM summarised", NULL, 0, err) || (change->all && !ask_for_all(s, err)))
        return false;
    for (size_t i = 0; i < change->feeds_n; i++)
        if (!db_run(s->db, err, "INSERT INTO summarised (feed, segment) VALUES (?1, ?2)",
                    db_text(change->feeds[i].feed), db_text(change->feeds[i].segment)))
            return false;
    for (size_t i = 0; !change->all && i < change->candidates_n; i++)
        if (!ask_for(s, &change->candidates[i], err))
            return false;
    for (size_t i = 0; !change->all && i < change->groups_n; i++)
        if (!ask_for_group(s, &change->groups[i], err))
            return false;
    return true;
}

bool store_summary_change(struct store *s, const struct summary_change *change, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err))
        work.ok = put_change(s, change, err);
    return work.ok;
}
