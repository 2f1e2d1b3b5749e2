// Figures over all images, and over those of each repository.
#include "store/summaries.h"

#include "store/update_rows.h"

// ---- all images -----------------------------------------------------------------------------------------------------

static bool class_row(void *context, struct db_row *row, struct error *err)
{
    struct summary_overview *o = context;
    int64_t class = db_column_int(row, 0);
    uint64_t images = (uint64_t)db_column_int(row, 1);
    (void)err;
    o->images += images;
    if (class <= SUMMARY_UNJUDGED || class >= SUMMARY_CLASSES) {
        o->unjudged += images;
        return true;
    }
    unsigned bits = (unsigned)class - 1;
    o->worst[summary_class_worst((unsigned)class)] += images;
    o->fixable += (bits & SUMMARY_FIXABLE) != 0 ? images : 0;
    o->exploited += (bits & SUMMARY_EXPLOITED) != 0 ? images : 0;
    o->gaps += (bits & SUMMARY_GAPS) != 0 ? images : 0;
    return true;
}

static bool told_row(void *context, struct db_row *row, struct error *err)
{
    struct summary_overview *o = context;
    (void)err;
    o->notifications = (uint64_t)db_column_int(row, 0);
    o->told = (uint64_t)db_column_int(row, 1);
    return true;
}

bool store_summary_overview(struct store *s, int64_t since, struct summary_overview *out, struct error *err)
{
    *out = (struct summary_overview){.since = since};
    int64_t due = 0;
    const struct db_value values[] = {db_int(since)};
    const struct db_request requests[] = {
        {.sql = "SELECT class, count(*) FROM image_listed GROUP BY class", .row = class_row, .context = out},
        {.sql = "SELECT count(*) FROM summary_due", .row = number_row, .context = &due},
        {.sql = "SELECT count(*), CAST(coalesce(sum(items), 0) AS INTEGER) FROM notification WHERE made >= ?1",
         .values = values,
         .n = 1,
         .row = told_row,
         .context = out},
    };
    bool ok = db_batch(s->db, requests, sizeof requests / sizeof requests[0], err);
    out->due = (uint64_t)due;
    return ok;
}

// ---- repositories ---------------------------------------------------------------------------------------------------

struct repositories {
    struct arena *arena;
    VEC(struct summary_repository) list;
};

// A row for each class of each place, one place after the other.
static bool repository_row(void *context, struct db_row *row, struct error *err)
{
    struct repositories *c = context;
    struct slice name = db_column(row, 0);
    int64_t class = db_column_int(row, 1);
    uint64_t images = (uint64_t)db_column_int(row, 2);
    (void)err;
    if (c->list.n == 0 || !slice_eq(c->list.v[c->list.n - 1].name, name))
        VEC_PUSH(c->arena, &c->list) = (struct summary_repository){.name = arena_dup(c->arena, name)};
    struct summary_repository *r = &c->list.v[c->list.n - 1];
    r->images += images;
    if (class <= SUMMARY_UNJUDGED || class >= SUMMARY_CLASSES)
        r->unjudged += images;
    else
        r->worst[summary_class_worst((unsigned)class)] += images;
    return true;
}

bool store_summary_repositories(struct store *s, struct slice text, struct slice after, uint64_t most, struct arena *a,
                                struct summary_repository **out, size_t *n, struct error *err)
{
    struct repositories c = {.arena = a};
    const struct db_value values[] = {db_text(text), db_text(after), db_int((int64_t)most)};
    bool ok = db_query(s->db,
                       "SELECT p.name, l.class, count(*) FROM (SELECT id, name FROM place WHERE name > ?2 AND (?1 = '' "
                       "OR instr(name, ?1) > 0) AND EXISTS (SELECT 1 FROM image_listed WHERE place_id = place.id) "
                       "ORDER BY name LIMIT ?3) p JOIN image_listed l ON l.place_id = p.id GROUP BY p.name, l.class "
                       "ORDER BY p.name, l.class",
                       values, 3, repository_row, &c, err);
    *out = c.list.v;
    *n = c.list.n;
    return ok;
}
