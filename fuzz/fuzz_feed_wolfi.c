// Wolfi's and Chainguard's databases.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("wolfi", "wolfi", data, size);
    return 0;
}
