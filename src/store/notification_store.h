// Notifications in the store: what was made of an update of a feed, and how far it has been delivered.
#pragma once

#include "store/store.h"

// A random UUID (RFC 9562, version 4).
bool store_make_uuid(char text[static UUID_TEXT], struct error *err);

// One process makes and delivers the notifications of a data folder: whoever holds this. The lock goes with its
// descriptor; *got is false when another has it.

// What is read between these two is one state of the database, whatever others write. Nothing may be written.
bool store_snapshot(struct store *s, struct error *err);
void store_snapshot_end(struct store *s);

// ---- what is to be made ---------------------------------------------------------------------------------------------

// A feed of which another segment is in force than the one up to which notifications were made.
struct pending_update {
    struct slice feed, ref; // of the update in force
    struct digest segment;  // likewise
    int64_t updated;        // when it was made
    bool first;             // nothing was ever noted of the feed
    struct digest notified; // the segment up to which notifications were made
};

// Ordered by feed.
bool store_pending_updates(struct store *s, struct arena *a, struct pending_update **out, size_t *n, struct error *err);

// The manifest's digest of an image, by its row; empty when it is not there (any more).
bool store_image_manifest(struct store *s, int64_t image, struct arena *a, struct slice *manifest, struct error *err);

// What names an image, by its row: manifest, config, reference and architecture; the rest of `out` is empty. All of it
// is when the image is not there (any more).
bool store_image_identity(struct store *s, int64_t image, struct arena *a, struct stored_image *out, struct error *err);

struct new_item {
    uint32_t image, flaw; // indexes
    uint16_t layer;
    uint8_t reason;
};

struct new_notification {
    struct slice uuid;
    const struct pending_update *update;
    int64_t made;
    const struct slice *manifests;
    size_t images_n;
    const struct slice *flaws; // their contents
    size_t flaws_n;
    const struct new_item *items; // none: no notification is made, only noted that there was nothing to tell
    size_t items_n;
    uint64_t held_back;
    const struct slice *targets; // names of those that it is to be delivered to
    size_t targets_n;
};

// Writes it and notes that the update has been seen to, in one transaction. `*taken` is false, and nothing was
// written, when another process was faster.
bool store_notification_put(struct store *s, const struct new_notification *notification, bool *taken,
                            struct error *err);

// ---- what was made --------------------------------------------------------------------------------------------------

struct stored_notification {
    int64_t row;
    struct slice uuid, feed, ref;
    int64_t updated, made, deleted;
    uint64_t items, images, held_back;
};

bool store_notification_get(struct store *s, struct slice uuid, struct arena *a, struct stored_notification *out,
                            bool *found, struct error *err);

// Sets items and images, which tell what was made, to what there is of it now: images may have been forgotten since.
bool store_notification_left(struct store *s, struct stored_notification *notification, struct error *err);

// All of them, the newest first.
bool store_notifications(struct store *s, struct arena *a, struct stored_notification **out, size_t *n,
                         struct error *err);

struct stored_item {
    uint64_t position;
    uint64_t flaw; // number; the same one has the same content
    struct slice content;
    struct slice manifest, reference, layer; // digests, and the name that the image was indexed by
    unsigned reason;
};

// Tells of the items from a position on, in order, at most `most`, but for those of images that are not known any more.
// Text is valid until `each` returns.
typedef bool store_item_fn(void *context, const struct stored_item *item, struct error *err);
bool store_notification_items(struct store *s, int64_t row, uint64_t from, uint64_t most, store_item_fn *each,
                              void *context, struct error *err);

// A client is done with it: its items are removed by the next store_notifications_collect. `*found` is false when there
// is none; deleting it again is fine.
bool store_notification_delete(struct store *s, struct slice uuid, bool *found, struct error *err);

// ---- deliveries -----------------------------------------------------------------------------------------------------

enum delivery_state { DELIVERY_CREATED, DELIVERY_DELIVERED, DELIVERY_FAILED };
#define DELIVERY_STATES 3
const char *delivery_state_name(enum delivery_state state); // "created", "delivered", "failed"

struct stored_delivery {
    int64_t row; // of the notification
    struct slice uuid, target;
    enum delivery_state state;
    uint64_t attempts;
    int64_t next, changed;
    struct slice error;
};

// The oldest that is to be delivered to a target, due or not.
bool store_delivery_first(struct store *s, struct slice target, struct arena *a, struct stored_delivery *out,
                          bool *found, struct error *err);

// Those of a notification (0: of all), by notification and target.
bool store_deliveries(struct store *s, int64_t row, struct arena *a, struct stored_delivery **out, size_t *n,
                      struct error *err);

// Keeps what became of an attempt. `consumed`: the client has all there is, so that the notification is deleted.
bool store_delivery_put(struct store *s, const struct stored_delivery *delivery, bool consumed, struct error *err);

// Puts the given up ones of a notification back; tells how many there were.
bool store_delivery_retry(struct store *s, int64_t row, int64_t now, uint64_t *n, struct error *err);

// How many of a target (empty: of all) there are by state.
bool store_delivery_count(struct store *s, struct slice target, uint64_t counts[static DELIVERY_STATES],
                          struct error *err);

// ---- retention ------------------------------------------------------------------------------------------------------

// Removes the items of deleted notifications, and notifications that were made before `oldest`; not where something is
// still to be delivered. Tells how many notifications were removed.
bool store_notifications_collect(struct store *s, int64_t oldest, uint64_t *removed, struct error *err);

// Removes what nobody uses any more: package sets, packages, summaries and places that no image has, and findings of
// layers under other states of the indexer than these.
bool store_inventory_collect(struct store *s, const struct digest *states, size_t n, struct error *err);
