// The list of crates in Rust programs.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("rust", "usr/bin/tool", data, size);
    return 0;
}
