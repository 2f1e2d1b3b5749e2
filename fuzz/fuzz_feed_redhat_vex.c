// One of Red Hat's VEX documents.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("redhat-vex", "", data, size);
    return 0;
}
