// Which images hold a package, for people who ask.
#include "store/where_store.h"

#include "store/inventory_rows.h"

struct place_context {
    store_place_fn *each;
    void *context;
};

static bool place_row(void *context, struct db_row *row, struct error *err)
{
    const struct place_context *c = context;
    struct digest layer, manifest;
    if (!digest_unpack(db_column(row, 2), &layer, err) || !digest_unpack(db_column(row, 0), &manifest, err))
        return false;
    const struct store_place place = {
        .manifest = digest_slice(&manifest),
        .reference = db_column(row, 1),
        .layer = digest_slice(&layer),
        .kind = db_column(row, 3),
        .name = db_column(row, 4),
        .version = db_column(row, 5),
        .arch = db_column(row, 6),
        .db = db_column(row, 7),
    };
    return c->each(c->context, &place, err);
}

#define PLACE                                                                                                          \
    "SELECT i.manifest, i.reference, " LAYER_AT("i.chain_id", "m.layer") ", p.kind, p.name, p.version, p.arch, m.db "

#define PLACES_NAMED                                                                                                   \
    PLACE "FROM package p JOIN package_set_member m ON m.package_id = p.id JOIN image i ON i.set_id = m.set_id "       \
          "WHERE p.name = ?1 OR p.source_name = ?1 "

bool store_places_named(struct store *s, struct slice name, store_place_fn *each, void *context, struct error *err)
{
    struct place_context c = {each, context};
    const struct db_value values[] = {db_text(name)};
    return db_query(s->db, PLACES_NAMED "ORDER BY i.reference, i.manifest, p.kind, p.name, p.version, p.arch, m.db",
                    values, 1, place_row, &c, err);
}

bool store_places_some(struct store *s, struct slice name, uint64_t most, store_place_fn *each, void *context,
                       struct error *err)
{
    struct place_context c = {each, context};
    const struct db_value values[] = {db_text(name), db_int((int64_t)most)};
    return db_query(s->db, PLACES_NAMED "LIMIT ?2", values, 2, place_row, &c, err);
}

bool store_place(struct store *s, int64_t image, int64_t package, store_place_fn *each, void *context,
                 struct error *err)
{
    struct place_context c = {each, context};
    const struct db_value values[] = {db_int(image), db_int(package)};
    return db_query(s->db,
                    PLACE "FROM image i JOIN package_set_member m ON m.package_id = ?2 AND m.set_id = i.set_id JOIN "
                          "package p ON p.id = m.package_id WHERE i.id = ?1 ORDER BY m.layer, m.db LIMIT 1",
                    values, 2, place_row, &c, err);
}
