// Lock files of source trees. The first byte says which: 'a' is the first scanner of them in the table.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] < 'a')
        return 0;
    size_t wanted = (size_t)(data[0] - 'a');
    for (size_t i = 0; scanners[i] != NULL; i++) {
        if (!scanners[i]->sources_only || wanted-- != 0)
            continue;
        fuzz_scanner(scanners[i]->name, "tree/lock", data + 1, size - 1);
        break;
    }
    return 0;
}
