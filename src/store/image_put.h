// Putting an indexed image into the database: what image_look.c finds out, and image_put.c makes.
#pragma once

#include "store/inventory_rows.h"

// The packages that one layer brought.
struct wanted_part {
    struct digest digest;
    int64_t id; // 0: it is not there
    size_t layer;
    bool made; // by this transaction: its members are to be put in
};

// A package of a part, as the database has it.
struct wanted_package {
    const struct inventory_package *package;
    size_t part;         // index
    int64_t id, part_id; // rows; id 0: it was not asked for, since the part is there
    bool misnamed;       // it was there, and has its names by older rules
    bool repeated;       // the part has it already
};

struct image_put {
    struct store *s;
    struct arena arena;
    const struct stored_image *image;
    const struct store_naming *naming; // NULL: packages get no names
    struct slice state, repositories;  // of the context
    struct digest set_digest;
    // Rows; 0: not there.
    int64_t former; // chain of the image that is replaced
    int64_t sort, context, distribution, set, chain;
    bool replaces; // an image with that manifest is there
    bool placed;   // an image with that set in that context is there
    bool set_made; // by this transaction: its parts are to be put in
    struct wanted_part *parts;
    size_t parts_n;
    VEC(struct wanted_package) packages;
    VEC(int64_t) packages_made; // by this transaction, as ones that are named
    size_t chained;             // layers whose chain is there, which ends in `chain`
    VEC(struct db_request) requests;
};

// Adds a question to those that are asked at once, and asks them. `row` may be NULL. Values are copied, what they point
// to is not. `rows`: as in struct db_request.
void image_ask(struct image_put *p, const struct db_request *request);
bool image_send_asked(struct image_put *p, struct error *err);

#define IMAGE_ASK(p, text, each, to, ...)                                                                              \
    image_ask(                                                                                                         \
        (p), &(const struct db_request){.sql = (text),                                                                 \
                                        .values = (const struct db_value[]){__VA_ARGS__},                              \
                                        .n = sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), \
                                        .row = (each),                                                                 \
                                        .context = (to)})

// ---- image_look.c ---------------------------------------------------------------------------------------------------

// Finds out what the image consists of: digests of its parts and of its set, and its context.
void image_take_apart(struct image_put *p);

// Ask which of it are there: all that it has once, its parts, its chain of layers.
void image_ask_known(struct image_put *p);
void image_ask_parts(struct image_put *p);
void image_ask_chain(struct image_put *p);

// A digest as a value, in memory of the arena.
struct db_value image_digest(struct image_put *p, const struct digest *digest);

// What a distribution, a context and a sort of images go by, in this order, as the first values of a statement.
#define DISTRIBUTION                                                                                                   \
    "SELECT id FROM distribution WHERE did = ?1 AND id_like = ?2 AND name = ?3 AND version = ?4 AND version_id = ?5 "  \
    "AND codename = ?6 AND pretty_name = ?7 AND cpe = ?8 AND support_end = ?9"
#define DISTRIBUTION_VALUES(d)                                                                                         \
    db_text((d)->id), db_text((d)->id_like), db_text((d)->name), db_text((d)->version), db_text((d)->version_id),      \
        db_text((d)->codename), db_text((d)->pretty_name), db_text((d)->cpe), db_text((d)->support_end)
// 0 where it is not known.
#define CONTEXT_DISTRIBUTION "CASE WHEN ?11 = 0 THEN 0 ELSE (" DISTRIBUTION ") END"
#define CONTEXT_VALUES(p, d) DISTRIBUTION_VALUES(d), db_text((p)->repositories), db_int((d)->known)
