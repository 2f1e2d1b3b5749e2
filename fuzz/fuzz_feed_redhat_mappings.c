// Red Hat's mappings, by turns.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("redhat-repositories", "", data, size);
    fuzz_feed("redhat-containers", "", data, size);
    return 0;
}
