// OVAL, as each distribution writes it.
#include "fuzz_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_feed("ubuntu", "ubuntu:jammy", data, size);
    fuzz_feed("oracle", "", data, size);
    fuzz_feed("suse", "suse:opensuse.leap.15.6", data, size);
    fuzz_feed("photon", "photon:3.0", data, size);
    fuzz_feed("azurelinux", "azurelinux:3.0", data, size);
    return 0;
}
