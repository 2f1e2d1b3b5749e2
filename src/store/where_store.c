// Which images hold some packages. A package is in few parts, and an index has the sets of each part in their order:
// these are merged, the newest first, and of the sets that come up the images are read.
#include "store/where_store.h"

#include "store/inventory_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#define BATCH        256 // questions that are asked at once
#define SETS_AT_ONCE 32  // of a part; at first fewer, since most parts have no set on the page

struct slice holders_key_text(const struct holders_key *key, struct arena *a)
{
    return arena_printf(a, "%" PRId64 ".%" PRId64 ".%" PRId64, key->set, key->context, key->image);
}

bool holders_key_parse(struct slice text, struct holders_key *key, struct error *err)
{
    struct slice set, context, image;
    uint64_t numbers[3] = {0};
    bool ok = slice_cut(text, '.', &set, &context) && slice_cut(context, '.', &context, &image) &&
              slice_to_u64(set, &numbers[0]) && slice_to_u64(context, &numbers[1]) &&
              slice_to_u64(image, &numbers[2]) && numbers[0] <= INT64_MAX && numbers[1] <= INT64_MAX &&
              numbers[2] <= INT64_MAX && numbers[0] != 0;
    *key = (struct holders_key){(int64_t)numbers[0], (int64_t)numbers[1], (int64_t)numbers[2]};
    return ok || error_set(err, ERR_USAGE, "\"%.*s\" is not where a page of this list ends", SLICE_ARG(text));
}

// ---- packages -------------------------------------------------------------------------------------------------------

struct ids_context {
    struct arena *arena;
    store_ids *out;
};

static bool id_row(void *context, struct db_row *row, struct error *err)
{
    const struct ids_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, c->out) = db_column_int(row, 0);
    return true;
}

bool store_packages_named(struct store *s, struct slice name, struct arena *a, store_ids *out, struct error *err)
{
    struct ids_context c = {a, out};
    const struct db_value values[] = {db_text(name)};
    return db_query(s->db,
                    "SELECT id FROM package WHERE name = ?1 UNION SELECT id FROM package WHERE source_name = ?1 "
                    "ORDER BY 1",
                    values, 1, id_row, &c, err);
}

// The same question of each id (?1), many at once. `contexts`: of the first one's rows; each next one's is `size` bytes
// behind, 0 where they share one.
static bool ask_each(struct store *s, const char *sql, const int64_t *ids, size_t n, db_row_fn *row, void *contexts,
                     size_t size, struct error *err)
{
    for (size_t first = 0; first < n; first += BATCH) {
        struct db_request requests[BATCH];
        struct db_value values[BATCH];
        size_t count = n - first < BATCH ? n - first : BATCH;
        for (size_t i = 0; i < count; i++) {
            values[i] = db_int(ids[first + i]);
            requests[i] = (struct db_request){
                .sql = sql, .values = &values[i], .n = 1, .row = row, .context = (char *)contexts + (first + i) * size};
        }
        if (!db_batch(s->db, requests, count, err))
            return false;
    }
    return true;
}

static bool owning_row(void *context, struct db_row *row, struct error *err)
{
    (void)err;
    *(struct package_owning *)context = (struct package_owning){db_column_int(row, 0) != 0, db_column_int(row, 1) != 0};
    return true;
}

bool store_packages_owning(struct store *s, const int64_t *packages, size_t n, struct package_owning *out,
                           struct error *err)
{
    return ask_each(s,
                    "SELECT EXISTS (SELECT 1 FROM package_part_member WHERE package_id = ?1 AND owner <> ''), "
                    "EXISTS (SELECT 1 FROM package_part_member WHERE owner <> '' AND owner = (SELECT kind || ':' "
                    "|| name FROM package WHERE id = ?1))",
                    packages, n, owning_row, out, sizeof *out, err);
}

bool store_set_owning_parts(struct store *s, int64_t set, struct arena *a, store_ids *out, struct error *err)
{
    struct ids_context c = {a, out};
    const struct db_value values[] = {db_int(set)};
    return db_query(s->db,
                    "SELECT part_id FROM package_set_part sp WHERE set_id = ?1 AND EXISTS (SELECT 1 FROM "
                    "package_part_member m JOIN package p ON p.id = m.package_id WHERE m.part_id = sp.part_id AND "
                    "(EXISTS (SELECT 1 FROM package_part_member o WHERE o.package_id = m.package_id AND o.owner <> "
                    "'') OR EXISTS (SELECT 1 FROM package_part_member o WHERE o.owner = p.kind || ':' || p.name AND "
                    "o.owner <> ''))) ORDER BY part_id",
                    values, 1, id_row, &c, err);
}

// ---- sets -----------------------------------------------------------------------------------------------------------

// A part that has some of the packages, and the sets with it that come next.
struct walked_part {
    int64_t part;
    const struct part_member *members;
    size_t members_n;
    struct {
        int64_t set, layer;
    } sets[SETS_AT_ONCE];
    size_t sets_n, at;
    bool ended; // there are no more than these
};

