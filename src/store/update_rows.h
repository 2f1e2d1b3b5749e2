// Rows that make up updates: what update_store.c, history.c and retention.c share. All of it within a transaction of
// the caller's.
#pragma once

#include "store/store.h"

// A new update of a feed, which is then in force for it. It has a new ref.
struct new_update {
    struct slice feed;
    const struct digest *segment;
    uint64_t records;
    int64_t made, checked;
    struct slice note; // of the feed, for its next run
};
bool update_put(struct store *s, const struct new_update *update, struct error *err);

// Of the feed's newest update; id 0 when there is none.
struct newest_update {
    int64_t id, checked;
    struct digest segment;
};
bool update_newest(struct store *s, struct slice feed, struct newest_update *out, struct error *err);

// The id of the update with that ref; 0 when it is not kept.
bool update_id(struct store *s, struct slice ref, int64_t *id, struct error *err);

// Replaces the files of an update, and when all of it was last confirmed.
bool update_put_files(struct store *s, int64_t update, const struct feed_file *files, size_t n, struct error *err);
bool update_put_checked(struct store *s, int64_t update, int64_t checked, struct error *err);

bool update_read_files(struct store *s, int64_t update, struct arena *a, struct feed_file **files, size_t *n,
                       struct error *err);

bool update_read_note(struct store *s, int64_t update, struct arena *a, struct slice *note, struct error *err);

// Makes a generation of the newest update of each feed.
bool generation_put(struct store *s, int64_t now, struct error *err);

// Drops all but the newest `keep` updates of a feed, with the generations that they are a part of, but for the newest
// generation.
bool updates_drop(struct store *s, struct slice feed, uint64_t keep, struct error *err);

// For db_query: the number in a row's first column, as int64_t.
bool number_row(void *context, struct db_row *row, struct error *err);

// locks.c: the segments for oneself, to remove some. *got is false when others hold them.
bool store_own_segments(struct store *s, int *fd, bool *got, struct error *err);
