// Java archives: zip, manifests, pom.properties, and the archives inside.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("java", "opt/lib/thing-1.0.jar", data, size);
    return 0;
}
