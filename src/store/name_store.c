// Names of images in the database.
#include "store/name_rows.h"

#include "base/clock.h"
#include "store/update_rows.h"

// ---- pushing and deleting -------------------------------------------------------------------------------------------

// 0: it is not known.
static bool find_repository(struct store *s, struct slice name, int64_t *id, struct error *err)
{
    const struct db_value values[] = {db_text(name)};
    *id = 0;
    return db_query(s->db, "SELECT id FROM repository WHERE name = ?1", values, 1, number_row, id, err);
}

static bool want_repository(struct store *s, struct slice name, int64_t *id, struct error *err)
{
    return db_run(s->db, err, "INSERT INTO repository (name) VALUES (?1) ON CONFLICT (name) DO NOTHING",
                  db_text(name)) &&
           find_repository(s, name, id, err);
}

// What is known of a tag: the place that it has, or its last one.
struct place {
    int64_t id, pushed, until;
    struct digest manifest;
};

static bool place_row(void *context, struct db_row *row, struct error *err)
{
    struct place *p = context;
    p->id = db_column_int(row, 0);
    p->pushed = db_column_int(row, 1);
    p->until = db_column_int(row, 2);
    return digest_unpack(db_column(row, 3), &p->manifest, err);
}

static bool last_place(struct store *s, int64_t repository, struct slice tag, struct place *p, struct error *err)
{
    const struct db_value values[] = {db_int(repository), db_text(tag)};
    *p = (struct place){0};
    return db_query(s->db,
                    "SELECT id, pushed, until, manifest FROM tag WHERE repository_id = ?1 AND name = ?2 "
                    "ORDER BY id DESC LIMIT 1",
                    values, 2, place_row, p, err);
}

static int64_t now_micros(void)
{
    return clock_now() * 1000000;
}

static bool drop_history(struct store *s, int64_t repository, struct slice tag, uint64_t history, struct error *err)
{
    int64_t most = history < INT64_MAX ? (int64_t)history + 1 : INT64_MAX;
    return db_run(s->db, err,
                  "DELETE FROM tag WHERE repository_id = ?1 AND name = ?2 AND id < (SELECT min(id) FROM "
                  "(SELECT id FROM tag WHERE repository_id = ?1 AND name = ?2 ORDER BY id DESC LIMIT ?3) AS kept)",
                  db_int(repository), db_text(tag), db_int(most));
}

static bool move_tag(struct store *s, int64_t repository, const struct name_push *push, uint64_t history,
                     struct error *err)
{
    struct place last;
    char bytes[DIGEST_BYTES];
    if (!last_place(s, repository, push->tag, &last, err))
        return false;
    bool there = last.id != 0 && last.until == 0;
    int64_t known = there ? last.pushed : last.until;
    if (push->pushed != 0 && push->pushed < known)
        return true; // late, or told again
    if (there && digest_eq(&last.manifest, &push->manifest))
        return push->pushed == 0 ||
               db_run(s->db, err, "UPDATE tag SET pushed = ?2 WHERE id = ?1", db_int(last.id), db_int(push->pushed));
    if (there && !db_run(s->db, err, "UPDATE tag SET until = ?2 WHERE id = ?1", db_int(last.id),
                         db_int(push->pushed != 0 ? push->pushed : now_micros())))
        return false;
    return db_run(
               s->db, err,
               "INSERT INTO tag (repository_id, name, manifest, pushed, since, until) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
               db_int(repository), db_text(push->tag), db_blob(digest_pack(&push->manifest, bytes)),
               db_int(push->pushed), db_int(clock_now())) &&
           drop_history(s, repository, push->tag, history, err);
}

