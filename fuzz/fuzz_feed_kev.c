// CISA's catalogue of known exploited vulnerabilities.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("kev", "kev", data, size);
    return 0;
}
