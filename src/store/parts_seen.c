#include "store/parts_seen.h"

#include <string.h>

// Digests are of our own making (image_look.c), so that nobody chooses which of them meet.
static uint64_t beginning(const struct digest *part)
{
    char bytes[DIGEST_BYTES];
    uint64_t value;
    memcpy(&value, digest_pack(part, bytes).p, sizeof value);
    return value;
}

bool parts_seen_has(const struct parts_seen *seen, const struct digest *part)
{
    uint64_t value = beginning(part);
    return value != 0 && atomic_load_explicit(&seen->beginnings[value % PARTS_SEEN], memory_order_relaxed) == value;
}

void parts_seen_add(struct parts_seen *seen, const struct digest *part)
{
    uint64_t value = beginning(part);
    atomic_store_explicit(&seen->beginnings[value % PARTS_SEEN], value, memory_order_relaxed);
}
