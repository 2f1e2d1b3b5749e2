// dnf's histories of transactions, of both forms.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("dnf", "var/lib/dnf/history.sqlite", data, size);
    return 0;
}