bool store_name_push(struct store *s, const struct name_push *push, uint64_t history, struct error *err)
{
    int64_t repository;
    char bytes[DIGEST_BYTES];
    return want_repository(s, push->repository, &repository, err) &&
           db_run(s->db, err,
                  "INSERT INTO repository_manifest (repository_id, manifest, pushed) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (repository_id, manifest) DO UPDATE SET pushed = ?3 WHERE repository_manifest.pushed < "
                  "?3",
                  db_int(repository), db_blob(digest_pack(&push->manifest, bytes)), db_int(push->pushed)) &&
           (push->tag.n == 0 || move_tag(s, repository, push, history, err));
}

// What was pushed after the deletion stays.
bool store_name_delete(struct store *s, const struct name_delete *gone, struct error *err)
{
    int64_t repository;
    if (!find_repository(s, gone->repository, &repository, err) || repository == 0)
        return err->code == ERR_NONE;
    const struct db_value id = db_int(repository), at = db_int(gone->at != 0 ? gone->at : now_micros());
    char bytes[DIGEST_BYTES];
    const struct db_value manifest = db_blob(digest_pack(&gone->manifest, bytes));
    if (gone->manifest.text[0] != '\0')
        return db_run(s->db, err,
                      "UPDATE tag SET until = ?3 WHERE repository_id = ?1 AND manifest = ?2 AND until = 0 AND "
                      "pushed <= ?3",
                      id, manifest, at) &&
               db_run(s->db, err,
                      "DELETE FROM repository_manifest WHERE repository_id = ?1 AND manifest = ?2 AND pushed <= ?3", id,
                      manifest, at);
    if (gone->tag.n != 0)
        return db_run(s->db, err,
                      "UPDATE tag SET until = ?3 WHERE repository_id = ?1 AND name = ?2 AND until = 0 AND pushed <= ?3",
                      id, db_text(gone->tag), at);
    return db_run(s->db, err, "UPDATE tag SET until = ?2 WHERE repository_id = ?1 AND until = 0 AND pushed <= ?2", id,
                  at) &&
           db_run(s->db, err, "DELETE FROM repository_manifest WHERE repository_id = ?1 AND pushed <= ?2", id, at);
}

static bool put_members(struct store *s, const struct digest *parent, const struct name_member *members, size_t n,
                        struct error *err)
{
    char parent_bytes[DIGEST_BYTES], bytes[DIGEST_BYTES];
    const struct db_value of = db_blob(digest_pack(parent, parent_bytes));
    for (size_t i = 0; i < n; i++)
        if (!db_run(s->db, err,
                    "INSERT INTO index_member (parent, manifest, platform) VALUES (?1, ?2, ?3) "
                    "ON CONFLICT (parent, manifest) DO UPDATE SET platform = ?3",
                    of, db_blob(digest_pack(&members[i].manifest, bytes)), db_text(members[i].platform)))
            return false;
    return true;
}

bool store_name_put(struct store *s, const struct name_push *push, const struct name_member *members, size_t n,
                    uint64_t history, struct error *err)
{
    struct db_work work = {.turn = DB_TURN_NAMES};
    while (db_works(s->db, &work, err))
        work.ok = store_name_push(s, push, history, err) && put_members(s, &push->manifest, members, n, err);
    return work.ok;
}

bool store_index_members(struct store *s, const struct digest *parent, const struct name_member *members, size_t n,
                         struct error *err)
{
    if (n == 0)
        return true;
    struct db_work work = {.turn = DB_TURN_NAMES};
    while (db_works(s->db, &work, err))
        work.ok = put_members(s, parent, members, n, err);
    return work.ok;
}

bool store_name_has(struct store *s, struct slice repository, const struct digest *manifest, bool *has,
                    struct error *err)
{
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_text(repository), db_blob(digest_pack(manifest, bytes))};
    int64_t count = 0;
    bool ok = db_query(s->db,
                       "SELECT count(*) FROM repository_manifest JOIN repository ON repository.id = repository_id "
                       "WHERE name = ?1 AND manifest = ?2",
                       values, 2, number_row, &count, err);
    *has = count != 0;
    return ok;
}

// ---- the names of an image ------------------------------------------------------------------------------------------

