// Rows that images are made of: what inventory_store.c, layer_store.c, set_store.c and image_store.c share. All of it
// within a transaction of the caller's.
#pragma once

#include "store/store.h"

// The id of the row that `select` finds with `values`; made with `insert` (… RETURNING id) when there is none
// yet.
bool row_id(struct store *s, const char *select, const char *insert, const struct db_value *values, size_t n,
            int64_t *id, struct error *err);

// ---- layer_store.c --------------------------------------------------------------------------------------------------

bool state_id(struct store *s, const struct digest *state, int64_t *id, struct error *err);

// The chain of an image's layers, base first, as the id of its uppermost; 0 when there are none.
bool chain_put(struct store *s, const struct stored_layer *layers, size_t n, int64_t *chain, struct error *err);
bool chain_read(struct store *s, int64_t chain, struct arena *a, struct stored_layer **layers, size_t *n,
                struct error *err);

// Forgets of a chain, from its end, what no image and no other chain has, and layers that are in no chain any more.
bool chain_drop(struct store *s, int64_t chain, struct error *err);

// As an expression of SQL: the digest, as bytes, of the layer at a position of a chain; empty where there is none.
#define LAYER_AT(chain, position)                                                                                      \
    "coalesce((WITH RECURSIVE up (parent, place, layer_id) AS (SELECT parent, position, layer_id FROM layer_chain "    \
    "WHERE id = " chain " UNION ALL SELECT c.parent, c.position, c.layer_id FROM layer_chain c JOIN up ON c.id = "     \
    "up.parent) SELECT digest FROM up JOIN layer ON layer.id = up.layer_id WHERE up.place = " position "), '')"

// ---- set_store.c ----------------------------------------------------------------------------------------------------

// The set of an inventory's packages and repositories.
bool set_put(struct store *s, const struct inventory *inventory, int64_t *set, struct error *err);

// Forgets a set that no image has, and of its parts and packages those that no other set has.
bool set_drop(struct store *s, int64_t set, struct error *err);
