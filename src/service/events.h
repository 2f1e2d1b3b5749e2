// Pushes that registries tell of: each image is indexed at once.
//
// A delivery is in the store before it is answered, so that nothing is lost by a crash; threads of the service work the
// queue off, those of one repository one after the other. What fails for a reason that may pass is tried again, with
// growing pauses; only the registries that the configuration names are ever asked.
#pragma once

#include "service/event_forms.h"
#include "service/indexing.h"

struct events;

// Starts the threads. All that is handed in must live as long. NULL with an error.
struct events *events_start(const struct config *config, struct store_home *home, struct indexing *indexing,
                            struct error *err);

// Breaks off what is fetched: what was worked on waits for the next start. Safe from any thread.
void events_break_off(struct events *ev);

void events_stop(struct events **ev); // NULL is fine

// Puts a delivery into the store, all of it or nothing. `*queued` is the number of pushes that are new. Errors:
// ERR_REFUSED for a registry that the configuration does not name, ERR_FORMAT for names that are none, ERR_LIMIT
// (event_queue), ERR_STORE.
bool events_take(struct events *ev, struct store *store, const struct event_delivery *delivery, struct arena *a,
                 size_t *queued, struct error *err);
