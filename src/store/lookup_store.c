// From a name in a feed's record to the packages that it may concern, and from these to the images that hold them. Each
// step is an indexed query: what it costs follows what it finds.
#include "store/lookup_rows.h"

#include "store/update_rows.h"

// ---- filling --------------------------------------------------------------------------------------------------------

static struct slice copy(struct arena *a, struct db_row *row, int column)
{
    return arena_dup(a, db_column(row, column));
}

struct package_row {
    int64_t id;
    struct package package;
};

// Columns as PACKAGE_COLUMNS has them.
#define PACKAGE_COLUMNS "id, kind, name, version, arch, module, vendor, source_name, source_version"
static struct package_row package_of(struct arena *a, struct db_row *row)
{
    return (struct package_row){db_column_int(row, 0),
                                {.kind = copy(a, row, 1),
                                 .name = copy(a, row, 2),
                                 .version = copy(a, row, 3),
                                 .arch = copy(a, row, 4),
                                 .module = copy(a, row, 5),
                                 .vendor = copy(a, row, 6),
                                 .source_name = copy(a, row, 7),
                                 .source_version = copy(a, row, 8)}};
}

struct unnamed {
    struct arena arena;
    VEC(struct package_row) list;
};

static void unnamed_free(struct unnamed *u)
{
    arena_free(&u->arena);
}

static bool unnamed_row(void *context, struct db_row *row, struct error *err)
{
    struct unnamed *u = context;
    (void)err;
    VEC_PUSH(&u->arena, &u->list) = package_of(&u->arena, row);
    return true;
}

bool lookup_add_names(struct store *s, const struct named_package *packages, size_t n,
                      const struct store_naming *naming, struct error *err)
{
    struct arena scratch ARENA_AUTO = {0};
    VEC(struct db_value) values = {0};
    for (size_t i = 0; i < n; i++) {
        store_names names = {0};
        naming->names(&scratch, packages[i].package, &names);
        for (size_t k = 0; k < names.n; k++) {
            VEC_PUSH(&scratch, &values) = db_int(packages[i].id);
            VEC_PUSH(&scratch, &values) = db_text(names.v[k]);
        }
    }
    return db_send_rows(s->db,
                        "INSERT INTO lookup_name (package_id, name) SELECT column1, column2 FROM (VALUES (?1, ?2)) AS "
                        "each WHERE TRUE ON CONFLICT DO NOTHING",
                        values.v, 2, values.n / 2, err);
}

bool lookup_put_names(struct store *s, int64_t id, const struct package *package, const struct store_naming *naming,
                      struct error *err)
{
    const struct named_package named = {id, package};
    return db_run(s->db, err, "DELETE FROM lookup_name WHERE package_id = ?1", db_int(id)) &&
           lookup_add_names(s, &named, 1, naming, err) &&
           db_run(s->db, err, "UPDATE package SET named = ?2 WHERE id = ?1", db_int(id), db_int(naming->version));
}

static bool name_packages(struct store *s, const struct store_naming *naming, struct error *err)
{
    struct unnamed unnamed __attribute__((cleanup(unnamed_free))) = {0};
    const struct db_value values[] = {db_int(naming->version)};
    if (!db_query(s->db, "SELECT " PACKAGE_COLUMNS " FROM package WHERE named < ?1", values, 1, unnamed_row, &unnamed,
                  err))
        return false;
    for (size_t i = 0; i < unnamed.list.n; i++)
        if (!lookup_put_names(s, unnamed.list.v[i].id, &unnamed.list.v[i].package, naming, err))
            return false;
    return true;
}

bool store_lookup_complete(struct store *s, const struct store_naming *naming, struct error *err)
{
    const struct db_value values[] = {db_int(naming->version)};
    int64_t missing = 0;
    if (!db_query(s->db, "SELECT 1 FROM package WHERE named < ?1 LIMIT 1", values, 1, number_row, &missing, err))
        return false;
    if (missing == 0)
        return true;
    struct db_work work = {.turn = DB_TURN_INVENTORY};
    while (db_works(s->db, &work, err))
        work.ok = name_packages(s, naming, err);
    return work.ok;
}

// ---- asking ---------------------------------------------------------------------------------------------------------

struct appending {
    struct arena *arena;
    void *out;
};

static bool candidate_row(void *context, struct db_row *row, struct error *err)
{
    struct appending *c = context;
    store_candidates *out = c->out;
    (void)err;
    VEC_PUSH(c->arena, out) = (struct store_candidate){db_column_int(row, 0), db_column_int(row, 1)};
    return true;
}

bool store_lookup_name(struct store *s, struct slice name, struct slice kind, struct arena *a, store_candidates *out,
                       struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_text(name), db_text(kind)};
    // CROSS JOIN: from the name on. By the index of kinds all packages of the kind would be gone through.
    return db_query(
        s->db,
        "SELECT c.context_id, p.id FROM lookup_name n CROSS JOIN package p "
        "CROSS JOIN package_context c WHERE p.id = n.package_id AND c.package_id = p.id AND n.name = ?1 AND p.kind = ?2",
        values, 2, candidate_row, &c, err);
}

