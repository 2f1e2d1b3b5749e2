// rpm's database in NDB.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("rpm", "var/lib/rpm/Packages.db", data, size);
    return 0;
}
