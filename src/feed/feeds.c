// The table of feeds.
#include "feed/feed.h"

extern const struct feed feed_debian;
extern const struct feed feed_alpine;
extern const struct feed feed_redhat_repositories;
extern const struct feed feed_redhat_containers;

// clang-format off
const struct feed *const feeds[] = {
    &feed_debian,
    &feed_alpine,
    &feed_redhat_repositories,
    &feed_redhat_containers,
    NULL,
};
// clang-format on

const struct feed *feed_named(struct slice name)
{
    for (size_t i = 0; feeds[i] != NULL; i++)
        if (slice_eq(name, slice_str(feeds[i]->name)))
            return feeds[i];
    return NULL;
}
