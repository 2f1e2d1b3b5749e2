// A file of Alpine's security database.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("alpine", "alpine:v3.18/main", data, size);
    return 0;
}
