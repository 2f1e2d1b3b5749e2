// The files that say which distribution this is: os-release, lsb-release, debian_version, alpine-release. The first
// byte picks.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const scanners_of[][2] = {{"os-release", "etc/os-release"},
                                                 {"lsb-release", "etc/lsb-release"},
                                                 {"debian_version", "etc/debian_version"},
                                                 {"alpine-release", "etc/alpine-release"}};
    if (size == 0)
        return 0;
    fuzz_scanner(scanners_of[data[0] & 3][0], scanners_of[data[0] & 3][1], data + 1, size - 1);
    return 0;
}
