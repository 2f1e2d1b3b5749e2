// Segments of a store: files of its folder, which nodes with folders of their own hand on to each other through the
// server that they share. Each keeps a copy whose digest it has checked, and answers from that.
#pragma once

#include "advisory/advisory.h"
#include "store/store.h"

// As segment_open, of one that another node may have made.
struct segment *store_segment_open(const struct store *s, const struct digest *digest, struct error *err);

// Sees to it that the file is in the folder. Nothing else is asked where it is already, or where nobody shares. The
// segments are to be held (store_hold_segments).
bool store_segment_fetch(const struct store *s, const struct digest *digest, struct error *err);

// Gives one that is in the folder to the others, before it is recorded; harmless when they have it.
bool store_segment_give(struct store *s, const struct digest *digest, struct error *err);

// Removes from the server those that no kept update made and that no notification is still to be made from.
bool store_segments_forget(struct store *s, struct error *err);
