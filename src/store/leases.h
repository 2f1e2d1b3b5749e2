// What one process of all that use a store works on, so that no other one does the same. A lease ends when it is given
// back, or when its process has not renewed it for LEASE_SECONDS: it is taken to be dead then.
#pragma once

#include "store/store.h"

#define LEASE_SECONDS 12
#define RENEW_SECONDS 3

// Takes one for the process of this store's home. *got is false when another process has it. In the same wait, and
// after that, it is asked what is known of the layers of `along`; NULL: nothing is.
bool store_lease_take(struct store *s, struct slice name, const struct layer_question *along, bool *got,
                      struct error *err);
bool store_lease_drop(struct store *s, struct slice name, struct error *err);

// What of these the process has still, leases by name and events by id, is its for another LEASE_SECONDS. All else is
// not: what could not be given back ends by itself, however much else the process works on.
struct worked_on {
    VEC(struct slice) leases;
    VEC(int64_t) events;
};
bool store_leases_renew(struct store *s, const struct worked_on *what, struct error *err);
