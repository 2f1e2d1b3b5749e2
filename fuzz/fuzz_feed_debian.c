// The Debian tracker's file.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("debian", "", data, size);
    return 0;
}
