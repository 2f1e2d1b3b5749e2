// Manifests that clients post, and images in registries that they name: each is indexed once, however many ask for it
// at a time.
//
// A few threads index; what they cannot take yet waits, up to the limit index_queue. No thread waits for an image to
// be done: requests are answered by whoever has indexed theirs. A failure is no result: it is remembered for who asks
// how it went, never stored, and the next post tries again.
#pragma once

#include "http/server.h"
#include "image/reference.h"
#include "service/config.h"
#include "service/leases.h"
#include "service/metrics.h"
#include "service/requests.h"
#include "store/store.h"

struct indexing;

// Starts the threads. The configuration, `home`, of the store, and the metrics must live as long. NULL with an
// error.
struct indexing *indexing_start(const struct config *config, struct store_home *home, struct metrics *metrics,
                                struct error *err);

// Takes a request of method WEB_LATER over, whose manifest lives in its arena, and sees to its answer: the response has
// all that a 201 has but status and body; with any other status its fields are dropped. Of an image that the store
// knows the layers are not even looked at.
void indexing_post(struct indexing *ix, const struct web_request *request, struct web_response *response,
                   const struct posted_manifest *manifest);

// The same when it can be begun at once, and the store is a server, so that whether it knows the manifest is better
// asked along with all else. False, and nothing is done, when it would have to wait, or the store is a file.
bool indexing_post_now(struct indexing *ix, const struct web_request *request, struct web_response *response,
                       const struct posted_manifest *manifest);

// An image in a registry, named by somebody who gives credentials for it: the service's own are not used.
struct pull {
    struct reference reference;   // with the digest of a manifest
    bool plain;                   // the registry speaks plain http
    bool unverified;              // it need not prove who it is under TLS
    struct secret *authorization; // "Basic …" or "Bearer …", for the registry's origin; NULL: none
};
void pull_forget(struct pull *pull); // harmless for an all-zero one
#define PULL_AUTO __attribute__((cleanup(pull_forget)))

// Has an image indexed, unless it is on its way with the same credentials already. Everything is copied; nobody is told
// how it went: see indexing_state. ERR_LIMIT (index_queue).
bool indexing_pull(struct indexing *ix, const struct web_request *request, const struct pull *pull, struct error *err);

// For who indexes a manifest himself: waits until nobody else does, and keeps others from it until indexing_end; what
// they then want is in the store, or is theirs to try. False when the service stops.
bool indexing_begin(struct indexing *ix, const struct digest *manifest);
void indexing_end(struct indexing *ix, const struct digest *manifest, bool indexed);

// The leases of layers that are read.
struct leases *indexing_leases(struct indexing *ix);

// Breaks off what runs, and answers all that wait. Safe from any thread.
void indexing_give_up(struct indexing *ix);

// Ends the threads; nothing may be posted any more, and images that were not pulled yet stay so. NULL is fine.
void indexing_stop(struct indexing **ix);

// How it goes with a manifest that the store does not have: the state as Clair calls it, "IndexError" with `why` when
// it could not be indexed when that was last tried. False when nothing is known of it: it was never posted, or failed
// too long ago (limit index_failures). Texts are put into the arena.
struct indexing_state {
    struct slice name, why;
};
bool indexing_state(struct indexing *ix, const struct digest *manifest, struct arena *a, struct indexing_state *out);

// Forgets a failure; false when there is none to forget.
bool indexing_forget(struct indexing *ix, const struct digest *manifest);

// What goes on now, and what has been since the start, for metrics.
struct indexing_load {
    size_t running, waiting; // manifests
    uint64_t indexed, failed;
};
struct indexing_load indexing_load(struct indexing *ix);

// Clair's IndexReport of an image, and of a manifest that is not indexed, in that state.
void index_report_write(struct stored_image *image, struct buf *out);
void index_report_write_state(const struct digest *manifest, const struct indexing_state *state, struct buf *out);
