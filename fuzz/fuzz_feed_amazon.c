// Amazon's notices, and the index of a repository.
#include "fuzz_feed.h"

#include "feed/repomd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a ARENA_AUTO = {0};
    struct limits limits = fuzz_limits();
    struct repomd_file file;
    struct error err;
    fuzz_feed("amazon", "amazon:2", data, size);
    repomd_find(slice_of((const char *)data, size), "updateinfo", &limits, &a, &file, &err);
    return 0;
}