bool store_lookup_kind(struct store *s, struct slice kind, int64_t context, struct arena *a, store_candidates *out,
                       struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_text(kind), db_int(context)};
    return db_query(s->db,
                    "SELECT c.context_id, p.id FROM package p JOIN package_context c ON c.package_id = p.id WHERE "
                    "p.kind = ?1 AND (?2 = 0 OR c.context_id = ?2)",
                    values, 2, candidate_row, &c, err);
}

static bool append_id(void *context, struct db_row *row, struct error *err)
{
    struct appending *c = context;
    store_ids *out = c->out;
    (void)err;
    VEC_PUSH(c->arena, out) = db_column_int(row, 0);
    return true;
}

bool store_contexts(struct store *s, struct arena *a, store_ids *out, struct error *err)
{
    struct appending c = {a, out};
    return db_query(s->db, "SELECT id FROM context ORDER BY id", NULL, 0, append_id, &c, err);
}

static bool distribution_row(void *context, struct db_row *row, struct error *err)
{
    struct appending *c = context;
    (void)err;
    *(struct distribution *)c->out = (struct distribution){
        .known = true,
        .id = copy(c->arena, row, 0),
        .id_like = copy(c->arena, row, 1),
        .name = copy(c->arena, row, 2),
        .version = copy(c->arena, row, 3),
        .version_id = copy(c->arena, row, 4),
        .codename = copy(c->arena, row, 5),
        .pretty_name = copy(c->arena, row, 6),
        .cpe = copy(c->arena, row, 7),
        .support_end = copy(c->arena, row, 8),
    };
    return true;
}

static bool repositories_row(void *context, struct db_row *row, struct error *err)
{
    struct appending *c = context;
    struct inventory *out = c->out;
    struct slice rest = copy(c->arena, row, 0), id;
    (void)err;
    while (slice_next_line(&rest, &id)) {
        if (out->repositories_n == out->repositories_cap)
            out->repositories = arena_grow(c->arena, out->repositories, sizeof *out->repositories, out->repositories_n,
                                           &out->repositories_cap);
        out->repositories[out->repositories_n++] = (struct inventory_repository){.id = id};
    }
    return true;
}

bool store_context_get(struct store *s, int64_t context, struct arena *a, struct inventory *out, struct error *err)
{
    const struct db_value values[] = {db_int(context)};
    *out = (struct inventory){0};
    struct appending repositories = {a, out}, distribution = {a, &out->distribution};
    return db_query(s->db, "SELECT repositories FROM context WHERE id = ?1", values, 1, repositories_row, &repositories,
                    err) &&
           db_query(s->db,
                    "SELECT did, id_like, name, version, version_id, codename, pretty_name, cpe, support_end FROM "
                    "context c JOIN distribution d ON d.id = c.distribution_id WHERE c.id = ?1",
                    values, 1, distribution_row, &distribution, err);
}

static bool one_package_row(void *context, struct db_row *row, struct error *err)
{
    struct appending *c = context;
    (void)err;
    *(struct package *)c->out = package_of(c->arena, row).package;
    return true;
}

bool store_package_get(struct store *s, int64_t package, struct arena *a, struct inventory_package *out,
                       struct error *err)
{
    *out = (struct inventory_package){0};
    struct appending c = {a, &out->package};
    const struct db_value values[] = {db_int(package)};
    if (!db_query(s->db, "SELECT " PACKAGE_COLUMNS " FROM package WHERE id = ?1", values, 1, one_package_row, &c, err))
        return false;
    return out->package.kind.n != 0 || error_set(err, ERR_NOT_FOUND, "the store has no such package (any more)");
}

// ---- who holds it ---------------------------------------------------------------------------------------------------

struct telling {
    store_holding_fn *each;
    void *argument;
};

static bool holding_row(void *context, struct db_row *row, struct error *err)
{
    const struct telling *t = context;
    const struct holding holding = {db_column_int(row, 0), (size_t)db_column_int(row, 1)};
    return t->each(t->argument, &holding, err);
}

// All that these ask of the images stands in the index by set and context: the same images are told of for each flaw,
// and reading their rows each time takes longer than all else.
bool store_holdings(struct store *s, int64_t context, int64_t package, store_holding_fn *each, void *argument,
                    struct error *err)
{
    struct telling t = {each, argument};
    const struct db_value values[] = {db_int(context), db_int(package)};
    return db_query(s->db,
                    "SELECT i.id, m.layer FROM (SELECT set_id, min(layer) AS layer FROM "
                    "package_set_member WHERE package_id = ?2 GROUP BY set_id HAVING max(owner) = '') m "
                    "CROSS JOIN image i WHERE i.set_id = m.set_id AND i.context_id = ?1",
                    values, 2, holding_row, &t, err);
}

