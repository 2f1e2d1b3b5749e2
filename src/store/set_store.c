// What is installed in images: sets of packages and repositories, put together from parts that images share.
#include "store/inventory_rows.h"

#include "store/update_rows.h"

// ---- digests --------------------------------------------------------------------------------------------------------

// Fields are separated by a byte that they cannot hold in JSON-clean text. One text that is hashed at once: hashing
// each field costs several times as much.
static void add_field(struct buf *text, struct slice field)
{
    buf_add(text, field);
    buf_addc(text, '\0');
}

static void add_member(struct buf *text, const struct inventory_package *p)
{
    const struct slice fields[] = {p->package.kind,
                                   p->package.name,
                                   p->package.version,
                                   p->package.arch,
                                   p->package.module,
                                   p->package.source_name,
                                   p->package.source_version,
                                   p->package.vendor,
                                   p->package.repository,
                                   slice_str(p->scanner),
                                   p->db,
                                   p->owner};
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
        add_field(text, fields[f]);
}

// The packages that one layer brought.
struct part {
    size_t layer;
    struct digest digest;
};

typedef VEC(struct part) part_vec;

static void find_parts(const struct inventory *inventory, struct arena *a, part_vec *out)
{
    size_t layers = 0;
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (inventory->packages[i].layer >= layers)
            layers = inventory->packages[i].layer + 1;
    for (size_t layer = 0; layer < layers; layer++) {
        struct buf text BUF_AUTO = {0};
        for (size_t i = 0; i < inventory->packages_n; i++)
            if (inventory->packages[i].layer == layer)
                add_member(&text, &inventory->packages[i]);
        if (text.n != 0)
            VEC_PUSH(a, out) = (struct part){layer, digest_of(buf_slice(&text))};
    }
}

static struct digest set_digest(const struct inventory *inventory, const part_vec *parts)
{
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < parts->n; i++) {
        buf_addf(&text, "%zu ", parts->v[i].layer);
        add_field(&text, digest_slice(&parts->v[i].digest));
    }
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        add_field(&text, r->id);
        add_field(&text, r->path);
        buf_addf(&text, "%zu ", r->layer);
    }
    return digest_of(buf_slice(&text));
}

// ---- writing --------------------------------------------------------------------------------------------------------

static bool package_id(struct store *s, const struct package *p, int64_t *id, struct error *err)
{
    const struct db_value values[] = {
        db_text(p->kind),   db_text(p->name),   db_text(p->version),     db_text(p->arch),
        db_text(p->module), db_text(p->vendor), db_text(p->source_name), db_text(p->source_version),
    };
    return row_id(s,
                  "SELECT id FROM package WHERE name = ?2 AND version = ?3 AND arch = ?4 AND kind = ?1 "
                  "AND module = ?5 AND vendor = ?6 AND source_name = ?7 AND source_version = ?8",
                  "INSERT INTO package (kind, name, version, arch, module, vendor, source_name, source_version) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
                  values, 8, id, err);
}

// A package that a file lists twice is there once.
static bool put_member(struct store *s, int64_t part, const struct inventory_package *p, struct error *err)
{
    int64_t package;
    return package_id(s, &p->package, &package, err) &&
           db_run(
               s->db, err,
               "INSERT INTO package_part_member (part_id, package_id, scanner, db, owner, repository) SELECT ?1, ?2, "
               "?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM package_part_member WHERE package_id = ?2 AND part_id "
               "= ?1 AND db = ?4)",
               db_int(part), db_int(package), db_text(slice_str(p->scanner)), db_text(p->db), db_text(p->owner),
               db_text(p->package.repository));
}

static bool find_digest(struct store *s, const char *select, const struct digest *digest, int64_t *id,
                        struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_blob(digest_pack(digest, bytes))};
    *id = 0;
    return db_query(s->db, select, values, 1, number_row, id, err);
}

static bool put_digest(struct store *s, const char *insert, const struct digest *digest, int64_t *id, struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_blob(digest_pack(digest, bytes))};
    return db_query(s->db, insert, values, 1, number_row, id, err);
}

