// Rows that images are made of: what inventory_store.c, image_put.c, layer_store.c, set_store.c and image_store.c
// share. All of it within a transaction of the caller's.
#pragma once

#include "store/store.h"

// ---- layer_store.c --------------------------------------------------------------------------------------------------

// Writes what asks for the question's layers into `requests`, which has room for LAYERS_ASK_MOST, to be asked along
// with others; how many they are. Of an image that is there under the same state nothing is asked (`manifest` NULL:
// there is none). The question and the arena must live until it is answered.
size_t layers_ask(struct store *s, const struct layer_question *question, const struct digest *manifest,
                  struct arena *a, struct db_request *requests);
#define LAYERS_ASK_MOST(question) (1 + (question)->n)

// Leases are taken first, so that what others have found before is seen: that writes.
bool layers_want_leases(const struct layer_question *question);

// Findings as they are stored: packed[i] of layers[i], in the arena.
bool layers_pack(const struct layer_put *layers, size_t n, struct arena *a, struct slice *packed, struct error *err);

// Writes what puts layers in, and gives their leases back, into `requests`, which has room for LAYERS_PUT_MOST; how
// many they are. What they hold lives in the arena, or is the caller's.
size_t layers_ask_put(struct store *s, const struct digest *state, const struct layer_put *layers, size_t n,
                      const struct slice *packed, struct arena *a, struct db_request *requests);
#define LAYERS_PUT_MOST 4

// What makes an indexer state, unless it is there.
struct db_request layers_ask_state(const struct db_value *state);

// Forgets of a chain, from its end, what no image and no other chain has, and layers that are in no chain any more.
bool chain_drop(struct store *s, int64_t chain, struct error *err);

// As an expression of SQL: the digest, as bytes, of the layer at a position of a chain; empty where there is none.
#define LAYER_AT(chain, position)                                                                                      \
    "coalesce((WITH RECURSIVE up (parent, place, layer_id) AS (SELECT parent, position, layer_id FROM layer_chain "    \
    "WHERE id = " chain " UNION ALL SELECT c.parent, c.position, c.layer_id FROM layer_chain c JOIN up ON c.id = "     \
    "up.parent) SELECT digest FROM up JOIN layer ON layer.id = up.layer_id WHERE up.place = " position "), '')"

// ---- set_store.c ----------------------------------------------------------------------------------------------------

// Forgets a set that no image has, and of its parts and packages those that no other set has.
bool set_drop(struct store *s, int64_t set, struct error *err);

// ---- summary_store.c ------------------------------------------------------------------------------------------------

// Lists an image that was just put in, as one that is not judged yet, and asks for its group to be judged.
bool summary_enlist(struct store *s, const struct digest *manifest, struct error *err);

// Forgets summaries and places that no image has any more.
bool summaries_collect(struct store *s, struct error *err);
