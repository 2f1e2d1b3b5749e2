// A package.json of Node.js.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("nodejs", "app/node_modules/a/package.json", data, size);
    return 0;
}