struct names_context {
    struct arena *arena;
    VEC(struct image_name) list;
};

static bool name_row(void *context, struct db_row *row, struct error *err)
{
    struct names_context *c = context;
    struct image_name *name = &VEC_PUSH(c->arena, &c->list);
    *name = (struct image_name){
        .repository = arena_dup(c->arena, db_column(row, 0)),
        .tag = arena_dup(c->arena, db_column(row, 1)),
        .pushed = db_column_int(row, 3),
        .since = db_column_int(row, 4),
        .until = db_column_int(row, 5),
    };
    return digest_unpack(db_column(row, 2), &name->manifest, err);
}

// Whatever leads to the image: itself, and the indexes that it is in.
#define LEADS_TO(image)                                                                                                \
    "(SELECT " image " AS manifest UNION SELECT parent FROM index_member WHERE index_member.manifest = " image ")"

static const char names_of_image[] =
    "SELECT repository.name AS repository, tag.name AS tag, tag.manifest, tag.pushed, since, until, "
    "CAST(until <> 0 AS INTEGER) AS former "
    "FROM tag JOIN repository ON repository.id = repository_id "
    "WHERE tag.manifest IN " LEADS_TO("?1") //
    " UNION ALL SELECT repository.name, '', rm.manifest, rm.pushed, 0, 0, 0 "
    "FROM repository_manifest AS rm JOIN repository ON repository.id = rm.repository_id "
    "WHERE rm.manifest IN " LEADS_TO("?1") //
    " AND NOT EXISTS (SELECT 1 FROM tag WHERE tag.repository_id = rm.repository_id "
    "AND tag.until = 0 AND tag.manifest IN " LEADS_TO("?1") //
    ") ORDER BY former, repository, tag, until DESC";

bool store_image_names(struct store *s, const struct digest *image, struct arena *a, struct image_name **names,
                       size_t *n, struct error *err)
{
    struct names_context c = {.arena = a};
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_blob(digest_pack(image, bytes))};
    bool ok = db_query(s->db, names_of_image, values, 1, name_row, &c, err);
    *names = c.list.v;
    *n = c.list.n;
    return ok;
}

struct find_context {
    struct arena *arena;
    VEC(struct named_image) list;
};

static bool found_row(void *context, struct db_row *row, struct error *err)
{
    struct find_context *c = context;
    struct named_image *image = &VEC_PUSH(c->arena, &c->list);
    image->os = arena_dup(c->arena, db_column(row, 1));
    image->arch = arena_dup(c->arena, db_column(row, 2));
    return digest_unpack(db_column(row, 0), &image->manifest, err);
}

bool store_name_find(struct store *s, struct slice repository, struct slice tag, const struct digest *manifest,
                     struct arena *a, struct named_image **images, size_t *n, struct error *err)
{
    struct find_context c = {.arena = a};
    char bytes[DIGEST_BYTES];
    const struct db_value values[] = {db_text(repository), db_text(tag), db_blob(digest_pack(manifest, bytes))};
    bool ok = db_query(
        s->db,
        "WITH named AS (SELECT tag.manifest FROM tag JOIN repository ON repository.id = repository_id "
        "WHERE repository.name = ?1 AND ?2 <> '' AND tag.name = ?2 AND until = 0 "
        "UNION SELECT rm.manifest FROM repository_manifest AS rm JOIN repository ON repository.id = rm.repository_id "
        "WHERE repository.name = ?1 AND ?2 = '' AND rm.manifest = ?3) "
        "SELECT manifest, os, arch FROM image JOIN image_sort ON image_sort.id = sort_id WHERE manifest IN (SELECT manifest FROM named UNION "
        "SELECT index_member.manifest FROM index_member JOIN named ON named.manifest = parent) ORDER BY manifest",
        values, 3, found_row, &c, err);
    *images = c.list.v;
    *n = c.list.n;
    return ok;
}

// ---- listing --------------------------------------------------------------------------------------------------------

