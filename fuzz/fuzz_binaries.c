// Versions of programs; the first byte chooses which one the file is named after.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"bin/python3.11",   "bin/ruby",   "bin/openssl", "bin/haproxy",
                                        "bin/redis-server", "bin/mysqld", "go/VERSION",  "jvm/release"};
    if (size == 0)
        return 0;
    fuzz_scanner("binaries", paths[data[0] % (sizeof paths / sizeof paths[0])], data + 1, size - 1);
    return 0;
}
