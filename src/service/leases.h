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

// Takes the lease of that name, by the caller's store. *got is false when somebody else has it. ERR_IO when it was
// broken off.
bool leases_take(struct leases *leases, struct store *s, struct slice name, bool *got, struct error *err);
// The same for the layers of a question that the store does not know, by their names there, along with that question:
// store_image_or_layers, or store_layers_get where `image` is NULL. `leased` then says which are the caller's.
struct leases_image {
    const struct digest *manifest;
    struct arena *arena;
    struct stored_image *out;
    bool known;
};
bool leases_ask(struct leases *leases, struct store *s, const struct layer_question *question,
                struct leases_image *image, struct error *err);
// Waits a little for others to give theirs back.
void leases_wait(struct leases *leases);
// By the caller's store.
void leases_give(struct leases *leases, struct store *s, const struct slice *names, size_t n);
// One that the store knows to be given back (store_layers_put), or that is left to its end.
void leases_forget(struct leases *leases, struct slice name);

// An event that is claimed in the store: the thread renews the claim as long as it is worked on.
void leases_claim(struct leases *leases, int64_t event);
void leases_unclaim(struct leases *leases, int64_t event);