typedef VEC(struct part_member) part_members;

struct set_walk {
    struct store *store;
    struct walked_part *parts;
    struct walked_part **heap; // those that have a set left: that with the greatest first
    size_t heap_n;
};

struct members_context {
    struct arena *arena;
    part_members list;
};

static bool member_row(void *context, struct db_row *row, struct error *err)
{
    struct members_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, &c->list) =
        (struct part_member){db_column_int(row, 0), db_column_int(row, 1), arena_dup(c->arena, db_column(row, 2)),
                             db_column_int(row, 3) != 0};
    return true;
}

static bool find_members(struct store *s, const int64_t *packages, size_t n, struct members_context *c,
                         struct error *err)
{
    return ask_each(s,
                    "SELECT part_id, package_id, db, CASE WHEN owner <> '' THEN 1 ELSE 0 END FROM "
                    "package_part_member WHERE package_id = ?1",
                    packages, n, member_row, c, 0, err);
}

static int by_part(const void *x, const void *y)
{
    const struct part_member *a = x, *b = y;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    if (a->package != b->package)
        return a->package < b->package ? -1 : 1;
    return slice_cmp(a->db, b->db);
}

static bool set_row(void *context, struct db_row *row, struct error *err)
{
    struct walked_part *p = context;
    (void)err;
    p->sets[p->sets_n].set = db_column_int(row, 0);
    p->sets[p->sets_n++].layer = db_column_int(row, 1);
    return true;
}

