// The libraries of a .NET program.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("dotnet", "app/a.deps.json", data, size);
    return 0;
}
