// Build information of Go programs, and the ELF reader.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("go", "usr/bin/app", data, size);
    return 0;
}
