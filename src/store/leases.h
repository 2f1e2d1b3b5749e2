// What one process of all that use a store works on, so that no other one does the same. A lease ends when it is given
// back, or when its process has not renewed it for LEASE_SECONDS: it is taken to be dead then.
#pragma once

#include "store/store.h"

#define LEASE_SECONDS 12
#define RENEW_SECONDS 3

// Takes one for the process of this store's home. *got is false when another process has it. Those of layers are taken
// along with what is known of them (store.h).
bool store_lease_take(struct store *s, struct slice name, bool *got, struct error *err);
bool store_leases_drop(struct store *s, const struct slice *names, size_t n, struct error *err);

// In a statement that puts in leases that may be there: may this one be had?
#define LEASE_IS_FREE "shared_lease.until < unixepoch() OR shared_lease.node = excluded.node"

// What gives leases back, a name and a node for each, to be asked along with others.
struct db_request leases_ask_drop(const struct db_value *values, size_t n);

// What of these the process has still, leases by name and events by id, is its for another LEASE_SECONDS. All else is
// not: what could not be given back ends by itself, however much else the process works on.
struct worked_on {
    VEC(struct slice) leases;
    VEC(int64_t) events;
};
bool store_leases_renew(struct store *s, const struct worked_on *what, struct error *err);