bool store_all_holdings(struct store *s, int64_t context, int64_t package, store_holding_fn *each, void *argument,
                        struct error *err)
{
    struct telling t = {each, argument};
    const struct db_value values[] = {db_int(context), db_int(package)};
    return db_query(s->db,
                    "SELECT i.id, m.layer FROM (SELECT set_id, min(layer) AS layer FROM "
                    "package_set_member WHERE package_id = ?2 GROUP BY set_id) m "
                    "CROSS JOIN image i WHERE i.set_id = m.set_id AND i.context_id = ?1",
                    values, 2, holding_row, &t, err);
}

bool store_set_holdings(struct store *s, int64_t set, int64_t context, int64_t package, store_holding_fn *each,
                        void *argument, struct error *err)
{
    struct telling t = {each, argument};
    const struct db_value values[] = {db_int(set), db_int(context), db_int(package)};
    return db_query(s->db,
                    "SELECT i.id, (SELECT min(layer) FROM package_set_member WHERE package_id = ?3 AND "
                    "set_id = ?1) FROM image i WHERE i.set_id = ?1 AND i.context_id = ?2",
                    values, 3, holding_row, &t, err);
}

// ---- packages that others own ---------------------------------------------------------------------------------------

// Where it is the owner: from the sets that have it on. Packages that own something are there in many versions, each in
// few of the sets in which something goes by their name.
bool store_owned_sets(struct store *s, int64_t package, struct slice as_owner, struct arena *a, store_ids *out,
                      struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_int(package), db_text(as_owner)};
    return db_query(s->db,
                    "SELECT set_id FROM package_set_member WHERE package_id = ?1 AND owner <> '' UNION "
                    "SELECT m.set_id FROM package_set_member m WHERE m.package_id = ?1 AND EXISTS (SELECT 1 FROM "
                    "package_part_member WHERE owner = ?2 AND owner <> '') AND EXISTS (SELECT 1 FROM "
                    "package_part_member o WHERE o.owner = ?2 AND o.owner <> '' AND o.part_id IN (SELECT part_id FROM "
                    "package_set_part WHERE set_id = m.set_id)) ORDER BY 1",
                    values, 2, append_id, &c, err);
}

bool store_set_contexts(struct store *s, int64_t set, struct arena *a, store_ids *out, struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_int(set)};
    return db_query(s->db, "SELECT DISTINCT context_id FROM image WHERE set_id = ?1", values, 1, append_id, &c, err);
}

bool store_set_parts(struct store *s, int64_t set, struct arena *a, store_ids *out, struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_int(set)};
    return db_query(s->db, "SELECT part_id FROM package_set_part WHERE set_id = ?1 ORDER BY part_id", values, 1,
                    append_id, &c, err);
}

static bool owned_row(void *context, struct db_row *row, struct error *err)
{
    struct appending *c = context;
    store_owned_packages *out = c->out;
    (void)err;
    VEC_PUSH(c->arena, out) =
        (struct store_owned){db_column_int(row, 0), copy(c->arena, row, 1), db_column_int(row, 2) != 0};
    return true;
}

bool store_set_owned(struct store *s, int64_t set, struct arena *a, store_owned_packages *out, struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_int(set)};
    return db_query(
        s->db,
        "WITH owned AS (SELECT package_id, owner FROM package_set_member WHERE set_id = ?1 AND owner <> '') "
        "SELECT m.package_id, m.owner, m.package_id IN (SELECT package_id FROM owned) "
        "FROM package_set_member m JOIN package p ON p.id = m.package_id WHERE m.set_id = ?1 AND "
        "(m.package_id IN (SELECT package_id FROM owned) OR p.kind || ':' || p.name IN "
        "(SELECT owner FROM owned)) ORDER BY p.kind, p.name, p.version, p.arch, m.package_id, m.owner",
        values, 1, owned_row, &c, err);
}

bool store_part_owned(struct store *s, int64_t part, struct arena *a, store_owned_packages *out, struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_int(part)};
    return db_query(s->db, "SELECT package_id, owner, 1 FROM package_part_member WHERE part_id = ?1 AND owner <> ''",
                    values, 1, owned_row, &c, err);
}

bool store_package_parts(struct store *s, int64_t package, struct arena *a, store_ids *out, struct error *err)
{
    struct appending c = {a, out};
    const struct db_value values[] = {db_int(package)};
    return db_query(s->db, "SELECT DISTINCT part_id FROM package_part_member WHERE package_id = ?1", values, 1,
                    append_id, &c, err);
}

bool store_owner_parts(struct store *s, struct slice owner, struct arena *a, store_ids *out, struct error *err)
{
    struct appending c = {a, out};
    struct slice kind, name;
    slice_cut(owner, ':', &kind, &name);
    const struct db_value values[] = {db_text(kind), db_text(name)};
    return db_query(s->db,
                    "SELECT DISTINCT m.part_id FROM package p JOIN package_part_member m ON m.package_id = p.id "
                    "WHERE p.name = ?2 AND p.kind = ?1",
                    values, 2, append_id, &c, err);
}
