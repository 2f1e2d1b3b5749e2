// dpkg's status file.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("dpkg", "var/lib/dpkg/status", data, size);
    return 0;
}
