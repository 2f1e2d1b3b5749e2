// A day of EPSS.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("epss", "epss", data, size);
    return 0;
}
