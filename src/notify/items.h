// The items of a notification as the store has them.
//
// An item has no id of its own: it is made of the notification's and the item's position, a UUID of version 8 (RFC
// 9562) whose last eight digits are the position and whose other ones are the notification's. So the ids of a
// notification are in the order of its items.
#pragma once

#include "notify/notice.h"
#include "store/notification_store.h"

void notice_item_id(struct slice notification, uint64_t position, char text[static UUID_TEXT]);

// The position of the first item of a notification whose id comes behind `id`, a UUID in lower case, whosoever it is;
// 0 for an empty one.
uint64_t notice_item_behind(struct slice notification, struct slice id);

// Where targets read items from. Both must live as long as the answer.
struct stored_items {
    struct store *store;
    const struct stored_notification *notification;
};
struct notice_items notice_items_of(struct stored_items *source);

struct notice notice_of(const struct stored_notification *notification);
