// Who reads a layer, or delivers to a target: one thread of one process at a time. Within a process a table tells;
// where others share the store, its leases do, too (store/leases.h), which a thread here renews as long as the process
// lives.
#pragma once

#include "store/store.h"

struct leases;

// The home must live as long. NULL with an error.
struct leases *leases_start(struct store_home *home, struct error *err);
void leases_stop(struct leases **leases); // NULL is fine

// From now on nobody gets or waits for one. Safe from any thread.
void leases_break_off(struct leases *leases);

// Takes the lease of that name, by the caller's store. *got is false when somebody else has it. What is known of the
// question's layers is asked after that, whether it was got or not; NULL: nothing is asked. ERR_IO when it was broken
// off.
bool leases_take(struct leases *leases, struct store *s, struct slice name, const struct layer_question *question,
                 bool *got, struct error *err);
// Waits a little for others to give theirs back.
void leases_wait(struct leases *leases);
// By the caller's store; NULL when that knows already (store_layer_put).
void leases_give(struct leases *leases, struct store *s, struct slice name);

// An event that is claimed in the store: the thread renews the claim as long as it is worked on.
void leases_claim(struct leases *leases, int64_t event);
void leases_unclaim(struct leases *leases, int64_t event);