struct list_context {
    struct arena *arena;
    VEC(struct listed_image) list;
};

bool listed_read(struct db_row *row, struct arena *a, struct listed_image *out, struct error *err)
{
    *out = (struct listed_image){
        .reference = arena_dup(a, db_column(row, 1)),
        .kind = arena_dup(a, db_column(row, 2)),
        .os = arena_dup(a, db_column(row, 3)),
        .arch = arena_dup(a, db_column(row, 4)),
        .indexed = db_column_int(row, 5),
        .distribution = arena_dup(a, db_column(row, 6)),
        .distribution_version = arena_dup(a, db_column(row, 7)),
        .distribution_name = arena_dup(a, db_column(row, 8)),
    };
    return digest_unpack(db_column(row, 0), &out->manifest, err);
}

static bool listed_row(void *context, struct db_row *row, struct error *err)
{
    struct list_context *c = context;
    return listed_read(row, c->arena, &VEC_PUSH(c->arena, &c->list), err);
}

#define SELECT_LISTED "SELECT " LISTED_COLUMNS " FROM image " LISTED_JOINS " WHERE image.manifest > ?1 "

// Two questions, so that each goes by its own index: what a repository or a tag names is looked up first, and costs as
// much as there are names, not images.
static const char all_images[] = SELECT_LISTED "ORDER BY image.manifest LIMIT ?2";
static const char images_by_name[] = SELECT_LISTED
    "AND image.manifest IN (WITH named AS (SELECT tag.manifest FROM tag JOIN repository ON repository.id = "
    "repository_id WHERE until = 0 AND (?3 = '' OR repository.name = ?3) AND (?4 = '' OR tag.name = ?4) "
    "UNION SELECT rm.manifest FROM repository_manifest AS rm JOIN repository ON repository.id = rm.repository_id "
    "WHERE repository.name = ?3 AND ?4 = '') "
    "SELECT manifest FROM named UNION "
    "SELECT index_member.manifest FROM index_member JOIN named ON named.manifest = parent) "
    "ORDER BY image.manifest LIMIT ?2";

bool listed_names(struct store *s, struct listed_image *const *images, size_t n, struct arena *a, struct error *err)
{
    struct db_request *requests = ARENA_NEW(a, struct db_request, n);
    struct db_value *values = ARENA_NEW(a, struct db_value, n);
    struct names_context *names = ARENA_NEW(a, struct names_context, n);
    for (size_t i = 0; i < n; i++) {
        names[i].arena = a;
        values[i] = db_blob(digest_pack(&images[i]->manifest, arena_alloc(a, DIGEST_BYTES)));
        requests[i] = (struct db_request){
            .sql = names_of_image, .values = &values[i], .n = 1, .row = name_row, .context = &names[i]};
    }
    if (n != 0 && !db_batch(s->db, requests, n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        images[i]->names = names[i].list.v;
        while (images[i]->names_n < names[i].list.n && images[i]->names[images[i]->names_n].until == 0)
            images[i]->names_n++;
    }
    return true;
}

bool store_image_list(struct store *s, const struct image_query *query, struct arena *a, struct listed_image **images,
                      size_t *n, struct error *err)
{
    struct list_context c = {.arena = a};
    const char *sql = query->repository.n != 0 || query->tag.n != 0 ? images_by_name : all_images;
    char after[DIGEST_BYTES];
    const struct db_value values[] = {
        db_blob(digest_pack(&query->after, after)),
        db_int((int64_t)query->most),
        db_text(query->repository),
        db_text(query->tag),
    };
    if (!db_query(s->db, sql, values, sql == all_images ? 2 : 4, listed_row, &c, err))
        return false;
    struct listed_image **listed = ARENA_NEW(a, struct listed_image *, c.list.n);
    for (size_t i = 0; i < c.list.n; i++)
        listed[i] = &c.list.v[i];
    *images = c.list.v;
    *n = c.list.n;
    return listed_names(s, listed, c.list.n, a, err);
}
