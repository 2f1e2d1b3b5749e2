// Which parts of package sets this process has seen in the database: most images have a base that others have, and of a
// part that is there its packages need not be sent. It is a guess: a part may have gone meanwhile, or be there though
// it is not remembered. Whoever asks finds out.
#pragma once

#include "base/digest.h"

#include <stdatomic.h>

#define PARTS_SEEN 16384 // a power of two; 128 KiB

// All zero it is empty. Any number of threads may use it.
struct parts_seen {
    atomic_ullong
        beginnings[PARTS_SEEN]; // of digests, each at a place of its own: a later one takes the place of another
};

bool parts_seen_has(const struct parts_seen *seen, const struct digest *part);
void parts_seen_add(struct parts_seen *seen, const struct digest *part);
