// What feeds are packed in: gzip, zstd, bzip2, xz.
#include "fuzz.h"

#include "feed/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = fuzz_limits();
    struct reader *body READER_AUTO = NULL;
    struct slice chunk;
    struct error err;
    if (unpack(fuzz_reader(data, size), &limits, &body, &err))
        while (reader_next(body, &chunk, &err) && chunk.n != 0)
            ;
    return 0;
}
