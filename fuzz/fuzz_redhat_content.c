// A content manifest.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("redhat-content", "root/buildinfo/content_manifests/x.json", data, size);
    return 0;
}
