// Bills of materials: SPDX and CycloneDX in JSON.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("sbom", "", data, size);
    return 0;
}