// The sets of some parts from one on; of each part the same number.
static bool read_sets(struct store *s, struct walked_part *const *parts, size_t n, int64_t from, int64_t most,
                      struct error *err)
{
    struct db_request requests[BATCH];
    struct db_value values[BATCH][3];
    for (size_t i = 0; i < n; i++) {
        parts[i]->sets_n = parts[i]->at = 0;
        values[i][0] = db_int(parts[i]->part);
        values[i][1] = db_int(from);
        values[i][2] = db_int(most);
        requests[i] = (struct db_request){.sql = "SELECT set_id, layer FROM package_set_part WHERE part_id = ?1 AND "
                                                 "set_id <= ?2 ORDER BY set_id DESC LIMIT ?3",
                                          .values = values[i],
                                          .n = 3,
                                          .row = set_row,
                                          .context = parts[i]};
    }
    if (n != 0 && !db_batch(s->db, requests, n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        parts[i]->ended = (int64_t)parts[i]->sets_n < most;
    return true;
}

static int64_t head_of(const struct walked_part *p)
{
    return p->sets[p->at].set;
}

static void sift_down(struct set_walk *w, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1, greatest = at;
        for (size_t i = child; i < child + 2 && i < w->heap_n; i++)
            if (head_of(w->heap[i]) > head_of(w->heap[greatest]))
                greatest = i;
        if (greatest == at)
            return;
        struct walked_part *p = w->heap[at];
        w->heap[at] = w->heap[greatest];
        w->heap[greatest] = p;
        at = greatest;
    }
}

static bool start(struct set_walk *w, size_t parts_n, int64_t from, struct error *err)
{
    struct walked_part *some[BATCH];
    for (size_t first = 0; first < parts_n; first += BATCH) {
        size_t n = parts_n - first < BATCH ? parts_n - first : BATCH;
        for (size_t i = 0; i < n; i++)
            some[i] = &w->parts[first + i];
        if (!read_sets(w->store, some, n, from, 1, err))
            return false;
    }
    for (size_t i = 0; i < parts_n; i++)
        if (w->parts[i].sets_n != 0)
            w->heap[w->heap_n++] = &w->parts[i];
    for (size_t i = w->heap_n / 2; i-- > 0;)
        sift_down(w, i);
    return true;
}

struct set_walk *set_walk_new(struct store *s, const int64_t *packages, size_t n, int64_t from, struct arena *a,
                              struct error *err)
{
    struct members_context c = {.arena = a};
    struct set_walk *w = ARENA_NEW(a, struct set_walk, 1);
    size_t parts_n = 0;
    w->store = s;
    if (!find_members(s, packages, n, &c, err))
        return NULL;
    if (c.list.n > 1)
        qsort(c.list.v, c.list.n, sizeof *c.list.v, by_part);
    for (size_t i = 0; i < c.list.n; i++)
        parts_n += i == 0 || c.list.v[i].part != c.list.v[i - 1].part;
    w->parts = ARENA_NEW(a, struct walked_part, parts_n);
    w->heap = ARENA_NEW(a, struct walked_part *, parts_n);
    struct walked_part *p = w->parts;
    for (size_t i = 0; i < c.list.n; i++) {
        if (i != 0 && c.list.v[i].part != c.list.v[i - 1].part)
            p++;
        if (p->members_n++ == 0) {
            p->part = c.list.v[i].part;
            p->members = &c.list.v[i];
        }
    }
    return start(w, parts_n, from != 0 ? from : INT64_MAX, err) ? w : NULL;
}

// The uppermost part goes on to its next set.
static bool step(struct set_walk *w, struct error *err)
{
    struct walked_part *p = w->heap[0];
    int64_t set = head_of(p);
    if (++p->at == p->sets_n) {
        if (!p->ended && !read_sets(w->store, &p, 1, set - 1, SETS_AT_ONCE, err))
            return false;
        if (p->at == p->sets_n)
            w->heap[0] = w->heap[--w->heap_n];
    }
    sift_down(w, 0);
    return true;
}

bool set_walk_next(struct set_walk *w, size_t most, struct arena *a, struct holding_set *out, size_t *n,
                   struct error *err)
{
    for (*n = 0; *n < most && w->heap_n != 0; ++*n) {
        VEC(struct set_place) places = {0};
        int64_t set = head_of(w->heap[0]);
        while (w->heap_n != 0 && head_of(w->heap[0]) == set) {
            const struct walked_part *p = w->heap[0];
            for (size_t i = 0; i < p->members_n; i++)
                VEC_PUSH(a, &places) = (struct set_place){&p->members[i], p->sets[p->at].layer};
            if (!step(w, err))
                return false;
        }
        out[*n] = (struct holding_set){set, places.v, places.n};
    }
    return true;
}

// ---- images ---------------------------------------------------------------------------------------------------------

struct images_context {
    struct arena *arena;
    holding_images *out;
};

static bool image_row(void *context, struct db_row *row, struct error *err)
{
    const struct images_context *c = context;
    struct holding_image *image = &VEC_PUSH(c->arena, c->out);
    image->key = (struct holders_key){db_column_int(row, 0), db_column_int(row, 1), db_column_int(row, 2)};
    image->chain = db_column_int(row, 3);
    image->reference = arena_dup(c->arena, db_column(row, 5));
    return digest_unpack(db_column(row, 4), &image->manifest, err);
}

bool store_images_of_sets(struct store *s, const struct holding_set *sets, size_t n, const struct holders_key *after,
                          uint64_t most, struct arena *a, holding_images *out, struct error *err)
{
    struct images_context c = {a, out};
    struct db_request *requests = ARENA_NEW(a, struct db_request, n);
    struct db_value *values = ARENA_NEW(a, struct db_value, 4 * n);
    for (size_t i = 0; i < n; i++) {
        bool within = sets[i].set == after->set;
        values[4 * i] = db_int(sets[i].set);
        values[4 * i + 1] = db_int(within ? after->context : INT64_MAX);
        values[4 * i + 2] = db_int(within ? after->image : INT64_MAX);
        values[4 * i + 3] = db_int((int64_t)most);
        requests[i] = (struct db_request){
            .sql = "SELECT set_id, context_id, id, chain_id, manifest, reference FROM image WHERE set_id = ?1 AND "
                   "(context_id, id) < (?2, ?3) ORDER BY context_id DESC, id DESC LIMIT ?4",
            .values = &values[4 * i],
            .n = 4,
            .row = image_row,
            .context = &c};
    }
    return n == 0 || db_batch(s->db, requests, n, err);
}

struct place_context {
    struct arena *arena;
    struct slice *db;
    int64_t *layer;
    bool found;
};

static bool place_row(void *context, struct db_row *row, struct error *err)
{
    struct place_context *c = context;
    (void)err;
    *c->db = arena_dup(c->arena, db_column(row, 0));
    *c->layer = db_column_int(row, 1);
    c->found = true;
    return true;
}

bool store_place_in_set(struct store *s, int64_t set, int64_t package, struct arena *a, struct slice *db,
                        int64_t *layer, struct error *err)
{
    struct place_context c = {.arena = a, .db = db, .layer = layer};
    const struct db_value values[] = {db_int(set), db_int(package)};
    // CROSS JOIN: from the parts of the set on, which are few. The package may be in very many.
    return db_query(s->db,
                    "SELECT m.db, p.layer FROM package_set_part p CROSS JOIN package_part_member m WHERE p.set_id = ?1 "
                    "AND m.part_id = p.part_id AND m.package_id = ?2 ORDER BY p.layer, m.db LIMIT 1",
                    values, 2, place_row, &c, err) &&
           (c.found || error_set(err, ERR_NOT_FOUND, "the store has no such package (any more)"));
}

static bool layer_row(void *context, struct db_row *row, struct error *err)
{
    return digest_unpack(db_column(row, 0), context, err);
}

bool store_layers_at(struct store *s, struct layer_position *positions, size_t n, struct arena *a, struct error *err)
{
    struct db_request *requests = ARENA_NEW(a, struct db_request, n);
    struct db_value *values = ARENA_NEW(a, struct db_value, 2 * n);
    for (size_t i = 0; i < n; i++) {
        values[2 * i] = db_int(positions[i].chain);
        values[2 * i + 1] = db_int(positions[i].position);
        requests[i] = (struct db_request){.sql = "SELECT " LAYER_AT("?1", "?2"),
                                          .values = &values[2 * i],
                                          .n = 2,
                                          .row = layer_row,
                                          .context = &positions[i].digest};
    }
    return n == 0 || db_batch(s->db, requests, n, err);
}
