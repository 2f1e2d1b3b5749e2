// apk's database of installed packages.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("apk", "lib/apk/db/installed", data, size);
    return 0;
}
