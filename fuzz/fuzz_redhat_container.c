// The build file of a Red Hat image.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("redhat-container", "root/buildinfo/Dockerfile-a-1-2", data, size);
    return 0;
}
