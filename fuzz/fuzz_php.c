// Composer's list of what it installed.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("php", "app/vendor/composer/installed.json", data, size);
    return 0;
}
