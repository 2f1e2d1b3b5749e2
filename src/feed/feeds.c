// The table of feeds.
#include "feed/feed.h"

extern const struct feed feed_debian, feed_alpine;

const struct feed *const feeds[] = {&feed_debian, &feed_alpine, NULL};

const struct feed *feed_named(struct slice name)
{
    for (size_t i = 0; feeds[i] != NULL; i++)
        if (slice_eq(name, slice_str(feeds[i]->name)))
            return feeds[i];
    return NULL;
}
