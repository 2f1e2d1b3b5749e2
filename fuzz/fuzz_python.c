// The metadata of a Python package.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("python", "usr/lib/python3/dist-packages/a-1.dist-info/METADATA", data, size);
    return 0;
}
