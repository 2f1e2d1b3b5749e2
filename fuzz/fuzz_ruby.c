// The specification of a gem.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("ruby", "usr/local/bundle/specifications/a-1.gemspec", data, size);
    return 0;
}
