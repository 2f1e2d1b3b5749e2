// rpm's database in Berkeley DB.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("rpm", "var/lib/rpm/Packages", data, size);
    return 0;
}
