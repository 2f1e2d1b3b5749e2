// A year of the NVD.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("nvd", "nvd", data, size);
    return 0;
}