static bool part_put(struct store *s, const struct inventory *inventory, const struct part *part, int64_t *id,
                     struct error *err)
{
    if (!find_digest(s, "SELECT id FROM package_part WHERE digest = ?1", &part->digest, id, err))
        return false;
    if (*id != 0)
        return true;
    if (!put_digest(s, "INSERT INTO package_part (digest) VALUES (?1) RETURNING id", &part->digest, id, err))
        return false;
    for (size_t i = 0; i < inventory->packages_n; i++)
        if (inventory->packages[i].layer == part->layer && !put_member(s, *id, &inventory->packages[i], err))
            return false;
    return true;
}

static bool put_repositories(struct store *s, int64_t set, const struct inventory *inventory, struct error *err)
{
    for (size_t i = 0; i < inventory->repositories_n; i++) {
        const struct inventory_repository *r = &inventory->repositories[i];
        if (!db_run(s->db, err,
                    "INSERT INTO package_set_repository (set_id, repository, path, layer) VALUES (?1, ?2, ?3, ?4)",
                    db_int(set), db_text(r->id), db_text(r->path), db_int((int64_t)r->layer)))
            return false;
    }
    return true;
}

bool set_put(struct store *s, const struct inventory *inventory, int64_t *set, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    part_vec parts = {0};
    find_parts(inventory, &a, &parts);
    struct digest digest = set_digest(inventory, &parts);
    if (!find_digest(s, "SELECT id FROM package_set WHERE digest = ?1", &digest, set, err))
        return false;
    if (*set != 0)
        return true;
    if (!put_digest(s, "INSERT INTO package_set (digest) VALUES (?1) RETURNING id", &digest, set, err))
        return false;
    for (size_t i = 0; i < parts.n; i++) {
        int64_t part;
        if (!part_put(s, inventory, &parts.v[i], &part, err) ||
            !db_run(s->db, err,
                    "INSERT INTO package_set_part (part_id, set_id, layer) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    db_int(part), db_int(*set), db_int((int64_t)parts.v[i].layer)))
            return false;
    }
    return put_repositories(s, *set, inventory, err);
}

// ---- forgetting -----------------------------------------------------------------------------------------------------

struct id_context {
    struct arena *arena;
    store_ids list;
};

static bool append_row(void *context, struct db_row *row, struct error *err)
{
    struct id_context *c = context;
    (void)err;
    VEC_PUSH(c->arena, &c->list) = db_column_int(row, 0);
    return true;
}

static bool part_drop(struct store *s, int64_t part, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct id_context packages = {.arena = &a};
    const struct db_value values[] = {db_int(part)};
    int64_t users = 0;
    if (!db_query(s->db, "SELECT count(*) FROM package_set_part WHERE part_id = ?1", values, 1, number_row, &users,
                  err))
        return false;
    if (users != 0)
        return true;
    if (!db_query(s->db, "SELECT DISTINCT package_id FROM package_part_member WHERE part_id = ?1", values, 1,
                  append_row, &packages, err) ||
        !db_run(s->db, err, "DELETE FROM package_part_member WHERE part_id = ?1", values[0]) ||
        !db_run(s->db, err, "DELETE FROM package_part WHERE id = ?1", values[0]))
        return false;
    for (size_t i = 0; i < packages.list.n; i++)
        if (!db_run(s->db, err,
                    "DELETE FROM package WHERE id = ?1 AND NOT EXISTS "
                    "(SELECT 1 FROM package_part_member WHERE package_id = ?1)",
                    db_int(packages.list.v[i])))
            return false;
    return true;
}

bool set_drop(struct store *s, int64_t set, struct error *err)
{
    struct arena a ARENA_AUTO = {0};
    struct id_context parts = {.arena = &a};
    const struct db_value values[] = {db_int(set)};
    int64_t users = 0;
    if (!db_query(s->db, "SELECT EXISTS (SELECT 1 FROM image WHERE set_id = ?1)", values, 1, number_row, &users, err))
        return false;
    if (users != 0)
        return true;
    if (!db_query(s->db, "SELECT part_id FROM package_set_part WHERE set_id = ?1", values, 1, append_row, &parts,
                  err) ||
        !db_run(s->db, err, "DELETE FROM package_set_part WHERE set_id = ?1", values[0]) ||
        !db_run(s->db, err, "DELETE FROM package_set_repository WHERE set_id = ?1", values[0]) ||
        !db_run(s->db, err, "DELETE FROM package_set WHERE id = ?1", values[0]))
        return false;
    for (size_t i = 0; i < parts.list.n; i++)
        if (!part_drop(s, parts.list.v[i], err))
            return false;
    return true;
}
